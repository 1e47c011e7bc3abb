# SPDX-License-Identifier: GPL-3.0-or-later
"""Small curves on the 50 fps grid: smoothing, bumps and band-limited noise."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve1d

from model_runtime.contract import CHANNELS, MOTION_FPS, FloatArray

COLUMN: dict[str, int] = {name: index for index, name in enumerate(CHANNELS)}


def frame_times(frames: int) -> FloatArray:
    """(frames,) seconds: frame i stands at i / 50."""
    return (np.arange(frames) / MOTION_FPS).astype(np.float32)


def columns(*names: str) -> list[int]:
    """Channel columns by name; 'Both' at the end of a name stands for Left and Right."""
    wide: list[str] = []
    for name in names:
        stem = name.removesuffix("Both")
        wide += [name] if stem == name else [stem + "Left", stem + "Right"]
    return [COLUMN[name] for name in wide]


def smooth(curve: FloatArray, seconds: float) -> FloatArray:
    """`curve` (T,) or (T, n) through a Hann window `seconds` wide, ends held."""
    taps = max(3, round(seconds * MOTION_FPS) | 1)
    window = np.hanning(taps + 2)[1:-1]
    kernel = (window / window.sum()).astype(np.float32)
    return convolve1d(np.asarray(curve, np.float32), kernel, axis=0, mode="nearest")


def ramp(x: FloatArray) -> FloatArray:
    """Raised cosine from 0 (x <= 0) to 1 (x >= 1): smooth in value and slope."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(x, 0.0, 1.0))


def bump(times: FloatArray, peak: float, rise: float, fall: float, hold: float = 0.0) -> FloatArray:
    """(T,) 0..1: up in `rise` s to `peak`, held `hold` s, down in `fall` s."""
    up = ramp((times - (peak - rise)) / rise)
    down = ramp((times - (peak + hold)) / fall)
    return up * (1.0 - down)


def noise(
    rng: np.random.Generator, frames: int, band: tuple[float, float], waves: int = 6
) -> FloatArray:
    """(frames,) of unit variance: a sum of sines at random phases inside `band` (Hz)."""
    freq = rng.uniform(*band, waves)
    phase = rng.uniform(0.0, 2.0 * np.pi, waves)
    angle = 2.0 * np.pi * freq * frame_times(frames)[:, None] + phase
    return (np.sin(angle).sum(axis=1) * np.sqrt(2.0 / waves)).astype(np.float32)


def saturate(values: FloatArray, knee: float = 0.8) -> FloatArray:
    """Unit weights bent smoothly so that they stay under 1; exact below `knee`; never negative."""
    room = 1.0 - knee
    over = np.maximum(values - knee, 0.0)
    return np.clip(np.minimum(values, knee) + room * np.tanh(over / room), 0.0, 1.0)
