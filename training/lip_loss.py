# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertex losses without vertices: they are quadratic forms of the unit weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model_runtime.contract import UNITS, FloatArray
from model_runtime.face import FaceModel

MEETING_RING = 5  # of lip_rings: where the lips touch at rest


@dataclass(frozen=True)
class VertexForm:
    """||root^T (w - w')||^2 is the mean squared vertex distance of a region, in mm^2."""

    root: Tensor  # (units, units)

    def distance(self, difference: Tensor) -> Tensor:
        """Difference of unit weights (..., units) -> mean squared distance (...), mm^2."""
        return (difference @ self.root).square().sum(-1)


def vertex_form(face: FaceModel, region: str) -> VertexForm:
    """The form of a named vertex set of the face (units are linear in the vertices)."""
    basis = 1000.0 * face.expression_basis[:, face.vertex_sets[region]]  # [units, n, 3] mm
    return VertexForm(torch.from_numpy(_square_root(basis.reshape(len(UNITS), -1), basis.shape[1])))


def _square_root(rows: FloatArray, count: int) -> FloatArray:
    gram = rows.astype(np.float64) @ rows.T.astype(np.float64) / count
    values, vectors = np.linalg.eigh(gram)
    return (vectors * np.sqrt(np.maximum(values, 0.0))).astype(np.float32)


@dataclass(frozen=True)
class GapRows:
    """Linear rows that turn unit weights into gaps between opposite lip vertices, in mm."""

    rows: Tensor  # (units, pairs)

    def change(self, difference: Tensor) -> Tensor:
        """Difference of unit weights (..., units) -> difference of gaps (..., pairs), mm."""
        return difference @ self.rows


def gap_rows(face: FaceModel, columns: tuple[int, ...] = (0, 2, 4, 6)) -> GapRows:
    """Gaps of opposite points of the ring where the lips meet, and of lower lip and incisors.

    The last rows are the height and depth of the lower lip's middle relative to the upper incisors.
    """
    ring = face.vertex_sets["lip_rings"][:, MEETING_RING]
    pairs = [(side[19 - column], side[column]) for side in ring for column in columns]
    basis = 1000.0 * face.expression_basis
    gaps = [basis[:, upper, 1] - basis[:, lower, 1] for upper, lower in pairs]
    teeth = basis[:, face.vertex_sets["incisal_upper"]].mean(1)
    labiodental = teeth - basis[:, ring[0, 0]]
    rows = np.stack([*gaps, labiodental[:, 1], labiodental[:, 2]], axis=1)
    return GapRows(torch.from_numpy(rows.astype(np.float32)))
