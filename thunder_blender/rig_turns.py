# SPDX-License-Identifier: GPL-3.0-or-later
"""A bone's turn in any of Blender's rotation modes (numpy only).

Euler angles in Blender's order `XYZ` turn about x first, then y, then z, about fixed axes; of the
other orders likewise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..model_runtime.face import rotation_matrices

Floats = npt.NDArray[np.float32]

PATHS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
EULER = "rotation_euler"


def path_of(mode: str) -> str:
    """The property that a bone of this rotation mode is turned by."""
    return PATHS.get(mode, EULER)


def channels(turn: Floats, mode: str) -> Floats:
    """Axis-angles (T,3) in radians as what `path_of(mode)` holds: (T,4) or (T,3)."""
    if mode == "QUATERNION":
        return quaternion(turn)
    if mode == "AXIS_ANGLE":
        return axis_angle(turn)
    return euler(turn, mode)


def quaternion(turn: Floats) -> Floats:
    """Axis-angle (T,3) in radians -> quaternions (T,4), w first."""
    angle = np.linalg.norm(turn, axis=1, keepdims=True)
    axis = turn / np.maximum(angle, 1e-9)
    return np.concatenate((np.cos(angle / 2), axis * np.sin(angle / 2)), axis=1).astype(np.float32)


def axis_angle(turn: Floats) -> Floats:
    """Axis-angle (T,3) -> angle and axis (T,4), as Blender has them."""
    angle = np.linalg.norm(turn, axis=1, keepdims=True)
    axis = np.where(angle > 1e-9, turn / np.maximum(angle, 1e-9), (0.0, 1.0, 0.0))
    return np.concatenate((angle, axis), axis=1).astype(np.float32)


def euler(turn: Floats, order: str = "XYZ") -> Floats:
    """Axis-angle (T,3) in radians -> Euler angles (T,3) of that order, by axis: x, y, z."""
    matrices = rotation_matrices(np.asarray(turn, np.float32)).astype(float)
    first, second, third, sign = _axes(order)
    found = np.empty((len(matrices), 3))
    found[:, second] = np.arcsin(np.clip(-sign * matrices[:, third, first], -1, 1))
    found[:, first] = np.arctan2(sign * matrices[:, third, second], matrices[:, third, third])
    found[:, third] = np.arctan2(sign * matrices[:, second, first], matrices[:, first, first])
    return found.astype(np.float32)


def _axes(order: str) -> tuple[int, int, int, float]:
    """The axes of an order, and 1 where they follow each other as x, y, z do, else -1."""
    first, second, third = ("XYZ".index(letter) for letter in order)
    return first, second, third, 1.0 if (second - first) % 3 == 1 else -1.0
