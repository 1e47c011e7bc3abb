# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays MakeHuman's skin UVs out anew: face upright and enlarged, the rest in a strip below.

In MakeHuman's atlas the head takes a quarter of the image, lies on its side, and the face is the
smallest part of it.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .source import Array, Ints

STRIP = 0.25  # height of the strip with the neck, the inner mouth and the eye sockets
STRETCH = (0.10, 0.14)  # smaller enlarges the middle of the face more (atlas units, across, up)
SOCKETS_FROM = 0.62  # u in the strip where the eye sockets begin
MARGIN = 0.008
WIDTHS = (0.30, 0.30, 0.165, 0.165)  # of the islands in the strip, largest first


def lay_out_skin(uv: Array, quad_uv: Ints, positions: Array) -> Array:
    """New UVs (U,2) of the skin; `positions` (U,3) is a vertex of each UV."""
    island = _islands(len(uv), quad_uv)
    order = np.argsort(-np.bincount(island))
    out = np.zeros_like(uv)
    head, *rest = order
    out[island == head] = _head(uv[island == head], positions[island == head])
    left = MARGIN
    for which, width in zip(rest, WIDTHS, strict=True):
        own = island == which
        box = _turned(uv[own], positions[own])
        box -= box.min(0)
        scale = min((STRIP - 2 * MARGIN) / box[:, 1].max(), width / box[:, 0].max())
        out[own] = box * scale + (left, MARGIN)
        left += box[:, 0].max() * scale + 2 * MARGIN
    return out


def _islands(count: int, quad_uv: Ints) -> Ints:
    ends = np.concatenate([quad_uv[:, [i, (i + 1) % 4]] for i in range(4)])
    graph = coo_matrix((np.ones(len(ends)), ends.T), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def _head(uv: Array, positions: Array) -> Array:
    turned = _turned(uv, positions)
    nose = turned[np.argmax(positions[:, 2])]
    middle = np.array([0.5 * (turned[:, 0].min() + turned[:, 0].max()), nose[1]])
    warped = np.arcsinh((turned - middle) / np.array(STRETCH))
    warped -= warped.min(0)
    size = np.array([1 - 2 * MARGIN, 1 - STRIP - 2 * MARGIN])
    return warped / warped.max(0) * size + (MARGIN, STRIP + MARGIN)


def _turned(uv: Array, positions: Array) -> Array:
    """UVs turned by quarter turns so that u grows with x and v with height."""
    centred = uv - uv.mean(0)
    around = positions - positions.mean(0)
    match = centred.T @ around[:, :2]
    sideways = abs(match[1, 0]) > abs(match[0, 0])
    axes = (1, 0) if sideways else (0, 1)
    signs = [np.sign(match[axes[0], 0]) or 1.0, np.sign(match[axes[1], 1]) or 1.0]
    return np.asarray(centred[:, axes] * signs)
