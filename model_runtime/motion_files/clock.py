# SPDX-License-Identifier: GPL-3.0-or-later
"""When frames happened and how fast: what other tools call it, and in which unit they count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .motion import MotionError

Doubles = npt.NDArray[np.float64]

STEMS = ("time", "timestamp", "timecode", "t")
UNITS = {"": None, "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3,
         "us": 1e-6, "ns": 1e-9}  # fmt: skip
NAMES = {stem + unit: scale for stem in STEMS for unit, scale in UNITS.items()}
NAMES |= {"seconds": 1.0, "milliseconds": 1e-3}
RATES = ("fps", "exportfps", "framerate", "mocapframerate")
SLOWEST = 0.6  # seconds from frame to frame, of a recording
SCALES = ((SLOWEST, 1.0), (SLOWEST * 1e3, 1e-3), (SLOWEST * 1e6, 1e-6), (SLOWEST * 1e9, 1e-9))


def is_time(name: str) -> bool:
    """Whether a column or an entry of this name tells when: time, timestamp_ms, timeCode."""
    return _folded(name) in NAMES


def seconds(name: str, values: Doubles) -> Doubles:
    """Times (T,) in seconds. Where the name does not tell the unit, the usual step does.

    Raises MotionError where they are frame numbers: one a frame, and nothing else.
    """
    steps = np.diff(values)
    steps = steps[steps > 0]
    if len(steps) and (steps == 1.0).all() and NAMES[_folded(name)] in (None, 1.0):
        raise MotionError(f"its '{name}' counts frames; set its rate")
    scale = NAMES[_folded(name)]
    if scale is None:
        step = float(np.median(steps)) if len(steps) else 0.0
        scale = next((scale for most, scale in SCALES if step < most), 1.0)
    return np.asarray(values * scale)


def rate_in(document: Mapping[str, Any]) -> float | None:
    """Frames a second that a json tells, at its top or in its `metadata`; None where none."""
    parts = [document, *(part for part in document.values() if isinstance(part, dict))]
    for part in parts:
        for name, value in part.items():
            if _folded(name) in RATES and isinstance(value, int | float) and value > 0:
                return float(value)
    return None


def _folded(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
