# SPDX-License-Identifier: GPL-3.0-or-later
"""When the lips meet: soft gates of the contacts, exact in time and never lost between frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_runtime.contract import FloatArray
from model_runtime.phones import BILABIAL, CONTACTS, LABIODENTAL, ROUNDED, SILENCE, VOWELS

from .curves import frame_times, ramp
from .settings import Segment

LATE, EARLY = 0.020, 0.010  # s: a closure is complete this long after its start, before its end
SURE = 0.024  # s a gate stays full at least: a frame of 20 ms cannot fall beside it
RISE, FALL = 0.090, 0.085  # s to close and to open
QUICK = 0.035  # s, the shortest ramp, towards a very short vowel
SETTLE, PART = 0.120, 0.120  # s to come to rest in a silence, to open before the voice
HANDOVER = 0.04  # s in which a silence passes its shut lips to a p b m, and takes them back
SHORT_PAUSE, LONG_PAUSE = 0.08, 0.25  # s: rest is partial between these
GROUPS = (BILABIAL, LABIODENTAL, ROUNDED, frozenset({SILENCE}))
STAY_SHUT = BILABIAL | {SILENCE}

Edges = tuple[float, float, float, float, float]  # full from, full to, rise, fall (s), height


def contact_curves(segments: Sequence[Segment], frames: int) -> FloatArray:
    """Gates of phones.CONTACTS: (frames, 4) float32 in [0, 1] at 50 Hz, frame i at i / 50 s.

    Bilabial and labiodental gates are 1 from 20 ms after the phone's start to 10 ms before its end
    (Loefqvist & Gracco 1997: lips are shut for all of the closure, and move towards it 80-100 ms
    ahead), narrower only where the phone is shorter than that; between them and beside short vowels
    they fall. The silence gate rises over the first 0.12 s of a pause and falls over its last
    0.12 s, and stays below 1 in pauses under 0.25 s; it does not part the lips beside a p b m.
    """
    times = frame_times(frames)
    gates = np.zeros((frames, len(CONTACTS)), np.float32)
    joined = _joined(segments)
    for column, (group, edges) in enumerate(
        zip(GROUPS, (_closure, _closure, _rounding, _rest), strict=True)
    ):
        for index, segment in enumerate(joined):
            if segment[0] in group:
                _raise(gates[:, column], times, edges(joined, index))
    return gates


Span = tuple[str, float, float]


def _joined(segments: Sequence[Segment]) -> list[Span]:
    """Spans with neighbouring silences, and neighbouring p b m, made one."""
    spans: list[Span] = []
    for segment in segments:
        last = spans[-1][0] if spans else ""
        same = last == segment.phone == SILENCE or {last, segment.phone} <= BILABIAL
        if same:
            spans[-1] = (last, spans[-1][1], segment.end)
        else:
            spans.append((segment.phone, segment.start, segment.end))
    return spans


def _closure(spans: list[Span], index: int) -> Edges:
    _, start, end = spans[index]
    middle, half = (start + end) / 2, SURE / 2
    first = min(start + LATE, middle - half)
    last = max(end - EARLY, middle + half)
    rise = _room(spans, index - 1, first, RISE)
    fall = _room(spans, index + 1, last, FALL)
    return first, last, rise, fall, 1.0


def _room(spans: list[Span], index: int, edge: float, usual: float) -> float:
    """Ramp length that lets a neighbouring vowel open, or an f v bite, by its centre."""
    if not 0 <= index < len(spans) or spans[index][0] not in VOWELS | LABIODENTAL:
        return usual
    centre = (spans[index][1] + spans[index][2]) / 2
    return float(np.clip(1.6 * abs(centre - edge), QUICK, usual))


def _rounding(spans: list[Span], index: int) -> Edges:
    _, start, end = spans[index]
    inset = min(0.02, (end - start) / 4)
    return start + inset, end - inset, 0.12, 0.10, 1.0


def _rest(spans: list[Span], index: int) -> Edges:
    _, start, end = spans[index]
    length = end - start
    height = float(ramp(np.array((length - SHORT_PAUSE) / (LONG_PAUSE - SHORT_PAUSE), np.float32)))
    settle, part = min(SETTLE, 0.4 * length), min(PART, 0.4 * length)
    before = spans[index - 1][0] if index else SILENCE
    after = spans[index + 1][0] if index + 1 < len(spans) else SILENCE
    shut = before in BILABIAL or after in BILABIAL
    first, rise = (start, HANDOVER) if before in STAY_SHUT else (start + settle, settle)
    last, fall = (end, HANDOVER) if after in STAY_SHUT else (end - part, part)
    return first, last, rise, fall, 1.0 if shut and length < LONG_PAUSE else height


def _raise(gate: FloatArray, times: FloatArray, edges: Edges) -> None:
    """Lifts `gate` to at least the trapezoid with raised-cosine flanks that `edges` describe."""
    first, last, rise, fall, height = edges
    low = max(0, int(np.searchsorted(times, first - rise)) - 1)
    high = int(np.searchsorted(times, last + fall)) + 1
    part = times[low:high]
    shape = ramp((part - (first - rise)) / rise) * (1.0 - ramp((part - last) / fall))
    gate[low:high] = np.maximum(gate[low:high], height * shape)
