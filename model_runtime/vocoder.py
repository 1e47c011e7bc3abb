# SPDX-License-Identifier: GPL-3.0-or-later
"""Log-mel to sound without a trained vocoder: Griffin-Lim, robotic but intelligible on real mel.

Fast Griffin-Lim (Perraudin, Balazs & Sondergaard 2013) on the framing of model_runtime.features.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import fft

from .contract import FloatArray
from .features import FFT_SIZE, HOP, MEL_BANDS, POWER_FLOOR, WINDOW, mel_filters

Spectrum = npt.NDArray[np.complex64]
_LEAD = (WINDOW - HOP) // 2  # samples before the first frame's own 10 ms, as log_mel pads them
_MOMENTUM = 0.99
_SHARPEN = 30  # multiplicative steps from mel bands to frequency bins


def denormalise(mel: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Undo features.normalise: (frames, bands) with each band's mean and spread (bands,).

    The one scale of all bands is the spread of all the clip's values about their common mean.
    """
    whole = np.sqrt(np.mean(np.square(spread)) + np.var(mean))
    natural: FloatArray = (mel * (whole + 0.5) + mean).astype(np.float32)
    return natural


def band_limits(mean: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest plausible log power of each band of a voice: two (bands,)."""
    return np.maximum(mean - 4 * spread, np.log(POWER_FLOOR)), mean + 4 * spread


def griffin_lim(
    mel: FloatArray,
    iterations: int = 60,
    seed: int = 0,
    step: Callable[[float], None] | None = None,
) -> FloatArray:
    """Sound at 16 kHz of log-mel power (frames, MEL_BANDS): (frames * HOP,), peak at most 0.95.

    The phase starts at random (`seed`) and is made consistent in `iterations` steps. `step` is told
    the share that is done before each of them; what it raises ends the work.
    """
    if mel.ndim != 2 or mel.shape[1] != MEL_BANDS:
        raise ValueError(f"log-mel has {MEL_BANDS} bands, not the shape {mel.shape}")
    if not len(mel):
        return np.zeros(0, np.float32)
    size = magnitudes(mel)
    angle = np.random.default_rng(seed).uniform(-np.pi, np.pi, size.shape)
    consistent = size * np.exp(1j * angle).astype(np.complex64)
    ahead = consistent
    for index in range(iterations):
        if step is not None:
            step(index / iterations)
        phased = size * ahead / np.maximum(np.abs(ahead), 1e-9)
        found = _spectrum(_overlapped(phased))
        ahead = found + _MOMENTUM * (found - consistent)
        consistent = found
    sound = _overlapped(size * ahead / np.maximum(np.abs(ahead), 1e-9))
    sound = sound[_LEAD : _LEAD + len(mel) * HOP]
    loudest = float(np.abs(sound).max())
    return np.asarray(sound * min(1.0, 0.95 / max(loudest, 1e-9)), np.float32)


def magnitudes(mel: FloatArray) -> FloatArray:
    """Spectral magnitudes (frames, bins) >= 0 whose mel bands come nearest to a log-mel's power.

    Multiplicative updates for the Kullback-Leibler distance (Lee & Seung 2001).
    """
    power = np.maximum(np.exp(mel) - POWER_FLOOR, 0.0)
    filters = mel_filters()
    covered = np.maximum(filters.sum(0), 1e-9)
    bins = power @ (filters / np.maximum(filters.sum(1, keepdims=True), 1e-9))
    for _ in range(_SHARPEN):
        ratio = power / np.maximum(bins @ filters.T, 1e-12)
        bins = bins * (ratio @ filters) / covered
    size: FloatArray = np.sqrt(bins * WINDOW).astype(np.float32)
    return size


@cache
def _window() -> FloatArray:
    return np.hanning(WINDOW).astype(np.float32)


def _spectrum(sound: FloatArray) -> Spectrum:
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    spectrum: Spectrum = fft.rfft(windows * _window(), FFT_SIZE, axis=1).astype(np.complex64)
    return spectrum


def _overlapped(spectrum: Spectrum) -> FloatArray:
    """Least-squares inverse of `_spectrum`: (frames - 1) * HOP + WINDOW samples."""
    pieces = fft.irfft(spectrum, FFT_SIZE, axis=1)[:, :WINDOW].astype(np.float32) * _window()
    sound = np.zeros((len(pieces) - 1) * HOP + WINDOW, np.float32)
    weight = np.zeros_like(sound)
    squared = np.square(_window())
    for index, piece in enumerate(pieces):
        place = slice(index * HOP, index * HOP + WINDOW)
        sound[place] += piece
        weight[place] += squared
    return np.asarray(sound / np.maximum(weight, 1e-3), np.float32)
