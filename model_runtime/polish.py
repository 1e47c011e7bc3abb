# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist may change of a sampled motion without losing its closures."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .contract import CHANNELS, MOTION_FPS, FloatArray, Settings

SPEAKING = (  # how the names of the channels begin that shape speech, not mood
    *("jaw", "tongue", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDown"),
    *("mouthUpperUp", "mouthShrug", "mouthStretch"),
)
SPOKEN = tuple(index for index, name in enumerate(CHANNELS) if name.startswith(SPEAKING))
LIDS = tuple(index for index, name in enumerate(CHANNELS) if name.startswith("eyeBlink"))
JAW_OPEN, MOUTH_CLOSE = CHANNELS.index("jawOpen"), CHANNELS.index("mouthClose")
WIDEST = 0.06  # seconds, standard deviation of the kernel at full smoothing


def polish(motion: FloatArray, contacts: FloatArray, settings: Settings) -> FloatArray:
    """Articulation and smoothing of a motion (frames, channels); contacts (frames, 4) stay.

    With both at their defaults the motion comes back as it is.
    """
    free = 1.0 - contacts[:, :2].max(1, initial=0.0, keepdims=True)
    return calm(articulate(motion, free, settings.articulation), free, settings.smoothing)


def articulate(motion: FloatArray, free: FloatArray, strength: float) -> FloatArray:
    """Scale the spoken channels by `strength` where `free` (frames, 1) is 1, not where it is 0.

    Lip opening is linear in the units, so that a scaled mouth opens in proportion.
    """
    if strength == 1.0:
        return motion
    scaled = motion.copy()
    gain = 1.0 + (strength - 1.0) * free
    scaled[:, SPOKEN] = np.clip(scaled[:, SPOKEN] * gain, 0.0, 1.0)
    scaled[:, MOUTH_CLOSE] = np.minimum(scaled[:, MOUTH_CLOSE], scaled[:, JAW_OPEN])
    return scaled


def calm(motion: FloatArray, free: FloatArray, smoothing: float) -> FloatArray:
    """Low-pass all channels but the lids where `free` (frames, 1) is 1, not where it is 0."""
    if smoothing == 0.0 or len(motion) < 2:
        return motion
    slow = gaussian_filter1d(motion, smoothing * WIDEST * MOTION_FPS, axis=0, mode="nearest")
    slow[:, LIDS] = motion[:, LIDS]
    return np.asarray(motion + free * (slow - motion), np.float32)
