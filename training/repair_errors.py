# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors planted in a motion that is right: a closure opened, far or beside another contact, a
stretch of words 3 frames off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_runtime.contract import MOTION_FPS, UNITS, FloatArray
from model_runtime.lips import LipProbe
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE
from model_runtime.repair_limits import JAW_OPEN, MOUTH, MOUTH_CLOSE
from training.metrics.contacts import CLOSED, TOLERANCE

if TYPE_CHECKING:
    from training.corpus.alignment import Segment

OPENED, WIDE = 4.0, 20.0  # mm between the lips of a closure that was opened
BESIDE = 0.1  # seconds at most to the contact that a closure stands beside
AROUND = 0.2  # seconds on either side of it that may be repaired
OFF = 3  # frames of a local shift
LONG, BORDER = 0.8, 0.12  # seconds: of the shifted stretch, and of its bending at each end
PRESS = tuple(
    UNITS.index(f"mouth{name}")
    for name in ("PressLeft", "PressRight", "RollLower", "RollUpper", "ShrugLower")
)


@dataclass(frozen=True)
class Planted:
    """A spoilt motion, what may be repaired of it, and the phone that was spoilt if it was one."""

    kind: str  # closure, wide, beside or shift
    motion: FloatArray  # (frames, channels)
    span: tuple[float, float]  # seconds
    phone: tuple[float, float] = (0.0, 0.0)


def opened_closures(
    motion: FloatArray, segments: tuple[Segment, ...], probe: LipProbe, most: int = 2
) -> list[Planted]:
    """Up to `most` p b m of a clip, each opened in a copy of its own; far apart ones first."""
    chosen = _spread(closures_made(motion, segments, probe), most)
    return [_opened(motion, segment, probe, "closure", OPENED) for segment in chosen]


def wide_closures(
    motion: FloatArray, segments: tuple[Segment, ...], probe: LipProbe
) -> list[Planted]:
    """A p b m of a clip opened WIDE: wider than its vowels are."""
    chosen = _spread(closures_made(motion, segments, probe), 1)
    return [_opened(motion, segment, probe, "wide", WIDE) for segment in chosen]


def closures_beside(
    motion: FloatArray, segments: tuple[Segment, ...], probe: LipProbe, most: int = 2
) -> list[Planted]:
    """Up to `most` p b m that have another p b m, or f v, right before or behind them, opened."""
    said = closures_made(motion, segments, probe)
    chosen = _spread([one for one in said if beside(one, segments)], most)
    return [_opened(motion, segment, probe, "beside", OPENED) for segment in chosen]


def closures_made(
    motion: FloatArray, segments: tuple[Segment, ...], probe: LipProbe
) -> list[Segment]:
    """The p b m on which the lips of a motion meet."""
    shut = probe.aperture(motion) <= CLOSED
    return [s for s in segments if s.phone in BILABIAL and shut[_frames(s, len(motion))].any()]


def beside(segment: Segment, segments: tuple[Segment, ...]) -> list[Segment]:
    """The other p b m and f v at most BESIDE from a segment."""
    others = (s for s in segments if s.phone in BILABIAL | LABIODENTAL and s != segment)
    return [s for s in others if max(s.start - segment.end, segment.start - s.end) <= BESIDE]


def _spread(segments: list[Segment], most: int) -> list[Segment]:
    count = min(most, len(segments))
    return [segments[i] for i in np.linspace(0, len(segments) - 1, count).round().astype(int)]


def _opened(motion: FloatArray, segment: Segment, probe: LipProbe, kind: str, by: float) -> Planted:
    """Lips `by` mm apart over the phone, as an artist does by pulling keys: smoothly."""
    spoilt = motion.copy()
    time = np.arange(len(motion)) / MOTION_FPS
    outside = np.maximum(np.maximum(segment.start - time, time - segment.end), 0.0)
    gate = 0.5 + 0.5 * np.cos(np.pi * np.clip((outside - 0.05) / 0.06, 0.0, 1.0))[:, None]
    gate = gate.astype(np.float32)
    spoilt[:, PRESS] *= 1.0 - gate
    spoilt[:, [MOUTH_CLOSE]] *= 1.0 - gate
    gap = probe.aperture(spoilt)
    missing = np.maximum(by - gap, 0.0).astype(np.float32)
    per_jaw = probe.aperture(_jaw(0.1)) - probe.aperture(_jaw(0.0))
    spoilt[:, JAW_OPEN] += gate[:, 0] * missing * 0.1 / float(per_jaw[0])
    spoilt[:, JAW_OPEN] = spoilt[:, JAW_OPEN].clip(0.0, 1.0)
    span = max(0.0, segment.start - AROUND), min(len(motion) / MOTION_FPS, segment.end + AROUND)
    return Planted(kind, spoilt, span, (segment.start, segment.end))


def _jaw(value: float) -> FloatArray:
    pose = np.zeros((1, len(UNITS)), np.float32)
    pose[0, JAW_OPEN] = value
    return pose


def shifted_stretches(
    motion: FloatArray, segments: tuple[Segment, ...], rng: np.random.Generator, most: int = 2
) -> list[Planted]:
    """Up to `most` stretches of speech of a clip, the mouth OFF frames early or late in each."""
    quiet = np.zeros(len(motion), bool)
    for segment in segments:
        if segment.phone == SILENCE:
            quiet[round(segment.start * MOTION_FPS) : round(segment.end * MOTION_FPS)] = True
    length = round(LONG * MOTION_FPS)
    starts = [
        first
        for first in range(OFF, len(motion) - length - OFF, 5)
        if quiet[first : first + length].mean() < 0.2
    ]
    if not starts:
        return []
    chosen = sorted({starts[0], starts[-1]}) if len(starts) > 1 else starts
    return [_shifted(motion, first, length, rng.choice((-1, 1))) for first in chosen[:most]]


def _shifted(motion: FloatArray, first: int, length: int, way: int) -> Planted:
    place = np.arange(length)
    border = BORDER * MOTION_FPS
    reach = np.clip(np.minimum(place + 1, length - place) / border, 0.0, 1.0)
    source = first + place - way * OFF * (reach * reach * (3 - 2 * reach))
    low = np.clip(np.floor(source).astype(int), 0, len(motion) - 2)
    share = (source - low).astype(np.float32)[:, None]
    spoilt, rows = motion.copy(), slice(first, first + length)
    moved = motion[low] * (1 - share) + motion[low + 1] * share
    spoilt[rows, MOUTH] = moved[:, MOUTH]
    return Planted("shift", spoilt, (first / MOTION_FPS, (first + length - 1) / MOTION_FPS))


def closes(probe: LipProbe, motion: FloatArray, planted: Planted) -> bool:
    """Whether the lips are shut at some frame of the opened phone, as the evaluation counts it."""
    first = round((planted.phone[0] - TOLERANCE) * MOTION_FPS)
    last = round((planted.phone[1] + TOLERANCE) * MOTION_FPS) + 1
    return bool((probe.aperture(motion[max(0, first) : last]) <= CLOSED).any())


def _frames(segment: Segment, count: int) -> slice:
    first = min(round(segment.start * MOTION_FPS), count - 1)
    return slice(first, max(first + 1, round(segment.end * MOTION_FPS)))
