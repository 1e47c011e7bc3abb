# SPDX-License-Identifier: GPL-3.0-or-later
"""Noise that depends on (seed, window, channel) alone: the same take on every device."""

from __future__ import annotations

import numpy as np

from .contract import FloatArray


def window_noise(seed: int, window: int, frames: int, channels: int) -> FloatArray:
    """Standard normal noise (frames, channels) on the CPU, from a counter-based generator.

    Philox (Salmon et al. 2011), one stream a channel, so that neither batch, device nor the number
    of channels around it changes a value.
    """
    streams = [
        np.random.Generator(np.random.Philox(key=[seed, (window << 16) + channel]))
        for channel in range(channels)
    ]
    return np.stack([stream.standard_normal(frames, np.float32) for stream in streams], axis=1)
