# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips that meet on the open head meet on the rig, and a lip at the teeth is at its teeth.

A rig's own shapes add up to another gap than the open head's. So near every contact the targets are
moved, as little as possible and within their ranges, until the rig's gap is what it is on the open
head: steps of least change along the gap's gradient, projected onto the ranges (numpy only).
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from . import head
from .rig_mapping import BOTTOM, TOP, Mapping, Target

Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

CONTACT_RINGS = slice(2, 10)  # of the open head's lips: rings that can meet the other lip
WET_RINGS = slice(3, 11)  # of the lower lip: rings that can meet the upper incisors
FULL, FADED = (
    2.5,
    6.0,
)  # mm of the open head's gap: kept up to the first, left alone from the second
PRESSED = -0.6  # mm; lips that press harder are not asked to
TOOTH = 0.5  # mm from lip to tooth that is meant to be contact, half of what counts as one
TOOTH_NEAR = 2.3  # mm on the open head: f and v come to 1.55 there, nothing else within 2.8
APART = (0.8, 3.0)  # mm between the lips while one is at the teeth
ROUNDS = 24
FRAMES = 500  # that are solved at a time, so that memory stays small
SIDE_SHARE = 0.5  # of a step, for the columns beside the middle
SMALL = 0.25  # mm a target at 1 moves the gap by, at least, to be used


@dataclass(frozen=True)
class RigLips:
    """The lips of a rig in millimetres of the open head, linear in its targets."""

    targets: tuple[Target, ...]
    rest: Array  # (K,3): x to the character's left, y up, z out of the face
    basis: Array  # (J,K,3) at 1
    columns: tuple[tuple[Places, Places], ...]  # upper and lower points; the third is the middle
    teeth: Places  # points of the upper incisors' edges; empty where they are not known

    def points(self, values: Array) -> Array:
        """Positions (T,K,3) for values (T,J) away from rest."""
        flat = values @ self.basis.reshape(len(self.basis), -1)
        return np.asarray(flat.reshape(len(values), *self.rest.shape) + self.rest)

    def gap(self, column: int, points: Array) -> tuple[Array, Array]:
        """Gap (T,) of a column, and its gradient (T,J)."""
        upper, lower = self.columns[column]
        heights = points[:, :, 1]
        top = upper[heights[:, upper].argmin(1)]
        bottom = lower[heights[:, lower].argmax(1)]
        frames = np.arange(len(points))
        slopes = self.basis[:, :, 1].T
        return heights[frames, top] - heights[frames, bottom], slopes[top] - slopes[bottom]

    def to_teeth(self, points: Array) -> tuple[Array, Array]:
        """Distance (T,) of the middle of the lower lip to the upper incisors, with its gradient."""
        lower = self.columns[2][1]
        away = points[:, lower][:, :, None] - points[:, self.teeth][:, None]  # (T,L,E,3)
        far = np.linalg.norm(away, axis=3).reshape(len(points), -1)
        nearest = far.argmin(1)
        frames = np.arange(len(points))
        lip, edge = lower[nearest // len(self.teeth)], self.teeth[nearest % len(self.teeth)]
        length = far[frames, nearest]
        normal = (
            away.reshape(len(points), -1, 3)[frames, nearest] / np.maximum(length, 1e-6)[:, None]
        )
        motion = self.basis[:, lip] - self.basis[:, edge]  # (J,T,3)
        return length, np.einsum("jtc,tc->tj", motion, normal)


@dataclass(frozen=True)
class HeadContacts:
    """What the open head's lips do in each frame, in mm."""

    gap: Array  # (T,) in the middle
    side_gaps: Array  # (T,5) in the columns of `rig_lips.COLUMNS`
    teeth: Array  # (T,) from the lower lip to the upper incisors


@lru_cache(maxsize=1)
def _head_points() -> tuple[Array, Array, list[tuple[Places, Places]], Places, Places]:
    face = head.bundled_face()
    rings = face.vertex_sets["lip_rings"].astype(np.int64)
    wet, edges = rings[:, WET_RINGS, :3].ravel(), face.vertex_sets["incisal_upper"].astype(np.int64)
    used = np.unique(np.concatenate((rings[:, CONTACT_RINGS].ravel(), wet, edges)))
    index = dict(zip(used.tolist(), range(len(used)), strict=True))
    rest = 1000 * face.template[used].astype(float)
    basis = 1000 * face.expression_basis[:, used].astype(float)
    columns = []
    for side, step in ((1, 4), (1, 2), (0, 0), (0, 2), (0, 4)):
        upper = rings[side, CONTACT_RINGS, -1 - step]
        lower = rings[side, CONTACT_RINGS, step]
        columns.append(
            tuple(np.array([index[v] for v in part.tolist()]) for part in (upper, lower))
        )
    middle = np.abs(face.template[edges, 0]) < 0.005
    return (
        rest, basis, columns,
        np.array([index[v] for v in wet.tolist()]),
        np.array([index[v] for v in edges[middle].tolist()]),
    )  # type: ignore[return-value]  # fmt: skip


def head_contacts(units: Floats) -> HeadContacts:
    """Unit weights (T,52) -> the open head's gaps."""
    rest, basis, columns, wet, edges = _head_points()
    points = np.tensordot(units.astype(float), basis, 1) + rest
    height = points[:, :, 1]
    gaps = np.stack([height[:, up].min(1) - height[:, low].max(1) for up, low in columns], axis=1)
    away = points[:, wet][:, :, None] - points[:, edges][:, None]
    teeth = np.linalg.norm(away, axis=3).min(axis=1).mean(axis=1)
    return HeadContacts(gaps[:, 2], gaps, teeth)


def keep(
    lips: RigLips, mapping: Mapping, values: Table[Target, Floats], units: Floats
) -> dict[Target, Floats]:
    """Values (T,) of each target, moved so that the rig's lips meet where the open head's do."""
    result = dict(values)
    used = [target for target in lips.targets if target in result]
    order = [lips.targets.index(target) for target in used]
    if not used or not len(units):
        return result
    low, high = _bounds(mapping, used)
    way = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-6)  # controls may go to 10 or 100
    basis = lips.basis[order] * way[:, None, None]
    own = RigLips(tuple(used), lips.rest, basis, lips.columns, lips.teeth)
    rest = np.array([target.rest for target in used])
    now = (np.stack([result[target] for target in used], axis=1).astype(float) - rest) / way
    bounds = low / way, high / way
    parts = [slice(at, at + FRAMES) for at in range(0, len(units), FRAMES)]
    kept = np.concatenate([solve(own, now[at], bounds, head_contacts(units[at])) for at in parts])
    kept = kept * way + rest
    for place, target in enumerate(used):
        result[target] = kept[:, place].astype(np.float32)
    return result


def solve(lips: RigLips, values: Array, bounds: tuple[Array, Array], wanted: HeadContacts) -> Array:
    """Values (T,J) away from rest, moved so that the lips' gaps are `wanted` near contacts."""
    result = values.copy()
    share = ((FADED - wanted.gap) / (FADED - FULL)).clip(0, 1)
    busy = np.flatnonzero(share > 0)
    if not len(busy):
        return result
    start, share = values[busy], share[busy]
    dental = np.zeros(len(busy), bool)
    if len(lips.teeth):
        dental = (wanted.teeth[busy] < TOOTH_NEAR) & (wanted.gap[busy] > 0.3)
    goal = np.maximum(wanted.gap[busy], PRESSED)
    goal = np.where(dental, goal.clip(*APART), goal)
    part = start.copy()
    for turn in range(ROUNDS):
        last = turn == ROUNDS - 1
        if not last:
            _sides(lips, part, wanted.side_gaps[busy], bounds)
        points = lips.points(part)
        gap, slope = lips.gap(2, points)
        before = part
        part = _step(before, share * (goal - gap), slope, bounds)
        if dental.any():
            far, way = lips.to_teeth(points[dental])
            steps = np.stack((goal[dental] - gap[dental], np.minimum(TOOTH - far, 0.0)), axis=1)
            slopes = np.stack((slope[dental], way), axis=1)
            part[dental] = _joint_step(before[dental], steps, slopes, bounds)
    result[busy] = part
    return result


def _sides(lips: RigLips, part: Array, wanted: Array, bounds: tuple[Array, Array]) -> None:
    """Close the columns beside the middle where the open head's are closed, in place."""
    for column in (1, 3):
        upper, lower = lips.columns[column]
        shut = np.flatnonzero(wanted[:, column] < 0.3)
        if len(shut) and len(upper) and len(lower):
            gap, slope = lips.gap(column, lips.points(part[shut]))
            step = SIDE_SHARE * np.minimum(-gap, 0.0)
            part[shut] = _step(part[shut], step, slope, bounds)


def _step(values: Array, change: Array, slope: Array, bounds: tuple[Array, Array]) -> Array:
    """Move values (T,J) by the least step that changes what has this slope (T,J) by `change`."""
    low, high = bounds
    usable = np.where(np.abs(slope) > SMALL, slope, 0.0)
    raising = usable * change[:, None] > 0  # the value has to grow
    free = np.where(raising, values < high - 1e-9, values > low + 1e-9)
    usable = usable * free
    size = (usable**2).sum(1)
    step = usable * np.divide(change, size, out=np.zeros_like(change), where=size > 1e-9)[:, None]
    return np.asarray((values + step).clip(low, high))


def _joint_step(values: Array, change: Array, slope: Array, bounds: tuple[Array, Array]) -> Array:
    """As `_step`, for two things at once: change (T,2), slopes (T,2,J)."""
    low, high = bounds
    usable = np.where(np.abs(slope).max(1, keepdims=True) > SMALL, slope, 0.0)
    for _ in range(2):  # what would leave its range takes no part in the second try
        gram = np.einsum("tij,tkj->tik", usable, usable)
        gram += 1e-3 * (1 + np.trace(gram, axis1=1, axis2=2))[:, None, None] * np.eye(2)
        step = np.einsum("tij,ti->tj", usable, np.linalg.solve(gram, change[:, :, None])[:, :, 0])
        stuck = ((values <= low + 1e-9) & (step < 0)) | ((values >= high - 1e-9) & (step > 0))
        usable = np.where(stuck[:, None], 0.0, usable)
    return np.asarray((values + np.where(stuck, 0.0, step)).clip(low, high))


def _bounds(mapping: Mapping, used: list[Target]) -> tuple[Array, Array]:
    """What each target may hold, away from rest: never beyond what the mapping gives it."""
    rest = np.array([target.rest for target in used])
    known = {target: (low, high) for target, low, high in mapping.ranges}
    pairs = np.array([known.get(target, (BOTTOM, TOP)) for target in used])
    gains: dict[Target, list[float]] = {target: [] for target in used}
    for link in mapping.active():
        if link.target in gains:
            gains[link.target].append(link.gain)
    ways = [(min([0.0, *each]), max([0.0, *each])) for each in gains.values()]
    low = np.maximum(pairs[:, 0] - rest, [way[0] for way in ways])
    return np.minimum(low, 0.0), np.maximum(
        np.minimum(pairs[:, 1] - rest, [w[1] for w in ways]), 0.0
    )


def opening_weights() -> Floats:
    """Unit weights (1,52) of a wide open jaw, at which lips are told from what is around them."""
    weights = np.zeros((1, len(UNITS)), np.float32)
    weights[0, UNITS.index("jawOpen")] = 1.0
    return weights
