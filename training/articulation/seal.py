# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lips meet where the gates say so, and only there, on the head's own lip rings."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.face import load_face
from model_runtime.lips import lip_probe

from .curves import COLUMN, columns, ramp, smooth


class Lips(Protocol):
    """What sealing needs of model_runtime.lips.LipProbe: motion (T, 55) to mm."""

    def column_apertures(self, weights: npt.ArrayLike) -> FloatArray: ...
    def labiodental_gap(self, weights: npt.ArrayLike) -> FloatArray: ...


JAW, CLOSE, TONGUE = COLUMN["jawOpen"], COLUMN["mouthClose"], COLUMN["tongueOut"]
TONGUE_ROOM = (1.0, 4.0)  # mm of mid aperture in which the tongue may come out
OPENERS = columns("mouthUpperUpBoth", "mouthLowerDownBoth", "mouthFunnel", "mouthShrugUpper")
STRETCHERS = columns("mouthStretchBoth", "mouthDimpleBoth", "mouthFrownBoth")
STRETCH_LEFT = 0.5  # share of these that shut lips keep
HOLD = 0.45  # mm of pressure in the middle of a p b m, over all columns
REST = 0.08  # mm of pressure in silence
FULL = 0.985  # of a gate: here the lips have to be sealed
DEEPEST = 1.1  # mm the mid aperture may go below zero
LEAST = 1.1  # mm of mid aperture without any contact
CLOSE_MM = 34.9  # mid aperture that mouthClose takes off at 1
OPEN_MM = 33.6  # mid aperture that jawOpen gives at 1
FASTEST = 220.0  # mm/s that jawOpen less mouthClose may part the lips; other units add to it
TIGHT: dict[str, float] = {  # presses lips together over their whole width
    "mouthShrugLower": 1.0,
    "mouthRollUpper": 0.5,
    "mouthPressBoth": 0.25,
}
TIGHT_MM = 0.85  # what one part of it takes off near zero
TIGHT_MOST = 0.55
GIVE_WAY = columns(
    *("mouthLowerDownBoth", "mouthFunnel", "mouthPucker", "mouthFrownBoth", "mouthRollUpper"),
    *("mouthShrugLower", "mouthPressBoth", "jawForward"),
)
WIDENERS = columns("mouthSmileBoth", "mouthStretchBoth", "mouthDimpleBoth")
BITE_JAW = 0.03
BITE: dict[str, float] = {"mouthRollLower": 0.66, "mouthUpperUpBoth": 0.34}


@lru_cache(maxsize=1)
def default_lips() -> Lips:
    """Lips of the bundled head. Raises WeightsError when it is missing."""
    return lip_probe(load_face())


def seal(weights: FloatArray, gates: FloatArray, lips: Lips | None = None) -> FloatArray:
    """Motion (T, 55) with contacts made after `gates` (T, 4) of phones.CONTACTS; a new array.

    Units that hold the lips apart fade as a gate rises; mouthClose follows jawOpen by the gate,
    which closes this head over the whole width; then what is still open at a closure is pressed
    shut, and what comes too near to closing elsewhere is opened. `lips` are the bundled head's by
    default. Corrections are smooth functions of smooth curves, so nothing pops.
    """
    lips = lips or default_lips()
    bilabial, labiodental, _, silence = gates.T
    shut = 1.0 - (1.0 - bilabial) * (1.0 - silence)
    bite = labiodental * (1.0 - shut)
    out = weights.copy()
    out[:, JAW] *= 1.0 - 0.9 * silence
    _bite(out, bite)
    out[:, OPENERS] *= (1.0 - shut)[:, None]
    out[:, STRETCHERS] *= (1.0 - (1.0 - STRETCH_LEFT) * shut)[:, None]
    out[:, CLOSE] = out[:, JAW] - _slowed(out[:, JAW] * (1.0 - shut))
    _part(out, shut, lips)
    for _ in range(2):
        _press(out, shut, np.maximum(REST, HOLD * bilabial), lips)
    _tongue_behind_lips(out, lips)
    return out


def _bite(out: FloatArray, bite: FloatArray) -> None:
    """Lower lip to the upper incisors by `bite` (T,): in place. Other lip shapes give way."""
    keep = 1.0 - bite
    out[:, GIVE_WAY] *= keep[:, None]
    out[:, WIDENERS] *= (1.0 - 0.5 * bite)[:, None]
    out[:, JAW] = keep * out[:, JAW] + bite * BITE_JAW
    for name, value in BITE.items():
        picked = columns(name)
        out[:, picked] = keep[:, None] * out[:, picked] + (bite * value)[:, None]


def _part(out: FloatArray, shut: FloatArray, lips: Lips) -> None:
    """Opens the jaw where lips come nearer than LEAST without a contact: in place."""
    free = 1.0 - shut
    frames = np.flatnonzero(free > 0.05)
    if not len(frames):
        return
    missing = np.zeros(len(out), np.float32)
    middle = lips.column_apertures(out[frames])[:, 0]
    missing[frames] = _soft(LEAST * free[frames] - middle) * free[frames]
    more = smooth(missing, 0.06) / OPEN_MM
    out[:, JAW] += more
    out[:, CLOSE] += more * shut


def _press(out: FloatArray, shut: FloatArray, depth: FloatArray, lips: Lips) -> None:
    """Tightens shut lips until every column is `depth` mm below zero, not deeper: in place."""
    frames = np.flatnonzero(shut > FULL)
    if not len(frames):
        return
    gap = lips.column_apertures(out[frames])
    missing = np.zeros(len(out), np.float32)
    missing[frames] = _soft(gap.max(axis=1) + depth[frames], 0.05) / TIGHT_MM
    tight = smooth(maximum_filter1d(np.minimum(missing, TIGHT_MOST), 5), 0.1) * shut**2
    for name, share in TIGHT.items():
        picked = columns(name)
        out[:, picked] = np.minimum(out[:, picked] + (share * tight)[:, None], 1.0)
    eased = np.zeros(len(out), np.float32)
    eased[frames] = _soft(-DEEPEST - gap[:, 0], 0.05) / CLOSE_MM
    out[:, CLOSE] = np.clip(out[:, CLOSE] - smooth(eased, 0.06), 0.0, out[:, JAW])


def _tongue_behind_lips(out: FloatArray, lips: Lips) -> None:
    """Keeps the tongue in while the lips leave it no room: in place."""
    frames = np.flatnonzero(out[:, TONGUE] > 1e-3)
    if len(frames):
        room = lips.column_apertures(out[frames])[:, 0]
        out[frames, TONGUE] *= ramp((room - TONGUE_ROOM[0]) / (TONGUE_ROOM[1] - TONGUE_ROOM[0]))


def _slowed(opening: FloatArray) -> FloatArray:
    """The highest curve (T,) under `opening` that no closure is left or reached too fast in."""
    step = FASTEST / OPEN_MM / MOTION_FPS
    climb = step * np.arange(len(opening), dtype=np.float64)
    after = climb + np.minimum.accumulate(opening - climb)
    before = (climb + np.minimum.accumulate(opening[::-1] - climb))[::-1]
    return np.minimum(after, before).astype(np.float32)


def _soft(values: FloatArray, corner: float = 0.2) -> FloatArray:
    """max(values, 0) with a corner rounded over `corner`, never below it."""
    return 0.5 * (values + np.sqrt(values**2 + corner**2))
