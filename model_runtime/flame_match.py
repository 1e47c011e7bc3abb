# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the open head each vertex of a FLAME lies (numpy only; Blender and training share it).

The two are placed over each other by their joints, the mouth is brought to the mouth, and the
FLAME is then drawn smoothly onto the open head, ever less smoothly, to the nearest points of its
surface. Lips touch, so the nearest point of a lower lip may lie on the upper one: the jaw's skin
weights tell which lip a vertex belongs to, and each side is matched with its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .face import FaceModel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Triangles = npt.NDArray[np.integer]

COLUMNS = np.array([-0.012, -0.006, 0.0, 0.006, 0.012])  # metres from the middle of the mouth
COLUMN_REACH = 0.004
MOUTH_REACH = 0.025  # how far off the mouth of another person may lie
MOUTH_SPREAD = 0.03  # how far round it the mouth's shift is felt
CORNER_SPREAD = 0.02  # likewise of the corners' own
CORNER_EDGES = 4  # nearest edges whose mean is a corner
SMOOTHING = (60, 60, 40, 40, 25, 25, 15, 15, 8, 8)  # rounds of averaging after each step
FARTHEST = 0.012  # metres between a vertex and what it is drawn to
FACING = 0.3  # least cosine between the two surfaces
CANDIDATES = 4  # nearest vertices, on whose triangles the nearest point is looked for
BLOCK = 512  # points at once
AWAY = 1.0  # square metres: farther than anything on a head
JOINTS = {"left_eye": 10.0, "right_eye": 10.0, "jaw": 1.0, "neck": 1.0}  # and what they weigh
PERSON_ROUNDS = 12  # in which the open head becomes the most similar person it can be
THINNED = 3  # one vertex in so many is enough for that
TYPICAL = 0.35  # of a person's weight
NOISE = 0.0015  # metres of misfit that weigh as much
COUNTED = 100.0  # vertices that tell something of their own; neighbours repeat each other
EYES = 30.0  # how much an eye's place counts over a vertex's


@dataclass(frozen=True)
class Placement:
    """A similarity from FLAME's space to the open head's: scale, rotation (3,3), shift (3,)."""

    scale: float
    turn: Floats
    shift: Floats

    def __call__(self, points: npt.NDArray[np.floating]) -> Floats:
        return np.asarray(self.scale * points @ self.turn.T + self.shift)

    def back(self, moves: npt.NDArray[np.floating]) -> Floats:
        """Displacements on the open head as displacements of the FLAME."""
        return np.asarray(moves @ self.turn / self.scale)


@dataclass(frozen=True)
class Match:
    """For each FLAME vertex three vertices of the open head and their shares."""

    placement: Placement
    corners: Indices  # (V,3)
    shares: Floats  # (V,3)
    trust: Floats  # (V,) 1 where the surfaces met, 0 where there was none
    lower: Flags  # (V,) the vertex belongs to the jaw

    def carry(self, moves: npt.NDArray[np.floating]) -> Floats:
        """Displacements of the open head (N,K,3) as the FLAME's (N,V,3)."""
        shares = self.shares * self.trust[:, None]
        carried = sum(
            shares[:, corner, None] * moves[:, self.corners[:, corner]] for corner in range(3)
        )
        return self.placement.back(np.asarray(carried, np.float64))

    def near(self, vertices: npt.NDArray[np.integer]) -> Flags:
        """FLAME vertices (V,) that lie at one of these vertices of the open head."""
        return np.asarray(np.isin(self.corners, vertices).any(1) & (self.trust > 0))


def match(
    head: FaceModel,
    flame: FaceModel,
    tell: Callable[[float], object] = abs,
    mouth: npt.NDArray[np.floating] | None = None,
) -> Match:
    """Match `flame` with the open head `head`; `tell` hears the share that is done.

    `mouth` (4,3) are the inner corners of the FLAME's mouth, the one with the larger x first, and
    the middle of its upper and its lower inner lip, where landmarks tell them.
    """
    place = placed(head, flame)
    lower = np.asarray(flame.skin_weights[:, flame.joint("jaw")] > 0.5)
    movable = ~eyeballs(flame)
    place, rest = _person(head, flame, place, lower, movable)
    points = place(flame.template)
    if mouth is None:
        points = _mouth_to_mouth(head, rest, points, lower & movable, ~lower & movable)
        points = _corners_to_corners(head, rest, flame, points, lower)
    else:
        points = _by_landmarks(head, rest, points, place(mouth))
    sides = tuple(_Skin.of(head, rest, below) for below in (False, True))
    links = _Links.of(flame.triangles, len(points))
    for done, rounds in enumerate(SMOOTHING):
        tell(done / len(SMOOTHING))
        met = _nearest(sides, points, vertex_normals(points, flame.triangles), lower)
        found = movable & (met.distance < 2 * FARTHEST)
        wanted = np.where(found[:, None], met.place - points, 0.0)
        points = points + links.smoothed(wanted, found.astype(float), rounds)
    met = _nearest(sides, points, vertex_normals(points, flame.triangles), lower)
    trust = np.where(movable & (met.distance < FARTHEST), 1.0, 0.0)
    return Match(place, met.corners, met.shares, trust, lower)


def nearest_on_skin(head: FaceModel, points: Floats, normals: Floats, lower: Flags) -> Met:
    """The nearest points of the open head's skin to points (N,3) beside it, each on its own lip."""
    rest = head.template.astype(float)
    sides = tuple(_Skin.of(head, rest, below) for below in (False, True))
    return _nearest(sides, points, normals, lower)


def placed(head: FaceModel, flame: FaceModel) -> Placement:
    """Least squares over the joints; the eyes set the scale and count most."""
    weights = np.array(list(JOINTS.values()))
    target, source = (
        np.array(
            [(face.joint_regressor @ face.template)[face.joint(name)] for name in JOINTS], float
        )
        for face in (head, flame)
    )
    scale = float(np.linalg.norm(target[0] - target[1]) / np.linalg.norm(source[0] - source[1]))
    middle, origin = (weights @ joints / weights.sum() for joints in (target, source))
    spread = (weights[:, None] * (target - middle)).T @ (source - origin)
    left, _, right = np.linalg.svd(spread)
    turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
    return Placement(scale, turn, middle - scale * turn @ origin)


def vertex_normals(points: Floats, triangles: Triangles) -> Floats:
    """Unit normals (V,3), weighted by area."""
    a, b, c = points[triangles].transpose(1, 0, 2)
    faces = np.cross(b - a, c - a)
    normals = np.stack(
        [
            np.bincount(triangles.ravel(), np.repeat(faces[:, axis], 3), len(points))
            for axis in range(3)
        ],
        axis=1,
    )
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)


def eyeballs(flame: FaceModel) -> Flags:
    """Vertices (V,) that turn with the eyes."""
    joints = [flame.joint("left_eye"), flame.joint("right_eye")]
    return np.asarray(flame.skin_weights[:, joints].max(1) > 0.5)


def _person(
    head: FaceModel, flame: FaceModel, place: Placement, lower: Flags, movable: Flags
) -> tuple[Placement, Floats]:
    """The open head's people, mixed until they look like the FLAME, and where the FLAME then is.

    Point to plane, linear in the people's weights and in a small move of the FLAME: the surfaces
    may slide on each other, the eyes may not. The mixture (V,3) is what the FLAME is drawn onto.
    """
    template, people = head.template.astype(float), head.identity_basis.astype(float)
    weights = np.zeros(len(people))
    if not len(people):
        return place, template
    chosen = np.flatnonzero(movable)[::THINNED]
    for _ in range(PERSON_ROUNDS):
        rest = template + np.tensordot(weights, people, 1)
        points = place(flame.template)
        normals = vertex_normals(points, flame.triangles)
        sides = tuple(_Skin.of(head, rest, below) for below in (False, True))
        met = _nearest(sides, points[chosen], normals[chosen], lower[chosen])
        near = met.distance < 2 * FARTHEST
        rows, aims = _on_planes(
            head, sides[0].normals, met.corners[near], met.shares[near], points[chosen][near]
        )
        held, wanted = _on_eyes(head, flame, place)
        system, right = np.concatenate([rows, held]), np.concatenate([aims, wanted])
        prior = np.zeros(len(people) + 7)
        prior[: len(people)] = (NOISE / TYPICAL) ** 2 * len(rows) / COUNTED
        found = np.linalg.solve(system.T @ system + np.diag(prior), system.T @ right)
        weights, place = found[: len(people)], _moved(place, found[len(people) :])
    return place, template + np.tensordot(weights, people, 1)


def _on_planes(
    head: FaceModel, normals: Floats, corners: Indices, shares: Floats, spots: Floats
) -> tuple[Floats, Floats]:
    """Rows (N, I + 7) and right side (N,): each spot (N,3) lies in the plane that it met."""
    shares = shares[..., None]
    facing = (shares * normals[corners]).sum(1)
    ways = [(((shares * each[corners]).sum(1)) * facing).sum(1) for each in head.identity_basis]
    base = (shares * head.template[corners]).sum(1)
    rows = np.column_stack([*ways, -_moving(spots, facing)])
    return rows, ((spots - base) * facing).sum(1)


def _on_eyes(head: FaceModel, flame: FaceModel, place: Placement) -> tuple[Floats, Floats]:
    """Rows (6, I + 7) and right side (6,): the eyes lie in each other."""
    joints = flame.joint_regressor @ flame.template
    spots = place(joints[[flame.joint("left_eye"), flame.joint("right_eye")]])
    sockets = head.joint_regressor[[head.joint("left_eye"), head.joint("right_eye")]]
    base = sockets @ head.template
    ways = np.stack([sockets @ each for each in head.identity_basis])
    rows = [
        np.column_stack([ways[..., axis].T, -_moving(spots, np.eye(3)[[axis] * 2])])
        for axis in range(3)
    ]
    return EYES * np.concatenate(rows), EYES * (spots - base).T.ravel()


def _moving(points: Floats, facing: Floats) -> Floats:
    """How a turn about x, y, z, a shift along them and growth move points along `facing`: (N,7)."""
    return np.concatenate(
        [np.cross(points, facing), facing, (points * facing).sum(1, keepdims=True)], axis=1
    )


def _moved(place: Placement, change: Floats) -> Placement:
    """A placement followed by a small turn, shift and growth (7,)."""
    x, y, z = change[:3]
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    left, _, right = np.linalg.svd(np.eye(3) + skew)
    turn, grown = left @ right, 1 + change[6]
    return Placement(
        place.scale * grown, turn @ place.turn, grown * turn @ place.shift + change[3:6]
    )


@dataclass(frozen=True)
class Met:
    """Points of a skin: corners (N,3), their shares, places (N,3), distances (N,)."""

    corners: Indices
    shares: Floats
    place: Floats
    distance: Floats


@dataclass(frozen=True)
class _Skin:
    """The open head's skin without one of the lips."""

    points: Floats  # of all vertices of the head
    normals: Floats
    used: Indices  # vertices of this skin
    triangles: Indices
    around: Indices  # (used, most) triangles of each vertex, the last one repeated

    @staticmethod
    def of(head: FaceModel, points: Floats, below: bool) -> _Skin:
        skin, mouth = np.zeros((2, len(points)), bool)
        skin[head.vertex_sets["outer_skin"]] = True
        skin[head.vertex_sets["lip_rings"].ravel()] = True
        mouth[head.vertex_sets["mouth_region"]] = True
        jaw = head.skin_weights[:, head.joint("jaw")] > 0.5
        other = mouth & (~jaw if below else jaw)
        kept = skin[head.triangles].all(1) & ~other[head.triangles].any(1)
        triangles = head.triangles[kept].astype(np.int64)
        used = np.unique(triangles)
        normals = vertex_normals(points, head.triangles)
        return _Skin(points, normals, used, triangles, _around(triangles, used))

    def nearest(self, points: Floats, normals: Floats) -> Met:
        """The nearest point among the triangles of the nearest vertices that face the same way."""
        own = self.points[self.used].astype(np.float32)
        alike = normals.astype(np.float32) @ self.normals[self.used].astype(np.float32).T
        distance = (own**2).sum(1) - 2 * points.astype(np.float32) @ own.T
        distance[alike < FACING] += AWAY
        close = np.argpartition(distance, CANDIDATES, axis=1)[:, :CANDIDATES]
        lost = np.take_along_axis(alike, close, 1).max(1) < FACING
        choice = self.triangles[self.around[close].reshape(len(points), -1)]
        shares, away = closest_on_triangles(points[:, None], self.points[choice])
        best = away.argmin(1)[:, None]
        corners = np.take_along_axis(choice, best[..., None], 1)[:, 0]
        shares = np.take_along_axis(shares, best[..., None], 1)[:, 0]
        place = np.einsum("nc,ncx->nx", shares, self.points[corners])
        far = np.sqrt(np.take_along_axis(away, best, 1)[:, 0])
        return Met(corners, shares, place, np.where(lost, np.inf, far))


def _around(triangles: Indices, used: Indices) -> Indices:
    order = np.argsort(triangles.ravel(), kind="stable")
    owner = triangles.ravel()[order]
    start = np.searchsorted(owner, used)
    count = np.searchsorted(owner, used, side="right") - start
    steps = np.minimum(np.arange(count.max())[None], count[:, None] - 1)
    return np.asarray(order[start[:, None] + steps] // 3)


def closest_on_triangles(points: Floats, triangles: Floats) -> tuple[Floats, Floats]:
    """Shares (...,3) of the corners (...,3,3) in the triangle's point nearest to each of points
    (...,3), and the squared distance (...) (Ericson 2005, Real-Time Collision Detection 5.1.5)."""
    a, b, c = np.moveaxis(triangles, -2, 0)
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = (ab * ap).sum(-1), (ac * ap).sum(-1)
    aa, cc, bb = (ab * ab).sum(-1), (ac * ac).sum(-1), (ab * ac).sum(-1)
    area = np.maximum(aa * cc - bb * bb, 1e-30)
    second, third = (cc * d1 - bb * d2) / area, (aa * d2 - bb * d1) / area
    inside = np.stack([1 - second - third, second, third], axis=-1)
    options = [inside, *_on_edges(d1, d2, aa, bb, cc)]
    result, least = inside, np.full(inside.shape[:-1], np.inf)
    for option in options:
        offset = points - np.einsum("...c,...cx->...x", option, triangles)
        away = np.where((option >= 0).all(-1), (offset**2).sum(-1), np.inf)
        nearer = away < least
        least = np.where(nearer, away, least)
        result = np.where(nearer[..., None], option, result)
    return result, least


def _on_edges(d1: Floats, d2: Floats, aa: Floats, bb: Floats, cc: Floats) -> list[Floats]:
    """Shares of the nearest points on the edges ab, ac, bc."""
    zero = np.zeros_like(d1)
    along = np.clip(d1 / np.maximum(aa, 1e-30), 0, 1)
    across = np.clip(d2 / np.maximum(cc, 1e-30), 0, 1)
    length = np.maximum(aa + cc - 2 * bb, 1e-30)
    between = np.clip((d2 - d1 + aa - bb) / length, 0, 1)
    return [
        np.stack([1 - along, along, zero], axis=-1),
        np.stack([1 - across, zero, across], axis=-1),
        np.stack([zero, 1 - between, between], axis=-1),
    ]


def _nearest(sides: tuple[_Skin, ...], points: Floats, normals: Floats, lower: Flags) -> Met:
    """The nearest point of each one's own side; infinitely far where none faces the same way."""
    count = len(points)
    met = Met(
        np.zeros((count, 3), np.int64), np.zeros((count, 3)), points.copy(), np.full(count, np.inf)
    )
    for skin, own in zip(sides, (~lower, lower), strict=True):
        rows = np.flatnonzero(own)
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            found = skin.nearest(points[part], normals[part])
            met.corners[part], met.shares[part] = found.corners, found.shares
            met.place[part], met.distance[part] = found.place, found.distance
    return met


def _mouth_to_mouth(
    head: FaceModel, rest: Floats, points: Floats, below: Flags, above: Flags
) -> Floats:
    """Shift the surroundings of the mouth so that the lips part where the open head's do."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)
    contact = rest[rings[:, 2:10][:, :, [0, 19]]].reshape(-1, 3)
    middle = contact.mean(0)
    middle[2] = contact[:, 2].max()
    near = (np.abs(points - middle) < (0.05, MOUTH_REACH, MOUTH_REACH)).all(1)
    moves = []
    for column in COLUMNS:
        beside = near & (np.abs(points[:, 0] - middle[0] - column) < COLUMN_REACH)
        upper, lower = (points[beside & side, 1] for side in (above, below))
        if len(upper) and len(lower):
            moves.append(middle[1] - (upper.min() + lower.max()) / 2)
    if not moves:
        return points
    shift = np.array([0.0, float(np.median(moves)), 0.0])
    away = ((points - middle + shift) ** 2).sum(1)
    return np.asarray(points + np.exp(-away / (2 * MOUTH_SPREAD**2))[:, None] * shift)


def _corners_to_corners(
    head: FaceModel, rest: Floats, flame: FaceModel, points: Floats, lower: Flags
) -> Floats:
    """Move the surroundings of the mouth sideways until its corners lie beside the open head's.

    Surfaces slide on each other, and nothing else tells where along the lips a vertex lies.
    """
    skin = np.zeros(len(rest), bool)
    skin[head.vertex_sets["outer_skin"]] = True
    skin[head.vertex_sets["lip_rings"].ravel()] = True
    faces = head.triangles[skin[head.triangles].all(1)]
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)
    middle = rest[rings[:, 2:10][:, :, [0, 19]]].reshape(-1, 3).mean(0)
    jaw = np.asarray(head.skin_weights[:, head.joint("jaw")] > 0.5)
    aims = mouth_corners(rest, faces, jaw, middle)
    marks = mouth_corners(points, flame.triangles, lower, middle)
    if aims is None or marks is None or np.abs((aims - marks)[:, 0]).max() > FARTHEST:
        return points

    def felt(spots: Floats) -> Floats:
        away = ((spots[:, None] - marks) ** 2).sum(-1)
        return np.asarray(np.exp(-away / (2 * CORNER_SPREAD**2)))

    sideways = (aims - marks) * np.array([1.0, 0.0, 0.0])
    return np.asarray(points + felt(points) @ np.linalg.solve(felt(marks), sideways))


def mouth_corners(
    points: Floats, triangles: Triangles, lower: Flags, middle: Floats
) -> Floats | None:
    """The corners of a mouth (2,3), the one with the larger x first: where, next to `middle`, an
    edge joins what the jaw moves with what it does not. Between the lips there is no such edge.

    None where one side has none near the mouth.
    """
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    joined = pairs[lower[pairs[:, 0]] != lower[pairs[:, 1]]]
    spots = (points[joined[:, 0]] + points[joined[:, 1]]) / 2 - middle
    near = (np.abs(spots) < (2 * MOUTH_REACH, MOUTH_REACH, 2 * MOUTH_REACH)).all(1)
    found = []
    for side in (1, -1):
        own = spots[near & (side * spots[:, 0] > 0)]
        if not len(own):
            return None
        order = np.argsort(side * own[:, 0])[:CORNER_EDGES]
        found.append(own[order].mean(0) + middle)
    return np.array(found)


def _by_landmarks(head: FaceModel, rest: Floats, points: Floats, mouth: Floats) -> Floats:
    """Bring corners and middle of the mouth to the open head's; their surroundings follow."""
    names = ("lip_corner_left", "lip_corner_right", "lip_upper_inner_mid", "lip_lower_inner_mid")
    aims = rest[[int(head.vertex_sets[name][0]) for name in names]]
    marks, aims = (np.array([part[0], part[1], (part[2] + part[3]) / 2]) for part in (mouth, aims))

    def felt(spots: Floats) -> Floats:
        away = ((spots[:, None] - marks) ** 2).sum(-1)
        return np.asarray(np.exp(-away / (2 * MOUTH_SPREAD**2)))

    return np.asarray(points + felt(points) @ np.linalg.solve(felt(marks), aims - marks))


@dataclass(frozen=True)
class _Links:
    """Edges of a mesh, each in both directions."""

    start: Indices
    end: Indices
    count: Floats  # of neighbours, itself among them

    @staticmethod
    def of(triangles: Triangles, vertices: int) -> _Links:
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        both = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
        start, end = np.divmod(np.unique(both[:, 0] * vertices + both[:, 1]), vertices)
        count = (1.0 + np.bincount(start, minlength=vertices)).astype(np.float64)
        return _Links(start, end, count)

    def smoothed(self, values: Floats, weights: Floats, rounds: int) -> Floats:
        """Weighted averages (V,3) over neighbourhoods that `rounds` steps reach."""
        columns = np.column_stack([values * weights[:, None], weights])
        for _ in range(rounds):
            sums = [np.bincount(self.start, column[self.end], len(columns)) for column in columns.T]
            columns = (columns + np.column_stack(sums)) / self.count[:, None]
        return np.asarray(columns[:, :3] / np.maximum(columns[:, 3:], 1e-6))
