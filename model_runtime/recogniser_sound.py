# SPDX-License-Identifier: GPL-3.0-or-later
"""The log-mel features that the recogniser of words listens to (Radford et al. 2022)."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import fft

from .contract import FloatArray
from .features import HOP, SAMPLE_RATE, WINDOW

BANDS = 80
FRAME = 2 * HOP  # samples that one frame of the recogniser's encoder covers, 20 ms
HIGHEST_HZ = 8000.0
RANGE = 8.0  # powers of ten under the loudest that are told apart
_LINEAR_HZ, _LINEAR_MELS = 1000.0, 15.0  # Slaney 1998: below it the scale is straight


def recogniser_mel(samples: FloatArray, frames: int) -> FloatArray:
    """16 kHz sound (n,), then silence: (BANDS, 2 * frames) of log10 power, scaled to about 1."""
    padded = np.zeros(frames * FRAME + WINDOW, np.float32)
    sound = samples[: frames * FRAME]
    lead = WINDOW // 2
    padded[lead : lead + len(sound)] = sound
    padded[:lead] = padded[2 * lead : lead : -1]  # the sound mirrored at its start
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: 2 * frames]
    power = np.square(np.abs(fft.rfft(windows * _window(), axis=1))).astype(np.float32)
    level = np.log10(np.maximum(power @ _filters().T, 1e-10))
    level = np.maximum(level, level.max() - RANGE)
    scaled: FloatArray = ((level + 4.0) / 4.0).T.astype(np.float32)
    return scaled


@cache
def _window() -> FloatArray:
    """Hann, periodic."""
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@cache
def _filters() -> FloatArray:
    """Triangles of equal area on Slaney's mel scale: (BANDS, WINDOW // 2 + 1)."""
    edges = _hz(np.linspace(0.0, _mel(HIGHEST_HZ), BANDS + 2))
    bins = np.fft.rfftfreq(WINDOW, 1.0 / SAMPLE_RATE)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shape = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    filters: FloatArray = (np.maximum(0.0, shape) * 2.0 / (high - low)).astype(np.float32)
    return filters


def _mel(hz: float) -> float:
    return _LINEAR_MELS + 27.0 * float(np.log(hz / _LINEAR_HZ)) / float(np.log(6.4))


def _hz(mel: np.ndarray) -> np.ndarray:
    straight = mel * _LINEAR_HZ / _LINEAR_MELS
    bent = _LINEAR_HZ * np.exp((mel - _LINEAR_MELS) * np.log(6.4) / 27.0)
    return np.where(mel < _LINEAR_MELS, straight, bent)
