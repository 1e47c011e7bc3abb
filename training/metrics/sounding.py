# SPDX-License-Identifier: GPL-3.0-or-later
"""Silences that are none: stretches which the labels call silence while somebody speaks.

An aligner that is given other words than those said lays its silence over speech. A mouth that
rests there would be wrong, so nothing is asked of it: those stretches belong to no phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model_runtime.contacts import runs
from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.features import SAMPLE_RATE
from model_runtime.phones import SILENCE

from ..corpus.alignment import Segment, Segments
from .contacts import SILENCE_TRIM, BoolArray, mark

LOUD = 10.0  # dB: no farther than this under the clip's median level of speech
HOP = int(SAMPLE_RATE / MOTION_FPS)


def heard_segments(segments: Sequence[Segment], samples: FloatArray) -> Segments:
    """`segments` with the sounding stretches of their silences left out.

    `samples` (n,) at 16 kHz. 0.1 s on both sides goes along, as at the ends of a silence.
    """
    loud = sounding(segments, samples)
    kept: list[Segment] = []
    for segment in segments:
        kept += _quiet(segment, loud) if segment.phone == SILENCE else [segment]
    return tuple(kept)


def sounding(segments: Sequence[Segment], samples: FloatArray) -> list[tuple[float, float]]:
    """Spans (s) as loud as the clip's speech, SILENCE_TRIM wider than the sound itself.

    The frames next to a phone are its own (labels are good to some 40 ms), so a silence is looked
    at from SILENCE_TRIM inside its ends on.
    """
    level = levels(samples)
    spoken = mark([(s.start, s.end) for s in segments if s.phone != SILENCE], len(level))
    if not spoken.any():
        return []
    loud = inner_silence(segments, len(level)) & (level > np.median(level[spoken]) - LOUD)
    return [
        (first / MOTION_FPS - SILENCE_TRIM, last / MOTION_FPS + SILENCE_TRIM)
        for first, last in runs(loud)
    ]


def levels(samples: FloatArray) -> FloatArray:
    """Level of each motion frame in dB: (n // HOP,)."""
    frames = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    return np.asarray(10.0 * np.log10(np.square(frames, dtype=np.float64).mean(1) + 1e-10))


def inner_silence(segments: Sequence[Segment], count: int) -> BoolArray:
    """(count,) True inside the silences, SILENCE_TRIM from their ends."""
    return mark(
        [
            (s.start + SILENCE_TRIM, s.end - SILENCE_TRIM)
            for s in segments
            if s.phone == SILENCE and s.seconds > 2 * SILENCE_TRIM
        ],
        count,
    )


def _quiet(silence: Segment, loud: Sequence[tuple[float, float]]) -> list[Segment]:
    """What is left of a silence."""
    left = [silence]
    for start, end in loud:
        left = [
            replace(part, start=first, end=last)
            for part in left
            for first, last in (
                (part.start, min(part.end, start)),
                (max(part.start, end), part.end),
            )
            if last > first
        ]
    return left
