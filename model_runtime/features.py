# SPDX-License-Identifier: GPL-3.0-or-later
"""Log-mel speech features and loudness, at 100 frames a second from 16 kHz sound."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import fft

from .contract import MOTION_FPS, FloatArray

SAMPLE_RATE = 16_000
MEL_BANDS = 80
MEL_FPS = 100
HOP = SAMPLE_RATE // MEL_FPS  # 10 ms
WINDOW = 400  # 25 ms
FFT_SIZE = 512
LOWEST_HZ, HIGHEST_HZ = 40.0, 7800.0
POWER_FLOOR = 1e-7  # about -70 dB re full scale
MELS_PER_MOTION_FRAME = MEL_FPS // MOTION_FPS
LOUDNESS_RANGE_DB = 36.0
QUIETEST_POWER = 1e-8
SILENT_ENERGY = -13.0  # log energy of a frame under which there is nothing to hear
QUIETEST_SPEECH = -8.5  # log energy; sound below it is never called loud
_BLOCK = 3000  # frames a block, bounds the memory of long sounds


def hz_to_mel(hz: FloatArray | float) -> FloatArray:
    """Mel scale of O'Shaughnessy (1987)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0), np.float32)


def mel_to_hz(mel: FloatArray) -> FloatArray:
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0), np.float32)


@cache
def mel_filters() -> FloatArray:
    """Triangular filters, equally spaced in mel: (MEL_BANDS, FFT_SIZE // 2 + 1)."""
    edges = mel_to_hz(np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), MEL_BANDS + 2))
    bins = np.fft.rfftfreq(FFT_SIZE, 1.0 / SAMPLE_RATE)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    filters: FloatArray = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters


def motion_frames(samples: int) -> int:
    """Frames of motion that cover `samples` of 16 kHz sound."""
    return -(-samples * MOTION_FPS // SAMPLE_RATE)


def log_mel(samples: FloatArray) -> FloatArray:
    """Log-mel power of 16 kHz sound (n,): (2 * motion_frames(n), MEL_BANDS), natural log.

    Frame i is centred on the sound at (i + 0.5) / 100 s, so that mel frames 2j and 2j + 1 lie in
    motion frame j.
    """
    frames = MELS_PER_MOTION_FRAME * motion_frames(len(samples))
    lead = (WINDOW - HOP) // 2
    padded = np.zeros((frames - 1) * HOP + WINDOW, np.float32)
    padded[lead : lead + len(samples)] = samples[: len(padded) - lead]
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    blocks = [_log_mel_block(windows[i : i + _BLOCK]) for i in range(0, frames, _BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros((0, MEL_BANDS), np.float32)


def _log_mel_block(windows: FloatArray) -> FloatArray:
    spectrum = fft.rfft(windows * np.hanning(WINDOW).astype(np.float32), FFT_SIZE, axis=1)
    power = np.square(np.abs(spectrum)).astype(np.float32) / WINDOW
    mel: FloatArray = np.log(power @ mel_filters().T + POWER_FLOOR).astype(np.float32)
    return mel


def normalise(mel: FloatArray) -> FloatArray:
    """Each band's mean over the clip removed, one scale for all bands: same shape."""
    if not len(mel):
        return mel
    centred = mel - mel.mean(0, dtype=np.float64).astype(np.float32)
    return centred / np.float32(mel.std() + 0.5)


def frame_energy(mel: FloatArray) -> FloatArray:
    """Log energy of each motion frame: (frames,)."""
    power = np.exp(mel).sum(1) - MEL_BANDS * POWER_FLOOR
    energy = np.log(np.maximum(power, QUIETEST_POWER))
    mean: FloatArray = energy.reshape(-1, MELS_PER_MOTION_FRAME).mean(1).astype(np.float32)
    return mean


def loudness(mel: FloatArray) -> FloatArray:
    """Loudness of each motion frame relative to the clip's loud speech: (frames,), 0..1.

    Log energy of the bands, smoothed over 60 ms; 1 is the clip's 95th percentile, 0 lies 36 dB
    below it. Speech level, not microphone gain, is what opens a mouth.
    """
    if not len(mel):
        return np.zeros(0, np.float32)
    kernel = np.hanning(5)
    smooth = np.convolve(
        np.pad(frame_energy(mel), 2, mode="edge"), kernel / kernel.sum(), mode="valid"
    )
    span = LOUDNESS_RANGE_DB * np.log(10.0) / 10.0
    loud = max(float(np.percentile(smooth, 95)), QUIETEST_SPEECH)
    level: FloatArray = np.clip(1.0 + (smooth - loud) / span, 0.0, 1.0).astype(np.float32)
    return level
