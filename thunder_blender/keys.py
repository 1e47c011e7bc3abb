# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion becomes F-curves: one key per scene frame and channel, written in bulk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import NECK, Take
from . import compat
from .resample import Opening, resample
from .rig import LOWER_LIP, NECK_BONE, UPPER_LIP, Rig, RigError

Floats = npt.NDArray[np.float32]

LINEAR = 1  # Keyframe.interpolation's number
GROUPS = (("eye", "Eyes"), ("brow", "Brows"), ("jaw", "Jaw"), ("mouth", "Mouth"))

# Opening of the lips' middle at a unit's full weight, in mm, measured on MakeHuman's face units.
# For rigs that do not bring their own figures.
TYPICAL_OPENING = {
    "jawOpen": 33.9,
    "jawForward": 1.5,
    "mouthClose": -34.7,
    "mouthFunnel": 11.3,
    "mouthPucker": -2.9,
    "mouthSmileLeft": -0.7,
    "mouthSmileRight": -0.7,
    "mouthRollLower": -3.3,
    "mouthRollUpper": -1.7,
    "mouthShrugLower": -5.0,
    "mouthShrugUpper": 3.6,
    "mouthPressLeft": -1.1,
    "mouthPressRight": -1.1,
    "mouthLowerDownLeft": 2.0,
    "mouthLowerDownRight": 2.0,
    "mouthUpperUpLeft": 2.6,
    "mouthUpperUpRight": 2.6,
}


@dataclass(frozen=True)
class Curve:
    """One F-curve to write: where it points, in which group, and a value per frame."""

    data_path: str
    index: int
    group: str
    values: Floats


def scene_motion(rig: Rig, take: Take, rate: float) -> Floats:
    """The take's weights at the scene's rate: (N, channels), units and mouthClose in range."""
    opening = lip_opening(rig, take.channels)
    return in_range(resample(take.weights, take.fps, rate, opening), take.channels)


def lip_opening(rig: Rig, channels: tuple[str, ...]) -> Opening:
    """How the rig's lips open with each of `channels`: measured on its shape keys where it
    knows its lips, typical figures elsewhere."""
    upper, lower = (list(rig.mesh.get(name, ())) for name in (UPPER_LIP, LOWER_LIP))
    if not upper:
        return typical_opening(channels)
    if max(upper + lower) >= len(rig.mesh.data.vertices):
        return typical_opening(channels)
    blocks = rig.keys.key_blocks
    rest = _gaps(blocks[0], upper, lower)
    moved = [_gaps(blocks[n], upper, lower) if n in blocks else rest for n in channels]
    return Opening(np.stack(moved, axis=1) - rest[:, None], rest)


def typical_opening(channels: tuple[str, ...]) -> Opening:
    """How lips open with each of `channels`, where nothing was measured."""
    typical = np.array([[TYPICAL_OPENING.get(name, 0.0) for name in channels]], np.float32)
    return Opening(typical, np.zeros(1, np.float32))


def _gaps(block: bpy.types.ShapeKey, upper: list[int], lower: list[int]) -> Floats:
    """Height of every upper vertex over every lower one: (len(upper) * len(lower),) mm."""
    top, bottom = (np.array([block.data[i].co.z for i in side]) for side in (upper, lower))
    return np.asarray(1000 * np.subtract.outer(top, bottom).ravel(), np.float32)


def in_range(motion: Floats, channels: tuple[str, ...]) -> Floats:
    """Undo the kernel's overshoot: units stay in [0, 1] and mouthClose never beyond jawOpen."""
    result = motion.copy()
    units = [index for index, name in enumerate(channels) if name not in NECK]
    result[:, units] = result[:, units].clip(0.0, 1.0)
    if "mouthClose" in channels and "jawOpen" in channels:
        close, jaw = channels.index("mouthClose"), channels.index("jawOpen")
        result[:, close] = np.minimum(result[:, close], result[:, jaw])
    return result


def unit_curves(
    name: str, present: Collection[str], motion: Floats, channels: tuple[str, ...]
) -> list[Curve]:
    """One curve for each channel that is among the `present` shape keys of the rig `name`.

    Raises RigError when none is.
    """
    curves = [
        Curve(f'key_blocks["{channel}"].value', 0, group_of(channel), motion[:, index])
        for index, channel in enumerate(channels)
        if channel in present
    ]
    if not curves:
        raise RigError(
            f"'{name}' has no shape key with the name of a unit such as jawOpen. "
            "Choose a head that Create Head has made."
        )
    return curves


def neck_curves(motion: Floats, channels: tuple[str, ...]) -> list[Curve]:
    """The neck bone's three Euler curves; none where the motion has no neck."""
    if not set(NECK) <= set(channels):
        return []
    euler = euler_from_axis_angle(motion[:, [channels.index(name) for name in NECK]])
    path = f'pose.bones["{NECK_BONE}"].rotation_euler'
    return [Curve(path, axis, NECK_BONE, euler[:, axis]) for axis in range(3)]


def write_curves(part: compat.ActionPart, curves: list[Curve], first_frame: int) -> None:
    """Write a key per frame from `first_frame` on, into a part that has no such curves yet."""
    add_groups(part, curves)
    for curve in curves:
        write_curve(part, curve, first_frame)


def add_groups(part: compat.ActionPart, curves: list[Curve]) -> None:
    """The groups of all `curves`, by name."""
    owner = compat.part_curves(part)
    for name in sorted({curve.group for curve in curves} - set(owner.groups.keys())):
        owner.groups.new(name)


def write_curve(part: compat.ActionPart, curve: Curve, first_frame: int) -> None:
    """One curve of `write_curves`, whose groups are there."""
    owner = compat.part_curves(part)
    fcurve = owner.fcurves.new(curve.data_path, index=curve.index)
    fcurve.group = owner.groups[curve.group]
    _fill(fcurve, curve.values, first_frame)


def _fill(fcurve: Any, values: Floats, first_frame: int) -> None:
    count = len(values)
    points = fcurve.keyframe_points
    points.add(count)
    frames = np.arange(first_frame, first_frame + count, dtype=np.float32)
    points.foreach_set("co", np.stack((frames, values), axis=1, dtype=np.float32).ravel())
    points.foreach_set("interpolation", np.full(count, LINEAR, np.uint8))
    for part in ("control_point", "left_handle", "right_handle"):  # as added all are selected
        points.foreach_set(f"select_{part}", np.zeros(count, np.bool_))
    fcurve.update()  # sound handles, should the artist turn a key into a curve


def euler_from_axis_angle(rotation: Floats) -> Floats:
    """Axis-angle (T, 3) in radians -> Blender's XYZ Euler angles (T, 3) in radians."""
    angle = np.linalg.norm(rotation, axis=1, keepdims=True)
    axis = rotation / np.maximum(angle, 1e-9)
    x, y, z = (axis * np.sin(angle / 2)).T
    w = np.cos(angle[:, 0] / 2)
    pitch = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    yaw = np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))
    roll = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return np.stack((pitch, yaw, roll), axis=1).astype(np.float32)


def group_of(unit: str) -> str:
    """Name of the channel group in which a unit is shown."""
    return next((group for start, group in GROUPS if unit.startswith(start)), "Cheeks and Nose")
