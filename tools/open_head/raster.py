# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a texture with values of the mesh: positions, masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .source import Array, Ints


@dataclass(frozen=True)
class Canvas:
    """Values (S,S,C) at each texel, row 0 on top, and which texels the surface covers."""

    values: Array
    covered: np.ndarray


def rasterise(uv: Array, quad_uv: Ints, values: Array, size: int) -> Canvas:
    """Interpolates `values` (U,C), given per UV corner, over a size x size texture."""
    out = np.zeros((size, size, values.shape[1]), np.float32)
    covered = np.zeros((size, size), bool)
    pixels = np.column_stack([uv[:, 0], 1 - uv[:, 1]]) * size - 0.5
    for corners in np.concatenate([quad_uv[:, [0, 1, 2]], quad_uv[:, [0, 2, 3]]]):
        _fill(out, covered, pixels[corners], values[corners])
    return Canvas(out, covered)


def bleed(image: Array, covered: np.ndarray, steps: int = 8) -> Array:
    """The image with island borders grown outwards, so that mip levels show no seams."""
    out, done = image.copy(), covered.copy()
    for _ in range(steps):
        for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            source = np.roll(out, shift, (0, 1))
            fresh = np.roll(done, shift, (0, 1)) & ~done
            out[fresh] = source[fresh]
            done |= fresh
    out[~done] = out[covered].mean(0)
    return out


def _fill(out: Array, covered: np.ndarray, corners: Array, values: Array) -> None:
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int), len(out) - 1)
    x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    a, b, c = corners
    area = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
    if abs(area) < 1e-9:
        return
    first = ((b[1] - c[1]) * (x - c[0]) + (c[0] - b[0]) * (y - c[1])) / area
    second = ((c[1] - a[1]) * (x - c[0]) + (a[0] - c[0]) * (y - c[1])) / area
    share = np.stack([first, second, 1 - first - second], -1)
    inside = share.min(-1) > -0.5 / np.sqrt(abs(area)) - 1e-6
    share = np.clip(share, 0, 1)
    share /= share.sum(-1, keepdims=True)
    rows, columns = np.nonzero(inside)
    out[rows + low[1], columns + low[0]] = share[inside] @ values
    covered[rows + low[1], columns + low[0]] = True
