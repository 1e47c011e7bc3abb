# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the lips of a motion on a face: apertures, contacts, width, jaw opening, in mm.

Everything is linear in the unit weights until the last step, so only a few hundred points are
moved and an hour of motion takes seconds. Neck rotation plays no part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .contract import RequestError
from .face import FaceModel, FloatArray, identity_vertices

COLUMNS = 9
COLUMN_WIDTHS = np.linspace(0.0, 0.92, COLUMNS)  # share of the half mouth width, middle first
PRESSING = 7  # columns where the lips have a rim to press with; the corner has none
CONTACT_RINGS = range(2, 10)  # lip rings that can meet the other lip
WET_RINGS = range(3, 11)  # lower lip rings that can meet the upper incisors
PATCH_WIDTHS = np.linspace(-0.4, 0.4, 9)
PATCH_STEPS = 3  # rows of the patch between two lip rings
INNER_RING = 5  # where the lips meet at rest
CORNER = 9  # column of the mouth corner in a ring
CHUNK = 4096  # frames measured at once


@dataclass(frozen=True)
class Points:
    """Points that move linearly with the units: rest (K,3) and basis (E,K,3) in mm."""

    rest: FloatArray
    basis: FloatArray

    def at(self, weights: FloatArray) -> FloatArray:
        """Positions (T,K,3) for unit weights (T,E)."""
        flat = weights @ self.basis.reshape(len(self.basis), -1)
        return self.rest + flat.reshape(len(weights), *self.rest.shape)


@dataclass(frozen=True)
class LipProbe:
    """Lip measures of one face and identity; weights are (T,52) or (T,55), results (T,) mm."""

    lower: Points  # (2 sides * COLUMNS * rings) along the lower lip, side by column by ring
    upper: Points
    corners: Points  # left, right
    patch: Points  # wet part of the lower lip: ring by width
    incisors: Points  # biting edges of the upper central incisors
    lower_teeth: Points  # biting edges of the lower incisors

    def aperture(self, weights: npt.ArrayLike) -> FloatArray:
        """Gap in the middle along the line of sight; negative when the lips press."""
        return self.column_apertures(weights)[:, 0]

    def column_apertures(self, weights: npt.ArrayLike) -> FloatArray:
        """Gaps (T,9) from the middle to the corners, both sides averaged."""
        return self._chunked(self._column_apertures, weights)

    def penetration(self, weights: npt.ArrayLike) -> FloatArray:
        """Depth >= 0 of the deepest lower-lip point inside the upper lip, corners left out."""
        return self._chunked(self._penetration, weights)

    def labiodental_gap(self, weights: npt.ArrayLike) -> FloatArray:
        """Distance from the lower lip's wet edge to the biting edges of the upper incisors.

        The mean over the two central incisors of the 3-D distance of each edge point to the lip
        surface: 0 touching, negative when the tooth presses into the lip.
        """
        return self._chunked(self._labiodental_gap, weights)

    def width(self, weights: npt.ArrayLike) -> FloatArray:
        """Distance of the mouth corners."""
        return self._chunked(self._width, weights)

    def jaw_opening(self, weights: npt.ArrayLike) -> FloatArray:
        """How far the lower incisors have dropped."""
        return self._chunked(self._jaw_opening, weights)

    def _chunked(
        self, measure: Callable[[FloatArray], FloatArray], weights: npt.ArrayLike
    ) -> FloatArray:
        count = len(self.lower.basis)
        motion = np.asarray(weights, np.float32)
        if motion.ndim != 2 or motion.shape[1] < count:
            raise RequestError(f"Lip measures need {count} unit weights a frame.")
        units = motion[:, :count]
        starts = range(0, max(len(units), 1), CHUNK)
        return np.concatenate([measure(units[start : start + CHUNK]) for start in starts])

    def _column_apertures(self, weights: FloatArray) -> FloatArray:
        gap = self._lip_grid(self.upper, weights)[..., 1].min(-1)
        gap = gap - self._lip_grid(self.lower, weights)[..., 1].max(-1)
        return np.asarray(gap.mean(1), np.float32)

    def _penetration(self, weights: FloatArray) -> FloatArray:
        upper = self._lip_grid(self.upper, weights)[:, :, :PRESSING, :, 1:]
        lower = self._lip_grid(self.lower, weights)[:, :, :PRESSING, :, 1:]
        depth = _profile_depth(lower, upper).max(-1)
        apart = upper[..., 0].min(-1) > lower[..., 0].max(-1)  # nothing can be inside
        return np.asarray(np.where(apart, 0.0, depth).max((1, 2)), np.float32)

    def _labiodental_gap(self, weights: FloatArray) -> FloatArray:
        shape = (len(weights), -1, len(PATCH_WIDTHS), 3)
        patch = self.patch.at(weights).reshape(shape)
        edge = self.incisors.at(weights)
        fine = _refined_rows(patch, PATCH_STEPS)
        return np.asarray(_surface_distance(edge, fine).mean(-1), np.float32)

    def _width(self, weights: FloatArray) -> FloatArray:
        corners = self.corners.at(weights)
        return np.asarray(np.linalg.norm(corners[:, 0] - corners[:, 1], axis=-1), np.float32)

    def _jaw_opening(self, weights: FloatArray) -> FloatArray:
        drop = self.lower_teeth.rest[:, 1] - self.lower_teeth.at(weights)[..., 1]
        return np.asarray(drop.mean(-1), np.float32)

    @staticmethod
    def _lip_grid(points: Points, weights: FloatArray) -> FloatArray:
        """(T, 2 sides, COLUMNS, rings, 3)."""
        return points.at(weights).reshape(len(weights), 2, COLUMNS, -1, 3)


def lip_probe(face: FaceModel, identity: str | npt.ArrayLike | None = None) -> LipProbe:
    """The probe of a face; RequestError when the face has no lip rings (an imported FLAME)."""
    if "lip_rings" not in face.vertex_sets:
        raise RequestError("Lips can be measured only on a face that has lip rings.")
    rest = identity_vertices(face, identity)
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)
    edge = face.vertex_sets["incisal_upper"]
    middle = edge[len(edge) // 4 : len(edge) - len(edge) // 4][::2]
    half = float(np.abs(face.template[rings[:, INNER_RING, CORNER], 0]).mean())

    def blended(terms: _Blend) -> Points:
        return _blend_points(face, rest, terms)

    return LipProbe(
        lower=blended(_columns(face, rings, half, lower=True)),
        upper=blended(_columns(face, rings, half, lower=False)),
        corners=blended(_whole(rings[:, INNER_RING, CORNER])),
        patch=blended(_patch(face, rings, half)),
        incisors=blended(_whole(middle)),
        lower_teeth=blended(_whole(face.vertex_sets["incisal_lower"])),
    )


_Blend = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], FloatArray]  # a, b, share of b


def _blend_points(face: FaceModel, rest: FloatArray, terms: _Blend) -> Points:
    first, second, share = terms
    part = share[:, None]
    basis = face.expression_basis
    return Points(
        1000 * (rest[first] * (1 - part) + rest[second] * part),
        1000 * (basis[:, first] * (1 - part) + basis[:, second] * part),
    )


def _whole(vertices: npt.NDArray[np.int32]) -> _Blend:
    return vertices, vertices, np.zeros(len(vertices), np.float32)


def _joined(blends: list[_Blend]) -> _Blend:
    first, second, share = (np.concatenate(part) for part in zip(*blends, strict=True))
    return first, second, share.astype(np.float32)


def _columns(face: FaceModel, rings: npt.NDArray[np.int32], half: float, *, lower: bool) -> _Blend:
    """Material points at COLUMN_WIDTHS: side by column by ring."""
    blends = []
    for side in rings:
        halves = [_half_ring(side[ring], lower=lower) for ring in CONTACT_RINGS]
        for width in COLUMN_WIDTHS:
            blends += [_on_ring(face, path, width * half) for path in halves]
    return _joined(blends)


def _patch(face: FaceModel, rings: npt.NDArray[np.int32], half: float) -> _Blend:
    """Lower-lip points ring by ring, from -X to +X."""
    return _joined(
        [
            _on_ring(face, _half_ring(rings[int(width < 0), ring], lower=True), abs(width) * half)
            for ring in WET_RINGS
            for width in PATCH_WIDTHS
        ]
    )


def _half_ring(ring: npt.NDArray[np.int32], *, lower: bool) -> npt.NDArray[np.int32]:
    """Vertices from the middle to the corner."""
    return ring[: CORNER + 1] if lower else ring[: CORNER - 1 : -1]


def _on_ring(face: FaceModel, path: npt.NDArray[np.int32], across: float) -> _Blend:
    """The point of a half ring that lies `across` metres from the middle on the template."""
    x = np.maximum.accumulate(np.abs(face.template[path, 0]))
    after = int(np.clip(np.searchsorted(x, across), 1, len(path) - 1))
    span = max(float(x[after] - x[after - 1]), 1e-6)
    share = np.clip((across - x[after - 1]) / span, 0, 1)
    return path[after - 1 : after], path[after : after + 1], np.array([share], np.float32)


def _profile_depth(points: FloatArray, profile: FloatArray) -> FloatArray:
    """Depth (...,N) of points (...,N,2) below the surface of a lip profile (...,M,2), 0 outside.

    (y, z) plane. A point is inside when a ray straight down leaves the lip: it crosses the
    profile an odd number of times.
    """
    start, step = profile[..., None, :-1, :], np.diff(profile, axis=-2)[..., None, :, :]
    offset = points[..., :, None, :] - start
    along = (offset * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-9)
    away = offset - np.clip(along, 0, 1)[..., None] * step
    distance = np.sqrt((away**2).sum(-1)).min(-1)
    ahead = profile[..., None, 1:, 1] > points[..., :, None, 1]
    behind = profile[..., None, :-1, 1] > points[..., :, None, 1]
    run = np.where(step[..., 1] == 0, 1e-9, step[..., 1])
    height = start[..., 0] + step[..., 0] * offset[..., 1] / run
    crossings = ((ahead != behind) & (height < points[..., :, None, 0])).sum(-1)
    return np.asarray(np.where(crossings % 2 == 1, distance, 0.0))


def _refined_rows(patch: FloatArray, steps: int) -> FloatArray:
    """The patch (T,R,C,3) with `steps` rows a ring, linear in between."""
    share = (np.arange(steps, dtype=np.float32) / steps)[:, None, None]
    between = patch[:, :-1, None] * (1 - share) + patch[:, 1:, None] * share
    rows = between.reshape(len(patch), -1, *patch.shape[2:])
    return np.concatenate([rows, patch[:, -1:]], axis=1)


def _surface_distance(points: FloatArray, patch: FloatArray) -> FloatArray:
    """Signed distance (T,N) of points (T,N,3) to a surface patch (T,R,C,3).

    Inside is negative; a point nearest to the first or last ring is past the patch: outside.
    """
    normals = np.cross(np.gradient(patch, axis=2), np.gradient(patch, axis=1))
    surface = patch.reshape(len(patch), 1, -1, 3)
    offset = points[:, :, None] - surface
    squared = (offset**2).sum(-1)
    nearest = squared.argmin(-1)[..., None]
    facing = np.sign((offset * normals.reshape(len(patch), 1, -1, 3)).sum(-1))
    edge = patch.shape[2]
    facing[..., :edge] = facing[..., -edge:] = 1.0
    sign = np.take_along_axis(facing, nearest, -1)[..., 0]
    return np.asarray(np.sqrt(np.take_along_axis(squared, nearest, -1)[..., 0]) * sign)
