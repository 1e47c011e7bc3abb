# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh-to-speech on random small models: shapes, folding, masks, voices, gradients, files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model_runtime.contract import UNITS, WeightsError
from model_runtime.face import load_face
from model_runtime.features import HOP, MEL_BANDS, log_mel, normalise
from model_runtime.mesh_to_speech import (
    M2SConfig,
    MeshToSpeech,
    embedded_voice,
    load_centroids,
    load_m2s,
    region_vertices,
    speaker_embedding,
    with_statistics,
)
from model_runtime.vocoder import denormalise, griffin_lim
from model_runtime.weights import save_model

VARIANTS = ("mouth2s", "face2s", "exp2s")
TINY = M2SConfig(width=16, layers=2, heads=2, kernel=5, voice=8)


def model_of(variant: str = "mouth2s", **changes: object) -> MeshToSpeech:
    torch.manual_seed(3)
    return MeshToSpeech(replace(TINY, variant=variant, **changes)).eval()


def motion_of(frames: int, seed: int = 0) -> torch.Tensor:
    return 0.4 * torch.rand(2, frames, len(UNITS), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("frames", [1, 2, 31])
def test_every_frame_of_any_length_has_a_unit_and_two_mel_frames(variant: str, frames: int):
    said = model_of(variant)(motion_of(frames))
    assert said.features.shape == (2, frames, TINY.width)
    assert said.unit_logits.shape == (2, frames, TINY.units)
    assert said.mel.shape == (2, 2 * frames, MEL_BANDS)


@pytest.mark.parametrize("variant", ["mouth2s", "face2s"])
def test_measured_vertices_are_heard_as_the_channels_that_moved_them(variant: str):
    face = load_face()
    motion, model = motion_of(12), model_of(variant)
    basis = torch.from_numpy(face.expression_basis[:, region_vertices(face, variant)])
    offsets = torch.einsum("btu,uvc->btvc", motion, basis)
    for folded, measured in zip(model(motion), model.forward_vertices(offsets), strict=True):
        assert torch.allclose(folded, measured, atol=2e-4)


def test_brows_say_nothing_to_the_mouth_but_something_to_the_face():
    motion = motion_of(10)
    frowning = motion.clone()
    frowning[..., UNITS.index("browInnerUp")] += 0.5
    for variant, hears in (("mouth2s", False), ("face2s", True), ("exp2s", True)):
        model = model_of(variant)
        change = (model(frowning).unit_logits - model(motion).unit_logits).abs().max()
        assert (change > 1e-3) == hears, variant


def test_padding_does_not_reach_the_frames_that_are_kept():
    model, motion = model_of(), motion_of(40)
    keep = torch.arange(40)[None].expand(2, -1) < 20
    other = motion.clone()
    other[:, 20:] = 0.9
    said, same = model(motion, keep).unit_logits, model(other, keep).unit_logits
    assert torch.allclose(said[:, :20], same[:, :20], atol=1e-5)


def test_a_voice_changes_the_mel_and_never_the_units():
    model, motion = model_of(), motion_of(8)
    voice = torch.randn(2, TINY.speaker)
    plain, voiced = model(motion), model(motion, None, voice)
    assert torch.equal(plain.unit_logits, voiced.unit_logits)
    assert not torch.allclose(plain.mel, voiced.mel)


def test_gradients_reach_the_lips_and_not_the_brows():
    model = model_of().requires_grad_(False)
    motion = motion_of(20).requires_grad_(True)
    model(motion).unit_logits.square().sum().backward()
    size = motion.grad.abs().amax((0, 1))
    assert size[UNITS.index("mouthClose")] > 1e-4 and size[UNITS.index("jawOpen")] > 1e-4
    assert size[UNITS.index("browInnerUp")] < 1e-7


def test_a_saved_model_says_the_same_and_is_frozen(tmp_path: Path):
    motion = motion_of(30)
    config = with_statistics(TINY, motion.flatten(0, 1).numpy(), load_face())
    model = MeshToSpeech(config).eval()
    save_model(model, config, tmp_path / "m2s.safetensors")
    loaded = load_m2s(tmp_path / "m2s.safetensors")
    assert loaded.config == config and not any(p.requires_grad for p in loaded.parameters())
    assert torch.allclose(loaded(motion).mel, model(motion).mel, atol=2e-2)


def test_no_motion_and_missing_units_are_told(tmp_path: Path):
    with pytest.raises(ValueError, match="no frames"):
        model_of()(motion_of(0))
    with pytest.raises(WeightsError, match="speech_units"):
        load_centroids(tmp_path / "speech_units.safetensors")


def sung(seconds: float = 1.0) -> np.ndarray:
    """A buzz of changing pitch under two changing formants."""
    time = np.arange(int(16_000 * seconds)) / 16_000
    pitch = np.cumsum(120 + 30 * np.sin(5 * time)) / 16_000
    buzz = sum(np.cos(2 * np.pi * k * pitch) / k for k in range(1, 30))
    return (0.05 * buzz * (1.2 + np.sin(12 * time))).astype(np.float32)


def test_a_voice_brings_a_normalised_mel_back_to_its_level():
    mel = log_mel(sung())
    natural = denormalise(normalise(mel), *embedded_voice(speaker_embedding(mel)))
    assert np.abs(natural - mel).max() < 1e-3


def test_griffin_lim_sounds_like_its_mel_and_unlike_another():
    mel = log_mel(sung())
    sound = griffin_lim(mel, iterations=20)
    assert sound.shape == (len(mel) * HOP,) and np.abs(sound).max() <= 0.95
    again = log_mel(sound)
    loud = mel > -9
    assert np.abs(again - mel)[loud].mean() < 0.25
    assert np.abs(again - mel[::-1])[loud].mean() > 0.5
    assert np.array_equal(sound, griffin_lim(mel, iterations=20))
    with pytest.raises(ValueError, match="80 bands"):
        griffin_lim(mel[:, :40])
