# SPDX-License-Identifier: GPL-3.0-or-later
"""A mean with the range that other clips might have given it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
SHARE = (2.5, 97.5)  # per cent


@dataclass(frozen=True)
class Estimate:
    """`mean` over `clips` clips, and its 95 % interval `low` to `high`; one clip has none."""

    mean: float
    low: float | None
    high: float | None
    clips: int


def estimate(values: Sequence[float | None]) -> Estimate | None:
    """Mean and percentile bootstrap (Efron 1979) over one value a clip; None without any value.

    A clip whose value is None had nothing to measure and is left out. The draws depend on the
    number of clips alone, so two systems on the same clips are resampled alike.
    """
    known = np.array([value for value in values if value is not None], np.float64)
    if not len(known):
        return None
    if len(known) == 1:
        return Estimate(float(known[0]), None, None, 1)
    draws = np.random.default_rng(len(known)).integers(0, len(known), (RESAMPLES, len(known)))
    low, high = np.percentile(known[draws].mean(axis=1), SHARE)
    return Estimate(float(known.mean()), float(low), float(high), len(known))
