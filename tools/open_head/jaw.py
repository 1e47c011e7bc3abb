# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the head FLAME's jaw: a joint, skinning weights and a pose corrective.

Turning the jaw joint by the angle of jawOpen gives exactly the jawOpen unit; a rig drives one or
the other, never both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .joints import NAMES, rigid_motion
from .source import Array

JAW = NAMES.index("jaw")
NECK = NAMES.index("neck")
SINE_ENTRY = 7  # row 2, column 1 of a rotation matrix: the sine of a turn about +X


@dataclass(frozen=True)
class JawFit:
    """Angle in radians about +X, the point it turns about, new weights (V,J), basis (P,V,3)."""

    angle: float
    centre: Array
    weights: Array
    pose_basis: Array
    residual: float  # rms metres of the teeth about the rigid motion
    correction: float  # rms metres of the corrective over the moving vertices


def fit_jaw(
    rest: Array, opened: Array, teeth: Array, weights: Array, seated: Array | None = None
) -> JawFit:
    """Fits the jaw joint to the jawOpen unit (V,3), using the lower teeth (indices).

    `seated` (V,3) is the resting head that is turned, where it is not the one fitted to.
    """
    turn, centre, residual = rigid_motion(rest[teeth], rest[teeth] + opened[teeth])
    angle = float(turn[0])
    centre = np.array([0.0, centre[1], centre[2]])
    rotation = _about_x(angle)
    rigid = (rest - centre) @ rotation.T + centre - rest
    fresh = _jaw_weights(opened, rigid, weights)
    share = fresh[:, JAW, None, None]
    blend = share * rotation + (1 - share) * np.eye(3)
    turned = rest if seated is None else seated
    left = opened - fresh[:, JAW, None] * ((turned - centre) @ rotation.T + centre - turned)
    corrective = np.linalg.solve(blend, left[..., None])[..., 0] / np.sin(angle)
    basis = np.zeros((9 * (len(NAMES) - 1), *rest.shape))
    basis[9 * (JAW - 1) + SINE_ENTRY] = corrective
    moving = np.linalg.norm(opened, axis=1) > 5e-4
    correction = float(np.sqrt((left[moving] ** 2).sum(1).mean()))
    return JawFit(angle, centre, fresh, basis, residual, correction)


def _jaw_weights(opened: Array, rigid: Array, weights: Array) -> Array:
    """Share of the rigid jaw motion in each vertex's opening, taken from neck and jaw."""
    length = np.maximum((rigid**2).sum(1), 1e-8)
    share = np.clip((opened * rigid).sum(1) / length, 0, 1)
    free = weights[:, NECK] + weights[:, JAW]
    fresh = weights.copy()
    fresh[:, JAW] = share * free
    fresh[:, NECK] = free - fresh[:, JAW]
    return fresh


def _about_x(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
