# SPDX-License-Identifier: GPL-3.0-or-later
"""Kept motion: exactly as given, nothing sampled where nothing is free, and no step beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_runtime.contract import CHANNELS, Hold, RequestError, Settings
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import Engine, EngineLine, SamplingConfig
from model_runtime.holding import Held, held_in, joined, starts
from model_runtime.motion_space import flame_space

SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)
JAW, CLOSE = CHANNELS.index("jawOpen"), CHANNELS.index("mouthClose")


@pytest.fixture(scope="module")
def engine() -> Engine:
    torch.manual_seed(0)
    encoder = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2)).eval()
    return Engine(encoder, Denoiser(SMALL).eval(), SamplingConfig(steps=3))


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(64_000)).astype(np.float32)


def slow_motion(frames: int) -> np.ndarray:
    """What an artist may have keyed: smooth, with a value above 1 and one below 0."""
    shifts = np.random.default_rng(1).random(len(CHANNELS))
    waves = np.sin(np.arange(frames)[:, None] / 9 + 6 * shifts)
    return (0.5 + 0.6 * waves).astype(np.float32)


def span_hold(frames: int, first: int, last: int) -> Hold:
    kept = np.ones((frames, len(CHANNELS)), np.float32)
    kept[first:last] = 0
    return Hold(slow_motion(frames), kept)


@pytest.mark.parametrize(("first", "last"), [(0, 30), (70, 130), (150, 200), (99, 100)])
@pytest.mark.parametrize("settings", [Settings(3), Settings(3, articulation=1.4, smoothing=1.0)])
def test_what_is_kept_comes_back_bit_for_bit(
    engine: Engine, sound: np.ndarray, settings: Settings, first: int, last: int
):
    hold = span_hold(200, first, last)
    take = engine.generate(sound, settings, hold=hold)
    kept = hold.kept > 0
    assert (take.weights[kept] == hold.weights[kept]).all()
    units = take.weights[first:last, :52]
    assert units.min() >= 0.0 and units.max() <= 1.0
    (together,) = engine.generate_many([EngineLine(sound, settings, hold=hold)])
    assert (together.weights[kept] == hold.weights[kept]).all()


def test_locked_channels_and_single_keys_are_kept(engine: Engine, sound: np.ndarray):
    kept = np.zeros((200, len(CHANNELS)), np.float32)
    kept[:, JAW] = 1
    kept[[20, 90, 91]] = 1
    hold = Hold(slow_motion(200), kept)
    take = engine.generate(sound, Settings(1), hold=hold)
    assert (take.weights[kept > 0] == hold.weights[kept > 0]).all()
    free = kept[:, CLOSE] == 0
    assert (take.weights[free, CLOSE] <= take.weights[free, JAW].clip(0)).all()


def test_keeping_nothing_changes_nothing(engine: Engine, sound: np.ndarray):
    nothing = Hold(np.full((200, 55), np.nan, np.float32), np.zeros((200, 55), np.float32))
    plain = engine.generate(sound, Settings(1))
    assert (engine.generate(sound, Settings(1), hold=nothing).weights == plain.weights).all()


def test_keeping_everything_samples_nothing(engine: Engine, sound: np.ndarray):
    hold = span_hold(200, 0, 0)
    assert starts(200, SMALL, Held(hold.weights, hold.kept)) == []
    assert (engine.generate(sound, Settings(1), hold=hold).weights == hold.weights).all()


def test_a_hold_of_another_length_is_cut_or_goes_on_free(engine: Engine, sound: np.ndarray):
    longer, shorter = span_hold(230, 50, 80), span_hold(150, 50, 80)
    for hold in (longer, shorter):
        take = engine.generate(sound, Settings(1), hold=hold)
        count = min(200, len(hold.kept))
        kept = hold.kept[:count] > 0
        assert (take.weights[:count][kept] == hold.weights[:count][kept]).all()
        assert len(take.weights) == 200


def test_windows_are_drawn_only_where_something_is_free():
    config = replace(SMALL, window=320, overlap=40)

    def plan(first: int, last: int, frames: int = 3000) -> list[tuple[int, bool]]:
        hold = span_hold(frames, first, last)
        return starts(frames, config, Held(hold.weights, hold.kept))

    assert plan(0, 3000) == starts(3000, config, None)
    assert plan(1000, 1060) == [(870, False)]  # in the middle of its window
    assert plan(0, 60) == [(0, False)] and plan(2990, 3000) == [(2680, False)]
    assert plan(10, 20, frames=200) == [(0, False)]
    long = plan(1000, 1500)
    assert long[0] == (960, False) and long[-1] == (1540 - 320, True)
    steps = np.diff([start for start, _ in long])
    assert (steps <= 280).all() and (steps > 0).all()


@pytest.mark.parametrize("speed", [0.0, 0.004])
def test_the_join_goes_on_in_value_and_velocity(speed: float):
    """Sampled motion that lies a constant or a drift beside what is kept."""
    hold = span_hold(200, 80, 140)
    held = Held(hold.weights, hold.kept)
    beside = hold.weights + 0.3 + speed * (np.arange(200)[:, None] - 80)
    result = joined(beside.astype(np.float32), held)
    bend = np.abs(np.diff(result, n=2, axis=0))
    usual = np.abs(np.diff(hold.weights, n=2, axis=0)).max()
    borders = [78, 79, 138, 139]  # where a border's frames are bent
    assert bend[borders].max() < 0.01 + usual
    assert bend.max() < 0.06 + 2 * usual  # and the way back takes its time
    middle = slice(95, 125)
    assert np.allclose(result[middle], beside[middle], atol=1e-5)


def test_a_kept_frame_alone_is_no_spike():
    kept = np.zeros((100, 55), np.float32)
    kept[50] = 1
    held = Held(np.full((100, 55), 0.8, np.float32), kept)
    result = joined(np.full((100, 55), 0.3, np.float32), held)
    assert (result[50] == np.float32(0.8)).all()
    assert np.abs(np.diff(result, axis=0)).max() < 0.12
    assert np.allclose(result[[30, 70]], 0.3)


def test_what_cannot_be_kept_is_a_sentence(engine: Engine, sound: np.ndarray):
    hold = span_hold(200, 50, 80)
    hold.weights[3, 3] = np.nan
    with pytest.raises(RequestError, match="not numbers"):
        engine.generate(sound, Settings(1), hold=hold)
    with pytest.raises(RequestError, match="FLAME"):
        held_in(flame_space(10, "0" * 64), span_hold(10, 2, 4), 10)
