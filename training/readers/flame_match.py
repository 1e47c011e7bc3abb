# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the open head each vertex of a FLAME lies, without Blender.

The two are placed over each other by their joints and the mouth is brought to the mouth; then the
FLAME is drawn smoothly onto the open head's skin. The jaw's skin weights tell the two lips apart,
and each is matched with its own, since the nearest point of a closed lip may lie on the other one.
Import FLAME in Blender does the same with exact nearest points; here the skin is sampled densely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from model_runtime.face import FaceModel

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PER_EDGE = 5  # samples along a triangle's edge: about one a millimetre of skin
FARTHEST = 0.012  # metres between a vertex and what it is drawn to
FACING = 0.3  # least cosine between the two surfaces
CANDIDATES = 12  # nearest samples, of which the first that faces the same way is taken
SMOOTHING = (60, 40, 25, 15, 8, 8)  # rounds of averaging after each step
MOUTH_COLUMNS = np.array([-0.012, -0.006, 0.0, 0.006, 0.012])  # metres from the middle
COLUMN_REACH, MOUTH_REACH, MOUTH_SPREAD = 0.004, 0.025, 0.03


@dataclass(frozen=True)
class Match:
    """For each FLAME vertex three vertices of the open head and their shares; trust (V,) 0 or 1."""

    corners: Indices  # (V,3)
    shares: Doubles  # (V,3)
    trust: Doubles
    turn: Doubles  # (3,3) from FLAME's axes to the open head's
    scale: float  # the open head's size over the FLAME's

    def carry(self, moves: npt.NDArray[np.floating]) -> Doubles:
        """Displacements of the open head (N,K,3) as the FLAME's (N,V,3)."""
        shares = self.shares * self.trust[:, None]
        carried = sum(
            shares[:, corner, None] * moves[:, self.corners[:, corner]] for corner in range(3)
        )
        return np.asarray(carried @ self.turn / self.scale, np.float64)

    def near(self, vertices: npt.NDArray[np.integer]) -> Flags:
        """FLAME vertices (V,) that lie at one of these vertices of the open head."""
        return np.asarray(np.isin(self.corners, vertices).any(1) & (self.trust > 0))


def match(head: FaceModel, flame: FaceModel) -> Match:
    """Match `flame` with the open head `head`."""
    scale, turn, shift = _placed(head, flame)
    points = scale * flame.template @ turn.T + shift
    lower = flame.skin_weights[:, flame.joint("jaw")] > 0.5
    eyes = [flame.joint("left_eye"), flame.joint("right_eye")]
    movable = flame.skin_weights[:, eyes].max(1) <= 0.5
    points = _mouth_to_mouth(head, points, lower & movable, ~lower & movable)
    skins = [_Skin.of(head, below) for below in (False, True)]
    average = _averaging(flame.triangles, len(points))
    for rounds in SMOOTHING:
        met = _nearest(skins, points, flame.triangles, lower)
        hit = movable & (met.distance < 2 * FARTHEST)
        points = points + _smoothed(
            average, np.where(hit[:, None], met.place - points, 0), hit, rounds
        )
    met = _nearest(skins, points, flame.triangles, lower)
    trust = (movable & (met.distance < FARTHEST)).astype(float)
    return Match(met.corners, met.shares, trust, turn, scale)


def _placed(head: FaceModel, flame: FaceModel) -> tuple[float, Doubles, Doubles]:
    """Similarity by the joints, of which the eyes set the scale and count most."""
    names, weights = ("left_eye", "right_eye", "jaw", "neck"), np.array([10.0, 10.0, 1.0, 1.0])
    target, source = (
        np.array([(face.joint_regressor @ face.template)[face.joint(n)] for n in names], float)
        for face in (head, flame)
    )
    scale = float(np.linalg.norm(target[0] - target[1]) / np.linalg.norm(source[0] - source[1]))
    middle, origin = (weights @ joints / weights.sum() for joints in (target, source))
    turn = Rotation.align_vectors(target - middle, source - origin, weights)[0].as_matrix()
    return scale, turn, middle - scale * turn @ origin


@dataclass(frozen=True)
class _Skin:
    """One half of the open head's skin, sampled: without the lower lip, or without the upper."""

    tree: cKDTree
    places: Doubles
    normals: Doubles
    corners: Indices
    shares: Doubles

    @staticmethod
    def of(head: FaceModel, below: bool) -> _Skin:
        skin = np.zeros(len(head.template), bool)
        skin[head.vertex_sets["outer_skin"]] = True
        skin[head.vertex_sets["lip_rings"].ravel()] = True
        mouth = np.zeros(len(head.template), bool)
        mouth[head.vertex_sets["mouth_region"]] = True
        jaw = head.skin_weights[:, head.joint("jaw")] > 0.5
        other = mouth & (~jaw if below else jaw)
        kept = head.triangles[skin[head.triangles].all(1) & ~other[head.triangles].any(1)]
        grid = [(a, b) for a in range(PER_EDGE) for b in range(PER_EDGE - a)]
        steps = np.array([(a, b, PER_EDGE - 1 - a - b) for a, b in grid]) / (PER_EDGE - 1)
        shares = np.tile(steps, (len(kept), 1))
        corners = np.repeat(kept.astype(np.int64), len(steps), axis=0)
        template = head.template.astype(float)
        places = np.einsum("sc,scx->sx", shares, template[corners])
        normals = np.einsum("sc,scx->sx", shares, _normals(template, head.triangles)[corners])
        return _Skin(cKDTree(places), places, normals, corners, shares)


@dataclass(frozen=True)
class _Met:
    corners: Indices
    shares: Doubles
    place: Doubles
    distance: Doubles


def _nearest(
    skins: list[_Skin], points: Doubles, triangles: npt.NDArray[np.integer], lower: Flags
) -> _Met:
    """The nearest sample of each one's own skin that faces the same way; else infinitely far."""
    normals = _normals(points, triangles)
    count = len(points)
    met = _Met(
        np.zeros((count, 3), np.int64), np.zeros((count, 3)), points.copy(), np.full(count, np.inf)
    )
    for skin, own in zip(skins, (~lower, lower), strict=True):
        rows = np.flatnonzero(own)
        distance, place = skin.tree.query(points[rows], CANDIDATES)
        facing = np.einsum("nx,nkx->nk", normals[rows], skin.normals[place]) >= FACING
        first = facing.argmax(1)[:, None]
        best = np.take_along_axis(place, first, 1)[:, 0]
        away = np.take_along_axis(distance, first, 1)[:, 0]
        met.corners[rows], met.shares[rows] = skin.corners[best], skin.shares[best]
        met.place[rows] = skin.places[best]
        met.distance[rows] = np.where(facing.any(1), away, np.inf)
    return met


def _normals(points: Doubles, triangles: npt.NDArray[np.integer]) -> Doubles:
    """Unit normals (V,3), weighted by area."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in triangles.T:
        np.add.at(normals, corner, faces)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20))


def _mouth_to_mouth(head: FaceModel, points: Doubles, below: Flags, above: Flags) -> Doubles:
    """Shift the surroundings of the mouth so that the lips part where the open head's do."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)
    contact = head.template[rings[:, 2:10][:, :, [0, 19]]].reshape(-1, 3).astype(float)
    middle = contact.mean(0)
    middle[2] = contact[:, 2].max()
    near = (np.abs(points - middle) < (0.05, MOUTH_REACH, MOUTH_REACH)).all(1)
    shifts = []
    for column in MOUTH_COLUMNS:
        beside = near & (np.abs(points[:, 0] - middle[0] - column) < COLUMN_REACH)
        upper, lower = (points[beside & side, 1] for side in (above, below))
        if len(upper) and len(lower):
            shifts.append(middle[1] - (upper.min() + lower.max()) / 2)
    if not shifts:
        return points
    shift = np.array([0.0, float(np.median(shifts)), 0.0])
    away = ((points - middle + shift) ** 2).sum(1)
    return np.asarray(points + np.exp(-away / (2 * MOUTH_SPREAD**2))[:, None] * shift)


def _averaging(triangles: npt.NDArray[np.integer], count: int) -> csr_matrix:
    """The matrix (V,V) that averages each vertex with its neighbours."""
    start = triangles[:, [0, 1, 1, 2, 2, 0]].ravel()
    end = triangles[:, [1, 0, 2, 1, 0, 2]].ravel()
    joined = csr_matrix((np.ones(len(start)), (start, end)), (count, count))
    joined.data[:] = 1.0
    joined = joined + diags(np.ones(count))
    return csr_matrix(diags(1.0 / np.asarray(joined.sum(1)).ravel()) @ joined)


def _smoothed(average: csr_matrix, values: Doubles, hit: Flags, rounds: int) -> Doubles:
    """Averages (V,3) of what was hit, over neighbourhoods that `rounds` steps reach."""
    columns = np.column_stack([values, hit.astype(float)])
    for _ in range(rounds):
        columns = average @ columns
    return np.asarray(columns[:, :3] / np.maximum(columns[:, 3:], 1e-6))
