# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the motion early or late against the articulation targets?"""

from __future__ import annotations

import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray

MAX_LAG = 0.3  # s searched to either side
SHORTEST = 1.0  # s of overlap below which a correlation says nothing
FLAT = 0.05  # mm of standard deviation below which a curve has no timing


def lag_seconds(curve: FloatArray, target: FloatArray, fps: float = MOTION_FPS) -> float | None:
    """How late `curve` (T,) mm runs behind `target` (T,) mm; negative = early.

    Peak of the correlation coefficient over the overlap of each whole-frame shift, refined by a
    parabola through its neighbours. None where a curve is flat or the overlap is under a second.
    """
    count = min(len(curve), len(target))
    curve, target = curve[:count], target[:count]
    reach = round(MAX_LAG * fps)
    if count - reach < SHORTEST * fps or min(curve.std(), target.std()) < FLAT:
        return None
    scores = np.array([_correlation(curve, target, shift) for shift in range(-reach, reach + 1)])
    return (_peak(scores) - reach) / fps


def _correlation(curve: FloatArray, target: FloatArray, shift: int) -> float:
    """Correlation coefficient of curve[t + shift] with target[t], its own means at each shift."""
    count = len(curve) - abs(shift)
    late = curve[max(shift, 0) :][:count].astype(np.float64)
    true = target[max(-shift, 0) :][:count].astype(np.float64)
    late, true = late - late.mean(), true - true.mean()
    norm = np.sqrt((late**2).sum() * (true**2).sum())
    return float((late * true).sum() / norm) if norm > 1e-9 else -1.0


def _peak(scores: FloatArray) -> float:
    """Position of the highest score, between samples where it has two neighbours."""
    top = int(scores.argmax())
    if top in (0, len(scores) - 1):
        return float(top)
    before, here, after = scores[top - 1 : top + 2]
    bend = before - 2 * here + after
    return top + float(0.5 * (before - after) / bend) if bend < 0 else float(top)
