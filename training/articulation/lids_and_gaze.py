# SPDX-License-Identifier: GPL-3.0-or-later
"""Blinks and eye movements with published statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.phones import SILENCE

from .curves import COLUMN, bump, columns, frame_times, ramp
from .settings import Segment, Style

CLOSING, SHUT, OPENING = (0.08, 0.11), (0.02, 0.05), (0.15, 0.21)  # s, Evinger et al. 1991
SHORTEST_GAP = 0.6  # s between blinks
DOUBLE = 0.08  # share of blinks that come twice
PHRASE_PULL, PHRASE_REACH = 0.55, 0.9  # share of blinks that wait for a pause, within so many s
BLINK_SPEED = {"afraid": 1.25, "sad": 0.85, "surprised": 0.7, "angry": 0.75}
DEGREES_A_UNIT = 13.0  # eye rotation of an eyeLook unit at 1
AVERSION = {"sad": (0.0, -4.0), "contempt": (0.0, -1.5), "afraid": (0.0, 0.5)}  # degrees
DIRECTIONS = np.deg2rad(np.arange(8) * 45.0)
DIRECTION_ODDS = np.array([15.54, 6.46, 17.69, 7.44, 16.80, 7.89, 20.38, 7.79])
AT_VIEWER, AWAY = 3.13, 0.93  # s, mean dwell while talking
LARGEST = 11.0  # degrees


def blinks(
    rng: np.random.Generator,
    segments: Sequence[Segment],
    frames: int,
    style: Style,
    emotion: str,
) -> FloatArray:
    """(frames, 2) left and right lid, 0 open .. 1 shut.

    Intervals are log-normal about the style's rate (Bentivoglio et al. 1997: 17 a minute at rest,
    26 in conversation); many blinks move to a phrase boundary close by (Nakano & Kitazawa 2010,
    Cummins 2012). A lid closes in about 0.1 s and opens in 0.15-0.2 s (Evinger et al. 1991).
    """
    times = frame_times(frames)
    lids = np.zeros((frames, 2), np.float32)
    for moment in _blink_moments(rng, segments, frames / MOTION_FPS, style, emotion):
        closing, shut, opening = (rng.uniform(*span) for span in (CLOSING, SHUT, OPENING))
        depth = 1.0 if rng.random() < 0.85 else rng.uniform(0.75, 0.95)
        sides = np.clip(depth * (1.0 + np.array([0.02, -0.02]) * np.sign(style.side)), 0.0, 1.0)
        shape = bump(times, moment, closing, opening, shut)
        lids = np.maximum(lids, shape[:, None] * sides.astype(np.float32))
    return lids


def _blink_moments(
    rng: np.random.Generator,
    segments: Sequence[Segment],
    seconds: float,
    style: Style,
    emotion: str,
) -> list[float]:
    mean = 60.0 / (style.blink_rate * BLINK_SPEED.get(emotion, 1.0))
    pauses = np.array([s.start for s in segments if s.phone == SILENCE and s.start > 0])
    moments: list[float] = []
    now = rng.uniform(0.0, mean)
    while now < seconds:
        moment = now
        if len(pauses) and rng.random() < PHRASE_PULL:
            near = float(pauses[np.abs(pauses - now).argmin()]) + rng.uniform(-0.05, 0.2)
            moment = near if abs(near - now) < PHRASE_REACH else now
        if not moments or moment - moments[-1] > SHORTEST_GAP:
            moments.append(moment)
            if rng.random() < DOUBLE:
                moments.append(moment + rng.uniform(0.38, 0.5))
        now += float(np.clip(mean * rng.lognormal(-0.22, 0.66), 0.5, 20.0))
    return moments


def gaze(
    rng: np.random.Generator, frames: int, style: Style, emotion: str, level: FloatArray
) -> FloatArray:
    """(frames, 2) degrees of gaze about the viewer: right-to-left (+ = the face's left) and up.

    Lee, Badler & Badler (2002), Eyes Alive: magnitudes -6.9 ln(P / 15.7) degrees, eight directions
    with their frequencies, duration 25 ms + 2.4 ms a degree, dwell at the viewer 3.1 s and away
    0.9 s while talking. Scaled down (mean about 2.5 degrees), with micro-saccades of 0.2-0.5
    degrees once or twice a second during fixation (Martinez-Conde et al. 2004).
    """
    times = frame_times(frames)
    path = np.zeros((frames, 2), np.float32)
    spot, now, away = np.zeros(2, np.float32), 0.0, False
    while True:
        dwell = (AWAY if away else AT_VIEWER) * float(np.clip(rng.exponential(1.0), 0.25, 3.0))
        _micro(rng, path, times, now, now + dwell)
        now += dwell
        if now * MOTION_FPS >= frames:
            break
        away = not away
        goal = _excursion(rng, style) if away else rng.normal(0.0, 0.5, 2).astype(np.float32)
        _jump(path, times, now, goal - spot)
        spot = goal
    dropped = np.array(AVERSION.get(emotion, (0.0, 0.0)), np.float32)
    return path + dropped * np.minimum(level, 1.5)[:, None]


def _excursion(rng: np.random.Generator, style: Style) -> FloatArray:
    size = -6.9 * np.log(rng.uniform(1.0, 15.0) / 15.7) * 0.45 * style.gaze + 0.8
    angle = rng.choice(DIRECTIONS, p=DIRECTION_ODDS / DIRECTION_ODDS.sum())
    spot = min(size, LARGEST) * np.array([np.cos(angle), 0.7 * np.sin(angle)])
    return spot.astype(np.float32)


def _jump(path: FloatArray, times: FloatArray, moment: float, step: FloatArray) -> None:
    seconds = 0.04 + 0.0024 * float(np.hypot(*step))
    path += ramp((times - moment) / seconds)[:, None] * step


def _micro(
    rng: np.random.Generator, path: FloatArray, times: FloatArray, start: float, end: float
) -> None:
    now, wandered = start + rng.exponential(0.7), np.zeros(2, np.float32)
    while now < end:
        step = rng.normal(0.0, 0.28, 2).astype(np.float32) - 0.6 * wandered
        _jump(path, times, now, step)
        wandered = wandered + step
        now += 0.25 + rng.exponential(0.5)


def write_eyes(weights: FloatArray, look: FloatArray, lids: FloatArray) -> None:
    """Puts gaze (T, 2) degrees and lids (T, 2) into motion (T, 55), in place.

    The upper lid follows the eye down; widened or squinting lids give way while a lid is shut.
    """
    side, up = (look / DEGREES_A_UNIT).T
    for names, curve in (
        (("eyeLookOutLeft", "eyeLookInRight"), side),
        (("eyeLookInLeft", "eyeLookOutRight"), -side),
        (("eyeLookUpLeft", "eyeLookUpRight"), up),
        (("eyeLookDownLeft", "eyeLookDownRight"), -up),
    ):
        weights[:, columns(*names)] = np.maximum(curve, 0.0)[:, None]
    for index, suffix in enumerate(("Left", "Right")):
        lid = lids[:, index]
        blink = COLUMN["eyeBlink" + suffix]
        follow = np.clip(weights[:, blink] + 0.25 * np.maximum(-up, 0.0), 0.0, 0.5)
        weights[:, blink] = follow + (1.0 - follow) * lid
        weights[:, COLUMN["eyeWide" + suffix]] *= 1.0 - lid
        weights[:, COLUMN["eyeSquint" + suffix]] *= 1.0 - 0.7 * lid
