# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the open head each vertex of a FLAME lies.

The two are placed over each other by their joints, the mouth is brought to the mouth, and the
FLAME is then drawn smoothly onto the open head. Lips touch, so the nearest point of a lower lip may
lie on the upper one: the jaw's skin weights tell which lip a vertex belongs to, and each side is
matched with its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from mathutils.bvhtree import BVHTree

from ..model_runtime.face import FaceModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COLUMNS = np.array([-0.012, -0.006, 0.0, 0.006, 0.012])  # metres from the middle of the mouth
COLUMN_REACH = 0.004
MOUTH_REACH = 0.025  # how far off the mouth of another person may lie
MOUTH_SPREAD = 0.03  # how far round it the mouth's shift is felt
SMOOTHING = (60, 60, 40, 40, 25, 25, 15, 15, 8, 8)  # rounds of averaging after each step
FARTHEST = 0.012  # metres between a vertex and what it is drawn to
FACING = 0.3  # least cosine between the two surfaces


@dataclass(frozen=True)
class Placement:
    """A similarity from FLAME's space to the open head's: scale, rotation, shift."""

    scale: float
    turn: Floats
    shift: Floats

    def __call__(self, points: npt.NDArray[np.floating]) -> Floats:
        return np.asarray(self.scale * points @ self.turn.T + self.shift)

    def back(self, moves: npt.NDArray[np.floating]) -> Floats:
        """Displacements on the open head as displacements of the FLAME."""
        return np.asarray(moves @ self.turn / self.scale)


@dataclass(frozen=True)
class Fit:
    """For each FLAME vertex three vertices of the open head and their shares."""

    placement: Placement
    corners: Indices  # (V,3)
    shares: Floats  # (V,3)
    trust: Floats  # (V,) 1 where the surfaces met, 0 where there was none
    lower: Flags  # (V,) the vertex belongs to the jaw

    def carry(self, moves: npt.NDArray[np.floating]) -> Floats:
        """Displacements of the open head (N,K,3) as the FLAME's (N,V,3)."""
        carried = np.einsum(
            "vc,nvcx->nvx", self.shares * self.trust[:, None], moves[:, self.corners]
        )
        return self.placement.back(carried)


def fit(head: FaceModel, flame: FaceModel, tell: Callable[[float], object] = abs) -> Fit:
    """Match `flame` with the open head `head`; `tell` hears the share that is done."""
    place = place_by_joints(head, flame)
    points = place(flame.template)
    sides = _Sides.of(head)
    lower = flame.skin_weights[:, flame.joint("jaw")] > 0.5
    movable = ~_eyes(flame)
    points = _bring_mouth(head, points, flame.triangles, lower & movable, ~lower & movable)
    points = _draw_on(points, flame.triangles, sides, lower, movable, tell)
    normals = vertex_normals(points, flame.triangles)
    met = sides.nearest(points, normals, lower)
    trust = np.where(movable & (met.distance < FARTHEST), 1.0, 0.0)
    return Fit(place, met.corners, met.shares, trust, lower)


def place_by_joints(head: FaceModel, flame: FaceModel) -> Placement:
    """Least squares over the joints; the eyes set the scale and count most."""
    names = ("left_eye", "right_eye", "jaw", "neck")
    weights = np.array([10.0, 10.0, 1.0, 1.0])
    target, source = (
        np.array(
            [(face.joint_regressor @ face.template)[face.joint(name)] for name in names], float
        )
        for face in (head, flame)
    )
    scale = float(np.linalg.norm(target[0] - target[1]) / np.linalg.norm(source[0] - source[1]))
    middles = [weights @ joints / weights.sum() for joints in (target, source)]
    spread = (weights[:, None] * (target - middles[0])).T @ (source - middles[1])
    left, _, right = np.linalg.svd(spread)
    turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
    return Placement(scale, turn, middles[0] - scale * turn @ middles[1])


def vertex_normals(points: Floats, triangles: npt.NDArray[np.int32]) -> Floats:
    """Unit normals (V,3), weighted by area."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in triangles.T:
        np.add.at(normals, corner, faces)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)


def _eyes(flame: FaceModel) -> Flags:
    joints = [flame.joint("left_eye"), flame.joint("right_eye")]
    return np.asarray(flame.skin_weights[:, joints].max(1) > 0.5)


@dataclass(frozen=True)
class _Met:
    corners: Indices
    shares: Floats
    distance: Floats
    place: Floats


@dataclass(frozen=True)
class _Sides:
    """The open head's skin twice: without the lower lip, and without the upper one."""

    points: Floats
    normals: Floats
    triangles: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]  # upper, lower
    trees: tuple[BVHTree, BVHTree]

    @staticmethod
    def of(head: FaceModel) -> _Sides:
        points = head.template.astype(float)
        skin = np.zeros(len(points), bool)
        skin[head.vertex_sets["outer_skin"]] = True
        skin[head.vertex_sets["lip_rings"].ravel()] = True
        triangles = head.triangles[skin[head.triangles].all(1)]
        mouth = np.zeros(len(points), bool)
        mouth[head.vertex_sets["mouth_region"]] = True
        below = head.skin_weights[:, head.joint("jaw")] > 0.5
        upper, lower = (triangles[~(mouth & off)[triangles].any(1)] for off in (below, ~below))
        trees: list[Any] = [
            BVHTree.FromPolygons(points.tolist(), part.tolist()) for part in (upper, lower)
        ]
        normals = vertex_normals(points, head.triangles)
        return _Sides(points, normals, (upper, lower), (trees[0], trees[1]))

    def nearest(self, points: Floats, normals: Floats, lower: Flags) -> _Met:
        """The nearest point of each one's own side; infinitely far where it faces away."""
        met = self._met(points, lower)
        places, facing, faces = met[:, :3], met[:, 3:6], met[:, 6].astype(np.int64)
        corners = np.where(lower[:, None], self._corners(1, faces), self._corners(0, faces))
        shares = _barycentric(places, self.points[corners])
        distance = met[:, 7]
        distance[(normals * facing).sum(1) < FACING] = np.inf
        return _Met(corners, shares, distance, places)

    def _met(self, points: Floats, lower: Flags) -> Floats:
        """What the trees find for each point: place, normal, triangle, distance (V,8).

        Numbers alone are kept: thousands of vectors would call for a garbage collection, which
        stops Blender too when this runs in a thread.
        """
        each = zip(lower.tolist(), *points.T.tolist(), strict=True)
        hits: Any = (self.trees[side].find_nearest(point) for side, *point in each)
        numbers = (value for hit in hits for value in (*hit[0], *hit[1], hit[2], hit[3]))
        return np.fromiter(numbers, float, 8 * len(points)).reshape(-1, 8)

    def _corners(self, side: int, faces: Indices) -> Indices:
        triangles = self.triangles[side]
        return np.asarray(triangles[np.minimum(faces, len(triangles) - 1)], np.int64)


def _barycentric(places: Floats, triangles: Floats) -> Floats:
    """Shares (N,3) of the corners (N,3,3) in points (N,3) of the triangles."""
    a, b, c = triangles.transpose(1, 0, 2)
    whole = np.cross(b - a, c - a)
    area = np.maximum((whole**2).sum(1), 1e-30)
    second = (np.cross(places - a, c - a) * whole).sum(1) / area
    third = (np.cross(b - a, places - a) * whole).sum(1) / area
    return np.stack([1 - second - third, second, third], axis=1).clip(0, 1)


def _bring_mouth(
    head: FaceModel,
    points: Floats,
    triangles: npt.NDArray[np.int32],
    below: Flags,
    above: Flags,
) -> Floats:
    """Shift the surroundings of the mouth so that the lips part where the open head's do."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)
    contact = head.template[rings[:, 2:10][:, :, [0, 19]]].reshape(-1, 3).astype(float)
    middle = contact.mean(0)
    middle[2] = contact[:, 2].max()
    near = (np.abs(points - middle) < (0.05, MOUTH_REACH, MOUTH_REACH)).all(1)
    moves = []
    for column in COLUMNS:
        beside = near & (np.abs(points[:, 0] - middle[0] - column) < COLUMN_REACH)
        lips = [points[beside & side] for side in (above, below)]
        if all(len(lip) for lip in lips):
            moves.append(middle[1] - (lips[0][:, 1].min() + lips[1][:, 1].max()) / 2)
    if not moves:
        return points
    shift = float(np.median(moves))
    away = ((points - middle + (0, shift, 0)) ** 2).sum(1)
    felt = np.exp(-away / (2 * MOUTH_SPREAD**2))
    return points + felt[:, None] * np.array([0.0, shift, 0.0])


def _draw_on(
    points: Floats,
    triangles: npt.NDArray[np.int32],
    sides: _Sides,
    lower: Flags,
    movable: Flags,
    tell: Callable[[float], object],
) -> Floats:
    """Move the points onto the open head, neighbours together, ever less smoothly."""
    neighbours = _Neighbours.of(triangles, len(points))
    for done, rounds in enumerate(SMOOTHING):
        tell(done / len(SMOOTHING))
        met = sides.nearest(points, vertex_normals(points, triangles), lower)
        found = movable & (met.distance < 2 * FARTHEST)
        wanted = np.where(found[:, None], met.place - points, 0.0)
        points = points + neighbours.smoothed(wanted, found.astype(float), rounds)
    return points


@dataclass(frozen=True)
class _Neighbours:
    """Edges of a mesh, each in both directions."""

    start: Indices
    end: Indices
    count: Floats  # of neighbours, itself among them

    @staticmethod
    def of(triangles: npt.NDArray[np.int32], vertices: int) -> _Neighbours:
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        both = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
        start, end = np.divmod(np.unique(both[:, 0] * vertices + both[:, 1]), vertices)
        count = (1.0 + np.bincount(start, minlength=vertices)).astype(np.float64)
        return _Neighbours(start, end, count)

    def smoothed(self, values: Floats, weights: Floats, rounds: int) -> Floats:
        """Weighted averages (V,3) over neighbourhoods that `rounds` steps reach."""
        columns = np.column_stack([values * weights[:, None], weights])
        for _ in range(rounds):
            sums = [np.bincount(self.start, column[self.end], len(columns)) for column in columns.T]
            columns = (columns + np.column_stack(sums)) / self.count[:, None]
        return np.asarray(columns[:, :3] / np.maximum(columns[:, 3:], 1e-6))
