# SPDX-License-Identifier: GPL-3.0-or-later
"""What a take does now, as the engine's motion, and which of it a new sampling has to keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import bpy
import numpy as np

from ..model_runtime.contract import CHANNELS, MOTION_FPS, NECK, FloatArray, Hold
from . import (
    channel_locks,
    compat,
    hand_edits,
    range_curves,
    range_movers,
    repair_curves,
    take_marks,
)
from .lines import Line
from .rig import NECK_BONE, Rig

NECK_PLACES = [CHANNELS.index(name) for name in NECK]
NECK_PATH = f'pose.bones["{NECK_BONE}"].rotation_euler'
AROUND = 0.5  # of a scene frame: so much beside a key of the artist's is kept with it

Span = tuple[float, float]  # seconds of the line


def sampled(rig: Rig, action: bpy.types.Action, line: Line) -> FloatArray:
    """The take's motion over a line: (frames, len(CHANNELS)) at MOTION_FPS, with the neck."""
    if not range_movers.is_direct(rig):
        return range_curves.sampled(rig, action, line)
    weights = repair_curves.sampled(action, line)
    turns = neck_curves(rig, action)
    if len(turns) == len(NECK):
        clock = repair_curves.clock_of(action, line)
        places = [clock.frame(place / MOTION_FPS) for place in range(len(weights))]
        euler = np.array([[curve.evaluate(p) for curve in turns] for p in places], np.float32)
        weights[:, NECK_PLACES] = axis_angle_from_euler(euler)
    return weights


def neck_curves(rig: Rig, action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """The three curves of the neck bone in a take, by axis; empty where it moves no neck."""
    for block, part in take_marks.parts(action, rig):
        if block == rig.armature:
            found = [curve for curve in compat.fcurves(part) if curve.data_path == NECK_PATH]
            return sorted(found, key=lambda curve: curve.array_index)
    return []


def axis_angle_from_euler(euler: FloatArray) -> FloatArray:
    """Blender's XYZ Euler angles (T, 3) -> axis-angle (T, 3), both in radians."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(euler.T / 2), np.sin(euler.T / 2)
    w = cx * cy * cz + sx * sy * sz
    axis = np.stack(
        (sx * cy * cz - cx * sy * sz, cx * sy * cz + sx * cy * sz, cx * cy * sz - sx * sy * cz), 1
    )
    size = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = 2 * np.arctan2(size, w[:, None])
    return np.asarray(axis / np.maximum(size, 1e-9) * angle, np.float32)


def range_hold(rig: Rig, action: bpy.types.Action, line: Line, span: Span) -> Hold:
    """All of the take but a span; within it what is locked, and the artist's own keys."""
    weights = sampled(rig, action, line)
    kept = np.ones_like(weights)
    first, last = math.ceil(span[0] * MOTION_FPS - 1e-6), math.floor(span[1] * MOTION_FPS + 1e-6)
    kept[first : last + 1] = 0.0
    kept[:, sorted(channel_locks.locked_channels(rig, action))] = 1.0
    _keep_keys(kept, rig, action, line)
    return Hold(weights, kept)


def locked_hold(rig: Rig, action: bpy.types.Action | None, line: Line) -> Hold | None:
    """What of the chosen take `action` a new take of its line keeps; None where nothing is locked,
    or there is no take to keep anything of."""
    if action is None:
        return None
    locked = sorted(channel_locks.locked_channels(rig, action) & present(rig, action))
    if not locked:
        return None
    weights = sampled(rig, action, line)
    kept = np.zeros_like(weights)
    kept[:, locked] = 1.0
    return Hold(weights, kept)


def present(rig: Rig, action: bpy.types.Action) -> set[int]:
    """The channels that some curve of a take carries."""
    movers = range_movers.movers_of(rig)
    return set().union(*(movers.of(curve.data_path) for curve in take_marks.curves(action)))


def _keep_keys(kept: FloatArray, rig: Rig, action: bpy.types.Action, line: Line) -> None:
    clock, movers = repair_curves.clock_of(action, line), range_movers.movers_of(rig)
    for (path, _), frames in hand_edits.artist_keys(action).items():
        places = sorted(movers.of(path))
        for low, high in _motion_frames(clock.second, frames):
            kept[max(0, low) : high + 1, places] = 1.0


def _motion_frames(
    second: Callable[[float], float], frames: Collection[float]
) -> list[tuple[int, int]]:
    """The motion frames that surround each key: first and last."""
    return [
        (
            math.floor(second(frame - AROUND) * MOTION_FPS + 0.5),
            math.ceil(second(frame + AROUND) * MOTION_FPS - 0.5),
        )
        for frame in frames
    ]
