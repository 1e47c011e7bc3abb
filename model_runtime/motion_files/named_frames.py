# SPDX-License-Identifier: GPL-3.0-or-later
"""Json recordings of face trackers and speech services: frames of units by name.

There is no one format. Read are lists of frames, at the top or under `frames` and the like, each
with its weights by name (`{"jawOpen": 0.4}`, or MediaPipe's `{"categoryName": ..., "score": ...}`)
in itself or under `blendshapes` and the like. A frame without any holds the one before it; a unit
that a frame leaves out is 0 in it. The rate is the file's, else its times'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import live_link
from .clock import is_time, rate_in, seconds
from .csv_table import unit_of
from .motion import Curves, MotionError, MotionFile

TITLE = "frames json"
LISTS = ("frames", "keyframes", "data", "animation", "samples", "blendshapes", "blendShapes")
WEIGHTS = ("blendshapes", "blendShapes", "blend_shapes", "faceBlendshapes", "shapes", "weights",
           "values", "bs")  # fmt: skip
NAME = ("categoryName", "category_name", "name", "k")
VALUE = ("score", "value", "weight", "v")

Frame = Mapping[str, float]


def frames_of(document: Any) -> list[Any] | None:
    """The list of frames in a json, None where there is none."""
    if isinstance(document, dict):
        document = next((document[key] for key in LISTS if _is_list(document.get(key))), None)
    return document if _is_list(document) else None


def from_document(document: Any, fps: float | None = None) -> MotionFile:
    """What such a json holds. Raises MotionError."""
    frames = frames_of(document)
    if frames is None:
        raise MotionError("it holds no list of frames")
    weights = [_weights(frame) for frame in frames]
    names = tuple(dict.fromkeys(name for frame in weights if frame for name in frame))
    rows = np.zeros((len(weights), len(names)), np.float32)
    for place, frame in enumerate(weights):
        rows[place] = rows[place - 1] if frame is None else [frame.get(name, 0) for name in names]
    told = fps or (rate_in(document) if isinstance(document, dict) else None)
    times = _times(frames) if told is None else None
    if told is None and times is None:
        raise MotionError("it does not tell its rate; set it")
    rate = told or live_link.rate_of(np.asarray(times))
    place_of = None if times is None else live_link.uniform(times, rate)
    placed = live_link.placed(rows.astype(np.float64), place_of).astype(np.float32)
    return MotionFile(Curves(names, placed), rate, TITLE)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _weights(frame: Any) -> Frame | None:
    """Units of a frame by their own names; None where it has none."""
    if not isinstance(frame, dict):
        return None
    inner = next((frame[key] for key in WEIGHTS if key in frame), frame)
    if isinstance(inner, list):
        inner = dict(_pairs(inner))
    if not isinstance(inner, dict):
        return None
    named = ((unit_of(str(key)), value) for key, value in inner.items())
    found = {unit: _number(value, unit) for unit, value in named if unit is not None}
    return found or None


def _pairs(entries: Sequence[Any]) -> list[tuple[str, Any]]:
    """A list of named scores; a list of faces gives its first one's."""
    if entries and isinstance(entries[0], list):
        return _pairs(entries[0])
    if len(entries) == 1 and isinstance(entries[0], dict) and "categories" in entries[0]:
        return _pairs(entries[0]["categories"])
    pairs = []
    for entry in (entry for entry in entries if isinstance(entry, dict)):
        name = next((entry[key] for key in NAME if key in entry), None)
        value = next((entry[key] for key in VALUE if key in entry), None)
        if isinstance(name, str):
            pairs.append((name, value))
    return pairs


def _number(value: Any, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MotionError(f"its {unit} is not a number in every frame")
    return float(value)


def _times(frames: Sequence[Any]) -> live_link.Doubles | None:
    """Seconds of each frame; None where one does not tell."""
    first = frames[0] if isinstance(frames[0], dict) else {}
    name = next((key for key in first if is_time(key)), None)
    found = [frame.get(name) if isinstance(frame, dict) else None for frame in frames]
    known = [float(value) for value in found if isinstance(value, int | float)]
    if name is None or len(known) != len(frames):
        return None
    return seconds(name, np.array(known, np.float64))
