# SPDX-License-Identifier: GPL-3.0-or-later
"""Head and brows: slow drift, nods and raises on the accents of the voice, idle life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from model_runtime.contract import MOTION_FPS, FloatArray

from .curves import COLUMN, bump, columns, frame_times, noise, smooth
from .emotions import LEAN
from .settings import Style

NECK_LIMIT = 0.12  # rad
NOD, RAISE = 0.55, 0.50  # share of accents that carry a nod, a brow raise
LOWERED = {"angry": 0.25, "disgusted": 0.3}  # share of a brow raise that lowered brows take
BROWS_AT = 0.42  # weight of a full brow raise at intensity 1
IDLE = 0.006  # weight of the faint life of an idle face


@dataclass(frozen=True)
class Accents:
    """Prosodic accents of a clip: (n,) seconds, (n,) strengths 0..1."""

    times: FloatArray
    strengths: FloatArray


def accents(loudness: FloatArray) -> Accents:
    """Peaks of the loudness (T,) at syllable rate that stand out of their surroundings."""
    if len(loudness) < 5:
        return Accents(np.zeros(0, np.float32), np.zeros(0, np.float32))
    curve = smooth(loudness, 0.16)
    peaks, found = find_peaks(curve, distance=18, prominence=0.12, height=0.5)
    strengths = np.clip(found["prominences"] / 0.6, 0.2, 1.0) * found["peak_heights"]
    return Accents((peaks / MOTION_FPS).astype(np.float32), strengths.astype(np.float32))


def stresses(rng: np.random.Generator, beats: Accents, frames: int, style: Style) -> FloatArray:
    """(frames,) 0..1: the accents that this performer's face goes along with.

    Brows go with accents, but by far not with all, and a little ahead of them (Cave et al. 1996,
    Flecha-Garcia 2010).
    """
    times = frame_times(frames)
    curve = np.zeros(frames, np.float32)
    for moment, strength in zip(beats.times, beats.strengths, strict=True):
        chance, late, rise, fall = rng.random(4)
        if chance < RAISE:
            peak = moment - 0.06 + 0.08 * late
            shape = bump(times, peak, 0.16 + 0.1 * rise, 0.32 + 0.25 * fall, 0.06)
            curve = np.maximum(curve, strength * shape)
    return np.minimum(style.brow * curve, 1.0).astype(np.float32)


def brows(
    rng: np.random.Generator,
    weights: FloatArray,
    stressed: FloatArray,
    level: FloatArray,
    emotion: str,
) -> None:
    """Adds brow raises on stresses (T,) and idle motion to motion (T, 55), in place.

    Raises scale with the expression's `level` (T,); lowered brows take part less.
    """
    inner, outer = rng.uniform(0.6, 1.0), rng.uniform(0.5, 1.0)
    raised = BROWS_AT * LOWERED.get(emotion, 1.0) * stressed * level
    weights[:, COLUMN["browInnerUp"]] += inner * raised
    weights[:, columns("browOuterUpBoth")] += (outer * raised)[:, None]
    for name in ("browInnerUp", "browOuterUpBoth", "browDownBoth", "eyeSquintBoth"):
        idle = IDLE * (1.0 + noise(rng, len(weights), (0.1, 1.2)))
        weights[:, columns(name)] += np.maximum(idle, 0.0)[:, None] * (0.5 + level)[:, None]


def neck(
    rng: np.random.Generator,
    beats: Accents,
    speaking: FloatArray,
    level: FloatArray,
    style: Style,
    emotion: str,
) -> FloatArray:
    """(T, 3) neck pitch, yaw, roll in rad, within 0.12: drift, speech motion, nods, posture.

    Head motion in speech lies mostly under 2 Hz and its nods fall on accents (Hadar et al. 1983,
    Graf et al. 2002, Munhall et al. 2004). Positive pitch is down, positive yaw to the face's left.
    """
    frames = len(speaking)
    times = frame_times(frames)
    drift = np.stack([noise(rng, frames, (0.06, 0.35)) for _ in range(3)], axis=1)
    sway = np.stack([noise(rng, frames, (0.4, 1.4)) for _ in range(3)], axis=1)
    lively = (smooth(speaking, 0.8) * (0.35 + 0.65 * level))[:, None]
    motion = drift * np.array([0.016, 0.024, 0.012]) * (0.5 + 0.5 * np.minimum(level, 1))[:, None]
    motion += sway * np.array([0.007, 0.008, 0.005]) * lively
    for moment, strength in zip(beats.times, beats.strengths, strict=True):
        chance, late, rise, fall, tilt = rng.random(5)
        if chance < NOD:
            shape = bump(times, moment + 0.08 * late, 0.16 + 0.12 * rise, 0.3 + 0.3 * fall)
            motion[:, 0] += 0.045 * strength * shape * (0.35 + 0.65 * level)
            motion[:, 2] += 0.012 * (tilt - 0.5) * strength * shape * (0.35 + 0.65 * level)
    lean = np.array(LEAN.get(emotion, (0.0, 0.0, 0.0)))
    lean[1:] *= np.sign(style.side) or 1.0
    motion = motion * style.mobility + lean * level[:, None]
    return (NECK_LIMIT * np.tanh(motion / NECK_LIMIT)).astype(np.float32)
