# SPDX-License-Identifier: GPL-3.0-or-later
"""Distances between two motions at the vertices of the open head, head pose left out.

Units are linear, so a region's displacements are one matrix product of the weights. Motion comes as
unit weights (T, 52 or 55).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_runtime.contract import FloatArray
from model_runtime.face import FaceModel

Squares = npt.NDArray[np.float64]
MILLIMETRES = 1000.0


@dataclass(frozen=True)
class Region:
    """Vertices of a head: `basis` (units, n, 3) is their displacement at weight 1, in mm."""

    basis: FloatArray

    def moved(self, motion: FloatArray) -> FloatArray:
        """Displacements from the neutral face (T, n, 3) mm."""
        units, vertices, _ = self.basis.shape
        flat = motion[:, :units] @ self.basis.reshape(units, -1)
        return flat.reshape(len(motion), vertices, 3)

    def distances(self, motion: FloatArray, truth: FloatArray) -> FloatArray:
        """Distance of each vertex from the truth's (T, n) mm, over the frames that both have."""
        count = min(len(motion), len(truth))
        return np.sqrt((self.moved(motion[:count] - truth[:count]) ** 2).sum(-1))


@dataclass(frozen=True)
class Mesh:
    """What the vertex figures look at."""

    lips: Region
    upper: Region


def open_mesh(face: FaceModel) -> Mesh:
    """The face's vertex sets `lips` (342 on the open head) and `upper_face` (2023)."""
    sets = face.vertex_sets
    return Mesh(region(face, sets["lips"]), region(face, sets["upper_face"]))


def region(face: FaceModel, vertices: npt.NDArray[np.int32]) -> Region:
    """The region of some vertices of a face."""
    return Region(
        np.ascontiguousarray(face.expression_basis[:, vertices]) * np.float32(MILLIMETRES)
    )


def lip_vertex_error(lips: Region, motion: FloatArray, truth: FloatArray) -> tuple[float, float]:
    """(LVE, LVE of squares) in mm.

    With m_t the largest distance of any lip vertex from the truth's in frame t, LVE is mean_t m_t
    (Richard et al. 2021, MeshTalk) and the other sqrt(mean_t m_t^2): 1000 times the root of what
    CodeTalker's and FaceDiffuser's evaluation prints in m^2 for one sequence.
    """
    worst = lips.distances(motion, truth).max(axis=1).astype(np.float64)
    return float(worst.mean()), float(np.sqrt((worst**2).mean()))


def upper_dynamics(upper: Region, motion: FloatArray) -> Squares:
    """(n,) standard deviation over time of each vertex's squared displacement, mm^2."""
    squared = (upper.moved(motion).astype(np.float64) ** 2).sum(-1)
    return squared.std(axis=0)


def dynamics_deviation(upper: Region, motion: FloatArray, truth: FloatArray) -> float:
    """FDD (Xing et al. 2023, CodeTalker) in mm^2: mean over vertices of truth minus motion.

    Positive: the motion has less life in the upper face than the truth.
    """
    return float((upper_dynamics(upper, truth) - upper_dynamics(upper, motion)).mean())


def mean_distance(part: Region, motion: FloatArray, truth: FloatArray) -> float:
    """Mean distance over frames and vertices, mm."""
    return float(part.distances(motion, truth).mean())


def sample_diversity(part: Region, takes: Sequence[FloatArray]) -> float:
    """S-DIV in mm: mean over pairs of takes of their mean distance (FaceDiffuser's diversity)."""
    pairs = [mean_distance(part, a, b) for a, b in itertools.combinations(takes, 2)]
    return float(np.mean(pairs)) if pairs else 0.0
