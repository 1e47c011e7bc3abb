# SPDX-License-Identifier: GPL-3.0-or-later
"""The noise schedule and the samplers. Each sampler is one pure function of an x0 estimator."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Estimator = Callable[[Tensor, Tensor], Tensor]  # (noisy, time (batch,)) -> clean estimate x0
StepCallback = Callable[[int, int], None]  # (step, steps); may raise to stop


def cosine_alpha(time: Tensor) -> Tensor:
    """Signal scale of the cosine schedule (Nichol & Dhariwal 2021), time in [0, 1]."""
    offset = 0.008
    return torch.cos((time + offset) / (1 + offset) * math.pi / 2).clamp(0.0, 1.0)


def add_noise(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """Forward process at `time` (batch,): alpha * x0 + sigma * noise, variance kept."""
    alpha = cosine_alpha(time).view(-1, *([1] * (clean.dim() - 1)))
    return alpha * clean + (1 - alpha.square()).sqrt() * noise


def times(steps: int, last: float = 0.995) -> Tensor:
    """Sampling times, from almost pure noise down to 0: (steps + 1,)."""
    return torch.linspace(last, 0.0, steps + 1)


def sample_ddim(
    estimate: Estimator, noise: Tensor, schedule: Tensor, callback: StepCallback | None = None
) -> Tensor:
    """DDIM, deterministic (Song, Meng & Ermon 2021, eq. 12 with eta 0)."""
    x = noise
    for step in range(len(schedule) - 1):
        if callback:
            callback(step, len(schedule) - 1)
        alpha, sigma = _scales(schedule[step])
        next_alpha, next_sigma = _scales(schedule[step + 1])
        clean = estimate(x, schedule[step].expand(x.shape[0]))
        x = next_alpha * clean + next_sigma * (x - alpha * clean) / sigma
    return clean


def sample_dpmpp_2m(
    estimate: Estimator, noise: Tensor, schedule: Tensor, callback: StepCallback | None = None
) -> Tensor:
    """DPM-Solver++(2M), data prediction, multistep (Lu et al. 2022, algorithm 2)."""
    x, previous, previous_h = noise, None, 0.0
    for step in range(len(schedule) - 1):
        if callback:
            callback(step, len(schedule) - 1)
        clean = estimate(x, schedule[step].expand(x.shape[0]))
        if step == len(schedule) - 2:
            return clean
        alpha, sigma = _scales(schedule[step])
        next_alpha, next_sigma = _scales(schedule[step + 1])
        h = float((next_alpha / next_sigma).log() - (alpha / sigma).log())
        target = clean
        if previous is not None:
            ratio = previous_h / h
            target = (1 + 1 / (2 * ratio)) * clean - 1 / (2 * ratio) * previous
        x = (next_sigma / sigma) * x - next_alpha * math.expm1(-h) * target
        previous, previous_h = clean, h
    return x


SAMPLERS = {"ddim": sample_ddim, "dpmpp_2m": sample_dpmpp_2m}


def _scales(time: Tensor) -> tuple[Tensor, Tensor]:
    alpha = cosine_alpha(time)
    return alpha, (1 - alpha.square()).sqrt()
