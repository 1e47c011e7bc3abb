# SPDX-License-Identifier: GPL-3.0-or-later
"""How hard mesh-to-speech pulls at a denoiser, beside the other losses: what w = 1 stands for.

`python -m training.balance --lessons DIR --pack DIR --units DIR --denoiser FILE --m2s FILE`
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model_runtime.denoiser import to_network
from model_runtime.mesh_to_speech import load_m2s
from training.commands import exit_code
from training.denoiser_batches import Batch, Batches
from training.denoiser_config import MOUTH_COLUMNS, SUPERVISED, TrainConfig
from training.denoiser_losses import Losses
from training.denoiser_model import Trainee, start_from
from training.sounds import Sounds
from training.supervision import Supervisor
from training.targets import Lessons

CPU = torch.device("cpu")


def pull(losses: dict[str, Tensor], clean: Tensor) -> Tensor:
    """Gradient of the losses' sum in the mouth channels of the estimate: (batch, frames, mouth)."""
    total = torch.stack(list(losses.values())).sum()
    (gradient,) = torch.autograd.grad(total, clean)
    return gradient[..., list(MOUTH_COLUMNS)]


def balance(
    trainee: Trainee, losses: Losses, supervisor: Supervisor, batch: Batch
) -> dict[str, float]:
    """Root mean square gradient of both, their ratio and angle, and the losses themselves.

    `truth_` are the mesh-to-speech losses of the real motion in the estimate's place: an estimate
    whose own are lower says more than the truth does, and has nothing left to learn from them.
    """
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        clean, _ = trainee(batch)
    clean = clean.float().requires_grad_()
    plain, found = losses(clean, batch), supervisor(clean, batch)
    usual, said = pull(plain, clean), pull(found, clean)
    sizes = [part.square().mean().sqrt().item() for part in (usual, said)]
    with torch.no_grad():
        truth = supervisor(to_network(batch.motion, losses.network), batch)
    return {
        "others": sizes[0],
        "m2s": sizes[1],
        "ratio": sizes[1] / max(sizes[0], 1e-12),
        "cosine": torch.cosine_similarity(usual.flatten(), said.flatten(), 0).item(),
        **{f"estimate_{name}": value.item() for name, value in (plain | found).items()},
        **{f"truth_{name}": value.item() for name, value in truth.items()},
    }


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Means over batches of development lessons. Raises ThunderError."""
    lessons = Lessons(options.lessons)
    sounds = Sounds(options.pack, lessons.items, options.units)
    denoiser, _ = start_from(options.denoiser, transcript=False)
    config = TrainConfig(seed=99, batch=options.batch, supervise=options.supervise)
    network = denoiser.config
    supervisor = Supervisor(load_m2s(options.m2s), config, network, CPU)
    batches = Batches(lessons, "dev", config, network, sounds)
    tools = (Trainee(denoiser.eval()), Losses(config, network, CPU), supervisor)
    rows = [balance(*tools, batches(step)) for step in range(options.batches)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> int:
    """Run the command: 0, or 1 with one sentence on stderr."""
    p = argparse.ArgumentParser(description=__doc__)
    for name in ("lessons", "pack", "units", "denoiser", "m2s"):
        p.add_argument(f"--{name}", type=Path, required=True)
    p.add_argument("--supervise", choices=SUPERVISED, default=TrainConfig.supervise)
    p.add_argument("--batches", type=int, default=8)
    p.add_argument("--batch", type=int, default=16)
    options = p.parse_args()
    return exit_code(lambda: show(measure(options)))


def show(found: dict[str, float]) -> None:
    print(json.dumps({name: float(f"{value:.4g}") for name, value in found.items()}, indent=1))


if __name__ == "__main__":
    sys.exit(main())
