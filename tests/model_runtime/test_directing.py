# SPDX-License-Identifier: GPL-3.0-or-later
"""Animated emotion and intensity steer the bundled model frame by frame, not on average."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model_runtime.contract import MOTION_FPS, Settings
from model_runtime.engine import Engine, EngineLine

SEEDS = range(2)
SMOOTH = MOTION_FPS // 2  # frames: half a second


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(device=torch.device("cpu"))


def performed(engine: Engine, samples, **settings):
    """The mean of a few seeds, (frames, channels)."""
    lines = [EngineLine(samples, Settings(seed, **settings)) for seed in SEEDS]
    return np.mean([take.weights for take in engine.generate_many(lines)], axis=0)


def share(motion, low, high):
    """Where a motion lies between two that stay at the ends, 0..1, about each frame."""
    axis = (high - low).mean(axis=0)
    kernel = np.ones(SMOOTH) / SMOOTH
    way, whole = (np.convolve((one - low) @ axis, kernel, "same") for one in (motion, high))
    return way / whole


@pytest.mark.timeout(300)
def test_intensity_that_rises_is_followed_on_the_way(engine, samples):
    low, high = (performed(engine, samples, emotion="happy", intensity=i) for i in (0.0, 1.5))
    seconds = len(low) / MOTION_FPS
    rising = performed(engine, samples, emotion="happy", intensity=((0.0, 0.0), (seconds, 1.5)))
    found = share(rising, low, high)
    places = np.linspace(0.1, 0.9, 9)
    values = np.array([found[int(place * len(found))] for place in places])
    assert np.corrcoef(places, values)[0, 1] > 0.9
    assert values[0] < 0.3 and values[-1] > 0.7
    assert np.abs(values - places).mean() < 0.2


@pytest.mark.timeout(300)
def test_an_emotion_that_turns_is_followed_where_it_turns(engine, samples):
    sad, happy = (performed(engine, samples, emotion=name) for name in ("sad", "happy"))
    turn = len(sad) / MOTION_FPS / 2
    turning = performed(engine, samples, emotion=((0.0, "happy"), (turn, "sad")))
    found = share(turning, sad, happy)
    at = round(turn * MOTION_FPS)
    before, after = found[SMOOTH : at - SMOOTH], found[at + SMOOTH : -SMOOTH]
    assert before.mean() > 0.8 and after.mean() < 0.2
    assert (before > 0.5).all() and (after < 0.5).all()
