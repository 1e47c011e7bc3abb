# SPDX-License-Identifier: GPL-3.0-or-later
"""How loud the voice is, on the motion's frame grid and free of recording gain."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import convolve1d

from model_runtime.contract import MOTION_FPS, FloatArray

SAMPLE_RATE = 16000
HOP = SAMPLE_RATE // MOTION_FPS
RANGE_DB = 36.0  # from the loud end of a clip down to what counts as nothing


def loudness_curve(samples_16k: FloatArray) -> FloatArray:
    """Loudness 0..1 of mono samples at 16 kHz: (ceil(seconds * 50),) float32.

    Energy in a 60 ms Hann window centred on each frame, in dB below the clip's 95th percentile,
    with 36 dB spread over 0..1: gain, and so augmentation, does not change it. Digital silence
    is 0.
    """
    samples = np.asarray(samples_16k, np.float32).reshape(-1)
    frames = math.ceil(len(samples) / HOP)
    if frames == 0:
        return np.zeros(0, np.float32)
    padded = np.pad(samples, (HOP // 2, HOP + HOP // 2))[: (frames + 1) * HOP]
    energy = (padded[: frames * HOP].reshape(frames, HOP) ** 2).mean(axis=1)
    energy = convolve1d(energy, np.array([0.25, 0.5, 0.25], np.float32), mode="nearest")
    decibels = 10.0 * np.log10(energy + 1e-10)
    top = max(float(np.percentile(decibels, 95)), -64.0)
    return np.clip(1.0 + (decibels - top) / RANGE_DB, 0.0, 1.0).astype(np.float32)
