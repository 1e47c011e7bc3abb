# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's strip as coloured quads, in seconds across and 0..1 up. numpy only.

Three signs say the same, so none is needed alone: how light a column is (dark blue is good, light
yellow is weak: a pair that every kind of colour blindness tells apart), how high it is, and a bar
over the weak spans. Stale columns are grey and striped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import FloatArray, Meter
from .meter_record import Span

Floats = npt.NDArray[np.float32]
Interval = tuple[float, float]

RAMP = np.array(  # weak, middling, good; its luminance falls all the way
    ((1.0, 0.82, 0.18), (0.50, 0.64, 0.66), (0.13, 0.40, 0.78)), np.float32
)
TRACK = (0.075, 0.075, 0.085, 0.94)
EDGE = (0.62, 0.62, 0.64, 1.0)
SILENT = (0.36, 0.36, 0.38, 1.0)
STALE = (0.55, 0.55, 0.56, 1.0)
MARK = (0.95, 0.45, 0.10, 1.0)  # of weak spans
DIM = 0.45  # of a column's colour above its height
LOWEST = 0.14  # height of value 0, and of silence
TOP = 0.84  # height of value 1; above are the weak spans' bars
MARK_LOW = 0.89
LEVELS = 48  # colours told apart; equal neighbours become one quad


@dataclass(frozen=True)
class Picture:
    """Triangles: positions (n, 2), colours (n, 4), and indices (m, 3) into them."""

    positions: Floats
    colours: Floats
    triangles: npt.NDArray[np.int32]


def picture(
    meter: Meter,
    weak: list[Span],
    stale: tuple[Interval, ...] = (),
    shown: Interval | None = None,
    seconds_per_pixel: float = 0.0,
    part: Interval = (-np.inf, np.inf),
) -> Picture:
    """The strip of a meter; `shown` are the seconds that are heard of it, `part` those wanted.

    Where a pixel is wider than a frame, columns of one to two pixels show the weakest of their
    frames, so none is lost.
    """
    start, end = shown or (0.0, len(meter.frames) / meter.fps)
    first, last = max(start, part[0]), min(end, part[1])
    width = 2 ** max(0, int(np.ceil(np.log2(max(seconds_per_pixel * meter.fps, 1.0)))))
    columns = _columns(meter, stale, width)
    edges = (np.arange(len(columns) + 1) * width - 0.5) / meter.fps
    begin, after, kinds = _runs(columns)
    left, right = np.clip(edges[begin], first, last), np.clip(edges[after], first, last)
    seen = right > left
    quads = [_quads([(first, 0.0, last, 1.0)], [TRACK])]
    quads += _bars(left[seen], right[seen], kinds[seen])
    line = max(seconds_per_pixel, 1e-4)
    quads.append(_marks(weak, (first, last), line))
    quads.append(_frame((start, end), line))
    return _together(quads)


def colour(value: float | FloatArray) -> Floats:
    """The colour of values 0..1: (..., 4)."""
    place = np.clip(np.asarray(value, np.float32), 0.0, 1.0) * (len(RAMP) - 1)
    low = np.minimum(place.astype(int), len(RAMP) - 2)
    part = (place - low)[..., None]
    rgb = RAMP[low] * (1 - part) + RAMP[low + 1] * part
    return np.concatenate([rgb, np.ones_like(rgb[..., :1])], -1).astype(np.float32)


def _columns(meter: Meter, stale: tuple[Interval, ...], width: int) -> npt.NDArray[np.int32]:
    """One number a column: its level, -1 in silence; LEVELS * 2 and LEVELS * 3 more where it is
    stale, by turns."""
    frames = np.nan_to_num(meter.frames)
    spoken = meter.spoken > 0.5
    seconds = np.arange(len(frames)) / meter.fps
    old = np.zeros(len(frames), bool)
    for a, b in stale:
        old |= (seconds >= a) & (seconds <= b)
    padded = -len(frames) % width
    values = np.pad(np.where(spoken, frames, 2.0), (0, padded), constant_values=2.0)
    lowest = values.reshape(-1, width).min(1)
    levels = np.where(lowest > 1.5, -1, np.round(lowest * (LEVELS - 1))).astype(np.int32)
    aged = np.pad(old, (0, padded)).reshape(-1, width).any(1)
    stripes = np.arange(len(levels)) // 3 % 2
    return np.where(aged, levels + LEVELS * (2 + stripes), levels).astype(np.int32)


def _runs(columns: npt.NDArray[np.int32]) -> tuple[Any, Any, Any]:
    """First column, the one after the last, and number of each run of equal columns."""
    starts = np.flatnonzero(np.diff(columns, prepend=columns[:1] - 1))
    return starts, np.append(starts[1:], len(columns)), columns[starts]


def _bars(left: Any, right: Any, kinds: npt.NDArray[np.int32]) -> list[tuple[Floats, Floats]]:
    """The columns: bright up to their height, dim above it."""
    fresh = kinds < LEVELS
    stripe = np.where(fresh, 0, (kinds + 1) // LEVELS - 2)
    levels = np.where(fresh, kinds, kinds - LEVELS * (2 + stripe))
    silent = levels < 0
    values = np.clip(levels / (LEVELS - 1), 0.0, 1.0).astype(np.float32)
    bright = np.where(silent[:, None], np.array(SILENT, np.float32), colour(values))
    grey = np.array(STALE, np.float32) * np.where(stripe == 1, 0.5, 1.0)[:, None]
    bright = np.where(fresh[:, None], bright, 0.25 * bright + 0.75 * grey)
    bright[:, 3] = 1.0
    height = np.where(silent, LOWEST, LOWEST + (TOP - LOWEST) * values)
    dim = bright * np.array((DIM, DIM, DIM, 1.0), np.float32)
    low = np.stack((left, np.zeros_like(left), right, height), 1)
    high = np.stack((left, height, right, np.full_like(left, TOP)), 1)[~silent]
    return [_quads(low, bright), _quads(high, dim[~silent])]


def _marks(weak: list[Span], shown: Interval, line: float) -> tuple[Floats, Floats]:
    """A bar over each weak span, with a foot at its start."""
    boxes = []
    for span in weak:
        a, b = max(shown[0], span.start), min(shown[1], max(span.end, span.start + 3 * line))
        if b > a:
            boxes += [(a, MARK_LOW, b, 1.0), (a, 0.0, min(b, a + 1.5 * line), 1.0)]
    return _quads(boxes, [MARK] * len(boxes))


def _frame(shown: Interval, line: float) -> tuple[Floats, Floats]:
    """Where the strip begins and ends."""
    start, end = shown
    boxes = [(start, 0.0, start + line, 1.0), (end - line, 0.0, end, 1.0)]
    return _quads(boxes, [EDGE] * len(boxes))


def _quads(boxes: Any, colours: Any) -> tuple[Floats, Floats]:
    """(n, 4) left, bottom, right, top -> corners (4 n, 2) and their colours (4 n, 4)."""
    box = np.asarray(boxes, np.float32).reshape(-1, 4)
    corners = box[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    return corners, np.repeat(np.asarray(colours, np.float32).reshape(-1, 4), 4, 0)


def _together(quads: list[tuple[Floats, Floats]]) -> Picture:
    positions = np.concatenate([corners for corners, _ in quads])
    colours = np.concatenate([each for _, each in quads])
    base = np.arange(0, len(positions), 4, dtype=np.int32)[:, None]
    halves = [base + np.array(half, np.int32) for half in ((0, 1, 2), (0, 2, 3))]
    triangles = np.concatenate(halves).astype(np.int32)
    return Picture(positions, colours, _interleaved(triangles, len(base)))


def _interleaved(triangles: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.int32]:
    """Both halves of each quad beside each other: later quads lie over earlier ones."""
    return np.ascontiguousarray(triangles.reshape(2, count, 3).swapaxes(0, 1).reshape(-1, 3))
