# SPDX-License-Identifier: GPL-3.0-or-later
"""How one clip is performed: emotion, intensity curve and the style that differs between clips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from model_runtime.contract import EMOTIONS, INTENSITY_RANGE, FloatArray, RequestError


class Segment(Protocol):
    """One phone of an alignment: what training.corpus.alignment.Segment offers."""

    @property
    def phone(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


@dataclass(frozen=True)
class Style:
    """What differs between performers. Everything that moves the lips varies little on purpose:

    the lips have to follow from phones, loudness, emotion and intensity, else a model trained on
    them blurs; seeds have the upper face, the eyes, the lids and the head to differ in.
    """

    strength: float = 1.0  # articulation, scale of jaw and lip targets, 0.9..1.1
    side: float = 0.06  # asymmetry: the left side is stronger by this share, -0.25..0.25
    blink_rate: float = 17.0  # blinks a minute
    mobility: float = 1.0  # scale of head motion
    brow: float = 1.0  # scale of brow accents
    gaze: float = 1.0  # scale of gaze excursions
    onset: float = 0.5  # seconds an expression takes to set in and to leave, 0.3..0.7
    flavour: FloatArray = field(default_factory=lambda: np.ones(16, np.float32))  # recipe gains


def sample_style(rng: np.random.Generator) -> Style:
    """A performer at random. Blinks a minute: log-normal about 17 (Bentivoglio et al. 1997)."""
    return Style(
        strength=float(np.clip(rng.normal(1.0, 0.03), 0.9, 1.1)),
        side=float(np.clip(rng.normal(0.0, 0.1), -0.25, 0.25)),
        blink_rate=float(np.clip(rng.lognormal(np.log(17.0), 0.35), 6.0, 40.0)),
        mobility=float(np.clip(rng.lognormal(0.0, 0.35), 0.4, 1.9)),
        brow=float(rng.uniform(0.5, 1.4)),
        gaze=float(rng.uniform(0.5, 1.3)),
        onset=float(rng.uniform(0.3, 0.7)),
        flavour=np.clip(rng.normal(1.0, 0.18, 16), 0.55, 1.4).astype(np.float32),
    )


@dataclass(frozen=True)
class ArticulationSettings:
    """Emotion and intensity of a clip, and its style (None = drawn from the generator).

    `intensity` is one number or a curve (frames,) at 50 fps, 0..1.5. Raises RequestError where a
    value is out of range or the emotion unknown.
    """

    emotion: str = "neutral"
    intensity: float | FloatArray = 1.0
    style: Style | None = None

    def __post_init__(self) -> None:
        if self.emotion not in EMOTIONS:
            known = ", ".join(EMOTIONS)
            raise RequestError(f"Emotion '{self.emotion}' is not known. Choose one of: {known}.")
        low, high = INTENSITY_RANGE
        values = np.asarray(self.intensity, np.float64)
        if not np.isfinite(values).all() or values.min() < low or values.max() > high:
            raise RequestError(f"Intensity is out of range. Use numbers from {low} to {high}.")

    def intensity_curve(self, frames: int) -> FloatArray:
        """(frames,) intensity; a curve of another length is cut or held at its end."""
        values = np.atleast_1d(np.asarray(self.intensity, np.float32))
        return values[np.minimum(np.arange(frames), len(values) - 1)]
