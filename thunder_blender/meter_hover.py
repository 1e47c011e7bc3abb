# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the pointer is in the editors with a strip, and what is told of the frame under it.

Draw handlers do not know the pointer; an operator in Blender's Window key map tells it at each
move, and lets the event go on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import meter_record
from .meter_places import Place


class _Pointer:
    region: int = 0
    at: tuple[float, float] = (0.0, 0.0)


def pointer(region: Any) -> tuple[float, float] | None:
    """Pixels within the region; None while the pointer is elsewhere."""
    return _Pointer.at if _Pointer.region == region.as_pointer() else None


def moved(region: Any, x: float, y: float) -> None:
    """The pointer has moved to these pixels of a region."""
    _Pointer.region, _Pointer.at = region.as_pointer(), (x, y)


def left() -> None:
    """The pointer is in none of the regions."""
    _Pointer.region = 0


def inside() -> bool:
    return _Pointer.region != 0


def text_at(places: list[Place], frame: float) -> str:
    """The value of the measured frame there and its span's advice; empty beside the strips."""
    for place in places:
        second = (frame - place.frame) / place.rate
        if place.shown[0] <= second <= place.shown[1]:
            return text_of(place, second)
    return ""


def text_of(place: Place, second: float) -> str:
    """Frame, value, and what is wrong at a second of a line."""
    meter = place.record.meter
    number = min(len(meter.frames) - 1, max(0, round(second * meter.fps)))
    name = f"Frame {int(np.floor(place.frame_of(second) + 0.5))}"
    spans = meter_record.weak_spans(meter, place.threshold)
    there = [span for span in spans if span.start <= second <= span.end]
    wrong = min(there, key=lambda span: span.end - span.start, default=None)
    parts = [name, f"{meter.frames[number]:.2f}"]
    if meter.spoken[number] <= 0.5:
        parts[1] = "silence"
    if any(a <= second <= b for a, b in place.stale):
        parts.append("changed since it was measured")
    if wrong:
        parts.append(meter_record.told(wrong, place.frame_of(wrong.start), meter, place.rate))
    return "   ".join(parts)
