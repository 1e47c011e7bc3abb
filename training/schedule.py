# SPDX-License-Identifier: GPL-3.0-or-later
"""What both trainings share: learning rate, moving average, checkpoints that resume exactly."""

from __future__ import annotations

import copy
import json
import logging
import math
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"  # in the run folder
ModelT = TypeVar("ModelT", bound=nn.Module)


def learning_rate(step: int, peak: float, steps: int, warmup: int = 300) -> float:
    """Linear warm-up, then a cosine to a fiftieth of the peak at `steps`.

    Runs too short for the warm-up warm up for a tenth of their steps.
    """
    warmup = min(warmup, max(1, steps // 10))
    if step < warmup:
        return peak * (step + 1) / warmup
    part = min(1.0, (step - warmup) / max(1, steps - warmup))
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of all parameters."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def descend(
    model: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, longest: float = 1.0
) -> None:
    """One update down a loss; a gradient longer than `longest` is shortened to that."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), longest)
    optimiser.step()


def seed_dropout(seed: int, step: int, rank: int = 0) -> None:
    """Dropout draws from torch's own generator: seeded by the step, a resumed run is exact.

    Processes that train together (`rank`) drop differently.
    """
    torch.manual_seed(seed * 1_000_003 + step + rank * 1_000_000_007)


class MovingAverage(Generic[ModelT]):
    """Exponential moving average of a model's weights (what is evaluated and shipped)."""

    def __init__(self, model: ModelT, decay: float = 0.998) -> None:
        self.model: ModelT = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: ModelT, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for mean, value in zip(self.model.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)
        for kept, current in zip(self.model.buffers(), model.buffers(), strict=True):
            kept.copy_(current)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write atomically: a killed run resumes from the last whole checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    log.info("resuming from %s at step %s", path, state.get("step"))
    return state


def save_training(
    path: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    mean: MovingAverage[Any],
    step: int,
) -> None:
    """Checkpoint everything that the next step depends on."""
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    save_checkpoint(path, {**state, "mean": mean.model.state_dict()})


def resume_training(
    path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, mean: MovingAverage[Any]
) -> int:
    """Go on from a checkpoint; gives the steps already done, 0 where there is none."""
    state = load_checkpoint(path)
    if state is None:
        return 0
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    mean.model.load_state_dict(state["mean"])
    return int(state["step"])


def append_log(path: Path, row: dict[str, Any]) -> None:
    """One JSON line of figures: the loss curve."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
