# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import torch

from model_runtime.encoder import CHUNK, EncoderConfig, SpeechEncoder, encode
from model_runtime.features import (
    MEL_BANDS,
    hz_to_mel,
    log_mel,
    loudness,
    mel_filters,
    mel_to_hz,
    motion_frames,
    normalise,
)


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(16_000 * seconds)) / 16_000).astype(np.float32)


def test_a_tone_lights_the_band_at_its_frequency():
    centres = mel_to_hz(np.linspace(hz_to_mel(40), hz_to_mel(7800), MEL_BANDS + 2))[1:-1]
    for hertz in (200.0, 1000.0, 4000.0):
        band = int(log_mel(tone(hertz))[40].argmax())
        assert abs(centres[band] / hertz - 1) < 0.12


def test_an_impulse_lies_in_the_frame_of_its_time():
    samples = np.zeros(16_000, np.float32)
    samples[8000] = 1.0  # 0.5 s
    assert abs(int(log_mel(samples).sum(1).argmax()) - 50) <= 1


def test_frames_cover_the_sound_and_blocks_change_nothing():
    samples = np.random.default_rng(0).standard_normal(16_000 * 70 + 7).astype(np.float32)
    mel = log_mel(samples)
    assert mel.shape == (2 * motion_frames(len(samples)), MEL_BANDS)
    part = log_mel(samples[16_000 * 40 :])
    assert np.allclose(part[5:500], mel[4005:4500], atol=1e-3)


def test_filters_cover_every_band_once():
    assert (mel_filters().sum(1) > 0).all()


def test_loudness_ignores_the_microphone_gain_but_not_silence():
    samples = tone(300.0) * np.linspace(0, 1, 16_000, dtype=np.float32)
    loud, quiet = loudness(log_mel(samples)), loudness(log_mel(0.2 * samples))
    assert np.abs(loud - quiet)[10:].max() < 0.05
    assert loudness(log_mel(np.zeros(16_000, np.float32))).max() == 0.0


def test_normalised_features_do_not_know_the_gain():
    samples = np.random.default_rng(1).standard_normal(16_000).astype(np.float32)
    difference = normalise(log_mel(samples)) - normalise(log_mel(0.1 * samples))
    assert np.abs(difference).max() < 0.02


def test_a_long_clip_is_encoded_as_its_parts():
    torch.manual_seed(0)
    encoder = SpeechEncoder(EncoderConfig(width=16, layers=1, heads=2)).eval()
    mel = torch.randn(2 * (CHUNK + 200), MEL_BANDS)
    speech = encode(encoder, mel)
    assert speech.phone_logits.shape[0] == CHUNK + 200
    assert all(torch.isfinite(part).all() for part in speech)
