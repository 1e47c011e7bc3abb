# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong where, in words. `{frame}` and `{frames}` are left for whoever knows the scene."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .contacts import runs
from .contract import MOTION_FPS, Advice, FloatArray
from .meter_evidence import Miss

WEAK = 0.5  # of the meter, under which a stretch is worth a word
SHORTEST_WEAK = 10  # frames
SHORTEST_MOVE = 6  # frames of motion in silence
LEAST_LAG_MS = 30.0
LEAST_COST = 0.7  # nats, of a missed contact that is told
BESIDE, BESIDE_COST = 0.1, 0.25  # s to one that is told, and then the least cost of another
SENTENCES = {
    "open": "Lips stay open on {phone} at frame {{frame}}",
    "no_teeth": "Lower lip stays off the teeth on {phone} at frame {{frame}}",
    "shut": "Lips are shut on the vowel {phone} at frame {{frame}}",
    "silent": "Mouth moves in silence from frame {{frame}}",
    "weak": "Mouth does not say the words from frame {{frame}}",
}


def advise(
    frames: FloatArray,
    spoken: npt.NDArray[np.bool_],
    moving: FloatArray,
    found: list[Miss],
    lag_ms: float,
    score: float,
) -> tuple[Advice, ...]:
    """Advice on a line, worst first.

    frames (n,) of the meter, nan where it was not measured; moving (n,) above 0 where the mouth
    moves in silence.
    """
    told = [_of_miss(miss, frames) for miss in worth_telling(found)]
    told += [_span("silent", a, b, frames) for a, b in runs(moving > 0.0) if b - a >= SHORTEST_MOVE]
    late = abs(lag_ms) >= LEAST_LAG_MS and not math.isnan(lag_ms)
    if late:
        told.append(_of_lag(lag_ms, frames, score))
    low = spoken & (np.nan_to_num(frames, nan=1.0) < WEAK)
    for a, b in [] if late else runs(low):
        covered = any(one.start * MOTION_FPS < b and one.end * MOTION_FPS > a for one in told)
        if b - a >= SHORTEST_WEAK and not (covered and b - a < 3 * SHORTEST_WEAK):
            told.append(_span("weak", a, b, frames))
    return tuple(sorted(told, key=lambda one: one.score))


def worth_telling(found: list[Miss]) -> list[Miss]:
    """Missed contacts that are sure enough, and less sure ones right beside them: where one is
    open the m before an f is likelier to be open than misheard."""
    sure = [miss.contact for miss in found if miss.cost >= LEAST_COST]

    def beside(miss: Miss) -> bool:
        here = miss.contact
        gaps = (max(one.start - here.end, here.start - one.end) for one in sure)
        return miss.cost >= BESIDE_COST and any(gap < BESIDE for gap in gaps)

    return [miss for miss in found if miss.cost >= LEAST_COST or beside(miss)]


def _of_miss(miss: Miss, frames: FloatArray) -> Advice:
    contact = miss.contact
    first = min(int(contact.start * MOTION_FPS), len(frames) - 1)
    last = max(first + 1, math.ceil(contact.end * MOTION_FPS))
    phone = contact.phone.lower()
    sentence = SENTENCES[miss.kind].format(phone=phone)
    score = _mean(frames[first:last])
    return Advice(miss.kind, contact.start, contact.end, score, sentence, contact.phone)


def _of_lag(lag_ms: float, frames: FloatArray, score: float) -> Advice:
    word = "late" if lag_ms > 0.0 else "early"
    sentence = f"Motion is {{frames}} frames {word}"
    return Advice("lag", 0.0, len(frames) / MOTION_FPS, score, sentence)


def _span(kind: str, first: int, last: int, frames: FloatArray) -> Advice:
    sentence = SENTENCES[kind].format()
    start, end = first / MOTION_FPS, last / MOTION_FPS
    return Advice(kind, start, end, _mean(frames[first:last]), sentence)


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
