# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure that sorts a report worst first: the lip-sync meter's, or where that is not installed
how far the lips shut on what was heard (`batch_contacts`)."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .audio import Audio
from .batch_contacts import Score, contact_score, thinned
from .batch_work import Item
from .contract import MOTION_FPS, UNITS, FaceMotion, Meter, Take, WeightsError

if TYPE_CHECKING:
    from .engine import Engine
    from .meter import Meters

log = logging.getLogger(__name__)
NEAR = 7  # frames over which the curve is averaged to find its worst place


class Scorer:
    """Scores takes of lines; a sound that comes again next is heard once."""

    def __init__(self, engine: Engine, weights: Path | None) -> None:
        self._engine = engine
        self._meters = load_meters(engine, weights)
        self._hear = lru_cache(maxsize=2)(self._heard)

    def score(self, take: Take, audio: Audio, item: Item) -> Score:
        """Score of a take at 50 fps against its sound; no value for a FLAME's parameters."""
        if set(UNITS) - set(take.channels):
            return Score("contacts", None, 0.0, (1.0,))
        heard = self._hear(_Sound(audio, item.line.transcript))
        if self._meters is None:
            return contact_score(take, heard, self._engine.sampling.point)
        units = take.weights[:, [take.channels.index(name) for name in UNITS]]
        motion = FaceMotion(float(MOTION_FPS), np.ascontiguousarray(units, np.float32))
        return meter_score(self._meters.measure(heard, motion))

    def _heard(self, sound: _Sound) -> Any:
        if self._meters is not None:
            return self._meters.hear(sound.audio.samples, sound.transcript)
        return self._engine.hear(sound.audio.samples)


class _Sound:
    """A sound and what is said in it, equal to another with the same."""

    def __init__(self, audio: Audio, transcript: str) -> None:
        self.audio, self.transcript = audio, transcript

    def __hash__(self) -> int:
        return hash((self.audio.sha256, self.transcript))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Sound):
            return NotImplemented
        return (self.audio.sha256, self.transcript) == (other.audio.sha256, other.transcript)


def load_meters(engine: Engine, weights: Path | None) -> Meters | None:
    """The meter beside a loaded engine; None where its files are missing."""
    from .meter import Meters

    try:
        return Meters.load(weights, engine.encoder, recogniser=engine.recogniser)
    except WeightsError as error:
        log.warning("No meter (%s): the report is sorted by lip contacts alone.", error)
        return None


def meter_score(meter: Meter) -> Score:
    """A meter's figures as a report keeps them; no value where nothing is said."""
    said = meter.spoken > 0
    if not said.any() or not np.isfinite(meter.score):
        return Score("meter", None, 0.0, (1.0,), meter=meter)
    curve = np.where(said, meter.frames, 1.0).astype(np.float32)
    smooth = np.convolve(np.pad(curve, NEAR // 2, mode="edge"), np.full(NEAR, 1 / NEAR), "valid")
    worst = int(np.argmin(np.where(said, smooth[: len(curve)], np.inf)))
    first = meter.advice[0] if meter.advice else None
    lag = round(float(meter.lag_ms), 1) if np.isfinite(meter.lag_ms) else 0.0
    return Score(
        "meter",
        round(float(meter.score), 4),
        round(worst / meter.fps, 3),
        thinned(curve),
        first.sentence if first else "",
        round(first.start, 3) if first else 0.0,
        lag,
        meter,
    )
