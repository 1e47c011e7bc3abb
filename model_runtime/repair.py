# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: a span of a motion is changed, within bounds, until it says its sound better.

Gradient steps (Kingma & Ba 2015, Adam) on what the supervising mesh-to-speech model hears and on
the lips' contacts. Another model, the judge, decides whether that helped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from torch import Tensor

from .contract import (
    MOTION_FPS,
    UNITS,
    FaceMotion,
    FloatArray,
    Meter,
    Repaired,
    RepairRequest,
    RequestError,
)
from .lips import LipProbe
from .mesh_to_speech import MeshToSpeech, Said
from .meter import Meters
from .meter_hearing import HeardLine
from .repair_limits import SAYING, TWINS, Limits, merged, pace, room, within
from .repair_lips import TorchLips
from .repair_loss import CONTEXT, RepairLoss, Weights
from .repair_near import near
from .repair_target import SoundTarget, asked, made, target_of
from .repair_verdict import LOCKED, Standing, helped, refusal, says_it, standing, told
from .repair_warp import best_start

Step = Callable[[float], None]
SHORTEST = 4  # frames
SHARES = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25)  # of a change, until it is not too fast


@dataclass(frozen=True)
class RepairConfig:
    """How a repair is done."""

    steps: int = 30
    rate: float = 0.03  # of Adam, in weights
    warp: bool = True  # the mouth may be moved in time first
    near: bool = True  # and lips that are far apart at a p b m brought near
    weights: Weights = field(default_factory=Weights)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Mender:
    """What a repair needs, loaded once."""

    model: MeshToSpeech  # the supervisor
    probe: LipProbe
    config: RepairConfig = field(default_factory=RepairConfig)


def repair(
    mender: Mender,
    meters: Meters,
    heard: HeardLine,
    question: RepairRequest,
    step: Step | None = None,
) -> Repaired:
    """Mend a span, have it judged, and give it only if that helped. Raises RequestError.

    `step` is told the share that is done; what it raises ends the work. The meters given are those
    of the span.
    """
    target, weights = target_of(heard), question.weights
    span = span_frames(question, target.frames)
    wanted = asked(target, span)

    def judged(motion: FloatArray) -> tuple[Meter, Standing]:
        units = np.ascontiguousarray(motion[:, : len(UNITS)], np.float32)
        meter = meters.measure(heard, FaceMotion(float(MOTION_FPS), units), span=question.span)
        seen = evidence(meters.judge, target, units, span)
        return meter, standing(meter, made(mender.probe, units, target, span), span, seen)

    meter, before = judged(weights)
    if not room(span, len(weights), question.kept, mender.config.limits).any():
        return Repaired(weights, False, LOCKED, meter, meter)
    if says_it(before, wanted):
        return Repaired(weights, False, refusal(before, before, wanted), meter, meter)
    mended = mend(mender, target, weights, span, question.kept, step)
    found, after = judged(mended)
    if not helped(before, after):
        return Repaired(weights, False, refusal(before, after, wanted), meter, meter)
    contacts = {
        name: (before.made[name] / count, after.made[name] / count)
        for name, count in wanted.items()
    }
    return Repaired(mended, True, told(before, after, wanted), meter, found, contacts)


@torch.inference_mode()
def evidence(judge: MeshToSpeech, target: SoundTarget, units: FloatArray, span: range) -> float:
    """Mean log-probability of the sound's speech units, as the judge sees a span of a motion."""
    device, stack = judge.fold.device, judge.config.stack
    first = max(0, span.start - CONTEXT) // stack * stack
    seen = torch.from_numpy(units[first : span.stop + CONTEXT])[None].to(device)
    said: Said = judge(seen, None, torch.from_numpy(target.speaker)[None].to(device))
    found = (
        said.unit_logits[0].log_softmax(-1).cpu().numpy()[span.start - first : span.stop - first]
    )
    wanted = target.units[span.start : span.stop]
    return float(found[np.arange(len(wanted)), wanted].mean())


def span_frames(question: RepairRequest, frames: int) -> range:
    """Motion frames of the question's span. Raises RequestError when there are too few."""
    first = max(0, math.ceil(question.span[0] * MOTION_FPS - 1e-6))
    last = min(frames, len(question.weights), math.floor(question.span[1] * MOTION_FPS + 1e-6) + 1)
    if last - first < SHORTEST:
        raise RequestError(
            f"The span from {question.span[0]:.2f} s to {question.span[1]:.2f} s is too short to "
            f"repair. Choose at least {SHORTEST / MOTION_FPS:.2f} s within the line."
        )
    return range(first, last)


def mend(
    mender: Mender,
    target: SoundTarget,
    weights: FloatArray,
    span: range,
    kept: FloatArray | None = None,
    step: Step | None = None,
) -> FloatArray:
    """Motion (frames, channels) whose span says the sound better; all else is `weights`, exactly.

    `step` is told the share that is done; what it raises ends the work.
    """
    config = mender.config
    motion = np.ascontiguousarray(weights[:, : len(UNITS)], np.float32)
    free = room(span, len(motion), kept, config.limits)
    if not free.any():
        return weights
    loss = RepairLoss(
        mender.model,
        TorchLips(mender.probe),
        target,
        torch.from_numpy(motion),
        span,
        config.weights,
        config.limits,
    )
    found = given = torch.from_numpy(motion[span.start : span.stop])
    if config.warp:
        found = best_start(loss, motion, span, free)
    so_far = merged(weights, found.numpy(), span)
    if torch.equal(found, given) or misses_some(mender.probe, so_far, target, span):
        if config.near:
            found = torch.from_numpy(near(mender.probe, so_far, target, span, free))
        found = _descend(loss, found, torch.from_numpy(free), config, step)
    return _slow_enough(mender, weights, found.numpy(), free, span)


def misses_some(probe: LipProbe, weights: FloatArray, target: SoundTarget, span: range) -> bool:
    """Whether a contact that is heard in the span is not made there."""
    units = np.ascontiguousarray(weights[:, : len(UNITS)], np.float32)
    reached = made(probe, units, target, span)
    return any(reached[name] < count for name, count in asked(target, span).items())


def _descend(
    loss: RepairLoss, start: Tensor, free: Tensor, config: RepairConfig, step: Step | None
) -> Tensor:
    """The span's units (len(span), 52) after gradient steps from `start`."""
    wish = torch.zeros_like(start, requires_grad=True)
    adam = torch.optim.Adam([wish], lr=config.rate / config.limits.bound)
    for index in range(config.steps):
        if step is not None:
            step(index / config.steps)
        change = _change(wish, free, config.limits)
        cost = loss(loss.placed(within(start + change, start)[None]))[0] + loss.size(change)
        adam.zero_grad()
        cost.backward()  # type: ignore[no-untyped-call]
        adam.step()
    with torch.no_grad():
        return within(start + _change(wish, free, config.limits), start)


def _change(wish: Tensor, free: Tensor, limits: Limits) -> Tensor:
    """Wishes (frames, 52) as a change, calmed over three frames, the same on both sides.

    Bounded, and none where not free or not of speech.
    """
    padded = torch.cat((wish[:1], wish, wish[-1:]))
    calm = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    even = 0.5 * (calm + calm[:, list(TWINS)])
    return limits.bound * torch.tanh(even) * free * _saying()


@cache
def _saying() -> Tensor:
    chosen = torch.zeros(len(UNITS))
    chosen[list(SAYING)] = 1.0
    return chosen


def _slow_enough(
    mender: Mender, weights: FloatArray, found: FloatArray, free: FloatArray, span: range
) -> FloatArray:
    """`weights` with as much of what was found as keeps the limits of speed."""
    near = slice(max(0, span.start - 3), span.stop + 3)
    before = pace(mender.probe, weights[near])
    here = weights[span.start : span.stop, : len(UNITS)]
    for share in SHARES:
        units = np.where(free > 0, here + share * (found - here), here).astype(np.float32)
        whole = merged(weights, units, span)
        if pace(mender.probe, whole[near]).keeps(mender.config.limits, before):
            return whole
    return weights
