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
from . import compat, keys, lines, mapping, mine, nla, placement, take_marks
from .lines import Line, LineError
from .placement import Placement
from .rig import Rig, RigError
from .sound import scene_rate
from .take_marks import (
    MARK,
    PROVENANCE,
    SEED,
    TakeInfo,
    is_hand_edited,
    line_of,
    provenance_seed,
    settings_of,
)

__all__ = [
    "MARK",
    "PROVENANCE",
    "SEED",
    "TakeInfo",
    "active_take",
    "add_take",
    "choose_take",
    "chosen_take",
    "create_take",
    "is_hand_edited",
    "line_of",
    "list_takes",
    "place_takes",
    "provenance_seed",
    "restore_mine",
    "settings_of",
    "switch_take",
    "take_frames",
    "take_info",
]

LOADED = "Loaded"  # name of the track of a take without a line


def add_take(rig: Rig, line: Line, take: Take, name: str | None = None) -> bpy.types.Action:
    """Write a take of a line to a new Action; nothing on the rig changes until `choose_take`.

    Raises RigError when no channel fits the rig.
    """
    name = name or take_marks.take_name(rig, line, take)
    return _write(rig, name, take, line.rate, round(line.first_frame), line)


def create_take(rig: Rig, name: str, take: Take, rate: float, first_frame: int) -> bpy.types.Action:
    """As `add_take`, for a take without a sound strip: its first key lies on `first_frame`."""
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
    for datablock, part in take_marks.parts(action, rig):
        mine.ensure_rest(datablock, part, rig)
        mine.set_aside(datablock, part)
        name = action.get(take_marks.LINE_NAME) or LOADED
        strip = nla.add_above(datablock, part, name, _track_below(datablock))
        nla.move(strip, _as_recorded(action, scene_rate(_scene_of(rig))))
    place_takes(rig)


def switch_take(rig: Rig, action: bpy.types.Action) -> None:
    """`choose_take` by its older name."""
    choose_take(rig, action)


def restore_mine(rig: Rig) -> list[str]:
    """Take all takes off the rig and give it back the artist's own Actions; their names."""
    leave_edit(rig)
    for datablock in filter(None, (rig.keys, rig.armature)):
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
    return take_marks.take_info(action, playing)


def take_frames(action: bpy.types.Action) -> tuple[int, int]:
    """First and last frame of a take's keys."""
    first, last = action.frame_range
    return round(first), round(last)


def take_strips(rig: Rig) -> list[tuple[Any, Any]]:
    """The (track, strip) pairs of the takes on the shape keys' NLA, from the lowest up."""
    return list(nla.strips(rig.keys, lambda action: take_marks.belongs(action, rig)))


def place_takes(rig: Rig, heard: HeardLines | None = None) -> bool:
    """Move each take's strip to where its sound is heard now; whether anything had to change.

    A take whose sound shows nothing of it any more is muted until it does. Takes without a line,
    and those whose sound strip is gone, stay where they are.
    """
    heard = heard or HeardLines()
    found = [(strip.action, _core(strip, heard)) for _, strip in take_strips(rig)]
    cores = [core for _, core in found if core is not None]
    changed = False
    for action, core in found:
        others = [other for other in cores if other is not core]
        changed |= _place(rig, action, core, others)
    return changed


def leave_edit(rig: Rig) -> None:
    """Close a take that is open for hand-keying; nothing where none is."""
    for datablock in filter(None, (rig.keys, rig.armature)):
        nla.leave_tweak_mode(datablock)


def check_choosable(rig: Rig, action: bpy.types.Action) -> None:
    if not take_marks.belongs(action, rig):
        raise RigError(
            f"'{action.name}' is no take of '{rig.mesh.name}'. Choose one from its list of takes."
        )
    check_animatable(rig)


def check_animatable(rig: Rig) -> None:
    """Raise RigError where the rig comes from another file and cannot be animated here."""
    if reason := not_animatable(rig):
        raise RigError(reason)


def not_animatable(rig: Rig) -> str:
    """Why the rig cannot be animated in this file, as a sentence; empty where it can."""
    for item in filter(None, (rig.mesh, rig.armature)):
        if item.library is not None:
            return (
                f"'{item.name}' is linked from {_file(item)} and cannot be animated here. Select "
                "it and use Object > Library Override > Make, or append it instead."
            )
    if rig.keys.library is not None:
        return (
            f"'{rig.mesh.name}' is a library override, but its mesh with the shape keys is still "
            f"linked from {_file(rig.keys)}. Why Does It Not Move? overrides it, and so does "
            "Library Override > Make on the mesh in the Outliner."
        )
    return ""


def override_mesh(rig: Rig) -> None:
    """Override the mesh of an overridden head, so that its shape keys can be animated here."""
    own = rig.mesh.data.override_create(remap_local_usages=True)
    if own is None:
        raise RigError(f"Blender does not override the mesh of '{rig.mesh.name}'. Append it.")
    rig.mesh.data = own


def _file(datablock: bpy.types.ID) -> str:
    return str(bpy.path.basename(datablock.library.filepath))


class HeardLines:
    """Where the lines of this file are heard now; looks once for each line."""

    def __init__(self) -> None:
        self._strips: dict[str, tuple[bpy.types.Scene, Any]] = {}
        for scene in bpy.data.scenes:
            for strip in lines.sound_strips(scene):
                if (line_id := lines.line_id(strip)) and self._is_better(line_id, strip):
                    self._strips[line_id] = scene, strip

    def find(self, line_id: str) -> tuple[bpy.types.Scene, placement.Heard] | None:
        """None where its strip is gone, shows nothing, or plays at speeds that are not known."""
        scene, strip = self._strips.get(line_id, (None, None))
        if scene is None:
            return None
        try:
            return scene, lines.heard(scene, strip)
        except LineError:
            return None

    def _is_better(self, line_id: str, strip: Any) -> bool:
        """A copied strip has its original's identifier until it gets its own."""
        return line_id not in self._strips or not lines.is_copy(strip)


def _write(
    rig: Rig, name: str, take: Take, rate: float, first_frame: int, line: Line | None
) -> bpy.types.Action:
    motion = keys.scene_motion(rig, take, rate)
    units, bones = mapping.curves_for(rig, motion, take.channels)
    action = _new_action(name)
    keys.write_curves(compat.new_part(action, "KEY", rig.keys.name), units, first_frame)
    if bones and rig.armature:
        part = compat.new_part(_neck_action(action), "OBJECT", rig.armature.name)
        keys.write_curves(part, bones, first_frame)
    frames = range(first_frame, first_frame + len(motion))
    take_marks.describe(action, rig, take, line, frames, rate)
    return action


def _new_action(name: str) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action.use_fake_user = True  # takes that nothing plays must survive saving
    return action


def _neck_action(action: bpy.types.Action) -> bpy.types.Action:
    if compat.SLOTTED:
        return action
    action[take_marks.NECK_ACTION] = neck = _new_action(f"{action.name} neck")
    neck[MARK] = take_marks.PART
    return neck


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


def _scene_of(rig: Rig) -> bpy.types.Scene:
    return next(iter(rig.mesh.users_scene), bpy.context.scene)


def _as_recorded(action: bpy.types.Action, rate: float) -> Placement:
    recording = take_marks.recording(action, rate)
    frame = float(action.get(take_marks.HEARD_FRAME, recording.first_frame))
    speed = float(action.get(take_marks.SPEED, 1.0))
    recorded = placement.place_as_recorded(recording, rate, frame, speed)
    if recorded is None:
        raise RigError(f"The take '{action.name}' is empty. Generate it again.")
    return placement.with_fades(recorded, rate, [])


def _core(strip: Any, heard: HeardLines) -> Placement | None:
    """Where a take's strip should play in full; None where nothing of it is heard now."""
    action = strip.action
    if (found := heard.find(line_of(action))) is None:
        return _as_it_is(strip)
    scene, part = found
    return placement.place(take_marks.recording(action, scene_rate(scene)), part)


def _as_it_is(strip: Any) -> Placement:
    ease = strip.blend_in, strip.blend_out
    scale = strip.scale
    return Placement(
        strip.frame_start + ease[0],
        strip.frame_end - ease[1],
        strip.action_frame_start + ease[0] / scale,
        strip.action_frame_end - ease[1] / scale,
    )


def _place(
    rig: Rig, action: bpy.types.Action, core: Placement | None, others: list[Placement]
) -> bool:
    changed = False
    for datablock, part in take_marks.parts(action, rig):
        for _, strip in nla.strips(datablock, lambda item, wanted=part.action: item == wanted):
            if core is None or not line_of(action):
                changed |= _silence(strip, core is None)
                continue
            changed |= _silence(strip, False)
            rate = scene_rate(_scene_of(rig))
            changed |= nla.move(strip, placement.with_fades(core, rate, others))
    return changed


def _silence(strip: Any, quiet: bool) -> bool:
    """Mute a strip of which nothing is heard, and open it again; never one the artist muted."""
    action = strip.action
    if quiet == (take_marks.SILENT in action) or (quiet and strip.mute):
        return False
    strip.mute = quiet
    if quiet:
        action[take_marks.SILENT] = True
    else:
        del action[take_marks.SILENT]
    return True
