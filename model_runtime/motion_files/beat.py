# SPDX-License-Identifier: GPL-3.0-or-later
"""BEAT's face json: `names` of ARKit curves, and `frames`, each with `weights` and `time`.

LAM's Audio2Expression and what follows it write the same, with the rate in `metadata`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .audio2face import matrix
from .clock import rate_in
from .csv_table import unit_of
from .motion import Curves, MotionError, MotionFile

TITLE = "BEAT json"
FPS = 60.0


def from_document(document: dict[str, Any], fps: float | None = None) -> MotionFile:
    """What such a json holds. Raises MotionError."""
    names = tuple(str(name) for name in document["names"])
    frames = document["frames"]
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise MotionError("its frames are no list of frames")
    weights = matrix([frame.get("weights") for frame in frames], len(names), "frames")
    times = np.array([_time(frame) for frame in frames])
    known = tuple(unit_of(name) or name for name in names)
    return MotionFile(Curves(known, weights), fps or rate_in(document) or _rate(times), TITLE)


def _time(frame: dict[str, Any]) -> float:
    value = frame.get("time")
    return float(value) if isinstance(value, int | float) else float("nan")


def _rate(times: npt.NDArray[np.float64]) -> float:
    if len(times) < 2 or not np.isfinite(times).all() or times[-1] <= times[0]:
        return FPS
    rate = (len(times) - 1) / float(times[-1] - times[0])
    return float(round(rate)) if abs(rate - round(rate)) < 0.01 * rate else rate
