# SPDX-License-Identifier: GPL-3.0-or-later
"""How far and how fast a repair may move a mouth, and where it may not move it at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .contract import CHANNELS, MOTION_FPS, UNITS, FloatArray
from .lips import LipProbe
from .motion_space import MOUTH as MOUTH_STARTS

MOUTH = tuple(index for index, name in enumerate(UNITS) if name.startswith(MOUTH_STARTS))
_MOOD = ("Smile", "Frown", "Dimple")  # and what pulls to one side: not for the words to change
_ASIDE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
SAYING = tuple(
    i for i in MOUTH if UNITS[i] not in _ASIDE and not any(mood in UNITS[i] for mood in _MOOD)
)  # units that gradient steps change; a shift in time moves all of MOUTH
TWINS = tuple(
    UNITS.index(name.replace("Left", "Right"))
    if name.endswith("Left")
    else UNITS.index(name.replace("Right", "Left"))
    if name.endswith("Right")
    else index
    for index, name in enumerate(UNITS)
)  # of each unit the one on the other side of the face, or itself
JAW_OPEN, MOUTH_CLOSE = UNITS.index("jawOpen"), UNITS.index("mouthClose")


@dataclass(frozen=True)
class Limits:
    """What no repair exceeds, unless the motion did so before."""

    bound: float = 0.35  # change of a unit's weight, beside what a local shift in time changes
    lip_speed: float = 300.0  # mm/s, after docs/articulation.md
    jaw_speed: float = 250.0
    lip_acceleration: float = 15_000.0  # mm/s^2: from rest to the fastest within a frame
    jaw_acceleration: float = 12_500.0
    ramp: int = 4  # frames over which a change begins and ends within the span


def room(span: range, frames: int, kept: FloatArray | None, limits: Limits) -> FloatArray:
    """(len(span), 52) 0..1: how much of the bound each weight may use.

    0 for all but the mouth's units and where `kept` (frames, channels) is set; it rises over `ramp`
    frames from the ends of the span, but not where those are the ends of the line.
    """
    count = len(span)
    ramp = max(1, min(limits.ramp, count // 4))
    before = np.arange(1, count + 1) / (ramp + 1) if span.start else np.ones(count)
    after = np.arange(count, 0, -1) / (ramp + 1) if span.stop < frames else np.ones(count)
    edge = np.clip(np.minimum(before, after), 0.0, 1.0)
    free = np.zeros((count, len(UNITS)), np.float32)
    free[:, MOUTH] = (edge * edge * (3 - 2 * edge))[:, None]
    if kept is not None:
        free *= kept[span.start : span.stop, : len(UNITS)] <= 0
    return free


def within(units: Tensor, before: Tensor) -> Tensor:
    """Weights (..., frames, 52) between 0 and 1; lips are not closed farther than the jaw opens.

    What lies outside of that in `before` may stay there.
    """
    low, high = before.clamp(max=0.0), before.clamp(min=1.0)
    inside = torch.maximum(torch.minimum(units, high), low)
    most = torch.maximum(inside[..., JAW_OPEN], before[..., MOUTH_CLOSE])
    closing = torch.minimum(inside[..., MOUTH_CLOSE], most)
    return torch.cat(
        (inside[..., :MOUTH_CLOSE], closing[..., None], inside[..., MOUTH_CLOSE + 1 :]), -1
    )


@dataclass(frozen=True)
class Pace:
    """Fastest movement of a motion: mm/s and mm/s^2 of the mid lip aperture and of the jaw."""

    lip_speed: float
    jaw_speed: float
    lip_acceleration: float
    jaw_acceleration: float

    def keeps(self, limits: Limits, before: Pace) -> bool:
        """Whether nothing is faster than the limits, or than `before`."""
        return all(
            getattr(self, name) <= max(getattr(limits, name), getattr(before, name)) + 1e-3
            for name in ("lip_speed", "jaw_speed", "lip_acceleration", "jaw_acceleration")
        )


def pace(probe: LipProbe, weights: FloatArray) -> Pace:
    """Of unit weights (frames, 52 or 55)."""
    lips, jaw = probe.aperture(weights), probe.jaw_opening(weights)
    return Pace(_most(lips, 1), _most(jaw, 1), _most(lips, 2), _most(jaw, 2))


def _most(curve: FloatArray, order: int) -> float:
    change = np.diff(curve.astype(np.float64), order)
    return float(np.abs(change).max(initial=0.0) * MOTION_FPS**order)


def merged(weights: FloatArray, units: FloatArray, span: range) -> FloatArray:
    """`weights` (frames, channels) with the units (len(span), 52) of a span; a new array."""
    assert weights.shape[1] == len(CHANNELS)
    whole = weights.copy()
    whole[span.start : span.stop, : len(UNITS)] = units
    return whole
