# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's strips on the GPU: one batch for all lines of a stretch of the timeline, so that a
redraw costs the same for many lines as for one, and for a long line as for a short one."""

from __future__ import annotations

import math
from typing import Any

import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import meter_picture, meter_record
from .meter_picture import Picture
from .meter_places import Place
from .meter_view import Kept, View

MOST = 48  # stretches that are kept
FINEST = -6  # power of two of a frame that an edge may be thin

_batches: Kept[tuple[Any, Any]] = Kept(MOST)


def draw(places: list[Place], view: View, bottom: float, height: float) -> None:
    """Show the strips of the lines between two heights of the region."""
    stretch = view.stretch()
    seen = [(place, level_of(place, view)) for place in places if meets(place, stretch)]
    if not seen:
        return
    key = stretch, tuple(_mark(place, level) for place, level in seen)
    shader, batch = _batches.get(key, lambda: _batch(seen, stretch), [p.record for p, _ in seen])
    with gpu.matrix.push_pop():
        gpu.matrix.translate((view.at(stretch[0]), bottom))
        gpu.matrix.scale((view.pixels, height))
        batch.draw(shader)


def forget() -> None:
    """Free what is on the GPU."""
    _batches.clear()


def meets(place: Place, stretch: tuple[float, float]) -> bool:
    """Whether anything that is heard of a line lies within these frames."""
    first, last = (place.frame_of(second) for second in place.shown)
    return last > stretch[0] and first < stretch[1]


def level_of(place: Place, view: View) -> int:
    """The power of two of the meter's frames that a column takes, from one pixel on."""
    frames = place.record.meter.fps / (view.pixels * place.rate)  # in a pixel
    return max(FINEST, math.ceil(math.log2(max(frames, 1e-9))))


def shape_of(seen: list[tuple[Place, int]], stretch: tuple[float, float]) -> tuple[Any, Any, Any]:
    """Corners (n, 2) in frames from the stretch's first on and 0..1 up, their colours (n, 4), and
    triangles (m, 3) of them."""
    positions, colours, triangles, count = [], [], [], 0
    for place, level in seen:
        found = _picture(place, level, stretch)
        moved = found.positions.astype(np.float64)
        moved[:, 0] = moved[:, 0] * place.rate + (place.frame - stretch[0])
        positions.append(moved.astype(np.float32))
        colours.append(found.colours)
        triangles.append(found.triangles + np.int32(count))
        count += len(moved)
    return np.concatenate(positions), np.concatenate(colours), np.concatenate(triangles)


def _picture(place: Place, level: int, stretch: tuple[float, float]) -> Picture:
    meter, seconds = place.record.meter, 2.0**level / place.record.meter.fps
    weak = meter_record.places(meter_record.weak_spans(meter, place.threshold))
    part = ((stretch[0] - place.frame) / place.rate, (stretch[1] - place.frame) / place.rate)
    return meter_picture.picture(meter, weak, place.stale, place.shown, seconds, part)


def _mark(place: Place, level: int) -> tuple[Any, ...]:
    """All that decides a line's strip."""
    known = id(place.record), place.frame, place.rate, place.shown
    return *known, place.stale, place.threshold, level


def _batch(seen: list[tuple[Place, int]], stretch: tuple[float, float]) -> tuple[Any, Any]:
    positions, colours, triangles = shape_of(seen, stretch)
    shader = gpu.shader.from_builtin("FLAT_COLOR")
    content: dict[str, Any] = {"pos": positions, "color": colours}
    return shader, batch_for_shader(shader, "TRIS", content, indices=triangles)
