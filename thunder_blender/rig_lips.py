# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the lips of a mesh nobody has labelled: where opening the jaw tears neighbours apart.

Points that drop with the jaw and points that stay, side by side at rest, are the two lips, or the
two rows of teeth behind them; the front ones are the lips. Everything is measured in millimetres of
the open head: a mouth of another size is scaled to that of the open head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

MOVES, STAYS = 0.55, 0.25  # of the largest drop
NEAR = 0.3  # of the largest drop: how far apart the lips may rest
WIDTH = 41.5  # mm between the corners of the open head's mouth
COLUMNS = np.array((-8.0, -4.0, 0.0, 4.0, 8.0))  # mm from the middle
HALF = 2.6  # mm on either side of a column
DEPTH = 7.0  # mm behind the foremost point of contact that still belong to the lips
LIP = 7.0  # mm above or below the seam
FEWEST = 6  # pairs that make a mouth
DROP = 34.0  # mm by which the open head's lips part with the jaw


@dataclass(frozen=True)
class Seam:
    """Where the lips of a mesh are; indices of its vertices."""

    scale: float  # metres of the rig in a millimetre of the open head
    middle: Points  # (3,) world position
    columns: tuple[tuple[Places, Places], ...]  # (upper, lower) for each of COLUMNS; may be empty


def find(rest: Points, opened: Points) -> Seam | None:
    """The seam of a mesh that looks along -y with z up; None where there is none.

    rest, opened: vertices (V,3) in metres, with the mouth shut and with the jaw open.
    """
    drop = rest[:, 2] - opened[:, 2]
    largest = float(np.percentile(drop, 99.5)) if len(drop) else 0.0
    if largest < 1e-5:
        return None
    moved = np.linalg.norm(opened - rest, axis=1)
    lower, upper = np.flatnonzero(drop > MOVES * largest), np.flatnonzero(moved < STAYS * largest)
    lows, ups = _neighbours(rest, lower, upper, NEAR * largest)
    if len(lows) < FEWEST:
        return None
    seam = (rest[lows] + rest[ups]) / 2
    front = _foremost(seam, largest)
    if front.sum() < FEWEST:
        return None
    seam = seam[front]
    middle, width = _extent(seam)
    scale = width / WIDTH
    if not scale > 1e-6:
        return None
    sides = (upper, lower)
    columns = tuple(_column(rest, sides, middle, scale, x, seam) for x in COLUMNS)
    return Seam(scale, middle, columns) if len(columns[2][0]) and len(columns[2][1]) else None


def _neighbours(rest: Points, lower: Places, upper: Places, reach: float) -> tuple[Places, Places]:
    """Lower points with an upper one within `reach`, and which one that is."""
    if not len(lower) or not len(upper):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low, high = rest[lower].min(0) - reach, rest[lower].max(0) + reach
    upper = upper[((rest[upper] > low) & (rest[upper] < high)).all(1)]
    if not len(upper):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    nearest = np.empty(len(lower), np.int64)
    apart = np.empty(len(lower))
    for start in range(0, len(lower), 256):
        part = lower[start : start + 256]
        square = ((rest[part, None] - rest[None, upper]) ** 2).sum(2)
        nearest[start : start + 256] = upper[square.argmin(1)]
        apart[start : start + 256] = np.sqrt(square.min(1))
    near = apart < reach
    return lower[near], nearest[near]


def _foremost(seam: Points, drop: float) -> npt.NDArray[np.bool_]:
    """Which contacts lie in front, for their place across the mouth."""
    across = np.abs(seam[:, 0] - np.median(seam[:, 0]))
    wide = drop * 0.1
    front = np.array([seam[np.abs(seam[:, 0] - x) < wide, 1].min() for x in seam[:, 0]])
    return np.asarray((seam[:, 1] < front + DEPTH / DROP * drop) & (across < 1.2 * drop))


def _extent(seam: Points) -> tuple[Points, float]:
    """The middle of the mouth and its width."""
    left, right = np.percentile(seam[:, 0], (1, 99))
    x = (left + right) / 2
    near = np.abs(seam[:, 0] - x) < 0.15 * (right - left)
    chosen = seam[near] if near.any() else seam
    return np.array((x, *np.median(chosen[:, 1:], axis=0))), float(right - left)


def _column(
    rest: Points,
    sides: tuple[Places, Places],
    middle: Points,
    scale: float,
    x: float,
    seam: Points,
) -> tuple[Places, Places]:
    """Points of the upper and the lower lip near `x` mm from the middle."""
    here = middle[0] + x * scale
    close = np.abs(seam[:, 0] - here) < 2 * HALF * scale
    if not close.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    height, front = np.median(seam[close, 2]), seam[close, 1].min()
    found = []
    for side in sides:
        at = rest[side]
        inside = np.abs(at[:, 0] - here) < HALF * scale
        inside &= np.abs(at[:, 2] - height) < LIP * scale
        inside &= at[:, 1] < front + DEPTH * scale
        found.append(side[inside])
    return found[0], found[1]
