# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a motion, or to the words it says, so that the meter has something to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, UNITS, FloatArray
from model_runtime.phones import BILABIAL, SILENCE, VOWELS
from training.articulation.curves import COLUMN, columns, smooth
from training.corpus.alignment import Segment

OPENED = 0.30  # jawOpen that an opened closure is given
OPEN_BEFORE = 0.03  # s, the opening begins that much before the closure and ends after it
SHUTTERS = ("mouthClose", "mouthPressBoth", "mouthRollLower", "mouthRollUpper", "mouthPucker")
MOUTH = [i for i, name in enumerate(UNITS) if name.startswith(("jaw", "mouth", "tongue"))]
Rng = np.random.Generator
BoolArray = npt.NDArray[np.bool_]


def performed(motion: FloatArray, rng: Rng) -> FloatArray:
    """As somebody else would: stronger or weaker as a whole and unit by unit, softer, offset."""
    out = motion[:, : len(UNITS)].copy()
    gains = rng.uniform(0.65, 1.3) * np.exp(rng.normal(0.0, 0.2, len(MOUTH)))
    out[:, MOUTH] *= gains.astype(np.float32)
    if rng.random() < 0.4:
        out[:, MOUTH] = smooth(out[:, MOUTH], rng.uniform(0.06, 0.14))
    if rng.random() < 0.4:
        out = keyed_at(out, every_few(len(out), rng))
    close, jaw = COLUMN["mouthClose"], COLUMN["jawOpen"]
    out[:, close] = np.minimum(out[:, close], out[:, jaw])
    return np.clip(out, 0.0, 1.0).astype(np.float32)


def every_few(frames: int, rng: Rng) -> npt.NDArray[np.int64]:
    """Frames of keys that lie 2 to 6 frames apart."""
    places = np.cumsum(rng.integers(2, 7, frames))
    return np.unique(np.concatenate(([0], places[places < frames], [frames - 1])))


def keyed_at(motion: FloatArray, keys: npt.NDArray[np.int64]) -> FloatArray:
    """The motion (T, n) with keys at some frames only, linear in between."""
    at = np.arange(len(motion))
    joined = [np.interp(at, keys, motion[keys, column]) for column in range(motion.shape[1])]
    return np.stack(joined, 1).astype(np.float32)


def other_words(segments: Sequence[Segment], donor: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same rhythm with another line's words: its vowels for vowels, consonants for the rest.

    Silences and every time stay, so length, pauses and loudness are those of the line.
    """
    vowels = [s.phone for s in donor if s.phone in VOWELS]
    others = [s.phone for s in donor if s.phone not in VOWELS and s.phone != SILENCE]
    counts = {True: 0, False: 0}
    made: list[Segment] = []
    for segment in segments:
        pool = vowels if segment.phone in VOWELS else others
        if segment.phone == SILENCE or not pool:
            made.append(segment)
            continue
        count = counts[segment.phone in VOWELS]
        counts[segment.phone in VOWELS] += 1
        made.append(replace(segment, phone=pool[count % len(pool)]))
    return tuple(made)


def closures(segments: Sequence[Segment], least: float = 0.3) -> list[Segment]:
    """p b m at least `least` seconds from either end of the line."""
    end = segments[-1].end if segments else 0.0
    return [s for s in segments if s.phone in BILABIAL and least < s.start and s.end < end - least]


def opened(motion: FloatArray, closure: Segment, gate: FloatArray | None = None) -> FloatArray:
    """The motion with one closure opened, as by a hand that sets a few keys there."""
    out = motion.copy()
    time = np.arange(len(motion)) / MOTION_FPS
    begin, end = closure.start - OPEN_BEFORE, closure.end + OPEN_BEFORE
    outside = np.maximum(np.maximum(begin - time, time - end), 0.0) / 0.06
    amount = (0.5 + 0.5 * np.cos(np.pi * np.minimum(outside, 1.0))).astype(np.float32)
    amount = amount if gate is None else amount * gate
    for column in columns(*SHUTTERS):
        out[:, column] *= 1.0 - amount
    jaw = COLUMN["jawOpen"]
    out[:, jaw] = np.maximum(out[:, jaw], out[:, jaw] * (1 - amount) + OPENED * amount)
    return out


def around(spans: Sequence[Segment], frames: int, slack: float) -> BoolArray:
    """(frames,) True within `slack` seconds of any of the spans."""
    time = np.arange(frames) / MOTION_FPS
    near = [(time >= s.start - slack) & (time <= s.end + slack) for s in spans]
    return np.any(near, axis=0) if near else np.zeros(frames, bool)


def moved(motion: FloatArray, frames: int) -> FloatArray:
    """The motion so many frames later, its end poses held."""
    return motion[np.clip(np.arange(len(motion)) - frames, 0, len(motion) - 1)]


def held(motion: FloatArray, frames: int) -> FloatArray:
    """Exactly `frames` of the unit weights, the last pose held."""
    return motion[np.minimum(np.arange(frames), len(motion) - 1), : len(UNITS)]
