# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole generation with a debug-size, untrained network: shapes, seeds, windows, errors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import (
    CHANNELS,
    UNITS,
    CancelledError,
    Progress,
    RequestError,
    Settings,
    WeightsError,
)
from model_runtime.denoiser import Condition, Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import ROWS, Engine, EngineLine
from model_runtime.features import motion_frames
from model_runtime.prepared import estimator
from model_runtime.weights import save_model, write_checksums

SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    config = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(config), config, folder / "encoder.safetensors")
    sampling = {"steps": 3, "guidance": 1.5}
    save_model(Denoiser(SMALL), SMALL, folder / "denoiser.safetensors", sampling=sampling)
    write_checksums(folder)
    return folder


@pytest.fixture(scope="module")
def engine(weights: Path) -> Engine:
    return Engine.load(weights, torch.device("cpu"))


def sound(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal(int(16_000 * seconds))).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.05, 0.99, 1.28, 5.003])
def test_a_take_covers_its_sound_whatever_the_length(engine: Engine, seconds: float):
    samples = sound(seconds)
    take = engine.generate(samples, Settings())
    assert take.weights.shape == (motion_frames(len(samples)), len(CHANNELS))
    assert take.weights.dtype == np.float32 and np.isfinite(take.weights).all()
    units = take.weights[:, : len(UNITS)]
    assert units.min() >= 0.0 and units.max() <= 1.0
    assert (take.channel("mouthClose") <= take.channel("jawOpen")).all()


def test_the_same_seed_gives_the_same_take_and_another_another(engine: Engine):
    samples = sound(3.0)
    one, same = (engine.generate(samples, Settings(seed=4)).weights for _ in range(2))
    assert (one == same).all()
    assert not np.allclose(one, engine.generate(samples, Settings(seed=5)).weights)


def test_a_transcript_is_reported_and_one_that_does_not_fit_changes_nothing(engine: Engine):
    samples = sound(2.0)
    alone = engine.generate(samples, Settings())
    told = engine.generate(samples, Settings(), transcript="Nobody says this in noise")
    made = told.provenance
    assert (made["transcript"], made["alignment"]["used"]) == ("Nobody says this in noise", False)
    assert "does not fit" in made["alignment"]["note"]
    assert (told.weights == alone.weights).all()
    assert alone.provenance["transcript"] == "" and "alignment" not in alone.provenance


def test_without_mouth_noise_the_seed_leaves_the_mouth_alone(weights: Path):
    class Echo(torch.nn.Module):
        config = SMALL

        def forward(self, noisy: torch.Tensor, _time: object, _condition: object) -> torch.Tensor:
            return 0.5 * noisy

    engine = Engine.load(weights, torch.device("cpu"))
    engine.denoiser = Echo()
    engine.sampling = replace(engine.sampling, mouth_noise=0.0, guidance=1.0)
    one, two = (engine.generate(sound(1.0), Settings(seed=seed)) for seed in (1, 2))
    assert (one.channel("jawOpen") == two.channel("jawOpen")).all()
    assert not np.allclose(one.channel("browInnerUp"), two.channel("browInnerUp"))


def test_windows_join_without_a_seam(engine: Engine):
    motion = engine.generate(sound(4.0), Settings()).weights
    step = np.abs(np.diff(motion, axis=0)).max(1)
    hop = SMALL.window - SMALL.overlap
    assert step[hop : hop + SMALL.overlap - 1].max() <= step.max()


def test_digital_silence_is_heard_as_silence(engine: Engine):
    from model_runtime.hearing import hear

    heard = hear(engine.encoder, np.zeros(32_000, np.float32), engine.sampling.calibration)
    assert (heard.contacts[:, 3] == 1.0).all() and (heard.loudness == 0.0).all()


def test_progress_rises_and_false_cancels(engine: Engine):
    seen: list[Progress] = []

    def watch(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 4

    with pytest.raises(CancelledError):
        engine.generate(sound(4.0), Settings(), watch)
    assert [p.fraction for p in seen] == sorted(p.fraction for p in seen)


def test_known_motion_is_kept_exactly():
    torch.manual_seed(1)
    frames = SMALL.window
    condition = Condition(
        speech=torch.rand(1, frames, 41),
        contacts=torch.rand(1, frames, 4),
        emotion=torch.full((1, frames), 2),
        intensity=torch.ones(1, frames),
        known=torch.rand(1, frames, len(CHANNELS)),
        mask=(torch.rand(1, frames, len(CHANNELS)) < 0.3).float(),
        keep=torch.ones(1, frames, dtype=torch.bool),
        heard=torch.ones(1),
    )
    noisy = torch.randn(1, frames, len(CHANNELS))
    schedule = torch.tensor([0.9, 0.5, 0.0])
    with torch.inference_mode():
        estimate = estimator(Denoiser(SMALL).eval(), condition, 1.3, schedule)
        clean = estimate(noisy, schedule[1:2])
    held = condition.mask > 0
    assert (clean[held] == condition.known[held]).all()


def lines(count: int) -> list[EngineLine]:
    return [
        EngineLine(sound(1.0 + seed % 3), Settings(seed, emotion="happy" if seed % 2 else "auto"))
        for seed in range(count)
    ]


def test_lines_together_are_what_each_is_alone(engine: Engine):
    many = lines(ROWS + 2)
    together = engine.generate_many(many)
    for line, take in zip(many, together, strict=True):
        alone = engine.generate(line.samples, line.settings)
        assert np.abs(take.weights - alone.weights).max() < 1e-5
        assert take.provenance == alone.provenance


def test_a_takes_bytes_do_not_depend_on_its_neighbours(engine: Engine):
    many = lines(ROWS + 2)
    together = engine.generate_many(many)
    turned = engine.generate_many(many[::-1])[::-1]
    for line, one, other in zip(many, together, turned, strict=True):
        (by_itself,) = engine.generate_many([line])
        assert one.weights.tobytes() == other.weights.tobytes() == by_itself.weights.tobytes()
    assert engine.generate_many([]) == []


def test_the_same_sound_is_heard_once(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    heard: list[int] = []
    hear = Engine.hear
    monkeypatch.setattr(
        Engine, "hear", lambda self, samples: heard.append(1) or hear(self, samples)
    )
    engine.generate_many([EngineLine(sound(1.0), Settings(seed)) for seed in range(3)])
    assert len(heard) == 1


def test_listening_tells_how_far_it_is_and_performing_goes_on_from_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    class Ears:
        """Recognises in two steps; knows the sound from then on."""

        known = False

        def knows(self, samples: np.ndarray) -> bool:
            return self.known

        def texts(self, samples: np.ndarray, tell) -> tuple[()]:
            for share in () if self.known else (0.0, 0.5, 1.0):
                tell(share)
            self.known = True
            return ()

    monkeypatch.setattr(engine, "recogniser", Ears())
    first, again, cancelled = list[Progress](), list[Progress](), list[Progress]()
    engine.generate(sound(1.0), Settings(), lambda told: first.append(told) or True)
    listened = [told.fraction for told in first if told.stage == "Listening"]
    assert listened == [0.0, 0.0, 0.25, 0.5] and first[-1].fraction == 1.0
    assert [told.fraction for told in first] == sorted(told.fraction for told in first)
    engine.generate(sound(1.0), Settings(), lambda told: again.append(told) or True)
    assert [told.stage for told in again].count("Listening") == 1
    assert next(told.fraction for told in again if told.stage == "Performing") < 0.4
    monkeypatch.setattr(engine, "recogniser", Ears())
    with pytest.raises(CancelledError):
        engine.generate(
            sound(1.0), Settings(), lambda told: cancelled.append(told) or told.fraction < 0.2
        )
    assert {told.stage for told in cancelled} == {"Listening"}


def test_lines_together_can_be_cancelled(engine: Engine):
    with pytest.raises(CancelledError):
        engine.generate_many(lines(3), lambda told: told.stage == "Listening")


def test_missing_and_damaged_weights_are_a_sentence(weights: Path, tmp_path: Path):
    with pytest.raises(WeightsError, match="is missing in"):
        Engine.load(tmp_path)
    for path in weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = bytearray((weights / "denoiser.safetensors").read_bytes())
    damaged[-5] ^= 1
    (tmp_path / "denoiser.safetensors").write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"damaged .*Copy it there again"):
        Engine.load(tmp_path)
    (tmp_path / "sha256.json").write_text(json.dumps({}))
    (tmp_path / "denoiser.safetensors").write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="cannot be read"):
        Engine.load(tmp_path)


def test_only_encoder_and_denoiser_must_be_ones_own(tmp_path: Path):
    from model_runtime.weights import WEIGHTS_DIR, weights_path

    assert weights_path("m2s_supervisor", tmp_path) == WEIGHTS_DIR / "m2s_supervisor.safetensors"
    with pytest.raises(WeightsError, match="is missing in"):
        weights_path("encoder", tmp_path)


def test_an_emotion_may_turn_on_the_way(weights: Path):
    engine = Engine.load(weights, torch.device("cpu"))
    torch.manual_seed(3)
    torch.nn.init.normal_(engine.denoiser.modulation.weight, std=0.1)  # untrained it is 0
    samples = sound(3.0)
    happy = engine.generate(samples, Settings(emotion="happy")).weights
    keyed = engine.generate(samples, Settings(emotion=((0.0, "happy"),))).weights
    turning = engine.generate(samples, Settings(emotion=((0.0, "happy"), (1.5, "sad")))).weights
    assert (keyed == happy).all()
    assert not np.allclose(turning, happy)


@pytest.mark.parametrize(
    "values",
    [
        {"seed": -1},
        {"intensity": 1.6},
        {"intensity": -0.1},
        {"emotion": "bored"},
        {"emotion": ((0.0, "happy"), (1.0, "bored"))},
        {"articulation": 2.0},
        {"smoothing": -0.1},
    ],
)
def test_settings_out_of_range_are_a_sentence(values: dict):
    with pytest.raises(RequestError):
        Settings(**values)
