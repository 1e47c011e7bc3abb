# SPDX-License-Identifier: GPL-3.0-or-later
"""A take's meter as files beside it: `meter` (json, all of it) and `meter.csv` (a row a frame).

Frames are those of the scene: they count from the line's start frame at the line's rate, or at
that of motion where the list names none.
"""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .batch_work import Item, nearest_frame
from .contract import MOTION_FPS, Advice, Meter

FORMAT = 1
DECIMALS = 3
Values = npt.NDArray[np.float64]


def meter_bytes(kind: str, meter: Meter, item: Item) -> bytes:
    """The file of an output kind ('meter' or 'meter.csv')."""
    return (_csv(meter, item) if kind == "meter.csv" else _json(meter, item)).encode()


def _json(meter: Meter, item: Item) -> str:
    line = item.line
    document = {
        "format": FORMAT,
        "id": line.line_id,
        "item": item.name,
        "score": _rounded(meter.score, 4),
        "lag_ms": _rounded(meter.lag_ms, 1),
        "fps": _rate(item),
        "start_frame": line.start_frame,
        "curve_fps": meter.fps,
        "curve": [_rounded(value) for value in meter.frames.tolist()],
        "spoken": [round(value) for value in meter.spoken.tolist()],
        "spans": [_span(first, after, meter, item) for first, after in meter.weak_runs()],
        "advice": [_advice(one, meter, item) for one in meter.advice],
        "phones": [list(phone) for phone in meter.phones],
        "words": [list(word) for word in meter.words],
        "model": meter.model,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(meter: Meter, item: Item) -> str:
    """frame, second, meter, spoken, and the advice whose span covers the frame."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("frame", "second", "meter", "spoken", "advice"))
    seconds, values, spoken = at_scene_rate(meter, _rate(item))
    for place, second in enumerate(seconds.tolist()):
        covering = [one for one in meter.advice if one.start <= second < one.end]
        said = "; ".join(sentence(one, meter, item) for one in covering)
        figures = (f"{second:.3f}", f"{values[place]:.3f}", int(spoken[place]), said)
        writer.writerow((item.line.start_frame + place, *figures))
    return out.getvalue()


def at_scene_rate(meter: Meter, fps: float) -> tuple[Values, Values, npt.NDArray[np.bool_]]:
    """Seconds, values and what is spoken at the scene's frames, each (n,)."""
    own = np.arange(len(meter.frames)) / meter.fps
    seconds = np.arange(math.ceil(len(own) / meter.fps * fps - 1e-6)) / fps
    values = np.interp(seconds, own, meter.frames)
    nearest = np.minimum(np.round(seconds * meter.fps).astype(int), len(own) - 1)
    return seconds, values, meter.spoken[nearest] > 0.5


def sentence(one: Advice, meter: Meter, item: Item) -> str:
    """An advice's words with frames of the scene."""
    late = 0.0 if math.isnan(meter.lag_ms) else abs(meter.lag_ms) * _rate(item) / 1000.0
    words = one.sentence.replace("{frames}", f"{late:.1f}")
    return words.replace("{frame}", str(_frame(one.start, item)))


def _span(first: int, after: int, meter: Meter, item: Item) -> dict[str, Any]:
    start, end = first / meter.fps, after / meter.fps
    return {**_place(start, end, item), "score": _rounded(float(meter.frames[first:after].mean()))}


def _advice(one: Advice, meter: Meter, item: Item) -> dict[str, Any]:
    told = {"kind": one.kind, "phone": one.phone, "sentence": sentence(one, meter, item)}
    return {**told, **_place(one.start, one.end, item), "score": _rounded(one.score)}


def _place(start: float, end: float, item: Item) -> dict[str, Any]:
    """Seconds of the line, and the frames of the scene that they fall on."""
    seconds = {"start": _rounded(start), "end": _rounded(end)}
    return {**seconds, "first_frame": _frame(start, item), "last_frame": _frame(end, item)}


def _frame(second: float, item: Item) -> int:
    return nearest_frame(item.line.start_frame, second, _rate(item))


def _rate(item: Item) -> float:
    return item.line.fps or float(MOTION_FPS)


def _rounded(value: float, decimals: int = DECIMALS) -> float | None:
    return round(float(value), decimals) if math.isfinite(value) else None
