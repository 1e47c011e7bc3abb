# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations of many frames: axis-angles, quaternions (w, x, y, z), yaw-pitch-roll; numpy only.

Hamilton's product and the usual conversions (Shuster 1993, A Survey of Attitude Representations).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contract import FloatArray

Doubles = npt.NDArray[np.float64]


def quaternions(turns: npt.NDArray[np.floating]) -> Doubles:
    """Axis-angles (T, 3) in radians -> unit quaternions (T, 4)."""
    turns = np.asarray(turns, np.float64)
    angle = np.linalg.norm(turns, axis=1, keepdims=True)
    return np.concatenate([np.cos(angle / 2), turns * np.sinc(angle / (2 * np.pi)) / 2], axis=1)


def axis_angles(units: Doubles) -> FloatArray:
    """Unit quaternions (T, 4) -> axis-angles (T, 3) of at most half a turn."""
    units = np.where(units[:, :1] < 0, -units, units)
    sine = np.linalg.norm(units[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, units[:, :1])
    scale = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return (units[:, 1:] * scale).astype(np.float32)


def product(first: Doubles, second: Doubles) -> Doubles:
    """`first` after `second`: (T, 4) each."""
    a, b, c, d = first.T
    e, f, g, h = second.T
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=1,
    )


def composed(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> FloatArray:
    """Axis-angles (T, 3) of `first` after `second`, as a head that turns on a turned neck."""
    return axis_angles(product(quaternions(first), quaternions(second)))


def yaw_pitch_roll(turns: npt.NDArray[np.floating]) -> Doubles:
    """Axis-angles (T, 3) -> yaw about y, then pitch about x, then roll about z (T, 3), radians."""
    w, x, y, z = quaternions(turns).T
    yaw = np.arctan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * x - y * z), -1, 1))
    roll = np.arctan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return np.stack([yaw, pitch, roll], axis=1)


def from_yaw_pitch_roll(angles: npt.NDArray[np.floating]) -> FloatArray:
    """The way back: (T, 3) -> axis-angles (T, 3)."""
    yaw, pitch, roll = (_about(axis, angles[:, column]) for column, axis in enumerate((1, 0, 2)))
    return axis_angles(product(product(yaw, pitch), roll))


def from_mean(turns: npt.NDArray[np.floating]) -> FloatArray:
    """Axis-angles (T, 3) relative to their mean turn (Markley et al. 2007)."""
    units = quaternions(turns)
    mean = np.linalg.eigh(units.T @ units)[1][:, -1]
    back = np.tile(mean * np.array([1.0, -1.0, -1.0, -1.0]), (len(units), 1))
    return axis_angles(product(back, units))


def _about(axis: int, angle: npt.NDArray[np.floating]) -> Doubles:
    turns = np.zeros((len(angle), 3))
    turns[:, axis] = angle
    return quaternions(turns)
