# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves whole lips up or down with a soft edge: the rest seal and the units' lip contact.

MakeHuman's lips stand 0.1 to 1.3 mm apart at rest and several units push them through each
other. Both are corrected here, once, at build time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .source import Array, Ints

REST_GAP = -0.25e-3  # metres: lips overlap by this much at rest, so that no slit shows
DEEPEST_GAP = -0.9e-3  # a unit alone, at weight 1, presses the lips no deeper than this
FADE = 0.014  # metres from the lip rings to where a lip's motion has died out
FRACTIONS = np.linspace(0.0, 0.97, 14)  # of the half mouth width
EVEN_ROUNDS = 4
CORNER = 9  # column of a ring
CONTACT_RINGS = slice(2, 10)
INNER_RINGS = slice(6, 11)
Depth = Callable[[Array], Array]  # z of the face of a dental arch at a distance from the middle


@dataclass(frozen=True)
class Arches:
    """Faces of both dental arches, margin included."""

    upper: Depth
    lower: Depth
    edge: float  # height of the upper incisors' edges


@dataclass(frozen=True)
class LipField:
    """Where the lips are: rings (2,12,20) and per vertex the share of a lip's motion it takes."""

    rings: Ints
    upper: Array
    lower: Array


def even_lips(points: Array, average: Array, rings: Ints) -> Array:
    """Points (N,3) whose lips differ from the average's evenly from the middle to the corner.

    MakeHuman's people differ by steps of 1 mm from one column to the next: with lips shut, those
    show as teeth of a saw. Corners stay.
    """
    change = (points - average)[rings]
    mirror = np.array([-1.0, 1.0, 1.0])
    for _ in range(EVEN_ROUNDS):
        first, last = change[:, :, 1:2] * mirror, change[:, :, -2:-1] * mirror
        padded = np.concatenate([first, change, last], axis=2)
        smooth = 0.25 * padded[:, :, :-2] + 0.5 * change + 0.25 * padded[:, :, 2:]
        smooth[:, :, CORNER] = change[:, :, CORNER]
        change = smooth
    out = points.copy()
    out[rings] = average[rings] + change
    return out


def inner_depth(points: Array, rings: Ints, height: float) -> float:
    """z of the lower lip's inner side in the middle at a height below its rim."""
    profile = points[rings[0, 6:10, 0]]
    order = np.argsort(profile[:, 1])
    return float(np.interp(height, profile[order, 1], profile[order, 2]))


def lip_field(rest: Array, rings: Ints, skin: Ints, cavity: Ints) -> LipField:
    """Weights (N,) of the upper and the lower lip: 1 on the rings, fading over the skin."""
    upper_rings, lower_rings = rings[:, :, 10:], rings[:, :, :9]
    inside = np.setdiff1d(skin, cavity)
    return LipField(
        rings,
        _faded(rest, upper_rings, inside, lower_rings),
        _faded(rest, lower_rings, inside, upper_rings),
    )


def gaps(points: Array, rings: Ints) -> Array:
    """Line-of-sight gap (2, len(FRACTIONS)) of the lips in metres, per side and width."""
    found = np.empty((2, len(FRACTIONS)))
    for side, half in enumerate(rings):
        corner = abs(points[half[5, 9], 0])
        across = FRACTIONS * corner
        lower = [_along(points, ring[:10], across, 1) for ring in half[CONTACT_RINGS]]
        upper = [_along(points, ring[:8:-1], across, 1) for ring in half[CONTACT_RINGS]]
        found[side] = np.min(upper, axis=0) - np.max(lower, axis=0)
    return found


def seal(points: Array, field: LipField, rounds: int = 12) -> Array:
    """Displacement (N,3) that brings the lips of a resting head to REST_GAP everywhere."""
    moved = points.copy()
    for _ in range(rounds):
        excess = gaps(moved, field.rings) - REST_GAP
        share = _spread(moved, field.rings, excess)
        moved[:, 1] += 0.5 * share * (field.lower - field.upper)
    return moved - points


def press(
    points: Array, field: LipField, upper_share: float, *, closes: bool, rounds: int = 10
) -> Array:
    """Displacement (N,3) that keeps the gap above DEEPEST_GAP and, if it `closes`, sealed.

    `upper_share` of it moves the upper lip, the rest the lower lip.
    """
    moved = points.copy()
    for _ in range(rounds):
        gap = gaps(moved, field.rings)
        excess = np.minimum(gap - DEEPEST_GAP, 0.0)
        if closes:
            excess = excess + np.maximum(gap - REST_GAP, 0.0)
        share = _spread(moved, field.rings, excess)
        lift = upper_share * field.upper - (1 - upper_share) * field.lower
        moved[:, 1] -= share * lift
    return moved - points


def clear_of_teeth(
    points: Array, field: LipField, arches: Arches, *, lower: bool = True, rounds: int = 6
) -> Array:
    """Displacement (N,3), forward only, that takes the inner side of the lips off the teeth."""
    moved = points.copy()
    lips = ((field.upper, True), (field.lower, False))
    for _ in range(rounds):
        for weight, upper in lips if lower else lips[:1]:
            share = _spread(moved, field.rings, _inside(moved, field.rings, arches, upper=upper))
            moved[:, 2] += share * weight
    return moved - points


def _inside(points: Array, rings: Ints, arches: Arches, *, upper: bool) -> Array:
    """How far (2, len(FRACTIONS)) the inner lip lies behind the face of the teeth, metres.

    A lower lip that has risen over the upper incisors' edges meets the upper teeth.
    """
    found = np.zeros((2, len(FRACTIONS)))
    for side, half in enumerate(rings):
        across = FRACTIONS * abs(points[half[5, 9], 0])
        for ring in half[INNER_RINGS]:
            path = ring[:8:-1] if upper else ring[:10]
            face = arches.upper(across)
            if not upper:
                risen = _along(points, path, across, 1) > arches.edge - 1.5e-3
                face = np.where(risen, face, arches.lower(across))
            found[side] = np.maximum(found[side], face - _along(points, path, across, 2))
    return found


def _along(points: Array, ring: Ints, across: Array, axis: int) -> Array:
    """Coordinate of one half ring (middle to corner) at the distances `across` from the middle."""
    x = np.maximum.accumulate(np.abs(points[ring, 0]))
    return np.interp(across, x, points[ring, axis])


def _spread(points: Array, rings: Ints, excess: Array) -> Array:
    """Value (N,) of a per-side curve over the mouth width at every vertex, 0 beyond it."""
    out = np.zeros(len(points))
    for side, sign in enumerate((1.0, -1.0)):
        corner = abs(points[rings[side, 5, 9], 0])
        own = points[:, 0] * sign >= 0
        x = np.abs(points[own, 0])
        knots = np.append(FRACTIONS, 1.25) * corner
        out[own] = np.interp(x, knots, np.append(excess[side], 0.0))
    return out


def _faded(rest: Array, rings: Ints, skin: Ints, other: Ints) -> Array:
    """1 on the contact rings, less towards border and cavity, fading over the outer skin."""
    weight = np.zeros(len(rest))
    border = cKDTree(rest[np.unique(rings[:, 0])])
    distance, _ = border.query(rest[skin])
    fall = np.clip(1 - distance / FADE, 0, 1)
    closer = _is_closer(rest[skin], rings, other, rest)
    weight[skin] = 0.6 * fall * fall * (3 - 2 * fall) * closer
    profile = np.array([0.6, 0.75, 0.88, 0.96, 1, 1, 1, 1, 0.95, 0.75, 0.45, 0.2])
    weight[rings] = profile[None, :, None]
    weight[np.unique(other)] = 0.0
    return weight


def _is_closer(points: Array, rings: Ints, other: Ints, rest: Array) -> Array:
    """Soft 0..1: how much nearer the points are to this lip than to the other."""
    own, _ = cKDTree(rest[np.unique(rings)]).query(points)
    far, _ = cKDTree(rest[np.unique(other)]).query(points)
    return np.clip(0.5 + (far - own) / 0.006, 0, 1)
