# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a moving face: length, loudness, any frame rate, measured vertices, cancelling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model_runtime.contract import (
    UNITS,
    CancelledError,
    FaceMotion,
    HearRequest,
    RequestError,
    Sound,
)
from model_runtime.face import load_face
from model_runtime.features import SAMPLE_RATE
from model_runtime.hear_mesh import at_motion_rate, hear_mesh, loudness_of
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech, region_vertices
from model_runtime.weights import save_model
from model_runtime.worker_hear import answer

TINY = M2SConfig(width=16, layers=2, heads=2, kernel=5, voice=8)


@pytest.fixture(scope="module")
def model() -> MeshToSpeech:
    torch.manual_seed(5)
    return MeshToSpeech(TINY).eval().requires_grad_(False)


def motion_of(frames: int, rate: float = 50.0) -> np.ndarray:
    time = np.arange(frames)[:, None] / rate
    waves = 0.3 + 0.3 * np.sin(2 * np.pi * (1.0 + 0.05 * np.arange(len(UNITS))) * time)
    return waves.astype(np.float32)


def voice_of(seconds: float, level: float = 0.1) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 130 * n * time) / n for n in range(1, 15))
    return (level * (1 + np.sin(2 * np.pi * 3 * time)) * tones).astype(np.float32)


@pytest.mark.parametrize(
    ("frames", "seconds", "heard"), [(60, 1.2, 60), (20, 1.2, 20), (90, 1, 50)]
)
def test_the_sound_is_as_long_as_the_shorter_of_motion_and_line(model, frames, seconds, heard):
    found = hear_mesh(model, FaceMotion(50.0, weights=motion_of(frames)), voice_of(seconds))
    assert (len(found.samples), found.rate) == (heard * SAMPLE_RATE // 50, SAMPLE_RATE)


def test_a_face_is_as_loud_as_its_line(model):
    face = FaceMotion(50.0, weights=motion_of(60))
    for level in (0.02, 0.1):
        line = voice_of(1.2, level)
        heard = hear_mesh(model, face, line).samples
        assert loudness_of(heard) == pytest.approx(loudness_of(line), rel=0.05)
        assert np.abs(heard).max() <= 0.951


def test_other_frame_rates_and_measured_vertices_say_the_same(model):
    line = voice_of(1.0)
    expected = hear_mesh(model, FaceMotion(50.0, weights=motion_of(50)), line).samples
    face = load_face()
    basis = face.expression_basis[:, region_vertices(face, "mouth2s")]
    offsets = np.einsum("tu,uvc->tvc", motion_of(50), basis).astype(np.float32)
    measured = hear_mesh(model, FaceMotion(50.0, offsets=offsets), line).samples
    assert np.abs(measured - expected).max() < 0.02
    slow = at_motion_rate(motion_of(25, 25.0), 25.0, range(48))
    assert np.abs(slow[:30] - motion_of(30)).max() < 0.04


def test_a_long_motion_is_heard_in_parts_without_a_seam(model, monkeypatch):
    from model_runtime import hear_mesh as module

    face, line = FaceMotion(50.0, weights=motion_of(150)), voice_of(3.0)
    whole = module.natural_mel(model, face, 150, np.zeros(160, np.float32))
    monkeypatch.setattr(module, "CHUNK", 60)
    parts = module.natural_mel(model, face, 150, np.zeros(160, np.float32))
    assert parts.shape == whole.shape
    assert np.abs(parts - whole).mean() < 0.05 * whole.std()
    assert len(line) == 48000


def test_a_face_without_frames_or_with_other_vertices_is_refused(model):
    with pytest.raises(RequestError, match="nothing to hear"):
        hear_mesh(model, FaceMotion(50.0, weights=motion_of(0)), voice_of(1.0))
    with pytest.raises(RequestError, match="898 vertices, not 7"):
        hear_mesh(model, FaceMotion(50.0, offsets=np.zeros((9, 7, 3), np.float32)), voice_of(1.0))


class OneSound:
    """Stands in for the worker's tasks: one sound, models of a folder."""

    def __init__(self, folder, samples):
        self.weights, self._samples, self.models = folder, samples, {}

    def read(self, _sound):
        from types import SimpleNamespace

        return SimpleNamespace(samples=self._samples)


def test_the_worker_answers_tells_its_progress_and_can_be_stopped(model, tmp_path):
    save_model(model, TINY, tmp_path / "m2s_supervisor.safetensors")
    tasks = OneSound(tmp_path, voice_of(1.0))
    question = HearRequest(Sound(tmp_path), FaceMotion(50.0, weights=motion_of(50)))
    told = []
    found = answer(tasks, question, lambda progress: told.append(progress) or True)
    fractions = [progress.fraction for progress in told]
    assert len(found.samples) == SAMPLE_RATE and fractions == sorted(fractions)
    assert told[-1].stage == "Making the sound"
    with pytest.raises(CancelledError):
        answer(tasks, question, lambda progress: progress.fraction < 0.5)
