# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what passes through what in poses of the open head: teeth, gums, lips, tongue, lids.

Depths are in mm, 0 where nothing touches. The skin that teeth and tongue can reach is the lining
of the mouth: the lips from their rim inwards, cheeks, palate and floor. Depth is the distance to
it however thick the flesh behind is, so a tooth right through a lip counts in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from model_runtime.face import FaceModel, FloatArray, identity_vertices
from model_runtime.lips import lip_probe

from .distance import Hits, Skin, barycentric, winding
from .lashes import POINTS
from .normals import vertex_normals
from .source import Array, Ints

CROWN = 6.2e-3  # metres of a tooth, from the biting edge, that stand free of the gum
GUM = 12.5e-3  # metres from the biting edges up to which the gum stands free of the lips
FREE_TONGUE = 0.030  # metres of the tongue, from its tip, that nothing holds
TOLERANCE = 0.05  # mm: half a pixel of a head as tall as a frame of 2160 rows
BITTEN = 0.2  # mm that incisors may press the lip that is rolled in under them
EYES = ("lids_in_eyes", "lashes_in_skin")  # what of Depths is not of the mouth
LID_REACH = 0.004  # metres around the edges of the lids
REACH = 4e-3  # metres around a tooth in which another may pass through it
LOWER_COLUMNS = 9  # of a lip ring, from the middle, that are the lower lip
CENTRALS = 7.2e-3  # metres from the middle to where the upper central incisors end
LINING_FROM = 3  # lip ring from which the skin can meet teeth
DOUBTFUL = 0.25e-3  # metres from which a hit is confirmed by winding number
LASH, ROOT = 2 * POINTS, 4  # vertices of a lash, and of them those at its root, in the lid
LASH_REACH = 0.010  # metres around the lashes
STILL = 1e-6  # metres; less is no motion


@dataclass(frozen=True)
class Depths:
    """Deepest overlaps of one pose in mm."""

    upper_teeth_in_flesh: float
    lower_teeth_in_flesh: float
    gums_in_flesh: float
    tongue_in_teeth: float
    tongue_in_flesh: float
    teeth_in_teeth: float
    lids_in_eyes: float
    lashes_in_skin: float
    lips_in_lips: float

    def hard(self) -> dict[str, float]:
        """All but the lips' own contact, which presses on purpose."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "lips_in_lips"}

    def over(self, biting: bool) -> bool:
        """Whether something is deeper than TOLERANCE; the lip that bites for f and v may press."""
        free = {"upper_teeth_in_flesh": BITTEN if biting else TOLERANCE}
        return any(depth > free.get(name, TOLERANCE) for name, depth in self.hard().items())

    def worst(self) -> float:
        """The deepest of `hard`."""
        return max(self.hard().values())


class CollisionMeter:
    """Measures poses of one face; knows which vertices can touch.

    `spare` metres more of crowns and gums are looked at than stand free: whoever moves teeth has to
    know of the rows that come free by that.
    """

    def __init__(self, face: FaceModel, spare: float = 0.0) -> None:
        sets = face.vertex_sets
        self.face, self.spare = face, spare
        skin = face.quad_material == face.material_names.index("skin")
        teeth = face.quad_material == face.material_names.index("teeth")
        gums = face.quad_material == face.material_names.index("gums")
        rings = sets["lip_rings"].reshape(2, 12, 20)
        lining = np.union1d(sets["cavity"], rings[:, LINING_FROM:])
        inner = np.isin(face.quads[skin], lining).all(1)
        self.lining = Skin(triangles(face.quads[skin][inner]))
        lower = np.isin(face.quads, np.unique(rings[:, :, :LOWER_COLUMNS])).all(1) & skin
        self.lower_lip = triangles(face.quads[lower])
        edge = sets["incisal_upper"]
        self.centrals = edge[np.abs(face.template[edge, 0]) < CENTRALS]
        self.teeth = Skin(triangles(face.quads[teeth]))
        self.arches = tuple(
            Skin(triangles(_within(face.quads[teeth], sets[f"teeth_{arch}"])))
            for arch in ("upper", "lower")
        )
        self.skin_triangles = triangles(face.quads[skin])
        self.hard_quads = face.quads[teeth | gums].astype(int)
        self.upper, self.lower = self._crowns("upper", 1), self._crowns("lower", -1)
        self.gums = np.concatenate([self._gum("upper", 1), self._gum("lower", -1)])
        tongue = sets["tongue"]
        z = face.template[tongue, 2]
        self.tongue = np.asarray(tongue[z > z.max() - FREE_TONGUE], int)
        self.tongue_grid = _grid(_within(face.quads, self.tongue), self.tongue)
        self.hard = np.concatenate([self.upper, self.lower, self.gums])
        self.starts = np.cumsum([len(part) for part in (self.upper, self.lower, self.gums)])
        self.lids = tuple(self._lids(self.skin_triangles))
        lashes = np.asarray(sets["lashes"], int).reshape(-1, LASH)
        self.lashes = lashes[:, ROOT:].ravel()
        self.around = Skin(self._around_eyes(self.skin_triangles))

    def measure(self, points: Array) -> Depths:
        """Depths of posed vertices (V,3) in metres; the lips' contact is left at 0."""
        return Depths(*self._mouth(points), self.teeth_in_teeth(points), *self.eyes(points), 0.0)

    def sweep(
        self, identity: str | None, poses: dict[str, FloatArray]
    ) -> Iterator[tuple[str, Depths]]:
        """Depths of one person in every pose; poses that leave the mouth or lids still are free."""
        face = self.face
        rest = identity_vertices(face, identity).astype(float)
        pressed = lip_probe(face, identity).penetration(np.stack(list(poses.values())))
        teeth = self.teeth.vertices
        mouth = np.unique(np.r_[self.lining.vertices, teeth, self.gums, self.tongue])
        balls = [np.r_[ball, skin.vertices] for ball, skin in self.lids]
        eyes = np.unique(np.concatenate([*balls, self.lashes, self.around.vertices]))
        parts = (
            (mouth, self._mouth, self._mouth(rest)),
            (teeth, lambda p: (self.teeth_in_teeth(p),), (self.teeth_in_teeth(rest),)),
            (eyes, self.eyes, self.eyes(rest)),
        )
        for (name, weights), press in zip(poses.items(), pressed, strict=True):
            on = np.flatnonzero(weights)
            move = np.tensordot(weights[on], face.expression_basis[on], 1)
            found: list[float] = []
            for used, measure, still in parts:
                moves = np.abs(move[used]).max(initial=0) > STILL
                found += measure(rest + move) if moves else still
            yield name, Depths(*found, float(press))

    def lids_in_eyes(self, points: Array) -> float:
        """How far the outer skin of the lids dips into the eyeballs, mm."""
        deepest = 0.0
        for ball, skin in self.lids:
            centre = points[ball].mean(0)
            radius = np.linalg.norm(points[ball] - centre, axis=1).mean()
            corners = points[skin.vertices][skin.corners]
            nearest = np.einsum("tk,tka->ta", barycentric(centre, corners), corners)
            deepest = max(deepest, radius - np.linalg.norm(nearest - centre, axis=1).min())
        return 1000 * deepest

    def lashes_in_skin(self, points: Array) -> Hits:
        """Where lashes of a pose (V,3), away from their roots, lie in lids, brows or eyeballs."""
        where = points[self.lashes]
        hits = self._sure(
            self.around.inside(where, points[self.around.vertices], REACH), where, points
        )
        return replace(hits, index=self.lashes[hits.index])

    def eyes(self, points: Array) -> tuple[float, float]:
        """How deep lids dip into eyeballs, and lashes into lids, cheeks or eyeballs, mm."""
        lashes = 1000 * float(self.lashes_in_skin(points).depth.max(initial=0.0))
        for ball, _ in self.lids:
            centre = points[ball].mean(0)
            radius = np.linalg.norm(points[ball] - centre, axis=1).mean()
            near = np.linalg.norm(points[self.lashes] - centre, axis=1).min()
            lashes = max(lashes, 1000 * float(radius - near))
        return self.lids_in_eyes(points), lashes

    def _mouth(self, points: Array) -> tuple[float, ...]:
        where = np.concatenate([points[self.hard], points[self.tongue_grid].mean(1)])
        flesh = self._confirmed(where, points)
        part = np.searchsorted(self.starts, flesh.index, side="right")
        deep = [1000 * float(flesh.depth[part == k].max(initial=0.0)) for k in range(4)]
        tongue = 1000 * float(self.tongue_in_teeth(points).depth.max(initial=0.0))
        return (*deep[:3], tongue, deep[3])

    def tongue_in_teeth(self, points: Array) -> Hits:
        """Where the free tongue of a pose (V,3) lies in teeth, by the nearest of its vertices.

        Its quads are as wide as an incisor, so their middles and edges are looked at too.
        """
        where = points[self.tongue_grid].mean(1)
        hits = self.teeth.inside(where, points[self.teeth.vertices])
        return replace(hits, index=self.tongue_grid[hits.index, 0])

    def tongue_in_flesh(self, points: Array) -> Hits:
        """The same for lips, cheeks, palate and floor."""
        hits = self._confirmed(points[self.tongue_grid].mean(1), points)
        return replace(hits, index=self.tongue_grid[hits.index, 0])

    def to_lower_lip(self, points: Array) -> Array:
        """The shortest way (3,), metres, from the upper central incisors to the lower lip."""
        edge, corners = points[self.centrals][:, None], points[self.lower_lip]
        corners = np.broadcast_to(corners, (len(edge), *corners.shape))
        ways = np.einsum("ptk,ptka->pta", barycentric(edge, corners), corners) - edge
        return np.asarray(ways.reshape(-1, 3)[(ways**2).sum(-1).argmin()])

    def teeth_in_teeth(self, points: Array) -> float:
        """Deepest overlap of the two arches of a pose (V,3), mm."""
        low, high = (points[arch.vertices, 1] for arch in self.arches[::-1])
        if high.min() > low.max():  # the jaw is open
            return 0.0
        return 1000 * float(self.bite(points).depth.max(initial=0.0))

    def bite(self, points: Array) -> Hits:
        """Where the arches pass through each other: lower vertices, and the way out for them."""
        upper, lower = self.arches
        own = [points[arch.vertices] for arch in self.arches]
        down = upper.inside(own[1], own[0], REACH)
        up = lower.inside(own[0], own[1], REACH)
        nearest = lower.corners[up.triangle, up.shares.argmax(1)]
        return Hits(
            lower.vertices[np.concatenate([down.index, nearest])],
            np.concatenate([down.depth, up.depth]),
            np.concatenate([down.triangle, up.triangle]),
            np.concatenate([down.shares, up.shares]),
            np.concatenate([down.way_out, -up.way_out]),
        )

    def teeth_in_flesh(self, points: Array) -> float:
        """Deepest tooth of a pose (V,3) in lips and cheeks, mm."""
        found = [self.in_lining(points[which], points) for which in (self.upper, self.lower)]
        return 1000 * float(max(hits.depth.max(initial=0.0) for hits in found))

    def _in_flesh(self, points: Array, which: Ints) -> float:
        """Deepest of some vertices, mm."""
        return 1000 * float(self.in_flesh(which, points).depth.max(initial=0.0))

    def in_flesh(self, which: Ints, points: Array) -> Hits:
        """Which vertices lie in the flesh of a pose (V,3), by their own numbers.

        As `in_lining`; deep ones are confirmed by the winding number of all skin too.
        """
        hits = self._confirmed(points[which], points)
        return replace(hits, index=which[hits.index])

    def _confirmed(self, where: Array, points: Array) -> Hits:
        """Which of `where` (N,3) lie in the flesh of a pose (V,3), by all skin where deep."""
        return self._sure(self.in_lining(where, points), where, points)

    def _sure(self, hits: Hits, where: Array, points: Array) -> Hits:
        """The hits of `where` (N,3) but deep ones that all skin does not confirm."""
        sure = hits.depth <= DOUBTFUL
        if not sure.all():
            turns = winding(where[hits.index[~sure]], points[self.skin_triangles])
            sure[~sure] = turns > 0.5
        return hits.chosen(sure)

    def in_lining(self, where: Array, points: Array) -> Hits:
        """Which of `where` (N,3) lie in the flesh of a pose (V,3).

        Deep ones are confirmed by winding number: beside a fold of the lining that runs through
        itself the nearest side may be the wrong one.
        """
        hits = self.lining.inside(where, points[self.lining.vertices])
        sure = hits.depth <= DOUBTFUL
        if not sure.all():
            turns = self.lining.winding(where[hits.index[~sure]], points[self.lining.vertices])
            sure[~sure] = np.abs(turns) < 0.5  # not in the space that the lining encloses
        return hits.chosen(sure)

    def _height(self, own: Ints, which: str, root: int) -> Array:
        edge = self.face.vertex_sets[f"incisal_{which}"]
        rise = self.face.template[own, 1] - self.face.template[edge, 1].mean()
        return np.asarray(root * rise, float)

    def _crowns(self, which: str, root: int) -> Ints:
        own = self.face.vertex_sets[f"teeth_{which}"]
        return np.asarray(own[self._height(own, which, root) < CROWN + self.spare], int)

    def _gum(self, which: str, root: int) -> Ints:
        own = self.face.vertex_sets[f"gums_{which}"]
        return np.asarray(own[self._height(own, which, root) < GUM + self.spare], int)

    def _around_eyes(self, skin: Ints) -> Ints:
        """The triangles of the skin that lashes can reach."""
        sets, template = self.face.vertex_sets, self.face.template
        near = cKDTree(template[sets["lashes"]]).query(template)[0] < LASH_REACH
        return skin[near[skin].all(1)]

    def _lids(self, skin: Ints) -> Iterator[tuple[Ints, Skin]]:
        """Per side: eyeball vertices and the triangles of the lids' outer skin over them."""
        face, sets = self.face, self.face.vertex_sets
        normals = vertex_normals(face.template.astype(float), face.quads)
        outer = np.setdiff1d(sets["outer_skin"], sets["eye_sockets"])
        for name in ("eyeball_left", "eyeball_right"):
            ball = sets[name]
            centre = face.template[ball].mean(0)
            radius = np.linalg.norm(face.template[ball] - centre, axis=1).mean()
            offset = face.template[outer] - centre
            distance = np.linalg.norm(offset, axis=1)
            facing = (offset * normals[outer]).sum(1) / distance
            front = (distance < radius + LID_REACH) & (offset[:, 2] > 0.35 * radius)
            front &= facing > 0.3
            yield np.asarray(ball, int), Skin(skin[np.isin(skin, outer[front]).all(1)])


def _within(quads: npt.NDArray[np.integer], which: npt.NDArray[np.integer]) -> Ints:
    """The quads all of whose vertices are among `which`."""
    return np.asarray(quads[np.isin(quads, which).all(1)], int)


def _grid(quads: Ints, own: Ints) -> Ints:
    """Corners (N,4) whose means are some vertices, and the middles of quads and their edges."""
    edges = np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    return np.concatenate([np.tile(own[:, None], 4), np.repeat(edges, 2, axis=1), quads])


def triangles(quads: npt.NDArray[np.integer]) -> Ints:
    """Two triangles a quad."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(int)
