# SPDX-License-Identifier: GPL-3.0-or-later
"""Best of several seeds: with a stand-in for the meter, on a debug-size network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from model_runtime import worker_best
from model_runtime.audio import read_audio
from model_runtime.contract import (
    BestRequest,
    CancelledError,
    GenerateRequest,
    Hold,
    Meter,
    RequestError,
    Settings,
)
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import Engine, SamplingConfig
from model_runtime.worker_best import PREVIEW_STEPS, answer, best_first

LINE = Path(__file__).parents[2] / "examples" / "line.flac"
SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)


class ByBrow:
    """A meter that likes raised brows."""

    def hear(self, samples: np.ndarray, _transcript: str) -> int:
        return len(samples)

    def measure(self, _heard: int, motion: Any) -> Meter:
        score = float(motion.weights[:, 43].mean())
        return Meter(score, np.zeros(1, np.float32), np.zeros(1, np.float32), 50.0, 0.0)


@pytest.fixture(scope="module")
def engine() -> Engine:
    torch.manual_seed(0)
    encoder = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2)).eval()
    return Engine(encoder, Denoiser(SMALL).eval(), SamplingConfig(steps=PREVIEW_STEPS + 4))


@pytest.fixture
def tasks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(worker_best, "meters_of", lambda *_: ByBrow())
    return SimpleNamespace(
        read=lambda _: read_audio(LINE),
        on_device=lambda work, told: (work(engine, told), {"device": "cpu"}),
    )


def ask(seeds: tuple[int, ...], hold: Hold | None = None, keep: int = 1) -> BestRequest:
    return BestRequest(GenerateRequest(LINE, Settings(emotion="happy"), hold=hold), seeds, keep)


def test_the_take_is_the_best_seeds_own(tasks: SimpleNamespace, engine: Engine):
    seen: list[float] = []
    ranked = answer(tasks, ask((3, 4, 5, 6, 7)), lambda told: seen.append(told.fraction) or True)
    (take,), (meter,) = ranked.takes, ranked.meters
    tried = take.provenance["tried"]
    assert sorted(seed for seed, _ in tried) == [3, 4, 5, 6, 7]
    assert [score for _, score in tried] == sorted((s for _, s in tried), reverse=True)
    assert take.provenance["seed"] == tried[0][0] and take.provenance["device"] == "cpu"
    samples = read_audio(LINE).samples
    own = engine.generate(samples, Settings(tried[0][0], emotion="happy"))
    assert (take.weights == own.weights).all()
    assert meter.score == pytest.approx(float(own.weights[:, 43].mean()))
    assert seen == sorted(seen) and seen[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("keep", [2, 5, 9])
def test_several_are_kept_the_best_first(tasks: SimpleNamespace, engine: Engine, keep: int):
    ranked = answer(tasks, ask((3, 4, 5, 6, 7), keep=keep), lambda _: True)
    scores = [meter.score for meter in ranked.meters]
    assert len(ranked.takes) == len(scores) == min(keep, 5)
    assert scores == sorted(scores, reverse=True)
    samples = read_audio(LINE).samples
    for take, score in zip(ranked.takes, scores, strict=True):
        seed = take.provenance["seed"]
        own = engine.generate(samples, Settings(seed, emotion="happy")).weights
        assert np.abs(take.weights - own).max() < 1e-5
        assert score == pytest.approx(float(own[:, 43].mean()), abs=1e-5)
        assert sorted(one for one, _ in take.provenance["tried"]) == [3, 4, 5, 6, 7]


def test_takes_of_all_seeds_are_performed_once_without_sketches(
    tasks: SimpleNamespace, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker_best, "previews", lambda *_: pytest.fail("nothing is sketched"))
    assert len(answer(tasks, ask((3, 4, 5), keep=3), lambda _: True).takes) == 3


def test_what_is_held_is_held_by_the_best(tasks: SimpleNamespace):
    kept = np.zeros((381, 55), np.float32)
    kept[:, :20] = 1
    hold = Hold(np.full((381, 55), 0.3, np.float32), kept)
    (take,) = answer(tasks, ask((1, 2), hold), lambda _: True).takes
    count = min(381, len(take.weights))
    assert (take.weights[:count, :20] == np.float32(0.3)).all()


def test_it_can_be_cancelled_and_wants_seeds(tasks: SimpleNamespace):
    with pytest.raises(CancelledError):
        answer(tasks, ask((1, 2)), lambda told: told.fraction < 0.3)
    with pytest.raises(RequestError, match="no seeds"):
        answer(tasks, ask(()), lambda _: True)
    with pytest.raises(RequestError, match="at least one"):
        answer(tasks, ask((1, 2), keep=0), lambda _: True)


def test_unknown_scores_come_last_and_equal_ones_as_they_came():
    assert best_first(np.array([0.5, np.nan, 0.9, 0.5])) == [2, 0, 3, 1]


def test_sketching_leaves_the_engine_as_it_is(engine: Engine):
    steps = engine.sampling.steps
    assert engine.sketching(3).sampling == replace(engine.sampling, steps=3)
    assert engine.sketching(99).sampling.steps == engine.sampling.steps == steps
