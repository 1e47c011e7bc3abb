# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a take's lips meet where its sound has p, b and m: what sorts a report worst first.

The sound is heard by the encoder, its contacts are decided as for the generation, and the take's
lips are measured on the open head. This is no meter: it sees lips that do not close, not wrong
vowels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .contacts import OperatingPoint, peak_events
from .contract import MOTION_FPS, UNITS, FloatArray, Meter, Take
from .face import load_face
from .lips import LipProbe, lip_probe

if TYPE_CHECKING:
    from .hearing import Heard  # which needs torch

CLOSED = 0.5  # mm: lips this near to each other are shut
OPEN = 6.0  # mm beyond that: as bad as it gets
POINTS = 60  # of a curve in a report


@dataclass(frozen=True)
class Score:
    """A figure of a take, and where it is worst."""

    kind: str  # "contacts" or "meter"
    value: float | None  # 0..1; None where nothing is said
    worst_second: float
    curve: tuple[float, ...]  # 0..1 over the take, at most POINTS of them
    advice: str = ""  # the meter's first, with {frame} and {frames} left open
    advice_second: float = 0.0
    lag_ms: float = 0.0
    meter: Meter | None = None  # all of it, where one measured

    @property
    def rank(self) -> float:
        """For comparing takes of one line."""
        return 1.0 if self.value is None else self.value


def contact_score(take: Take, heard: Heard, point: OperatingPoint) -> Score:
    """Score of a take at 50 fps against its sound: 1 where every p, b and m is shut."""
    events = peak_events(heard.contacts[:, 0], point.bilabial, point)
    if not events or set(UNITS) - set(take.channels):
        return Score("contacts", 1.0, 0.0, (1.0,))
    units = take.weights[:, [take.channels.index(name) for name in UNITS]]
    gaps = _probe().aperture(units)
    curve = np.ones(len(gaps), np.float32)
    shut = [_shut(gaps, curve, event) for event in events]
    worst = min(range(len(events)), key=lambda index: shut[index])
    second = (events[worst][0] + events[worst][1]) / 2
    return Score("contacts", round(float(np.mean(shut)), 4), round(second, 3), thinned(curve))


def _shut(gaps: FloatArray, curve: FloatArray, event: tuple[float, float]) -> float:
    """How far the lips close within an event, 0..1; marked in `curve`."""
    first = min(max(0, int(event[0] * MOTION_FPS) - 1), len(gaps) - 1)
    last = max(first + 1, int(event[1] * MOTION_FPS) + 2)
    value = float(np.clip(1 - (gaps[first:last].min() - CLOSED) / OPEN, 0.0, 1.0))
    curve[first:last] = np.minimum(curve[first:last], value)
    return value


def thinned(curve: FloatArray) -> tuple[float, ...]:
    """The lowest value of each of at most POINTS parts of like length, with two decimals."""
    edges = np.linspace(0, len(curve), min(POINTS, len(curve)) + 1).round().astype(int)
    return tuple(round(float(curve[a:b].min()), 2) for a, b in pairwise(edges))


@lru_cache(maxsize=1)
def _probe() -> LipProbe:
    return lip_probe(load_face())
