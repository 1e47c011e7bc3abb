# SPDX-License-Identifier: GPL-3.0-or-later
"""Which phones a listener's frames spell, and how many of them are wrong.

Tells what a head for sequences (CTC, Graves et al. 2006) could win over phones by the frame: with
the true bounds given only confusions are left, and those no other way to cut the line mends.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.meter_hearing import likeliest_path
from model_runtime.phones import PHONE_INDEX, SILENCE

CHANGE = 1.0  # natural log: what it costs to go to another phone; chosen on development speakers
FLOOR = 1e-3
SILENT = PHONE_INDEX[SILENCE]
Segments = Sequence[tuple[str, float, float]]  # phone, start and end in seconds


def spelled(posteriors: FloatArray, change: float = CHANGE) -> list[int]:
    """Phones of the likeliest path through posteriors (frames, phones), silence left out."""
    path = likeliest_path(np.log(posteriors.astype(np.float64) + FLOOR), change)
    told = path[np.flatnonzero(np.diff(path, prepend=-1))]
    return [int(phone) for phone in told if phone != SILENT]


def errors_in_order(true: Sequence[int], told: Sequence[int]) -> int:
    """Least number of items put in, left out or exchanged (Levenshtein 1966)."""
    row = np.arange(len(told) + 1)
    heard, steps = np.asarray(told, np.int64), np.arange(len(told) + 1)
    for phone in true:
        kept = row[:-1] + (heard != phone)
        best = np.concatenate(([row[0] + 1], np.minimum(kept, row[1:] + 1)))
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def errors_in_bounds(posteriors: FloatArray, segments: Segments) -> int:
    """Phones of an alignment that are not the likeliest within their own true bounds."""
    logs = np.log(posteriors.astype(np.float64) + FLOOR)
    wrong = 0
    for phone, start, end in segments:
        if phone == SILENCE:
            continue
        first = min(round(start * MOTION_FPS), len(logs) - 1)
        within = logs[first : max(round(end * MOTION_FPS), first + 1)]
        wrong += int(within.mean(0).argmax()) != PHONE_INDEX[phone]
    return wrong


def string_counts(posteriors: FloatArray, segments: Segments) -> npt.NDArray[np.int64]:
    """(phones, errors of what the frames spell, errors with known bounds) of a clip."""
    true = [PHONE_INDEX[phone] for phone, _, _ in segments if phone != SILENCE]
    told = errors_in_order(true, spelled(posteriors))
    return np.array([len(true), told, errors_in_bounds(posteriors, segments)], np.int64)
