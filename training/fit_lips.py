# SPDX-License-Identifier: GPL-3.0-or-later
"""Fit the two networks that tell which lips go with which sound, for the meter.

Noise-contrastive estimation (Gutmann & Hyvarinen 2010): lips at their own sound against lips of
other moments, half of them of the same line. With as many of each the product of the two sides
becomes the log of how much likelier the lips are there than anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model_runtime.meter_lips import CUE_TAPS, LIP_TAPS, LipMatch, lip_shapes, tapped
from training.meter_data import Pair

log = logging.getLogger(__name__)
STEPS, BATCH, RATE, DECAY = 2500, 512, 3e-3, 1e-3
NEAREST, FARTHEST = 5, 60  # frames at which another moment of the line lies


def fit_lips(pairs: Sequence[Pair], seed: int = 0, steps: int = STEPS) -> LipMatch:
    """The networks for the motions among `pairs` that say their line."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    match = LipMatch()
    cues, lips, line, spoken = _rows([pair for pair in pairs if pair.kind == "truth"])
    optimiser = torch.optim.AdamW(match.parameters(), lr=RATE, weight_decay=DECAY)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        here = draw.choice(spoken, BATCH)
        near = _elsewhere(here, line, draw)
        said = match.sound(cues[here])
        loss = _loss(said, match.lips(lips[here]), match.lips(lips[near]), line[here], line[near])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        plan.step()
        if step % 500 == 0 or step == steps - 1:
            log.info("lips, step %d: cross-entropy %.4f", step, loss.item())
    return match.requires_grad_(False)


def _rows(
    pairs: Sequence[Pair],
) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray]:
    """Cues and lips with those about each, the pair of each row, the rows in which is spoken."""
    cues = [tapped(torch.from_numpy(pair.heard.cues), CUE_TAPS) for pair in pairs]
    shapes = [torch.from_numpy(lip_shapes(pair.watched.mouth)) for pair in pairs]
    lips = [tapped(one, LIP_TAPS) for one in shapes]
    line = np.concatenate([np.full(len(one), i) for i, one in enumerate(lips)])
    right = [p.heard.spoken & (True if p.wrong is None else ~p.wrong) for p in pairs]
    return torch.cat(cues), torch.cat(lips), line, np.flatnonzero(np.concatenate(right))


def _elsewhere(here: np.ndarray, line: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Another moment of each row's line, where it is long enough."""
    away = draw.integers(NEAREST, FARTHEST, len(here)) * draw.choice((-1, 1), len(here))
    there, back = (np.clip(here + sign * away, 0, len(line) - 1) for sign in (1, -1))
    return np.where(line[there] == line[here], there, back)


def _loss(said: Tensor, right: Tensor, near: Tensor, here: np.ndarray, there: np.ndarray) -> Tensor:
    """Rows' own lips against those of every other row, and of another moment of the line."""
    own = functional.softplus(-(said * right).sum(1)).mean()
    others = functional.softplus(said @ right.T)
    apart = 1.0 - torch.eye(len(said))
    strange = (others * apart).sum() / apart.sum()
    same = torch.from_numpy((here == there).astype(np.float32))
    close = (functional.softplus((said * near).sum(1)) * same).sum() / same.sum().clamp(min=1.0)
    return own + (strange + close) / 2
