# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes with torchrun train as one process with the same global batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.weights import save_model
from tests.training.lesson_files import write_lessons
from training.denoiser_batches import Share
from training.denoiser_config import TrainConfig
from training.denoiser_loop import LOG

ROOT = Path(__file__).resolve().parents[2]
SPEECH_UNITS = 11


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lessons, and small models without dropout, which each process would draw for itself."""
    folder = write_lessons(tmp_path_factory.mktemp("lessons"), clips=6, units=SPEECH_UNITS)
    torch.manual_seed(0)
    small = {"width": 16, "layers": 1, "heads": 2, "dropout": 0.0}
    network = DenoiserConfig(**small, window=64, overlap=8)
    m2s, encoder = M2SConfig(**small, units=SPEECH_UNITS), EncoderConfig(**small)
    save_model(Denoiser(network), network, folder / "start.safetensors")
    save_model(MeshToSpeech(m2s), m2s, folder / "m2s.safetensors")
    save_model(SpeechEncoder(encoder), encoder, folder / "encoder.safetensors")
    return folder


def train(files: Path, run: Path, processes: int, *more: str) -> list[dict[str, float]]:
    """Train by the command line in `processes` processes; gives the rows of its log."""
    command = [sys.executable, "-m"]
    if processes > 1:
        command += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command += ["-m", "--"]  # else torchrun takes --run for one of its own
    command += ["training.train_denoiser", "--run", str(run), "--device", "cpu", "--transcript"]
    command += ["--lessons", str(files), "--pack", str(files), "--units", str(files)]
    command += ["--from", str(files / "start.safetensors"), "--m2s", str(files / "m2s.safetensors")]
    command += ["--encoder", str(files / "encoder.safetensors")]
    command += ["--steps", "6", "--batch", "8", "--save-every", "3", "--log-every", "1"]
    command += ["--float32", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (run / LOG).read_text().splitlines()]


def test_two_processes_give_the_curve_of_one(files: Path, tmp_path: Path):
    one = train(files, tmp_path / "one", 1)
    two = train(files, tmp_path / "two", 2)
    assert [row["step"] for row in one] == [row["step"] for row in two]
    losses = [name for name in one[0] if name not in ("step", "s/step")]
    assert {"motion", "m2s_units", "m2s_mel_convergence", "encoder"} <= set(losses)
    for first, second in zip(one, two, strict=True):
        for name in first.keys() - {"step", "s/step"}:
            assert second[name] == pytest.approx(first[name], rel=0.02, abs=2e-4), name
    states = [
        torch.load(tmp_path / run / "checkpoint.pt", weights_only=True)["model"]
        for run in ("one", "two")
    ]
    for name, value in states[0].items():
        torch.testing.assert_close(states[1][name], value, rtol=0.05, atol=5e-4)


def test_every_row_is_some_processs_once():
    rows = [
        row for rank in range(3) for part in range(2) for row in Share(rank, 3, part, 2).rows(12)
    ]
    assert sorted(rows) == list(range(12))


def test_a_batch_that_cannot_be_shared_is_a_sentence():
    with pytest.raises(Exception, match="cannot be shared by 3 processes"):
        TrainConfig(batch=32).check(world=3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_trains_on_a_gpu(files: Path, tmp_path: Path):
    rows = train(files, tmp_path, 1, "--device", "cuda")
    assert rows[-1]["step"] == 6
