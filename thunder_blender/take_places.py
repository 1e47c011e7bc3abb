# SPDX-License-Identifier: GPL-3.0-or-later
"""Where takes play: their NLA strips are brought to where their sounds are heard."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import bpy

from . import lines, nla, placement, take_marks
from .lines import LineError
from .placement import Heard, Placement
from .rig import Rig, RigError
from .sound import scene_rate
from .take_marks import line_of


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
    spans = [core.core for _, core in found if core is not None]
    rate, playing = scene_rate(_scene_of(rig)), _strips_by_action(rig)
    changed = False
    for action, core in found:
        place = None if core is None else placement.with_fades(core, rate, spans)
        for name in {each.name for each in take_marks.all_actions(action)}:
            for strip in playing[name]:
                changed |= _place(strip, action, place)
    return changed


def _strips_by_action(rig: Rig) -> dict[str, list[Any]]:
    playing: dict[str, list[Any]] = defaultdict(list)
    for datablock in rig.blocks:
        for _, strip in nla.strips(datablock, take_marks.is_take):
            playing[strip.action.name].append(strip)
    return playing


class HeardLines:
    """Where the lines of this file are heard now; looks once for each line.

    A strip that was cut in two is one line still, as long as its parts stay where they were: a
    copied strip has its original's identifier until it gets its own (see `lines.line_of_strip`).
    """

    def __init__(self) -> None:
        self._strips: dict[str, list[tuple[bpy.types.Scene, Any]]] = defaultdict(list)
        for scene in bpy.data.scenes:
            for strip in lines.sound_strips(scene):
                if line_id := lines.line_id(strip):
                    place = len(self._strips[line_id]) if lines.is_copy(strip) else 0
                    self._strips[line_id].insert(place, (scene, strip))

    def find(self, line_id: str) -> tuple[bpy.types.Scene, Heard] | None:
        """None where its strip is gone, shows nothing, or plays at speeds that are not known."""
        if line_id not in self._strips:
            return None
        (scene, strip), *copies = self._strips[line_id]
        try:
            heard = lines.heard(scene, strip)
            for other, copy in copies:
                if other == scene:
                    heard = placement.joined(heard, lines.heard(scene, copy))
        except LineError:
            return None
        return scene, heard


def as_recorded(action: bpy.types.Action, rig: Rig) -> Placement:
    """Where a take plays before it follows a strip: where its sound was when it was made."""
    rate = scene_rate(_scene_of(rig))
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


def _place(strip: Any, action: bpy.types.Action, place: Placement | None) -> bool:
    changed = _silence(strip, place is None)
    if place is not None and line_of(action):
        changed |= nla.move(strip, place)
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


def _scene_of(rig: Rig) -> bpy.types.Scene:
    return next(iter(rig.mesh.users_scene), bpy.context.scene)
