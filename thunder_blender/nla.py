# SPDX-License-Identifier: GPL-3.0-or-later
"""NLA strips: the low-level half of playing takes; knows tracks and strips, not what a take is.

Take strips replace what lies below them (blend type Replace) and say nothing outside of their
range (extrapolation Nothing), so between the lines the face shows what lies below: the artist's
own animation or the rest pose. Replace, because a take is a whole performance; the artist's
additive work goes on a track above or on an active Action that adds or combines, and both are left
where they are. New take tracks go right above the older ones, hence below such tracks.

Tracks are found again by the Action that their strip plays, which no rename can break. Each track
has one strip, so strips never push each other around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import bpy

from . import compat
from .placement import Placement

Wanted = Callable[[bpy.types.Action], bool]
SAME = 1e-3  # frames

BOUNDS = ("action_frame_start", "action_frame_end", "frame_start_raw", "frame_end_raw")


def strips(datablock: bpy.types.ID, wanted: Wanted) -> Iterator[tuple[Any, Any]]:
    """The (track, strip) pairs of a data-block whose Action is `wanted`, from the lowest up."""
    data = datablock.animation_data
    for track in data.nla_tracks if data else ():
        for strip in track.strips:
            if strip.action and wanted(strip.action):
                yield track, strip


def add_above(datablock: bpy.types.ID, part: compat.ActionPart, name: str, below: Any) -> Any:
    """Play `part` on a new track right above the track `below`; None puts it at the top.

    Returns the strip, to be given its range by `move` or `hold`.
    """
    data = datablock.animation_data or datablock.animation_data_create()
    track = data.nla_tracks.new(prev=below) if below else data.nla_tracks.new()
    track.name = name
    strip = track.strips.new(part.action.name, 1, part.action)
    if part.slot is not None:
        strip.action_slot = part.slot
    strip.name = part.action.name
    strip.use_sync_length = False  # else leaving tweak mode changes its range
    strip.use_auto_blend = False
    strip.blend_type = "REPLACE"
    strip.extrapolation = "NOTHING"
    return strip


def hold(strip: Any, first: float, last: float) -> None:
    """Let a strip play the frames of its Action as they are, its end poses held for ever."""
    strip.extrapolation = "HOLD"
    move(strip, Placement(first, last, first, last))


def move(strip: Any, placement: Placement) -> bool:
    """Give the strip its range; whether anything had to change."""
    bounds = (
        *(placement.action_start, placement.action_end),
        *(placement.frame_start, placement.frame_end),
    )
    fades = {"blend_in": placement.blend_in, "blend_out": placement.blend_out}
    if _has(strip, dict(zip(BOUNDS, bounds, strict=True)) | fades):
        return False
    strip.blend_in = strip.blend_out = 0.0
    _set_range(strip, placement)
    for name, value in fades.items():
        setattr(strip, name, value)
    return True


def remove(datablock: bpy.types.ID, wanted: Wanted) -> int:
    """Take the strips of the wanted Actions off, with the tracks that become empty; how many."""
    found = list(strips(datablock, wanted))
    for track, strip in reversed(found):
        track.strips.remove(strip)
        if not len(track.strips):
            datablock.animation_data.nla_tracks.remove(track)
    return len(found)


def enter_tweak_mode(datablock: bpy.types.ID, track: Any, strip: Any) -> None:
    """Open the strip's Action for editing at the frames where it plays."""
    data = datablock.animation_data
    for other in data.nla_tracks:
        other.select = other == track
        for item in other.strips:
            item.select = item == strip
    data.nla_tracks.active = track
    data.use_tweak_mode = True


def leave_tweak_mode(datablock: bpy.types.ID) -> None:
    if datablock.animation_data and datablock.animation_data.use_tweak_mode:
        datablock.animation_data.use_tweak_mode = False


def _has(strip: Any, values: dict[str, float]) -> bool:
    return all(abs(getattr(strip, name) - value) < SAME for name, value in values.items())


def _set_range(strip: Any, placement: Placement) -> None:
    """The Action's range first: it moves the strip's end, which is then set with the start."""
    if placement.action_start >= strip.action_frame_end:
        strip.action_frame_end = placement.action_end
    strip.action_frame_start = placement.action_start
    strip.action_frame_end = placement.action_end
    strip.scale = placement.scale
    strip.frame_start_raw = placement.frame_start
    strip.frame_end_raw = placement.frame_end
    strip.scale = placement.scale
    strip.frame_start_raw = placement.frame_start
    strip.frame_end_raw = placement.frame_end
