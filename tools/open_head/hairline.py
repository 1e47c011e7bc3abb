# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the short hair begins."""

from __future__ import annotations

import numpy as np

from .source import Array

HAIRLINE = np.array(  # degrees from the front, height in mm where the hair begins
    [
        (0, 111), (12, 112), (24, 114), (34, 111), (44, 98), (52, 82), (59, 66), (66, 46),
        (71, 24), (79, 20), (84, 44), (96, 58), (108, 46), (116, 12), (128, -22), (150, -42),
        (180, -46),
    ],
    float,
)  # fmt: skip


def hair_coverage(points: Array) -> Array:
    """0..1 how much short hair covers points (..., 3) in mm, ears not considered."""
    angle = np.degrees(np.arctan2(np.abs(points[..., 0]), points[..., 2] - 5))
    line = np.interp(angle, HAIRLINE[:, 0], HAIRLINE[:, 1])
    ramp = np.clip((points[..., 1] - line + 5) / 17, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp))
