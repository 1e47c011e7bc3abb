# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: Actions that hold performances, beside the artist's own Action, which is never edited.

A take animates two data-blocks, the shape keys and the armature. From 4.4 that is one Action with
two slots. Before, it is two Actions and the one of the shape keys points to the other.

The chosen take of each line plays as an NLA strip where its sound is heard (`nla`, `placement`);
the artist's own Action is set aside where it would hide that (`mine`). Editing, renaming, removing
and baking are in `take_edits`.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..model_runtime.contract import Take
from . import (
    compat,
    fit_take,
    hand_edits,
    mine,
    nla,
    steps,
    take_marks,
    take_places,
    take_writing,
)
from .hand_edits import is_hand_edited
from .lines import Line
from .linked import check_animatable, not_animatable
from .mine import made_since
from .rig import Rig, RigError
from .take_marks import (
    MARK,
    PROVENANCE,
    SEED,
    TakeInfo,
    line_of,
    provenance_seed,
    settings_of,
)
from .take_places import place_takes, take_strips

__all__ = [
    "MARK",
    "PROVENANCE",
    "SEED",
    "TakeInfo",
    "active_take",
    "add_take",
    "add_take_steps",
    "check_animatable",
    "choose_take",
    "chosen_take",
    "create_take",
    "create_take_steps",
    "is_hand_edited",
    "line_of",
    "list_takes",
    "made_since",
    "not_animatable",
    "place_takes",
    "provenance_seed",
    "restore_mine",
    "settings_of",
    "take_frames",
    "take_info",
    "take_strips",
]

LOADED = "Loaded"  # name of the track of a take without a line


def add_take(rig: Rig, line: Line, take: Take, name: str | None = None) -> bpy.types.Action:
    """Write a take of a line to a new Action; nothing on the rig changes until `choose_take`.

    Raises RigError when no channel fits the rig.
    """
    return steps.finish(add_take_steps(rig, line, take, name))


def add_take_steps(
    rig: Rig, line: Line, take: Take, name: str | None = None
) -> steps.Steps[bpy.types.Action]:
    """`add_take` in short steps; the rig is read in the first one only."""
    name = name or take_marks.take_name(rig, line, take)
    return _write(rig, name, take, line.rate, round(line.first_frame), line)


def create_take(rig: Rig, name: str, take: Take, rate: float, first_frame: int) -> bpy.types.Action:
    """As `add_take`, for a take without a sound strip: its first key lies on `first_frame`."""
    return steps.finish(create_take_steps(rig, name, take, rate, first_frame))


def create_take_steps(
    rig: Rig, name: str, take: Take, rate: float, first_frame: int
) -> steps.Steps[bpy.types.Action]:
    """`create_take` in short steps; the rig is read in the first one only."""
    return _write(rig, name, take, rate, first_frame, None)


def list_takes(rig: Rig, line_id: str | None = None) -> list[bpy.types.Action]:
    """The rig's takes by name; those of one line only where `line_id` is given."""
    return [
        action
        for action in bpy.data.actions
        if take_marks.belongs(action, rig) and line_id in (None, line_of(action))
    ]


def chosen_take(rig: Rig, line_id: str) -> bpy.types.Action | None:
    """The take of this line that is on the NLA; None where none is."""
    found = (strip.action for _, strip in take_strips(rig) if line_of(strip.action) == line_id)
    return next(found, None)


def active_take(rig: Rig) -> bpy.types.Action | None:
    """The first take on the NLA; None while no take animates the rig."""
    return next((strip.action for _, strip in take_strips(rig)), None)


def choose_take(rig: Rig, action: bpy.types.Action) -> None:
    """Let a take play where its sound is heard, in place of the line's other takes.

    Raises RigError when the take is another rig's, or the rig cannot be animated.
    """
    check_choosable(rig, action)
    leave_edit(rig)
    _take_off(rig, line_of(action))
    for other in [*_buried(rig), action]:
        _put_on(rig, other)
    place_takes(rig)


def restore_mine(rig: Rig) -> list[str]:
    """Take all takes off the rig and give it back the artist's own Actions; their names."""
    leave_edit(rig)
    for datablock in rig.blocks:
        nla.remove(datablock, take_marks.is_take)
        if take_marks.is_take(compat.assigned_action(datablock)):
            compat.assign_part(datablock, None)
    return mine.restore(rig)


def has_anything(rig: Rig) -> bool:
    """Whether there is anything for `restore_mine` to do."""
    return bool(take_strips(rig)) or mine.is_set_aside(rig) or _is_assigned(rig)


def take_info(action: bpy.types.Action, rig: Rig | None = None) -> TakeInfo:
    """What the list of takes shows of a take; `rig` saves looking for it."""
    playing = any(_plays(block, action) for block in ([rig.keys] if rig else bpy.data.shape_keys))
    return take_marks.take_info(action, playing, hand_edits.seems_hand_edited(action))


def take_frames(action: bpy.types.Action) -> tuple[int, int]:
    """First and last frame of a take's keys."""
    first, last = action.frame_range
    return round(first), round(last)


def leave_edit(rig: Rig) -> None:
    """Close a take that is open for hand-keying; nothing where none is."""
    for datablock in rig.blocks:
        nla.leave_tweak_mode(datablock)


def check_choosable(rig: Rig, action: bpy.types.Action) -> None:
    if not take_marks.belongs(action, rig):
        raise RigError(
            f"'{action.name}' is no take of '{rig.mesh.name}'. Choose one from its list of takes."
        )
    check_animatable(rig)


def _write(
    rig: Rig, name: str, take: Take, rate: float, first_frame: int, line: Line | None
) -> steps.Steps[bpy.types.Action]:
    fitted = fit_take.fit_now(rig, take, rate)
    identifier = rig.identifier
    owners = tuple((n, block.id_type, block.name) for n, block in rig.parts.items())
    plan = take_writing.Plan(name, fitted.curves, owners, first_frame)
    frames = range(first_frame, first_frame + len(fitted.weights))
    written = yield from take_writing.write(plan)
    action = written.action
    take_marks.join_parts(action, written.parts)
    for each in take_marks.all_actions(action):
        each.use_fake_user = True  # takes that nothing plays survive saving
    take_marks.describe(action, identifier, fitted, line, frames, rate)
    take_marks.mark_content(action, written.content)
    hand_edits.remember(action)
    return action


def _buried(rig: Rig) -> list[bpy.types.Action]:
    """Takes off and returns the takes that have no Rest under them, where that was deleted.

    Blender makes no track under others, so all have to go back on after Rest.
    """
    if all(mine.has_place_under_takes(block) for block in rig.blocks):
        return []
    playing = [strip.action for _, strip in take_strips(rig)]
    for action in playing:
        take_off(rig, action)
    return playing


def _put_on(rig: Rig, action: bpy.types.Action) -> None:
    for datablock, part in take_marks.parts(action, rig):
        mine.ensure_rest(datablock, part, rig)
        mine.set_aside(datablock, part)
        name = action.get(take_marks.LINE_NAME) or LOADED
        strip = nla.add_above(datablock, part, name, _track_below(datablock))
        nla.move(strip, take_places.as_recorded(action, rig))


def _is_assigned(rig: Rig) -> bool:
    return take_marks.is_take(compat.assigned_action(rig.keys))


def _take_off(rig: Rig, line_id: str) -> None:
    """Take the line's takes off the NLA."""
    chosen = [s.action for _, s in take_strips(rig) if line_of(s.action) == line_id]
    for action in chosen:
        take_off(rig, action)


def take_off(rig: Rig, action: bpy.types.Action) -> None:
    """Take one take off the NLA."""
    for datablock, part in take_marks.parts(action, rig):
        nla.remove(datablock, lambda item, wanted=part.action: item == wanted)


def _track_below(datablock: bpy.types.ID) -> Any:
    """The track that a new take goes on top of: the highest take, else the highest track that
    replaces; so that tracks which add stay above."""
    data = datablock.animation_data
    tracks = list(data.nla_tracks) if data else []
    takes = [track for track in tracks if any(take_marks.is_take(s.action) for s in track.strips)]
    solid = [track for track in tracks if any(s.blend_type == "REPLACE" for s in track.strips)]
    return next(iter(takes[-1:] or solid[-1:]), None)


def _plays(datablock: bpy.types.ID, action: bpy.types.Action) -> bool:
    return any(True for _ in nla.strips(datablock, lambda item: item == action))
