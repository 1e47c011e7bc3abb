# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion at any frame rate becomes motion at 50 frames a second, band-limited."""

from __future__ import annotations

import math

import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray

LOBES = 6  # zero crossings of the sinc on each side
KAISER_BETA = 6.0  # side lobes 60 dB down
GUARD = 0.92  # of the lower rate's Nyquist frequency, leaves room for the kernel's slope


def at_motion_rate(motion: FloatArray, fps: float) -> FloatArray:
    """Motion (T, C) at `fps` -> (N, C) at MOTION_FPS; frame 0 of both stands at the same moment.

    A rate of MOTION_FPS gives the same numbers back.
    """
    return resampled(motion, fps, MOTION_FPS)


def resampled(motion: FloatArray, fps: float, rate: float) -> FloatArray:
    """Motion (T, C) at `fps` -> (N, C) at `rate` by a Kaiser-windowed sinc (Oppenheim & Schafer).

    The end poses are held beyond the ends; the result ends within the source.
    """
    if math.isclose(fps, rate, rel_tol=1e-6) or len(motion) < 2:
        return np.asarray(motion, np.float32)
    count = math.floor((len(motion) - 1) * rate / fps + 1e-6) + 1
    place = np.arange(count) * (fps / rate)
    cutoff = 1.0 if fps <= rate else GUARD * rate / fps
    reach = math.ceil(LOBES / cutoff)
    taps = np.floor(place)[:, None] + np.arange(1 - reach, reach + 1)  # [N, taps]
    distance = (taps - place[:, None]) * cutoff
    inside = np.clip(1.0 - (distance / LOBES) ** 2, 0.0, None)
    kernel = np.sinc(distance) * np.i0(KAISER_BETA * np.sqrt(inside)) * (inside > 0)
    kernel /= kernel.sum(1, keepdims=True)
    source = np.clip(taps, 0, len(motion) - 1).astype(np.int64)
    result = np.zeros((count, motion.shape[1]))
    for tap in range(taps.shape[1]):
        result += kernel[:, tap, None] * motion[source[:, tap]]
    return result.astype(np.float32)
