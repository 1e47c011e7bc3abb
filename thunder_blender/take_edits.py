# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist does to a take: edit it by hand, rename, star, remove, take over its settings.

A take is edited in Blender's tweak mode, not as a plain active Action: there its keys stand at the
frames where it plays, wherever its sound strip has moved and whatever its speed, the artist's own
active Action is kept by Blender, and the line's fades do not get in the way. It is the same from
4.2 to 5.2.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..model_runtime.contract import Settings, ThunderError
from . import compat, hand_edits, nla, settings_keys, take_marks, takes
from .rig import Rig, RigError


class TakeError(ThunderError):
    """A take cannot be treated that way."""


def edit_take(rig: Rig, action: bpy.types.Action) -> None:
    """Open a take for hand-keying; it is chosen first where it does not play yet.

    Raises RigError when it is another rig's or Blender does not open it.
    """
    takes.check_choosable(rig, action)
    takes.leave_edit(rig)
    if takes.chosen_take(rig, take_marks.line_of(action)) != action:
        takes.choose_take(rig, action)
    for datablock, part in take_marks.parts(action, rig):
        found = nla.strips(datablock, lambda item, wanted=part.action: item == wanted)
        nla.enter_tweak_mode(datablock, *next(found))
        if compat.assigned_action(datablock) != part.action:
            raise RigError(
                f"Blender does not open '{action.name}' for editing. Leave tweak mode in the NLA "
                "editor with Tab and try again."
            )


def editing_take(rig: Rig) -> bpy.types.Action | None:
    """The take that is open for hand-keying."""
    data = rig.keys.animation_data
    if not data or not data.use_tweak_mode or not data.action:
        return None
    return data.action if take_marks.belongs(data.action, rig) else None


def finish_editing(rig: Rig) -> bpy.types.Action | None:
    """Put the take that is being edited back on the NLA; which one it was."""
    action = editing_take(rig)
    takes.leave_edit(rig)
    if action is not None:
        hand_edits.forget(action.name)
        takes.place_takes(rig)
    return action


def rename_take(rig: Rig, action: bpy.types.Action, name: str) -> str:
    """Rename a take and what plays it; the name it got, which Blender makes unique."""
    if not name.strip():
        raise TakeError("A take needs a name. Type one.")
    hand_edits.forget(action.name)
    action.name = name.strip()
    for other in take_marks.all_actions(action)[1:]:
        other.name = f"{action.name} neck"
    for datablock, part in take_marks.parts(action, rig):
        for _, strip in nla.strips(datablock, lambda item, wanted=part.action: item == wanted):
            strip.name = part.action.name
    return action.name


def set_star(action: bpy.types.Action, star: bool) -> None:
    """Mark a take as one of the good ones."""
    action[take_marks.STAR] = bool(star)


def remove_take(rig: Rig, action: bpy.types.Action, force: bool = False) -> None:
    """Delete a take; without any other take playing, the artist's own Action comes back.

    Raises TakeError for a take that was edited by hand, unless `force`.
    """
    if not take_marks.belongs(action, rig):
        takes.check_choosable(rig, action)
    if not force and hand_edits.is_hand_edited(action):
        raise TakeError(
            f"'{action.name}' was edited by hand and is not deleted without asking. Confirm, or "
            "call thunder.delete_take with force=True."
        )
    takes.leave_edit(rig)
    played = takes.chosen_take(rig, take_marks.line_of(action)) == action
    takes.take_off(rig, action)
    hand_edits.forget(action.name)
    bpy.data.batch_remove(set(take_marks.all_actions(action)))
    if played and not takes.take_strips(rig):
        takes.restore_mine(rig)


def copy_settings(rig: Rig, action: bpy.types.Action) -> list[str]:
    """Set the rig's seed and performance to those of a take; names of those that became keys.

    Raises RequestError when the take's settings are not usable.
    """
    settings = _values(take_marks.settings_of(action))
    for name, value in settings:
        settings_keys.put_back(rig.mesh, action, name, value)
    return [name for name, value in settings if isinstance(value, tuple)]


def _values(settings: Settings) -> list[tuple[str, Any]]:
    names = ("seed", "intensity", "emotion", "articulation", "smoothing")
    return [(name, getattr(settings, name)) for name in names]
