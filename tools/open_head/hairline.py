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
PAINTED = np.array(  # the same for the colour alone: it comes down to the top of the ear
    [*HAIRLINE[:9], (79, 20), (84, 34), (96, 42), (108, 32), (116, 4), *HAIRLINE[14:]]
)


def hair_coverage(points: Array, line: Array = HAIRLINE) -> Array:
    """0..1 how much short hair covers points (..., 3) in mm, ears not considered."""
    angle = np.degrees(np.arctan2(np.abs(points[..., 0]), points[..., 2] - 5))
    begins = np.interp(angle, line[:, 0], line[:, 1])
    ramp = np.clip((points[..., 1] - begins + 5) / 17, 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp))
