# SPDX-License-Identifier: GPL-3.0-or-later
"""From moving vertices to unit weights: bounded least squares, a few sweeps for all frames at once.

mouthClose means something only on an open jaw, so it is solved as "jaw opened and lips shut
again": the pair can never come out with the lips pushed through each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS, FloatArray
from model_runtime.face import FaceModel
from model_runtime.flame_back import bounded

Doubles = npt.NDArray[np.float64]

LIP_WEIGHT = 8.0
RIDGE = 1e-4  # of the mean unit's own energy: decides where two units look alike
BLOCK = 512  # frames at once
JAW_OPEN, MOUTH_CLOSE = UNITS.index("jawOpen"), UNITS.index("mouthClose")


@dataclass(frozen=True)
class UnitBasis:
    """What each unit moves on one mesh: moves (52, K, 3) metres at vertices (K,), weights (K,)."""

    vertices: npt.NDArray[np.int64]
    moves: Doubles
    weights: Doubles

    def solve(self, displacements: npt.NDArray[np.floating]) -> FloatArray:
        """Unit weights (frames, 52) of displacements (frames, V, 3) from the face at rest."""
        starts = range(0, len(displacements), BLOCK)
        return self.solve_rows(
            np.concatenate([self._rows(displacements[start : start + BLOCK]) for start in starts])
        )

    def solve_rows(self, rows: Doubles) -> FloatArray:
        """Unit weights (frames, 52) where `projector` was already applied: rows (frames, 52)."""
        moves = self.paired.reshape(len(self.moves), -1)
        gram = self.projector @ moves.T
        gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
        starts = range(0, len(rows), BLOCK)
        weights = np.concatenate([bounded(gram, rows[start : start + BLOCK]) for start in starts])
        weights[:, JAW_OPEN] = np.minimum(weights[:, JAW_OPEN] + weights[:, MOUTH_CLOSE], 1.0)
        return weights.astype(np.float32)

    @cached_property
    def paired(self) -> Doubles:
        """The moves with mouthClose on an open jaw: (52, K, 3)."""
        basis = self.moves.copy()
        basis[MOUTH_CLOSE] += basis[JAW_OPEN]
        return basis

    @cached_property
    def projector(self) -> Doubles:
        """(52, K * 3): what least squares wants to know of a displacement (K * 3,)."""
        return (self.paired * self.weights[:, None]).reshape(len(self.moves), -1)

    def _rows(self, displacements: npt.NDArray[np.floating]) -> Doubles:
        seen = np.asarray(displacements[:, self.vertices], np.float64)
        return np.asarray(seen.reshape(len(seen), -1) @ self.projector.T)


def open_head_basis(face: FaceModel) -> UnitBasis:
    """The basis of vertices that lie as the open head's own: skin, eyes, lower teeth and tongue."""
    names = ("outer_skin", "lip_rings", "eyeballs", "teeth_lower", "tongue")
    used = np.unique(np.concatenate([face.vertex_sets[name].ravel() for name in names]))
    moves = face.expression_basis[:, used].astype(np.float64)
    lips = np.isin(used, face.vertex_sets["lip_rings"])
    return UnitBasis(used.astype(np.int64), moves, np.where(lips, LIP_WEIGHT, 1.0))
