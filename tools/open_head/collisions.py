# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what passes through what in a pose of the open head: teeth, lips, tongue, eyelids.

Depths are in mm, 0 where nothing touches. Inside and outside are told apart by the generalised
winding number (Jacobson et al. 2013), with solid angles after Van Oosterom and Strackee (1983).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from model_runtime.face import FaceModel

from .normals import vertex_normals
from .source import Array, Ints

CROWN = 0.62  # share of a tooth, from the biting edge, that stands free of the gum
FRONT_TEETH = 0.012  # metres behind the incisors' faces: lips and cheek can reach these
FREE_TONGUE = 0.030  # metres of the tongue, from its tip, that nothing holds
LID_REACH = 0.004  # metres around the edges of the lids
CHUNK = 64
NEAR = 0.02  # metres within which solid angles are exact


@dataclass(frozen=True)
class Depths:
    """Deepest overlaps of one pose in mm."""

    teeth_in_flesh: float
    tongue_in_teeth: float
    tongue_in_flesh: float
    lids_in_eyes: float

    def worst(self) -> float:
        """The deepest of all."""
        values = (self.teeth_in_flesh, self.tongue_in_teeth, self.tongue_in_flesh)
        return max(*values, self.lids_in_eyes)


class CollisionMeter:
    """Measures poses of one face; knows which vertices can touch."""

    def __init__(self, face: FaceModel) -> None:
        sets = face.vertex_sets
        self.face = face
        skin = face.quad_material == face.material_names.index("skin")
        teeth = face.quad_material == face.material_names.index("teeth")
        self.skin_triangles = _triangles(face.quads[skin])
        self.teeth_triangles = _triangles(face.quads[teeth])
        self.crowns = np.concatenate([self._crowns("upper", 1), self._crowns("lower", -1)])
        tongue = sets["tongue"]
        z = face.template[tongue, 2]
        self.tongue = tongue[z > z.max() - FREE_TONGUE]
        self.lids = tuple(self._lids())

    def measure(self, points: Array) -> Depths:
        """Depths of posed vertices (V,3) in metres."""
        skin = points[self.skin_triangles]
        return Depths(
            _depth(points[self.crowns], skin),
            _depth(points[self.tongue], points[self.teeth_triangles]),
            _depth(points[self.tongue], skin),
            self._lids_in_eyes(points),
        )

    def _crowns(self, which: str, root: int) -> Ints:
        """Free part of the teeth that lips and cheeks can reach."""
        own = self.face.vertex_sets[f"teeth_{which}"]
        points = self.face.template[own]
        edge = self.face.vertex_sets[f"incisal_{which}"]
        height = root * (points[:, 1] - self.face.template[edge, 1].mean())
        front = points[:, 2] > self.face.template[edge, 2].max() - FRONT_TEETH
        return np.asarray(own[(height < 10e-3 * CROWN) & front], int)

    def _lids(self) -> Iterator[tuple[Ints, Ints]]:
        """Per side: eyeball vertices and the vertices of the lids' outer skin over them."""
        normals = vertex_normals(self.face.template.astype(float), self.face.quads)
        for name in ("eyeball_left", "eyeball_right"):
            ball = self.face.vertex_sets[name]
            sets = self.face.vertex_sets
            outer = np.setdiff1d(sets["outer_skin"], sets["eye_sockets"])
            centre = self.face.template[ball].mean(0)
            radius = np.linalg.norm(self.face.template[ball] - centre, axis=1).mean()
            offset = self.face.template[outer] - centre
            distance = np.linalg.norm(offset, axis=1)
            facing = (offset * normals[outer]).sum(1) / distance
            front = (distance < radius + LID_REACH) & (offset[:, 2] > 0.35 * radius)
            front &= facing > 0.3
            yield np.asarray(ball, int), np.asarray(outer[front], int)

    def _lids_in_eyes(self, points: Array) -> float:
        deepest = 0.0
        for ball, lid in self.lids:
            centre = points[ball].mean(0)
            radius = np.linalg.norm(points[ball] - centre, axis=1).mean()
            deepest = max(deepest, radius - np.linalg.norm(points[lid] - centre, axis=1).min())
        return 1000 * deepest


def winding(points: Array, triangles: Array) -> Array:
    """Winding number (N,) of triangles (T,3,3) around points (N,3); about 1 inside.

    Triangles further than NEAR from all points count as dipoles.
    """
    middle = triangles.mean(1)
    far = cKDTree(points).query(middle)[0] > NEAR
    exact = triangles[~far].astype(np.float32)
    normal = 0.5 * np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    found = np.empty(len(points))
    for start in range(0, len(points), CHUNK):
        some = points[start : start + CHUNK]
        offset = middle[far] - some[:, None]
        cubed = (offset**2).sum(-1) ** 1.5
        dipoles = np.einsum("ntk,tk->nt", offset, normal[far]) / cubed
        found[start : start + CHUNK] = dipoles.sum(1) / (4 * np.pi)
        found[start : start + CHUNK] += _solid_angles(some.astype(np.float32), exact)
    return found


def _solid_angles(points: npt.NDArray[np.float32], triangles: npt.NDArray[np.float32]) -> Array:
    """Sum of the triangles' solid angles over 4 pi (N,)."""
    a, b, c = (triangles[None, :, k] - points[:, None] for k in range(3))
    la, lb, lc = (np.sqrt((edge**2).sum(-1)) for edge in (a, b, c))
    top = (a * np.cross(b, c)).sum(-1)
    bottom = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return np.asarray(np.arctan2(top, bottom).sum(1) / (2 * np.pi))


def _depth(points: Array, triangles: Array) -> float:
    """Distance in mm of the deepest inside point to the surface's corners and middles."""
    inside = winding(points, triangles) > 0.5
    if not inside.any():
        return 0.0
    marks = np.concatenate([triangles.reshape(-1, 3), triangles.mean(1)])
    return 1000 * float(cKDTree(marks).query(points[inside])[0].max())


def _triangles(quads: Ints) -> Ints:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(int)
