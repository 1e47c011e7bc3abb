# SPDX-License-Identifier: GPL-3.0-or-later
"""A take's unit curves as the engine's motion, and a mended span of it back as keys."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import CHANNELS, MOTION_FPS, UNITS, FloatArray, Take
from . import compat, keys, steps, take_marks
from .lines import Line
from .placement import Recording
from .rig import Rig

CHANGED = 1e-4  # of a weight; less is not written
Bounds = tuple[float, float]
Columns = dict[int, Any]  # column of contract.CHANNELS -> curve


@dataclass(frozen=True)
class Clock:
    """Seconds of a line beside frames of a take's Action."""

    recording: Recording
    start: float  # second of the file where the line begins

    def frame(self, second: float) -> float:
        return self.recording.frame(self.start + second)

    def second(self, frame: float) -> float:
        passed = (frame - self.recording.first_frame) / self.recording.rate
        return self.recording.start + passed - self.start


def clock_of(action: bpy.types.Action, line: Line) -> Clock:
    return Clock(take_marks.recording(action, line.rate), line.start)


def unit_columns(action: bpy.types.Action) -> Columns:
    """The curves of the unit shape keys in a take; empty where it moves something else."""
    columns = {f'key_blocks["{name}"].value': place for place, name in enumerate(UNITS)}
    found = compat.fcurves(compat.find_part(action, "KEY"))
    return {columns[each.data_path]: each for each in found if each.data_path in columns}


def sampled(action: bpy.types.Action, line: Line) -> FloatArray:
    """The take's motion over a line: (frames, len(CHANNELS)) at MOTION_FPS; the neck is left 0."""
    clock = clock_of(action, line)
    frames = max(1, math.ceil(line.duration * MOTION_FPS - 1e-6))
    places = [clock.frame(place / MOTION_FPS) for place in range(frames)]
    weights = np.zeros((frames, len(CHANNELS)), np.float32)
    for column, curve in unit_columns(action).items():
        weights[:, column] = [curve.evaluate(place) for place in places]
    return weights


@dataclass(frozen=True)
class Mended:
    """What a repair changes: the motion before and after, and the seconds of the line it may."""

    before: FloatArray
    after: FloatArray
    span: tuple[float, float]


def write_steps(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> steps.Steps[int]:
    """Bring a mended span into the take's keys; how many keys have another value now.

    Keys outside of the span stay as they are, bit for bit. Within it a curve that changes gets a
    key on each frame. A step is a curve.
    """
    clock = clock_of(action, line)
    frames = frames_of(clock, mended.span)
    if not len(frames):
        return 0
    difference = _difference(rig, clock, frames, mended)
    changed = 0
    for column, curve in unit_columns(action).items():
        if np.abs(difference[:, column]).max() > CHANGED:
            changed += add(curve, frames, difference[:, column])
            yield steps.GO_ON
    return changed


def frames_of(clock: Clock, span: tuple[float, float]) -> Any:
    """The whole frames of the Action that lie in a span of the line's seconds."""
    first = math.ceil(clock.frame(span[0]) - 1e-4)
    last = math.floor(clock.frame(span[1]) + 1e-4)
    return np.arange(first, last + 1)


def _difference(rig: Rig, clock: Clock, frames: Any, mended: Mended) -> FloatArray:
    """How the channels change on these frames of the Action: (frames, channels).

    Closures that lie between two frames are put on one, as in every take; that may move all that
    opens the lips, but here nothing that was not mended.
    """
    rate = clock.recording.rate
    seconds = np.array([clock.second(float(frame)) for frame in frames])
    if math.isclose(rate, MOTION_FPS, rel_tol=1e-6):
        return at(mended.after - mended.before, seconds * MOTION_FPS)
    before, after = (
        keys.scene_motion(rig, Take(motion, CHANNELS, float(MOTION_FPS)), rate)
        for motion in (mended.before, mended.after)
    )
    mended_channels = (mended.before != mended.after).any(0)
    return at((after - before) * mended_channels, seconds * rate)


def at(curves: FloatArray, places: Any) -> FloatArray:
    """Rows of `curves` at fractional places, joined linearly."""
    rows = np.arange(len(curves))
    columns = [np.interp(places, rows, curve) for curve in curves.T]
    return np.stack(columns, axis=1).astype(np.float32)


def add(curve: Any, frames: Any, difference: FloatArray, bounds: Bounds = (0.0, 1.0)) -> int:
    """Add a difference to a curve's keys on these frames; keys between them follow.

    No key leaves `bounds` that was within them. Gives how many keys have another value now.
    """
    _fill_gaps(curve, frames)
    points = curve.keyframe_points
    places, low, high = (np.empty(2 * len(points), np.float32) for _ in range(3))
    points.foreach_get("co", places)
    points.foreach_get("handle_left", low)
    points.foreach_get("handle_right", high)
    keyed = places.reshape(-1, 2)
    inside = (keyed[:, 0] > frames[0] - 1e-3) & (keyed[:, 0] < frames[-1] + 1e-3)
    wanted = keyed[inside, 1] + np.interp(keyed[inside, 0], frames, difference)
    least, most = np.minimum(keyed[inside, 1], bounds[0]), np.maximum(keyed[inside, 1], bounds[1])
    step = np.clip(wanted, least, most) - keyed[inside, 1]
    for values in (places, low, high):
        values.reshape(-1, 2)[inside, 1] += step
    for name, values in (("co", places), ("handle_left", low), ("handle_right", high)):
        points.foreach_set(name, values)
    curve.update()
    return int((np.abs(step) > CHANGED * min(1.0, float(np.abs(keyed[:, 1]).max()))).sum())


def _fill_gaps(curve: Any, frames: Any) -> None:
    """A key on each frame from the last key before `frames` to the first one after, as it moves.

    So the frames beside them keep their values, too.
    """
    keyed = _key_frames(curve)
    before = max(keyed[keyed <= frames[0]], default=frames[0])
    after = min(keyed[keyed >= frames[-1]], default=frames[-1])
    whole = keyed[np.abs(keyed - np.round(keyed)) < 1e-3]
    known = set(np.round(whole).astype(int).tolist())
    wanted = set(range(math.ceil(before), math.floor(after) + 1)) - known
    values = {frame: curve.evaluate(frame) for frame in sorted(wanted)}
    for frame, value in values.items():
        point = curve.keyframe_points.insert(frame, value, options={"FAST"})
        point.interpolation = "LINEAR"
    if values:
        _join_linearly(curve, min(values) - 1, max(values))


def _key_frames(curve: Any) -> Any:
    """Frames of a curve's keys: (keys,)."""
    places = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", places)
    return places[::2]


def _join_linearly(curve: Any, first: int, last: int) -> None:
    """What a filled gap lies between was a curve; its shape is in the new keys now."""
    for point in curve.keyframe_points:
        if first <= point.co[0] <= last:
            point.interpolation = "LINEAR"
    curve.update()
