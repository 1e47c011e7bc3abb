# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a motion, or to the words it says, so that the meter has something to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, UNITS, FloatArray
from model_runtime.phones import BILABIAL, LABIODENTAL, ROUNDED, SILENCE, VOWELS
from training.articulation.curves import COLUMN, columns, smooth
from training.corpus.alignment import Segment

OPENED = 0.30  # jawOpen that an opened closure is given
OPEN_BEFORE = 0.03  # s, the opening begins that much before the closure and ends after it
SLIP_BORDER = 6  # frames over which a slip begins and ends
SHUTTERS = ("mouthClose", "mouthPressBoth", "mouthRollLower", "mouthRollUpper", "mouthPucker")
SHOWN = BILABIAL | LABIODENTAL | VOWELS
RANGES = {  # of the units of a sketched mouth; below 0 the unit is not used
    "open": {"jawOpen": (0.15, 0.6), "mouthLowerDownBoth": (-0.3, 0.3)},
    "wide": {
        "jawOpen": (0.05, 0.35),
        "mouthSmileBoth": (-0.3, 0.5),
        "mouthStretchBoth": (-0.3, 0.5),
        "mouthUpperUpBoth": (-0.3, 0.3),
    },
    "round": {"jawOpen": (0.03, 0.3), "mouthPucker": (0.1, 0.9), "mouthFunnel": (-0.5, 0.5)},
    "bite": {"mouthRollLower": (0.45, 0.75), "mouthUpperUpBoth": (0.2, 0.4)},
    "small": {"jawOpen": (0.02, 0.18), "mouthLowerDownBoth": (-0.1, 0.2)},
}
JAWED = frozenset("AA AE AH AO AW AY".split())
REPERTOIRE = (
    ("mouthPucker",),
    ("mouthFunnel",),
    ("mouthStretchBoth", "mouthSmileBoth"),
    ("mouthUpperUpBoth", "mouthLowerDownBoth"),
    ("tongueOut",),
)
MOUTH = [i for i, name in enumerate(UNITS) if name.startswith(("jaw", "mouth", "tongue"))]
Rng = np.random.Generator
BoolArray = npt.NDArray[np.bool_]


def performed(motion: FloatArray, rng: Rng, segments: Sequence[Segment] = ()) -> FloatArray:
    """As somebody else would: stronger or weaker as a whole and unit by unit, softer, or keyed.

    Keys lie every few frames, or where the phones of `segments` that show most have their middle.
    """
    out = motion[:, : len(UNITS)].copy()
    gains = np.exp(rng.uniform(-0.6, 0.5)) * np.exp(rng.normal(0.0, 0.25, len(MOUTH)))
    out[:, MOUTH] *= gains.astype(np.float32)
    if rng.random() < 0.5:
        for group in REPERTOIRE:  # what this one's rig has not, or its artist does not use
            if rng.random() < 0.4:
                out[:, columns(*group)] = 0.0
    if rng.random() < 0.4:
        out[:, MOUTH] = smooth(out[:, MOUTH], rng.uniform(0.06, 0.14))
    keys = every_few(len(out), rng)
    if segments and rng.random() < 0.6:
        keys = at_the_phones(segments, len(out), rng)
    if rng.random() < 0.6:
        out = keyed_at(out, keys)
    close, jaw = COLUMN["mouthClose"], COLUMN["jawOpen"]
    out[:, close] = np.minimum(out[:, close], out[:, jaw])
    return np.clip(out, 0.0, 1.0).astype(np.float32)


def every_few(frames: int, rng: Rng) -> npt.NDArray[np.int64]:
    """Frames of keys that lie 2 to 6 frames apart."""
    places = np.cumsum(rng.integers(2, 7, frames))
    return np.unique(np.concatenate(([0], places[places < frames], [frames - 1])))


def at_the_phones(segments: Sequence[Segment], frames: int, rng: Rng) -> npt.NDArray[np.int64]:
    """Frames of keys in the middle of vowels and lip contacts, and where a silence begins and ends.

    A share of them is left out, and none lies exactly.
    """
    keys = [0, frames - 1]
    for segment in segments:
        if segment.phone == SILENCE:
            keys += [round((segment.start + 0.06) * 50), round((segment.end - 0.06) * 50)]
        elif segment.phone in SHOWN and rng.random() < 0.9:
            keys.append(round(50 * (segment.start + segment.end) / 2 + rng.normal(0.0, 0.7)))
    return np.unique(np.clip(keys, 0, frames - 1))


def sketched(segments: Sequence[Segment], frames: int, rng: Rng) -> FloatArray:
    """Motion (T, 52) as keyed in a hurry: a few mouths of one's own, linear in between.

    Open, wide and round vowels, shut and bitten lips; other consonants are keyed or are not.
    """
    mouths = _mouths(rng)
    small = rng.random() < 0.3  # whether other consonants are keyed
    grid = float(rng.choice((12.0, 24.0, 25.0, 30.0, 50.0)))
    keys: dict[int, FloatArray] = {0: mouths["shut"]}
    for segment in segments:
        name = _mouth_name(segment.phone)
        if segment.phone == SILENCE:
            edge = min(0.08, (segment.end - segment.start) / 2)
            moments = [segment.start + edge, segment.end - edge]
        elif (name == "small" and not small) or rng.random() < 0.07:
            continue
        else:
            moments = [(segment.start + segment.end) / 2]
        for moment in moments:
            keys[round(round(moment * grid) / grid * MOTION_FPS)] = mouths[name]
    at = np.array(sorted(keys))
    values = np.stack([keys[frame] for frame in sorted(keys)])
    joined = [np.interp(np.arange(frames), at, column) for column in values.T]
    return np.stack(joined, 1).astype(np.float32)


def _mouths(rng: Rng) -> dict[str, FloatArray]:
    """One artist's mouths: (52,) each."""
    mouths = {name: np.zeros(len(UNITS), np.float32) for name in (*RANGES, "shut")}
    for name, ranges in RANGES.items():
        for unit, (low, high) in ranges.items():
            mouths[name][columns(unit)] = max(0.0, rng.uniform(low, high))
    return mouths


def _mouth_name(phone: str) -> str:
    if phone in VOWELS:
        return "round" if phone in ROUNDED else "open" if phone in JAWED else "wide"
    if phone in BILABIAL or phone == SILENCE:
        return "shut"
    return "round" if phone in ROUNDED else "bite" if phone in LABIODENTAL else "small"


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


def shut(motion: FloatArray, vowel: Segment) -> FloatArray:
    """The motion with the lips shut in the middle of a vowel."""
    time = np.arange(len(motion)) / MOTION_FPS
    middle, reach = (vowel.start + vowel.end) / 2, max(0.05, (vowel.end - vowel.start) / 3)
    away = np.maximum(np.abs(time - middle) - reach, 0.0) / 0.06
    amount = (0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1.0))).astype(np.float32)
    out = motion.copy()
    out[:, MOUTH] *= (1.0 - amount)[:, None]  # at rest the lips are sealed
    return out


def slipped(motion: FloatArray, first: int, last: int, frames: int) -> FloatArray:
    """The motion with the frames first..last so many frames late, early below 0.

    The slip grows and ends over SLIP_BORDER frames within the stretch.
    """
    place = np.arange(len(motion), dtype=np.float32)
    inside = np.minimum(place - first, last - 1 - place) / SLIP_BORDER
    share = np.clip(inside, 0.0, 1.0)
    source = np.clip(place - frames * share * share * (3 - 2 * share), 0, len(motion) - 1)
    low = np.minimum(source.astype(np.int64), len(motion) - 2)
    part = (source - low).astype(np.float32)[:, None]
    return np.asarray(motion[low] * (1 - part) + motion[low + 1] * part, np.float32)


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
