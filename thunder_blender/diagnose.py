# SPDX-License-Identifier: GPL-3.0-or-later
"""Why does it not move? Each cause in one sentence, with the fix that makes it move.

The looking is a list of small checks; each yields `Finding`s whose fix is a function that is run
only by `apply_fix`. Findings are made afresh on each look and never kept: undo may take what they
point to away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import bpy

from . import compat, diagnose_face, lines, linked, mine, nla, take_edits, take_marks, takes
from .rig import Rig


@dataclass(frozen=True)
class Finding:
    """One cause: the sentence to show, and what the fix does; None where only the artist can."""

    sentence: str
    fix: str | None = None
    repair: Callable[[], object] | None = field(default=None, repr=False, compare=False)


def why_not_moving(rig: Rig, context: bpy.types.Context) -> list[Finding]:
    """Every cause found, the most likely ones first; empty when the takes should be visible."""
    if reason := linked.not_animatable(rig):
        return [_linked(rig, reason)]
    if not takes.take_strips(rig):
        return list(_nothing_plays(rig))
    findings: list[Finding] = []
    for check in (_editing, _lines, _blocks, _curves):
        findings += check(rig)
    for cause in diagnose_face.causes(rig, [s for _, s in takes.take_strips(rig)], context):
        findings.append(Finding(*cause))
    return findings


def apply_fix(finding: Finding) -> None:
    """Remove the cause; does nothing for a finding without a fix."""
    if finding.repair is not None:
        finding.repair()


def _linked(rig: Rig, reason: str) -> Finding:
    if rig.mesh.library or (rig.armature and rig.armature.library):
        return Finding(reason)
    return Finding(reason, "Override the Mesh", partial(linked.override_mesh, rig))


def _nothing_plays(rig: Rig) -> Iterator[Finding]:
    found = takes.list_takes(rig)
    name = rig.mesh.name
    if not found:
        yield Finding(f"{name} has no takes yet. Use Generate, or Load Take.")
        return
    last = found[-1]
    yield Finding(
        f"None of the takes of {name} plays.",
        f"Switch to {last.name}",
        partial(takes.choose_take, rig, last),
    )


def _editing(rig: Rig) -> Iterator[Finding]:
    if action := take_edits.editing_take(rig):
        yield Finding(
            f"'{action.name}' is being edited; lines on tracks over it stand still meanwhile.",
            "Finish Editing",
            partial(take_edits.finish_editing, rig),
        )


def _lines(rig: Rig) -> Iterator[Finding]:
    """Sound strips that a take cannot follow."""
    followed = {take_marks.line_of(strip.action) for _, strip in takes.take_strips(rig)} - {""}
    for scene in bpy.data.scenes:
        for strip in lines.sound_strips(scene):
            if lines.line_id(strip) in followed:
                try:
                    lines.heard(scene, strip)
                except lines.LineError as error:
                    yield Finding(str(error))


def _blocks(rig: Rig) -> Iterator[Finding]:
    for datablock in rig.blocks:
        strips = list(nla.strips(datablock, take_marks.is_take))
        if not strips:
            continue
        yield from _whole_nla(datablock)
        yield from _active_action(datablock, strips)
        yield from _tracks_above(datablock, strips)
        for track, strip in strips:
            yield from _track(track)
            yield from _strip(rig, datablock, strip)


def _whole_nla(datablock: bpy.types.ID) -> Iterator[Finding]:
    data = datablock.animation_data
    if not data.use_nla:
        yield Finding(
            f"NLA evaluation is switched off on '{datablock.name}'.",
            "Switch It On",
            partial(setattr, data, "use_nla", True),
        )
    solo = [track for track in data.nla_tracks if track.is_solo]
    for track in solo:
        if not any(take_marks.is_take(strip.action) for strip in track.strips):
            yield Finding(
                f"The NLA track '{track.name}' plays solo on '{datablock.name}'.",
                "End the Solo",
                partial(setattr, track, "is_solo", False),
            )


def _active_action(datablock: bpy.types.ID, strips: list[Any]) -> Iterator[Finding]:
    hidden = [compat.strip_part(s) for _, s in strips if mine.hides(datablock, _part(s))]
    if hidden:
        name = compat.assigned_action(datablock).name
        yield Finding(
            f"The active Action '{name}' hides the takes on '{datablock.name}'.",
            "Set It Aside",
            partial(mine.set_aside, datablock, hidden[0]),
        )


def _tracks_above(datablock: bpy.types.ID, strips: list[Any]) -> Iterator[Finding]:
    tracks = list(datablock.animation_data.nla_tracks)
    lowest = tracks.index(strips[0][0])
    channels = set().union(*(compat.channels(compat.strip_part(strip)) for _, strip in strips))
    for track in tracks[lowest + 1 :]:
        if not track.mute and any(_covers(strip, channels) for strip in track.strips):
            yield Finding(
                f"The NLA track '{track.name}' lies over the takes and replaces them.",
                "Mute It",
                partial(setattr, track, "mute", True),
            )


def _covers(strip: Any, channels: set[compat.Channel]) -> bool:
    if strip.action is None or take_marks.is_take(strip.action) or strip.mute:
        return False
    part = compat.strip_part(strip)
    return strip.blend_type == "REPLACE" and bool(compat.channels(part) & channels)


def _track(track: Any) -> Iterator[Finding]:
    if track.mute:
        yield Finding(
            f"The NLA track '{track.name}' is muted.",
            "Unmute It",
            partial(setattr, track, "mute", False),
        )


def _strip(rig: Rig, datablock: bpy.types.ID, strip: Any) -> Iterator[Finding]:
    name = strip.action.name
    if take_marks.SILENT in strip.action:
        yield Finding(
            f"'{name}' is silent: its sound strip shows nothing of what the take covers. "
            "Trim the strip back, or generate the line again."
        )
    elif strip.mute:
        unmute = partial(setattr, strip, "mute", False)
        yield Finding(f"The NLA strip '{strip.name}' is muted.", "Unmute It", unmute)
    if strip.use_animated_influence:
        curve = next((c for c in strip.fcurves if c.data_path == "influence"), None)
        if curve is None or not _ever_above_zero(curve, strip):
            yield Finding(
                f"The NLA strip '{strip.name}' has an animated influence of 0.",
                "Use Its Fades Instead",
                partial(setattr, strip, "use_animated_influence", False),
            )
    if compat.SLOTTED and compat.strip_part(strip).slot is None:
        part = compat.find_part(strip.action, datablock.id_type)
        if part:
            yield Finding(
                f"The NLA strip '{strip.name}' plays no slot of its Action.",
                "Give It the Take's Slot",
                partial(setattr, strip, "action_slot", part.slot),
            )
    if strip.action.get(take_marks.MARK) not in (rig.identifier, take_marks.PART):
        remove = partial(nla.remove, datablock, lambda item, wanted=strip.action: item == wanted)
        yield Finding(f"'{name}' is a take of another head.", "Take It Off", remove)


def _ever_above_zero(curve: Any, strip: Any) -> bool:
    if not len(curve.keyframe_points):
        return strip.influence > 0
    return any(point.co.y > 0 for point in curve.keyframe_points)


def _part(strip: Any) -> compat.ActionPart:
    return compat.strip_part(strip)


def _curves(rig: Rig) -> Iterator[Finding]:
    for _, strip in takes.take_strips(rig):
        curves = compat.action_curves(strip.action)
        name = strip.action.name
        if not any(len(curve.keyframe_points) for curve in curves):
            yield Finding(f"The take '{name}' has no keyframes. Generate it again.")
            continue
        muted = [curve for curve in curves if curve.mute]
        if muted:
            yield Finding(
                f"{len(muted)} curves of '{name}' are muted in the Graph Editor.",
                "Unmute Them",
                partial(_unmute, muted),
            )


def _unmute(curves: list[Any]) -> None:
    for curve in curves:
        curve.mute = False
