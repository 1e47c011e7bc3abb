# SPDX-License-Identifier: GPL-3.0-or-later
"""A span of a take: what Repair and Regenerate Range both ask of the scene before they begin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from . import compat, lines, repair_curves, request, take_marks, takes
from .lines import Line
from .range_motion import Span
from .rig import Rig, RigError

Frames = tuple[float, float]  # first and last of the scene
OUTSIDE = "Frames {:.0f} to {:.0f} lie outside of '{}'. Choose frames of the line."


def playing(context: bpy.types.Context, rig: Rig) -> bpy.types.Action | None:
    """The take of the current line that plays on the rig."""
    line_id = request.current_line_id(context)
    return takes.chosen_take(rig, line_id) if line_id else None


def named(context: bpy.types.Context, rig: Rig, name: str) -> bpy.types.Action | None:
    """The rig's take with this name, or without a name the one that plays."""
    if not name:
        return playing(context, rig)
    return next((action for action in takes.list_takes(rig) if action.name == name), None)


def line_of(context: bpy.types.Context, action: bpy.types.Action) -> Line:
    """The line of a take where its strip is now. Raises LineError."""
    scene = compat.sequencer_scene(context)
    return lines.line_of_strip(scene, lines.find_strip(scene, take_marks.line_of(action)))


def seconds_of(line: Line, frames: Frames, shortest: float) -> Span:
    """Seconds of the line for scene frames, widened to `shortest`. Raises RigError outside."""
    per_frame = line.speed / line.rate
    first, last = sorted((frame - line.first_frame) * per_frame for frame in frames)
    if last <= 0.0 or first >= line.duration:
        raise RigError(OUTSIDE.format(*frames, line.strip_name))
    more = max(0.0, shortest - (last - first)) / 2
    return max(0.0, first - more), min(line.duration, last + more)


def selected_frames(curves: Iterable[Any], action: bpy.types.Action, line: Line) -> Frames | None:
    """Scene frames of the selected keys of a take's curves; None where fewer than two frames are
    selected or all of them, as when a take has just been made."""
    chosen: set[float] = set()
    every: set[float] = set()
    for curve in curves:
        points = curve.keyframe_points
        places, picked = np.empty(2 * len(points), np.float32), np.empty(len(points), bool)
        points.foreach_get("co", places)
        points.foreach_get("select_control_point", picked)
        every.update(places[::2].tolist())
        chosen.update(places[::2][picked].tolist())
    if len(chosen) < 2 or len(chosen) >= len(every):
        return None
    second = repair_curves.clock_of(action, line).second
    first, last = (line.frame_of(line.start + second(f)) for f in (min(chosen), max(chosen)))
    return first, last
