# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops that are reported at their release get their closure back.

espeak-ng's event for p b t d k g ch jh comes with the burst, 35 to 50 ms after the lips or tongue
have shut. The mouth must shut when the sound falls away, so the onset moves back over the
low-energy stretch that precedes the burst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from model_runtime.phones import SILENCE

from .alignment import Segment

STOPS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH"})
STEP = 0.005  # s, energy frames
LONGEST_CLOSURE = 0.1  # s
REFERENCE = 0.2  # s before the burst in which the vowel's level is sought
FALL_DB = 15.0  # how far under that level a closure lies
KEEP = 0.02  # s that the phone before it keeps


def repair_closures(
    samples: npt.NDArray[np.float32], rate: int, segments: Sequence[Segment]
) -> list[Segment]:
    """Segments whose stops start where the sound of the phone before has died; times in seconds."""
    level = energy_db(samples, rate)
    repaired = list(segments)
    for index in range(1, len(repaired)):
        before, stop = repaired[index - 1], repaired[index]
        if stop.phone in STOPS and before.phone != SILENCE:
            onset = closure_onset(level, stop.start, before.start + KEEP)
            repaired[index - 1] = replace(before, end=onset)
            repaired[index] = replace(stop, start=onset)
    return repaired


def closure_onset(level: npt.NDArray[np.float64], burst: float, earliest: float) -> float:
    """Start of the low-energy stretch before `burst` s, not before `earliest` s, else `burst`."""
    last = min(round(burst / STEP), len(level) - 1)
    if last <= 0:
        return burst
    reference = level[max(0, last - round(REFERENCE / STEP)) : last + 1].max()
    first = max(round(earliest / STEP), last - round(LONGEST_CLOSURE / STEP))
    frame = last
    while frame - 1 >= first and level[frame - 1] < reference - FALL_DB:
        frame -= 1
    return min(frame * STEP, burst) if frame < last else burst


def energy_db(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    """Level of each 5 ms frame in dB (full scale 0): (frames,)."""
    size = int(rate * STEP)
    frames = len(samples) // size
    power = (samples[: frames * size].reshape(frames, size).astype(np.float64) ** 2).mean(axis=1)
    return 10.0 * np.log10(power + 1e-10)
