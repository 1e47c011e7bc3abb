# SPDX-License-Identifier: GPL-3.0-or-later
"""A checkpoint with other channels than the bundled one trains, loads and performs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import CHANNELS, Settings
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import Engine
from model_runtime.motion_space import MotionSpace, as_values, flame_space, unit_space
from model_runtime.weights import save_model
from tests.training import data_writers as write
from tools import make_test_flame
from training import denoiser_loop
from training.denoiser_config import TrainConfig
from training.prepare import Options, open_tools, prepare
from training.readers.to_units import open_faces
from training.targets import Lessons

SMALL = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)


def _lessons(folder: Path, space: MotionSpace) -> Lessons:
    rng, frames = np.random.default_rng(0), 90
    folder.mkdir()
    for name, (width, dtype) in Lessons.ARRAYS.items():
        wide = len(space.channels) if name == "motion" else width
        high = 8 if name == "emotion" else 1
        (high * rng.random((2 * frames, wide))).astype(dtype).tofile(folder / f"{name}.raw")
    rows = [
        {"source": "x", "split": split, "start": start, "frames": frames}
        for split, start in (("train", 0), ("dev", frames))
    ]
    (folder / "lessons.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "motion_space.json").write_text(json.dumps(as_values(space)))
    return Lessons(folder)


@pytest.mark.parametrize(
    ("space", "shown"),
    [
        (unit_space(("jawOpen", "mouthClose", "neckYaw")), CHANNELS),
        (flame_space(50, "ab" * 32), flame_space(50, "x").channels),
        (unit_space(), CHANNELS),
    ],
    ids=["few units", "flame", "all"],
)
def test_other_channels(space: MotionSpace, shown: tuple[str, ...], tmp_path: Path):
    lessons = _lessons(tmp_path / "lessons", space)
    config = TrainConfig(steps=2, batch=2, save_every=2)
    denoiser_loop.train(lessons, tmp_path, config, SMALL, {})
    encoder = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(encoder), encoder, tmp_path / "encoder.safetensors")
    engine = Engine.load(tmp_path, torch.device("cpu"))
    assert engine.space == space
    take = engine.generate(np.zeros(32_000, np.float32), Settings(articulation=1.2))
    assert take.channels == shown and take.weights.shape == (100, len(shown))
    assert np.isfinite(take.weights).all() and take.weights.any()


def test_flame_data_keep_their_own_parameters(tmp_path: Path):
    weights, seconds = tmp_path / "weights", 2.0
    encoder = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(encoder), encoder, weights / "encoder.safetensors")
    save_model(Denoiser(SMALL), SMALL, weights / "denoiser.safetensors", sampling={"steps": 2})
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(make_test_flame, "IDENTITIES", 2)
        make_test_flame.write_npz(tmp_path / "flame.npz", make_test_flame.stand_in())
    tools = open_tools(weights, open_faces(tmp_path / "flame.npz"))
    exp = np.repeat(np.linspace(-1, 1, 60)[:, None], 100, 1).astype(np.float32)
    jaw = np.full((60, 3), 0.1, np.float32)
    names = ("1_wayne_0_1_1", "2_scott_0_65_65")
    write.beat2(tmp_path / "data", dict.fromkeys(names, (exp, jaw)))
    prepare(tmp_path / "data", tmp_path / "out", Options("beat2", space="flame"), tools)
    lessons = Lessons(tmp_path / "out" / "lessons")
    assert lessons.space == flame_space(50, tools.faces.flame.sha256)
    motion = lessons.rows("motion", lessons.items[0], 0, lessons.items[0].frames)
    assert motion.shape[1] == 56 and motion[:, 50].mean() == pytest.approx(0.1, abs=1e-3)
    expected = np.interp(np.arange(len(motion)) / 50, np.arange(60) / 30, exp[:, 0])
    assert np.abs(motion[5:-5, 3] - expected[5:-5]).max() < 0.01
    config = TrainConfig(steps=2, batch=2, save_every=2)
    denoiser_loop.train(lessons, weights, config, SMALL, {})
    take = Engine.load(weights, torch.device("cpu")).generate(
        np.zeros(int(seconds * 16_000), np.float32), Settings()
    )
    assert take.channels[:2] == ("Exp1", "Exp2") and take.provenance["face"] == lessons.space.face
