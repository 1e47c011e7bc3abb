# SPDX-License-Identifier: GPL-3.0-or-later
"""The speech layer: phones to mouth units, before lips are made to meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_runtime.contract import CHANNELS, MOTION_FPS, FloatArray
from model_runtime.phones import SILENCE

from .curves import COLUMN, columns, frame_times, smooth
from .dominance import blend, opening_scales, pulls
from .phone_targets import FUNNEL, JAW, LOWER, PUCKER, SPREAD, TONGUE, UPPER
from .settings import Segment

BAND = 0.06  # s, Hann window that keeps the curves inside what 50 fps carries


def speech_weights(
    segments: Sequence[Segment], loudness: FloatArray, strength: float
) -> FloatArray:
    """(T, 55) weights of the mouth's units for `loudness` (T,) 0..1 and the clip's phones.

    Jaw and lip articulation are kept apart as in JALI (Edwards et al. 2016): loudness drives the
    jaw of vowels, the lips follow the phones. Contacts are added later, from the gates.
    """
    frames = len(loudness)
    scales = opening_scales(segments, loudness, MOTION_FPS, strength)
    curves = smooth(blend(pulls(segments, scales), frame_times(frames)), BAND)
    weights = np.zeros((frames, len(CHANNELS)), np.float32)
    weights[:, COLUMN["jawOpen"]] = curves[:, JAW]
    weights[:, COLUMN["mouthPucker"]] = curves[:, PUCKER] * strength
    weights[:, COLUMN["mouthFunnel"]] = curves[:, FUNNEL] * strength
    weights[:, COLUMN["tongueOut"]] = curves[:, TONGUE]
    for name, parameter, gain in (
        ("mouthStretchBoth", SPREAD, 0.75),
        ("mouthSmileBoth", SPREAD, 0.22),
        ("mouthUpperUpBoth", UPPER, 1.0),
        ("mouthLowerDownBoth", LOWER, 1.0),
    ):
        weights[:, columns(name)] = (gain * strength * curves[:, parameter])[:, None]
    return weights


def speaking_curve(segments: Sequence[Segment], frames: int) -> FloatArray:
    """(frames,) 1 inside phones, 0 in silence, soft at the borders."""
    times = frame_times(frames)
    active = np.zeros(frames, np.float32)
    for segment in segments:
        if segment.phone != SILENCE:
            first, last = np.searchsorted(times, (segment.start, segment.end))
            active[first:last] = 1.0
    return smooth(active, 0.2)
