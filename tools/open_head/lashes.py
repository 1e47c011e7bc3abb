# SPDX-License-Identifier: GPL-3.0-or-later
"""Grows thin upper lashes from the edges of the lids; MakeHuman's own strips look like eyeliner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .source import Array, Ints

LEFT_LID = (6847, 6844, 6841, 6838, 6785, 6784, 6790, 6793, 6796, 6799, 6802, 6805)  # hm08
COUNT = 44  # lashes an eye
POINTS = 5  # cross sections along a lash
LENGTH = (4.5e-3, 8.0e-3)  # metres, at the inner and the outer corner
ROOT_WIDTH = 0.30e-3
DROP = {"eyeBlink": 36.0, "eyeLookDown": 18.0}  # degrees a lash turns down; more meets cheeks
SEED = 21


@dataclass(frozen=True)
class Lashes:
    """Both eyes' lashes: each vertex hangs at `share` between lid vertices `first` and `second`."""

    first: Ints
    second: Ints
    share: Array
    offset: Array  # (V,3) from that point
    side: Ints  # 0 left, 1 right
    quads: Ints

    def vertices(self, full: Array) -> Array:
        """Positions on a person's full mesh."""
        return self.root(full) + self.offset

    def root(self, full: Array) -> Array:
        part = self.share[:, None]
        return np.asarray(full[self.first] * (1 - part) + full[self.second] * part)

    def motion(self, name: str, unit: Array) -> Array:
        """Displacement under a unit: the lid's, and the lash turning down with it."""
        moved = self.root(unit)
        degrees = DROP.get(name.removesuffix("Left").removesuffix("Right"), 0.0)
        own = self.side == int(name.endswith("Right"))
        if degrees:
            moved[own] += self.offset[own] @ turned_down(degrees).T - self.offset[own]
        return moved


def turned_down(degrees: float) -> Array:
    """The rotation (3,3) that turns what points forward down."""
    angle = np.radians(degrees)
    return np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )


def upper_lids(points: Array) -> Ints:
    """Front edges (2,12) of the upper lids, left and right, from the nose outwards."""
    left = np.array(LEFT_LID)
    right = cKDTree(points).query(points[left] * np.array([-1.0, 1.0, 1.0]))[1]
    return np.stack([left, right])


def grow_lashes(lids: Ints, points: Array) -> Lashes:
    """Lashes of both eyes of a resting head (full mesh, metres)."""
    rng = np.random.default_rng(SEED)
    parts = [_one_eye(points, lid, side, rng) for side, lid in enumerate(lids)]
    first, second, share, offset, side = (np.concatenate(c) for c in zip(*parts, strict=True))
    one = np.array([[2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(POINTS - 1)])
    quads = np.concatenate([one + 2 * POINTS * lash for lash in range(2 * COUNT)])
    return Lashes(first, second, share, offset, side, quads)


def _one_eye(
    points: Array, lid: Ints, side: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Array, Array, Ints]:
    sign = (1.0, -1.0)[side]
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points[lid], axis=0), axis=1))]
    along = length[-1] * np.linspace(0.10, 0.99, COUNT)
    place = np.clip(np.searchsorted(length, along), 1, len(lid) - 1)
    share = (along - length[place - 1]) / (length[place] - length[place - 1])
    offsets = [_lash(a / length[-1], sign, rng) for a in along]
    each = 2 * POINTS
    return (
        np.repeat(lid[place - 1], each),
        np.repeat(lid[place], each),
        np.repeat(share, each),
        np.concatenate(offsets),
        np.full(COUNT * each, side),
    )


def _lash(along: float, sign: float, rng: np.random.Generator) -> Array:
    """One curved, tapering ribbon (2*POINTS,3); it leaves forward and bends up and outward."""
    size = np.interp(along, [0, 0.7, 1], [LENGTH[0], LENGTH[1], LENGTH[1] * 0.9])
    size *= rng.uniform(0.75, 1.08)
    out = np.radians(np.interp(along, [0, 1], [-22, 42]) + rng.normal(0, 5))
    steps = np.linspace(0, 1, POINTS)
    rise = np.radians(np.linspace(-12, 68, POINTS) + rng.normal(0, 4))
    ahead = np.r_[0, np.cumsum(np.cos(rise[:-1]))] / (POINTS - 1) * size
    up = np.r_[0, np.cumsum(np.sin(rise[:-1]))] / (POINTS - 1) * size
    spine = np.column_stack([sign * np.sin(out) * ahead, up, np.cos(out) * ahead])
    width = ROOT_WIDTH * (1 - 0.85 * steps)
    across = np.array([np.cos(out), 0.0, -sign * np.sin(out)])
    ribbon = np.stack([spine - across * width[:, None] / 2, spine + across * width[:, None] / 2], 1)
    return np.asarray(ribbon.reshape(-1, 3))
