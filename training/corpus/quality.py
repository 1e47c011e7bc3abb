# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds recordings whose alignment cannot be right: someone speaks where it says silence.

A reader who starts again, or a number that the aligner had no words for, leaves loud speech under a
silence label. A model would learn that speech is silence, so such clips stay out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model_runtime.phones import PHONE_INDEX, SILENCE

from .alignment import Segment, frame_labels
from .store import RATE

STEP = 0.02  # s
WINDOW = 15  # frames, 0.3 s
LOUD_FRAMES = 11  # of a window
BELOW_SPEECH_DB = 6.0  # under the median level of the labelled speech counts as loud


def speaks_in_silence(samples: npt.NDArray[np.float32], segments: Sequence[Segment]) -> bool:
    """Whether 0.22 s of some 0.3 s labelled silence are about as loud as the clip's speech."""
    size = int(RATE * STEP)
    frames = len(samples) // size
    power = (samples[: frames * size].reshape(frames, size).astype(np.float64) ** 2).mean(axis=1)
    level = 10.0 * np.log10(power + 1e-10)
    silent = frame_labels(segments, frames, 1.0 / STEP) == PHONE_INDEX[SILENCE]
    if silent.all() or not silent.any():
        return False
    loud = silent & (level > np.median(level[~silent]) - BELOW_SPEECH_DB)
    return bool(np.convolve(loud, np.ones(WINDOW), "same").max() >= LOUD_FRAMES)
