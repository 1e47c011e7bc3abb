# SPDX-License-Identifier: GPL-3.0-or-later
"""A measured line as it is kept with the file: the meter, and what it was measured on. No bpy."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..model_runtime.contract import WEAK, Advice, FloatArray, Meter

LEVELS = 255  # of a frame's value in the file
AROUND = 0.4  # seconds beside a changed span whose values depend on it
WEAK_WORDS = "Mouth does not say the words from frame {frame}"
LAG = "lag"  # kind of advice


@dataclass(frozen=True)
class Span:
    """A weak span in seconds of the line, with its advice; the first in a list is the worst."""

    start: float
    end: float
    score: float
    sentence: str
    kind: str = "weak"


@dataclass(frozen=True)
class Record:
    """One measurement: seconds count from `start`, a second of the sound file."""

    meter: Meter
    start: float
    duration: float
    digest: str  # of the animation that was measured

    def text(self) -> str:
        """As JSON: frames in steps of 1/LEVELS."""
        meter = self.meter
        known: dict[str, Any] = {
            "score": _plain(meter.score),
            "lag": _plain(meter.lag_ms),
            "fps": meter.fps,
            "frames": _packed(np.nan_to_num(meter.frames) * LEVELS),
            "spoken": _packed(meter.spoken * LEVELS),
            "advice": [asdict(item) for item in meter.advice],
            "phones": [list(item) for item in meter.phones],
            "words": [list(item) for item in meter.words],
            "model": meter.model,
        }
        known |= {"start": self.start, "duration": self.duration, "digest": self.digest}
        return json.dumps(known, separators=(",", ":"))


def read(text: str) -> Record | None:
    """The record in a property; None where somebody has changed it beyond reading."""
    try:
        known = json.loads(text)
        meter = Meter(
            _number(known["score"]),
            _unpacked(known["frames"]),
            _unpacked(known["spoken"]),
            float(known["fps"]),
            _number(known["lag"]),
            tuple(Advice(**item) for item in known["advice"]),
            tuple((str(p), float(a), float(b)) for p, a, b in known["phones"]),
            tuple((str(w), float(a), float(b)) for w, a, b in known["words"]),
            str(known["model"]),
        )
        place = float(known["start"]), float(known["duration"])
        return Record(meter, *place, str(known["digest"]))
    except (KeyError, TypeError, ValueError):
        return None


def around(span: tuple[float, float], duration: float) -> tuple[float, float]:
    """The seconds whose values a change within `span` can have changed."""
    return max(0.0, span[0] - AROUND), min(duration, span[1] + AROUND)


def merged(old: Meter, new: Meter, span: tuple[float, float]) -> Meter:
    """`old` with what a measurement of `span` (seconds) found there.

    `new` is of the whole line with nan outside of the span. The line's score moves by as much as
    its frames' mean does, until the whole line is measured again.
    """
    if new.fps != old.fps or len(new.frames) != len(old.frames):
        return new
    fresh = np.isfinite(new.frames)
    frames = np.where(fresh, new.frames, old.frames).astype(np.float32)
    advice = [item for item in old.advice if not _meet((item.start, item.end), span)]
    advice += [item for item in new.advice if _meet((item.start, item.end), span)]
    advice.sort(key=lambda item: item.score)
    moved = mean_spoken(frames, old.spoken) - mean_spoken(old.frames, old.spoken)
    score = min(1.0, max(0.0, old.score + moved))
    return replace(old, frames=frames, advice=tuple(advice), score=score)


def mean_spoken(frames: FloatArray, spoken: FloatArray) -> float:
    """Mean over what is spoken; nan in silence."""
    heard = spoken > 0.5
    return float(frames[heard].mean()) if heard.any() else math.nan


def weak_spans(meter: Meter, threshold: float = WEAK) -> list[Span]:
    """What the advice names, and frames below `threshold` that it does not; worst first."""
    spans = [
        Span(item.start, item.end, item.score, item.sentence, item.kind)
        for item in meter.advice
        if item.score < threshold or item.kind != "weak"
    ]
    for first, after in meter.weak_runs(threshold):
        start, end = first / meter.fps, after / meter.fps
        if not any(_meet((start, end), (span.start, span.end)) for span in places(spans)):
            score = float(meter.frames[first:after].mean())
            spans.append(Span(start, end, score, WEAK_WORDS))
    return sorted(spans, key=lambda span: (span.score, span.start))


def told(span: Span, frame: float, meter: Meter, rate: float) -> str:
    """The span's sentence for the user: `frame` is where it begins, at `rate` frames a second."""
    late = 0 if math.isnan(meter.lag_ms) else round(abs(meter.lag_ms) / 1000.0 * rate)
    words = span.sentence.replace("{frames}", str(late))
    return words.replace("{frame}", str(math.floor(frame + 0.5)))


def told_in_seconds(span: Span, meter: Meter) -> str:
    """The span's sentence where there is no scene to count frames in."""
    late = 0.0 if math.isnan(meter.lag_ms) else abs(meter.lag_ms)
    words = span.sentence.replace("{frames} frames", f"{late:.0f} ms")
    return words.replace("frame {frame}", f"{span.start:.1f} s")


def places(spans: list[Span]) -> list[Span]:
    """Those with a place in the line; a lag is the whole line's."""
    return [span for span in spans if span.kind != LAG]


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _packed(values: FloatArray) -> str:
    whole = np.clip(np.round(values), 0, LEVELS).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode()


def _unpacked(text: str) -> FloatArray:
    whole = np.frombuffer(base64.b64decode(text), np.uint8)
    return whole.astype(np.float32) / np.float32(LEVELS)


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
