# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair makes smaller: the supervisor's loss, missed contacts, haste, and the change."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .contract import MOTION_FPS
from .features import MELS_PER_MOTION_FRAME
from .mesh_to_speech import MeshToSpeech
from .repair_limits import Limits
from .repair_lips import TorchLips
from .repair_target import MARGIN, SoundTarget, Spans

CONTEXT = 50  # frames on either side of a span that the supervisor also sees
NEAR = 6  # frames on either side of a span whose words a change within it reaches
PRESSED = -0.15  # mm between lips that surely look shut
APART = 0.8  # mm of new closeness from which on lips that should not meet come too near
BITE = 0.4  # mm from the lower lip to the upper incisors
FRICATIVE = (0.5, 3.5)  # mm between the lips meanwhile
PRESSING = 6  # columns from the middle on that have to meet


@dataclass(frozen=True)
class Weights:
    """Of the terms, chosen on development speakers (training.evaluate_repair)."""

    units: float = 1.0  # per nat
    enough: float = 2.5  # nats a frame below which a unit is said well enough
    mel: float = 2.0  # per unit of normalised log-mel
    contact: float = 0.6  # per mm at every contact
    newly: float = 0.6  # per mm that lips newly meet
    haste: float = 0.002  # per mm/s beyond the limits
    change: float = 200.0  # per squared weight, mean over frames, sum over units
    jerk: float = 1600.0  # per squared second difference of the change


class RepairLoss:
    """The loss of motions of one span: each term a value for each motion of a batch.

    Everything is cut to the span and its surroundings, `window`, which starts on a token.
    """

    def __init__(
        self,
        model: MeshToSpeech,
        lips: TorchLips,
        target: SoundTarget,
        motion: Tensor,
        span: range,
        weights: Weights | None = None,
        limits: Limits | None = None,
    ) -> None:
        """motion (frames, 52): as it is before."""
        self.model, self.lips = model, lips
        self.weights, self.limits = weights or Weights(), limits or Limits()
        frames, stack = min(len(motion), target.frames), model.config.stack
        first = max(0, span.start - CONTEXT) // stack * stack
        self.window = range(first, min(frames, span.stop + CONTEXT))
        self.span = range(span.start - first, span.stop - first)
        heard = slice(max(first, span.start - NEAR), min(self.window.stop, span.stop + NEAR))
        self._heard = slice(heard.start - first, heard.stop - first)
        self._units = torch.from_numpy(target.units[heard])
        rate = MELS_PER_MOTION_FRAME
        self._mel = torch.from_numpy(target.mel[rate * heard.start : rate * heard.stop])
        self._voice = torch.from_numpy(target.speaker)[None]
        self._before = motion[self.window.start : self.window.stop]
        self._contacts(target, span)

    def _contacts(self, target: SoundTarget, span: range) -> None:
        more = round(MARGIN * MOTION_FPS)
        self._bilabial = self._within(target.events(0, span))
        self._labiodental = self._within(target.events(1, span))
        near = torch.zeros(len(self.window), dtype=torch.bool)
        cut = target.contacts[self.window.start : self.window.stop]
        near |= torch.from_numpy(cut[:, 3] > 0.3)
        for first, last in self._within(target.events(0, self.window)):
            near[max(0, first - more - 2) : last + more + 2] = True
        self._free = ~near
        self._apertures = self.lips.column_apertures(self._before)[:, 0]

    def _within(self, events: Spans) -> Spans:
        shift = self.window.start
        return tuple((a - shift, b - shift) for a, b in events)

    def __call__(self, units: Tensor) -> Tensor:
        """Losses (batch,) of motions (batch, len(window), 52) that differ in the span only."""
        enough = self.weights.enough
        return self.speech(units, enough) + self.contacts(units) + self.haste(units)

    def speech(self, units: Tensor, enough: float = 0.0) -> Tensor:
        """How badly the sound's units and log-mel are said in and near the span: (batch,).

        A frame whose unit costs less than `enough` nats could not do better.
        """
        said = self.model(units, None, self._voice.expand(len(units), -1))
        logits = said.unit_logits[:, self._heard]
        wanted = self._units.expand(len(units), -1)
        missed = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none")
        rate = MELS_PER_MOTION_FRAME
        mel = said.mel[:, rate * self._heard.start : rate * self._heard.stop]
        away = (mel - self._mel).abs().mean((1, 2))
        nats = functional.relu(missed.reshape(len(units), -1) - enough).mean(1)
        return self.weights.units * nats + self.weights.mel * away

    def contacts(self, units: Tensor) -> Tensor:
        """Millimetres by which contacts in the span are missed, or newly made: (batch,)."""
        gaps = self.lips.column_apertures(units)
        total = gaps.new_zeros(len(units))
        for first, last in self._bilabial:
            held = gaps[:, first:last, :PRESSING]
            over = functional.relu(held - PRESSED)
            total = total + self.weights.contact * (
                over.amax(-1).mean(1) + 2 * over[..., 0].mean(1)
            )
        for first, last in self._labiodental:
            total = total + self.weights.contact * self._bite(
                units[:, first:last], gaps[:, first:last]
            )
        least = self._apertures.clamp(max=APART)
        newly = functional.relu(least - gaps[..., 0]) * self._free
        inside = newly[:, self.span.start : self.span.stop].sum(1)
        return total + self.weights.newly * inside

    def _bite(self, units: Tensor, gaps: Tensor) -> Tensor:
        tooth = self.lips.tooth_gap(units.flatten(0, 1)).reshape(units.shape[:2])
        low, high = FRICATIVE
        middle = gaps[..., 0]
        apart = functional.relu(low - middle) + functional.relu(middle - high)
        return (functional.relu(tooth - BITE) + apart).mean(1)

    def haste(self, units: Tensor) -> Tensor:
        """Speed of lips and jaw beyond the limits: (batch,)."""
        lips = self.lips.column_apertures(units)[..., 0].diff(dim=1).abs() * MOTION_FPS
        jaw = self.lips.jaw_opening(units).diff(dim=1).abs() * MOTION_FPS
        fast = functional.relu(lips - 0.9 * self.limits.lip_speed)
        fast = fast + functional.relu(jaw - 0.9 * self.limits.jaw_speed)
        return self.weights.haste * fast.sum(1)

    def size(self, change: Tensor) -> Tensor:
        """Cost of a change (frames, 52) of the span: its size and its roughness."""
        large = change.square().sum(1).mean()
        rough = change.diff(n=2, dim=0).square().sum(1).mean() if len(change) > 2 else large
        return self.weights.change * large + self.weights.jerk * rough

    def placed(self, inner: Tensor) -> Tensor:
        """The window's motions (batch, len(window), 52) with the span's (batch, len(span), 52)."""
        count = len(inner)
        before = self._before[: self.span.start].expand(count, -1, -1)
        after = self._before[self.span.stop :].expand(count, -1, -1)
        return torch.cat((before, inner, after), 1)
