# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound in which nobody speaks, 16 kHz samples (count,) in [-1, 1]: the mouth rests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .augment import coloured_noise
from .store import RATE

Samples = npt.NDArray[np.float32]
Curve = npt.NDArray[np.float64]


def nobody(count: int, rng: np.random.Generator) -> Samples:
    """Rooms, hums, clicks and plain silence."""
    level = 10.0 ** (rng.uniform(-75, -18) / 20.0)
    kind = rng.random()
    sound = coloured_noise(count, rng.uniform(0.0, 2.0), rng) * level
    if kind < 0.25:
        tone = rng.choice([50.0, 60.0, 100.0, rng.uniform(80, 3000)])
        sound = sound + level * np.sin(2 * np.pi * tone * np.arange(count) / RATE)
    elif kind < 0.5:
        sound = sound * _swell(count, rng)
    elif kind < 0.75:
        for _ in range(int(rng.integers(1, 12))):
            start = int(rng.integers(0, count - 400))
            burst = np.exp(-np.arange(400) / rng.uniform(5, 120)) * rng.normal(0, 1, 400)
            sound[start : start + 400] += burst * 10.0 ** (rng.uniform(-45, -8) / 20.0)
    return np.clip(sound, -1.0, 1.0).astype(np.float32)


def things(count: int, rng: np.random.Generator) -> Samples:
    """Music, engines, breath, knocks and sirens over a quiet room: what speech models mishear."""
    made = (_chords, _engine, _breaths, _knocks, _siren)[int(rng.integers(5))](count, rng)
    loud = 10.0 ** (rng.uniform(-35, -6) / 20.0)
    room = coloured_noise(count, 1.0, rng) * 10.0 ** (rng.uniform(-80, -50) / 20.0)
    sound = made * (loud / max(float(np.abs(made).max()), 1e-6)) + room
    return np.clip(sound, -1.0, 1.0).astype(np.float32)


def _chords(count: int, rng: np.random.Generator) -> Curve:
    """Decaying notes of a few overtones, alone or together."""
    sound = np.zeros(count)
    start = 0
    while start < count:
        length = min(count - start, int(RATE * rng.uniform(0.2, 1.2)))
        time = np.arange(length) / RATE
        fall = np.exp(-time * rng.uniform(1.0, 8.0))
        for _ in range(int(rng.integers(1, 4))):
            hertz = 110.0 * 2.0 ** (rng.integers(0, 36) / 12.0)
            for overtone in range(1, int(rng.integers(2, 7))):
                sound[start : start + length] += (
                    fall * np.sin(2 * np.pi * hertz * overtone * time) / overtone
                )
        start += length
    return sound


def _engine(count: int, rng: np.random.Generator) -> Curve:
    """A humming machine whose speed drifts."""
    drift = np.interp(np.arange(count), np.linspace(0, count, 8), rng.uniform(0.85, 1.15, 8))
    phase = 2 * np.pi * np.cumsum(rng.uniform(30, 160) * drift) / RATE
    strengths = rng.uniform(0.0, 1.0, 12) / np.arange(1, 13)
    tones = sum(a * np.sin(k * phase) for k, a in enumerate(strengths, 1))
    return np.asarray(tones + 0.2 * coloured_noise(count, 1.0, rng))


def _breaths(count: int, rng: np.random.Generator) -> Curve:
    """Air through an open mouth, in and out, in bands a whisper would have."""
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, count))
    hertz = np.linspace(0.0, RATE / 2, len(spectrum))
    for centre, width in ((rng.uniform(400, 900), 300.0), (rng.uniform(1200, 3500), 800.0)):
        spectrum *= 0.3 + np.exp(-(((hertz - centre) / width) ** 2))
    breath = np.fft.irfft(spectrum, count)
    seconds = np.arange(count) / RATE
    wave = np.sin(2 * np.pi * seconds * rng.uniform(0.2, 0.6) + rng.uniform(0, 6.28))
    return np.asarray(breath * np.clip(wave, 0.0, 1.0) ** 1.5)


def _knocks(count: int, rng: np.random.Generator) -> Curve:
    """Steps, claps and knocks: short bursts that ring."""
    sound = np.zeros(count)
    for _ in range(int(rng.integers(2, 16))):
        length = min(count // 4, int(RATE * rng.uniform(0.02, 0.15)))
        start = int(rng.integers(0, count - length))
        time = np.arange(length) / RATE
        ring = np.sin(2 * np.pi * rng.uniform(80, 2500) * time) + rng.normal(0, 1, length)
        sound[start : start + length] += ring * np.exp(-time * rng.uniform(30, 200))
    return sound


def _siren(count: int, rng: np.random.Generator) -> Curve:
    """A gliding tone, as whistles and alarms have."""
    knots = rng.uniform(300, 2500, max(2, count // 6000))
    hertz = np.interp(np.arange(count), np.linspace(0, count, len(knots)), knots)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(hertz) / RATE))


def _swell(count: int, rng: np.random.Generator) -> Curve:
    knots = rng.uniform(0.05, 2.5, max(2, count // 4000))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(knots)), knots)
