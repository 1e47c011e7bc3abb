# SPDX-License-Identifier: GPL-3.0-or-later
"""Motions that say a line and that no judge was trained on: other rules, and keys set by hand.

Neither shares a table, a way of blending or a seal with the articulation model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from model_runtime.contract import MOTION_FPS, UNITS, FloatArray
from model_runtime.phones import BILABIAL, SILENCE, VOWELS
from training.articulation.curves import columns
from training.corpus.alignment import Segment

Shape = dict[str, float]
FULL: dict[str, Shape] = {  # other rules: by the phones that look alike
    "AA AO AW AY OY": {"jawOpen": 0.42, "mouthLowerDownBoth": 0.25},
    "AE EH EY": {"jawOpen": 0.3, "mouthStretchBoth": 0.3, "mouthUpperUpBoth": 0.3},
    "AH ER": {"jawOpen": 0.22, "mouthFunnel": 0.12, "mouthLowerDownBoth": 0.15},
    "IH IY Y": {"jawOpen": 0.12, "mouthStretchBoth": 0.5, "mouthLowerDownBoth": 0.3},
    "OW UH UW W": {"jawOpen": 0.1, "mouthFunnel": 0.45, "mouthPucker": 0.45},
    "R": {"jawOpen": 0.1, "mouthFunnel": 0.4},
    "CH JH SH ZH": {"jawOpen": 0.06, "mouthFunnel": 0.5, "mouthUpperUpBoth": 0.1},
    "S Z": {"jawOpen": 0.05, "mouthStretchBoth": 0.25, "mouthLowerDownBoth": 0.35},
    "T D N L": {"jawOpen": 0.1, "mouthLowerDownBoth": 0.2},
    "K G NG HH": {"jawOpen": 0.17, "mouthLowerDownBoth": 0.12},
    "TH DH": {"jawOpen": 0.13, "tongueOut": 0.25, "mouthLowerDownBoth": 0.12},
    "F V": {"mouthRollLower": 0.6, "mouthUpperUpBoth": 0.32, "jawOpen": 0.03},
    "P B M": {},
}
OPEN, WIDE, ROUND = (
    {"jawOpen": 0.45},
    {"jawOpen": 0.25, "mouthSmileBoth": 0.35},
    {"jawOpen": 0.18, "mouthPucker": 0.7},
)
BITE: Shape = {"mouthRollLower": 0.62, "mouthUpperUpBoth": 0.34}
SHUT: Shape = {}
BY_HAND: dict[str, Shape] = {  # what an artist keys in a hurry: three mouths, a bite, and shut
    **dict.fromkeys("AA AH AW AY ER".split(), OPEN),
    **dict.fromkeys("AE EH EY IH IY".split(), WIDE),
    **dict.fromkeys("AO OW OY UH UW W".split(), ROUND),
    **dict.fromkeys("FV", BITE),
    **dict.fromkeys("PBM", SHUT),
}
EARLY, LATE = 0.07, 0.05  # s that a phone's pull begins before it and ends after it
SHARPNESS = 3.0  # of the competition between neighbouring phones
SOFTNESS = 0.022  # s, standard deviation of the last smoothing
ASIDE = 0.03  # cost of a step of a warp off the diagonal


def pose(shape: Shape) -> FloatArray:
    """(52,) unit weights."""
    weights = np.zeros(len(UNITS), np.float32)
    for name, value in shape.items():
        weights[columns(name)] = value
    return weights


SHAPES = {phone: pose(shape) for group, shape in FULL.items() for phone in group.split()}


def other_rules(segments: Sequence[Segment], loudness: FloatArray) -> FloatArray:
    """Motion (T, 52) at 50 fps by triangles that compete, T the frames of `loudness` (T,)."""
    frames = len(loudness)
    time = np.arange(frames) / MOTION_FPS
    total = np.full(frames, 1e-3, np.float64)
    motion = np.zeros((frames, len(UNITS)), np.float64)
    shut = np.zeros(frames, np.float64)
    for segment in segments:
        peak = segment.start + 0.45 * (segment.end - segment.start)
        rise = (time - segment.start + EARLY) / (peak - segment.start + EARLY)
        fall = (segment.end + LATE - time) / (segment.end + LATE - peak)
        pull = np.clip(np.minimum(rise, fall), 0.0, 1.0)
        share = pull**SHARPNESS
        total += share
        if segment.phone in BILABIAL or segment.phone == SILENCE:
            shut = np.maximum(shut, np.minimum(1.0, 2.2 * pull))
        motion += share[:, None] * SHAPES.get(segment.phone, np.zeros(len(UNITS)))
    motion *= ((0.55 + 0.6 * loudness) * (1.0 - shut) / total)[:, None]
    soft = gaussian_filter1d(motion, SOFTNESS * MOTION_FPS, axis=0, mode="nearest")
    return np.clip(soft, 0.0, 1.0).astype(np.float32)


def hand_keys(segments: Sequence[Segment], frames: int, fps: float = 24.0) -> FloatArray:
    """Motion (T, 52) at 50 fps: keys on whole frames of `fps` for vowels and lips' contacts only.

    Linear between them; rest is keyed where a silence begins and ends.
    """
    keys: dict[int, FloatArray] = {0: pose({})}
    for segment in segments:
        if segment.phone == SILENCE:
            moments = [segment.start + 0.08, segment.end - 0.08]
        elif segment.phone in BY_HAND or segment.phone in VOWELS:
            moments = [(segment.start + segment.end) / 2]
        else:
            continue
        for moment in moments:
            frame = max(0, round(moment * fps))
            if not (frame in keys and segment.phone in VOWELS):  # contacts win over vowels
                keys[frame] = pose(BY_HAND.get(segment.phone, {}))
    at = np.array(sorted(keys)) / fps
    values = np.stack([keys[frame] for frame in sorted(keys)])
    time = np.arange(frames) / MOTION_FPS
    return np.stack([np.interp(time, at, column) for column in values.T], 1).astype(np.float32)


def warped(donor: FloatArray, theirs: FloatArray, ours: FloatArray) -> FloatArray:
    """A motion (n, 52) of loudness `theirs` (n,), warped in time onto the loudness `ours` (T,).

    Dynamic time warping (Sakoe & Chiba 1978); steps off the diagonal cost a little, so that
    nothing freezes. The result has our length and, as far as a warp can, our loudness contour.
    """
    cost = np.abs(ours[:, None] - theirs[None])
    best = np.full((len(ours) + 1, len(theirs) + 1), np.inf)
    best[0, 0] = 0.0
    for total in range(2, len(ours) + len(theirs) + 1):  # what has one sum of places at a time
        row = np.arange(max(1, total - len(theirs)), min(len(ours), total - 1) + 1)
        column = total - row
        straight = best[row - 1, column - 1]
        aside = np.minimum(best[row - 1, column], best[row, column - 1]) + ASIDE
        best[row, column] = cost[row - 1, column - 1] + np.minimum(straight, aside)
    path = _way_back(best)
    return donor[path]


def _way_back(best: FloatArray) -> FloatArray:
    """For each of our frames the donor's frame on the cheapest path."""
    row, column = best.shape[0] - 1, best.shape[1] - 1
    path = np.zeros(row, np.int64)
    while row > 0:
        path[row - 1] = column - 1
        above, left = best[row - 1, column] + ASIDE, best[row, column - 1] + ASIDE
        step = int(np.argmin((best[row - 1, column - 1], above, left)))
        row -= step in (0, 1)
        column -= step in (0, 2)
        column = max(column, 1)
    return path
