# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed distances of points to a triangle surface, fast enough for thousands of poses."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial import cKDTree

from .source import Array, Ints

NEAREST = 3  # vertices whose triangles may hold the nearest point
MIDDLES = 6  # triangles whose middles are near that may hold it too: the skin is coarse in places
TIED = 1e-12  # square metres within which triangles share the nearest point
ON_EDGE = 1e-4  # a smaller barycentric coordinate is none


@dataclass(frozen=True)
class Hits:
    """Points inside a surface: their index, depth in metres and where they left the surface."""

    index: Ints  # (K,)
    depth: Array  # (K,) > 0
    triangle: Ints  # (K,) the nearest one
    shares: Array  # (K,3) barycentric coordinates of the nearest point on it
    way_out: Array  # (K,3) unit vectors from the point to the surface

    def chosen(self, which: Array) -> Hits:
        """Some of the hits, by mask or order."""
        return Hits(*(getattr(self, field.name)[which] for field in fields(self)))


class Skin:
    """Triangles (T,3) over some vertices, outward; knows the triangles around each vertex."""

    def __init__(self, triangles: Ints) -> None:
        self.vertices, corners = np.unique(triangles, return_inverse=True)
        self.corners = corners.reshape(triangles.shape)
        fans: list[list[int]] = [[] for _ in self.vertices]
        for number, corner in enumerate(self.corners.tolist()):
            for vertex in corner:
                fans[vertex].append(number)
        widest = max(map(len, fans))
        self.fans = np.array([(fan * widest)[:widest] for fan in fans])
        edges = self.corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        _, kinds, counts = np.unique(
            np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True
        )
        self.rim = edges[counts[kinds.ravel()] == 1]  # directed as in their triangles
        self.border = np.isin(np.arange(len(self.vertices)), self.rim)

    def inside(self, points: Array, own: Array, reach: float = 0.012) -> Hits:
        """Which of the points (N,3) lie behind the surface whose vertices are at `own` (M,3).

        Only points within `reach` metres of a vertex are looked at, and those whose nearest point
        lies on an open edge count as outside. Behind is told by the mean normal, weighted by angle,
        of the triangles that share the nearest point (Baerentzen and Aanaes 2005).
        """
        surface = own[self.corners]
        normals = np.cross(surface[:, 1] - surface[:, 0], surface[:, 2] - surface[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
        distance, near = cKDTree(own).query(points, NEAREST, distance_upper_bound=reach)
        close = np.flatnonzero(np.isfinite(distance[:, -1]))
        behind = self._maybe_behind(points[close], own, normals, near[close])
        close = close[behind]
        if not len(close):
            return Hits(close, np.zeros(0), close, np.zeros((0, 3)), np.zeros((0, 3)))
        middles = cKDTree(surface.mean(1)).query(points[close], MIDDLES)[1]
        some = np.column_stack([self.fans[near[close]].reshape(len(close), -1), middles])
        return self._measured(points, close, surface, normals, np.sort(some, axis=1))

    def winding(self, points: Array, own: Array) -> Array:
        """Winding number (N,) of the surface, closed by a fan over its open edge."""
        middle = np.broadcast_to(own[self.border].mean(0), (len(self.rim), 3))
        fan = np.stack([own[self.rim[:, 1]], own[self.rim[:, 0]], middle], axis=1)
        return winding(points, np.concatenate([own[self.corners], fan]))

    def _maybe_behind(self, points: Array, own: Array, normals: Array, near: Ints) -> Array:
        """Points behind a triangle of one of the two nearest vertices; the rest is outside."""
        fans = normals[self.fans[near[:, :2]]]
        offset = points[:, None] - own[near[:, :2]]
        return np.asarray((np.einsum("nkfa,nka->nkf", fans, offset) < 0).any((1, 2)))

    def _measured(
        self, points: Array, close: Ints, surface: Array, normals: Array, candidates: Ints
    ) -> Hits:
        fresh = np.diff(candidates, axis=1, prepend=-1) > 0
        shares = barycentric(points[close][:, None], surface[candidates])
        at = np.einsum("ntk,ntka->nta", shares, surface[candidates])
        offset = points[close][:, None] - at
        squared = (offset**2).sum(-1)
        best = squared.argmin(1)
        rows = np.arange(len(close))
        tied = fresh & (squared <= squared[rows, best][:, None] + TIED)
        facing = normals[candidates[rows, best]]
        edge = np.flatnonzero(tied.sum(1) > 1)
        weight = tied[edge] * _angles(at[edge], surface[candidates[edge]])
        facing[edge] = np.einsum("nt,nta->na", weight, normals[candidates[edge]])
        own = offset[rows, best]
        bounded = self.border[self.corners[candidates[rows, best]]]
        free = (~bounded & (shares[rows, best] > ON_EDGE)).any(1)
        inside = free & ((own * facing).sum(1) < 0)
        depth = np.sqrt(squared[rows, best])
        return Hits(
            close[inside],
            depth[inside],
            candidates[rows, best][inside],
            shares[rows, best][inside],
            -own[inside] / np.maximum(depth[inside], 1e-9)[:, None],
        )


def winding(points: Array, corners: Array) -> Array:
    """Winding number (N,) of triangles (T,3,3) around points (N,3); about 1 inside.

    Jacobson et al. 2013, with solid angles after Van Oosterom and Strackee (1983).
    """
    near, own = corners.astype(np.float32), points.astype(np.float32)
    a, b, c = (near[None, :, k] - own[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(edge, axis=-1) for edge in (a, b, c))
    top = (a * np.cross(b, c)).sum(-1)
    bottom = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return np.asarray(np.arctan2(top, bottom).sum(1) / (2 * np.pi))


def barycentric(points: Array, triangles: Array) -> Array:
    """Coordinates (...,3) of the nearest points on triangles (...,3,3) to points (...,3).

    After Ericson, Real-Time Collision Detection (2005), 5.1.5.
    """
    a, b, c = (triangles[..., k, :] for k in range(3))
    ab, ac = b - a, c - a
    d1, d2 = ((points - a) * ab).sum(-1), ((points - a) * ac).sum(-1)
    d3, d4 = ((points - b) * ab).sum(-1), ((points - b) * ac).sum(-1)
    d5, d6 = ((points - c) * ab).sum(-1), ((points - c) * ac).sum(-1)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = np.maximum(va + vb + vc, 1e-30)
    v, w = vb / total, vc / total
    on_bc = (va <= 0) & (d4 - d3 >= 0) & (d5 - d6 >= 0)
    t = _share(d4 - d3, d5 - d6)
    v, w = np.where(on_bc, 1 - t, v), np.where(on_bc, t, w)
    on_ac = (vb <= 0) & (d2 >= 0) & (d6 <= 0)
    v, w = np.where(on_ac, 0.0, v), np.where(on_ac, _share(d2, -d6), w)
    on_ab = (vc <= 0) & (d1 >= 0) & (d3 <= 0)
    v, w = np.where(on_ab, _share(d1, -d3), v), np.where(on_ab, 0.0, w)
    for corner, (one, two) in enumerate((((d1 <= 0), (d2 <= 0)), ((d3 >= 0), (d4 <= d3)))):
        at = one & two
        v, w = np.where(at, float(corner), v), np.where(at, 0.0, w)
    at = (d6 >= 0) & (d5 <= d6)
    v, w = np.where(at, 0.0, v), np.where(at, 1.0, w)
    return np.stack([1 - v - w, v, w], -1)


def _share(part: Array, rest: Array) -> Array:
    return np.asarray(part / np.where(np.abs(part + rest) < 1e-30, 1e-30, part + rest))


def _angles(at: Array, triangles: Array) -> Array:
    """Angle (...,) of each triangle at its corner nearest to `at`, 1 away from corners."""
    away = ((triangles - at[..., None, :]) ** 2).sum(-1)
    corner = away.argmin(-1)[..., None, None]
    turn = [np.take_along_axis(triangles, (corner + k) % 3, -2)[..., 0, :] for k in range(3)]
    one, two = turn[1] - turn[0], turn[2] - turn[0]
    length = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
    cosine = (one * two).sum(-1) / np.maximum(length, 1e-15)
    angle = np.arccos(np.clip(cosine, -1, 1))
    return np.where(away.min(-1) < TIED, angle, 1.0)
