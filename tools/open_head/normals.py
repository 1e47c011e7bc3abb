# SPDX-License-Identifier: GPL-3.0-or-later
"""Normals of a quad surface."""

from __future__ import annotations

import numpy as np

from .source import Array, Ints


def vertex_normals(points: Array, quads: Ints) -> Array:
    """Unit normals (V,3) of the vertices of a quad surface."""
    a, b, c, d = (points[quads[:, k]] for k in range(4))
    face = np.cross(c - a, d - b)
    normals = np.zeros_like(points)
    for corner in range(4):
        np.add.at(normals, quads[:, corner], face)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))
