# SPDX-License-Identifier: GPL-3.0-or-later
"""The articulation model: phones, loudness and emotion to motion at 50 fps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model_runtime.contract import MOTION_FPS, NECK, FloatArray

from .curves import COLUMN, columns, saturate, smooth
from .emotions import (
    CALM,
    SPOKEN_FOR,
    mouth_course,
    mouth_recipe,
    parting_recipe,
    upper_course,
    upper_recipe,
)
from .gates import contact_curves
from .head_and_brows import accents, brows, neck, stresses
from .lids_and_gaze import blinks, gaze, write_eyes
from .seal import seal
from .settings import ArticulationSettings, Segment, Style, sample_style
from .speech import speaking_curve, speech_weights

LIP_SIDE = 0.3  # share of a performer's asymmetry that reaches the lips
FIRST_NECK = COLUMN[NECK[0]]
SIDED = columns(
    *("eyeSquintBoth", "eyeWideBoth", "mouthSmileBoth", "mouthFrownBoth", "mouthStretchBoth"),
    *("browDownBoth", "browOuterUpBoth", "cheekSquintBoth", "noseSneerBoth"),
)


def articulate(
    segments: Sequence[Segment],
    loudness: FloatArray,
    rng: np.random.Generator,
    settings: ArticulationSettings,
) -> FloatArray:
    """Motion of a line: float32 (frames, 55) in contract.CHANNELS order, frame i at i / 50 s.

    `segments` is the clip's alignment from 0 s on; frames = ceil(its end * 50). `loudness` is
    (about frames,) 0..1 from loudness_curve. Units lie in [0, 1] with mouthClose <= jawOpen, the
    neck in rad within 0.12. The mouth follows from phones, loudness, emotion and intensity; `rng`
    decides lids, gaze, brows, head and the performer's style.
    """
    frames = math.ceil(round((segments[-1].end if segments else 0.0) * MOTION_FPS, 6))
    if frames == 0:
        return np.zeros((0, FIRST_NECK + 3), np.float32)
    loud = _fitted(loudness, frames)
    style = settings.style or sample_style(rng)
    speaking = speaking_curve(segments, frames)
    held = smooth(settings.intensity_curve(frames), 2.0 * style.onset)
    motion = _mouth(segments, loud, speaking, held, settings.emotion, style)
    beats = accents(loud)
    stressed = stresses(rng, beats, frames, style)
    level = upper_course(rng, held, speaking, stressed, style)
    motion += level[:, None] * _sided(upper_recipe(settings.emotion, style), style.side)
    brows(rng, motion, stressed, level, settings.emotion)
    lids = blinks(rng, segments, frames, style, settings.emotion)
    turned = neck(rng, beats, speaking, level, style, settings.emotion)
    look = gaze(rng, frames, style, settings.emotion, level) - _turned_eyes(turned)
    motion = saturate(motion)
    write_eyes(motion, look, lids)
    motion = np.clip(motion, 0.0, 1.0)
    motion[:, COLUMN["mouthClose"]] = np.minimum(
        motion[:, COLUMN["mouthClose"]], motion[:, COLUMN["jawOpen"]]
    )
    motion[:, FIRST_NECK:] = turned
    return motion.astype(np.float32)


def _mouth(
    segments: Sequence[Segment],
    loudness: FloatArray,
    speaking: FloatArray,
    held: FloatArray,
    emotion: str,
    style: Style,
) -> FloatArray:
    """(T, 55) speech under the emotion's mouth, contacts made; style apart, no chance."""
    gates = contact_curves(segments, len(loudness))
    mouth = speech_weights(segments, loudness, style.strength)
    mood = _sided(mouth_recipe(emotion), LIP_SIDE * style.side)
    mouth += mouth_course(held, speaking)[:, None] * mood
    parted = held * CALM * (1.0 - SPOKEN_FOR * (1.0 - gates[:, 3])) * (1.0 - gates[:, 0])
    parted *= 1.0 - gates[:, 1]
    return seal(mouth, gates) + parted[:, None] * parting_recipe(emotion)


def _sided(recipe: FloatArray, side: float) -> FloatArray:
    """(55,) recipe, stronger on the left by the share `side` (right where negative)."""
    gains = np.ones(len(recipe), np.float32)
    gains[SIDED[0::2]], gains[SIDED[1::2]] = 1.0 + side, 1.0 - side
    return recipe * gains


def _turned_eyes(turned: FloatArray) -> FloatArray:
    """(T, 2) degrees the eyes turn back by while the head moves: the vestibulo-ocular reflex."""
    degrees = np.rad2deg(turned)
    return 0.8 * np.stack([degrees[:, 1], -degrees[:, 0]], axis=1).astype(np.float32)


def _fitted(loudness: FloatArray, frames: int) -> FloatArray:
    loud = np.asarray(loudness, np.float32).reshape(-1)
    if not len(loud):
        return np.zeros(frames, np.float32)
    return loud[np.minimum(np.arange(frames), len(loud) - 1)]
