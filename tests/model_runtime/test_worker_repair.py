# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to a repair: judged by the meter, told step by step, and stopped."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from model_runtime import worker_repair
from model_runtime.contract import (
    CHANNELS,
    CancelledError,
    Meter,
    RepairRequest,
    RequestError,
    Sound,
)
from model_runtime.face import load_face
from model_runtime.features import MEL_BANDS
from model_runtime.lips import lip_probe
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.meter_hearing import Contact
from model_runtime.repair_limits import JAW_OPEN
from model_runtime.weights import save_model
from model_runtime.worker_repair import answer

FRAMES, SPAN = 100, (0.7, 1.3)
TINY = M2SConfig(width=16, layers=1, heads=2, kernel=5, voice=8)
PROBE = lip_probe(load_face())


class OpenLipsMeter:
    """A judge that hates open lips on the one p b m of the line."""

    probe = PROBE

    def __init__(self, judge) -> None:
        self.judge = judge

    def measure(self, _heard, motion, transcript="", span=None):
        gap = float(PROBE.aperture(motion.weights)[49:53].min())
        score = float(np.clip(1.0 - gap / 5.0, 0.0, 1.0)) if self.listens else 0.5
        frames = np.full(FRAMES, score, np.float32)
        return Meter(score, frames, np.ones(FRAMES), 50.0, 0.0, model="judge")

    listens = True


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    torch.manual_seed(4)
    save_model(MeshToSpeech(TINY), TINY, tmp_path / "m2s_supervisor.safetensors")
    rng = np.random.default_rng(0)
    heard = SimpleNamespace(
        units=rng.integers(0, TINY.units, FRAMES),
        mel=rng.normal(size=(2 * FRAMES, MEL_BANDS)).astype(np.float32),
        voice=np.zeros(160, np.float32),
        spoken=np.ones(FRAMES, bool),
        contacts=(Contact("P", 0.98, 1.06, 0.9), Contact("B", 0.8, 0.84, 0.1)),
        frames=FRAMES,
    )
    meter = OpenLipsMeter(MeshToSpeech(TINY).eval())
    monkeypatch.setattr(worker_repair, "meters_of", lambda *_: meter)
    monkeypatch.setattr(worker_repair, "heard_line", lambda *_: heard)
    engine = SimpleNamespace()
    return SimpleNamespace(
        weights=tmp_path,
        models={},
        meter=meter,
        read=lambda _sound: None,
        on_device=lambda work, told: (work(engine, told), {}),
    )


def question(open_by: float = 0.12, kept=None, span=SPAN) -> RepairRequest:
    weights = np.full((FRAMES, len(CHANNELS)), 0.02, np.float32)
    weights[:, JAW_OPEN] = open_by
    return RepairRequest(Sound(Path("line.wav")), weights, span, kept)


def test_an_open_closure_is_repaired_and_told(tasks):
    asked, told = question(), []
    found = answer(tasks, asked, lambda progress: told.append(progress) or True)
    assert found.changed and found.after.frames[40] > found.before.frames[40]
    assert found.contacts == {"p b m": (0.0, 1.0)}  # the doubtful b is not asked for
    assert "lips meet on 1 of 1 p b m (0 before)" in found.sentence
    assert (found.weights[:35] == asked.weights[:35]).all()
    assert (found.weights[66:] == asked.weights[66:]).all()
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions) and told[-1].stage == "Repairing"


def test_what_is_fine_or_locked_comes_back_as_it_was(tasks):
    fine = question(0.0)
    found = answer(tasks, fine, lambda _progress: True)
    assert not found.changed and found.weights is fine.weights
    assert "the mouth says the words here" in found.sentence
    kept = np.ones((FRAMES, len(CHANNELS)), np.float32)
    found = answer(tasks, question(kept=kept), lambda _progress: True)
    assert not found.changed and "locked or keyed by hand" in found.sentence


def test_what_the_judge_does_not_like_better_is_refused(tasks):
    kept = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    kept[40:62] = 1.0  # all around the contact
    tasks.meter.listens = False
    asked = question(kept=kept)
    found = answer(tasks, asked, lambda _progress: True)
    assert not found.changed and (found.weights == asked.weights).all()
    assert "Generate the range anew" in found.sentence


def test_it_can_be_stopped_and_a_bad_span_is_told(tasks):
    with pytest.raises(CancelledError):
        answer(tasks, question(), lambda progress: progress.fraction < 0.5)
    with pytest.raises(RequestError, match="too short to repair"):
        answer(tasks, question(span=(9.0, 9.5)), lambda _progress: True)
