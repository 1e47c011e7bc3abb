# SPDX-License-Identifier: GPL-3.0-or-later
"""The baseline of the speech encoder: a small dilated convolution trained on the same crops.

`python -m training.probe --pack DIR --run DIR [--steps N] [--minutes M]`
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from model_runtime.features import MEL_BANDS, MELS_PER_MOTION_FRAME
from model_runtime.phones import PHONES
from model_runtime.weights import load_state, read_metadata, save_model
from training.pack import Pack
from training.schedule import (
    CHECKPOINT,
    MovingAverage,
    append_log,
    descend,
    learning_rate,
    resume_training,
    save_training,
    seed_dropout,
    set_rate,
)
from training.train_encoder import Batches, TrainConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProbeConfig:
    width: int = 144
    dilations: tuple[int, ...] = (1, 1, 2, 4, 4, 2)  # sees 0.6 s
    dropout: float = 0.1


class Probe(nn.Module):
    """Six dilated convolutions over log-mel: 0.45 million parameters, phones at 50 Hz."""

    def __init__(self, config: ProbeConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.stem = nn.Conv1d(MEL_BANDS, width, 6, stride=MELS_PER_MOTION_FRAME, padding=2)
        self.layers = nn.ModuleList(
            nn.Conv1d(width, width, 3, padding=step, dilation=step) for step in config.dilations
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in config.dilations)
        self.dropout = nn.Dropout(config.dropout)
        self.phones = nn.Conv1d(width, len(PHONES), 1)

    def forward(self, mel: Tensor) -> Tensor:
        """mel (batch, 2 * frames, MEL_BANDS), normalised -> logits (batch, frames, phones)."""
        x = functional.gelu(self.stem(mel.transpose(1, 2)))
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + self.dropout(functional.gelu(norm(layer(x))))
        logits: Tensor = self.phones(x)
        return logits.transpose(1, 2)


def load_probe(path: Path) -> Probe:
    """A trained probe, ready for inference."""
    config, _ = read_metadata(path)
    config["dilations"] = tuple(config["dilations"])
    return load_state(Probe(ProbeConfig(**config)), path)


def probe_loss(logits: Tensor, phones: Tensor, keep: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy of the phones of real frames: logits (batch, frames, phones)."""
    loss = functional.cross_entropy(
        logits.flatten(0, 1).float(), phones.flatten(), label_smoothing=smoothing, reduction="none"
    )
    weight = keep.flatten().float()
    return (loss * weight).sum() / weight.sum()


def train(
    pack: Pack, run: Path, config: TrainConfig, network: ProbeConfig, minutes: float | None = None
) -> int:
    """Train to `config.steps` or until `minutes` are over; goes on from the run's checkpoint.

    Returns the steps done.
    """
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    model = Probe(network)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.peak_rate, weight_decay=0.02)
    mean = MovingAverage(model, decay=0.99)
    step = resume_training(run / CHECKPOINT, model, optimiser, mean)
    batches, began = Batches(pack, config), time.monotonic()
    while step < config.steps:
        set_rate(optimiser, learning_rate(step, config.peak_rate, config.steps, warmup=50))
        mel, phones, keep = batches(step)
        seed_dropout(config.seed, step)
        loss = probe_loss(model.train()(mel), phones, keep, config.smoothing)
        descend(model, optimiser, loss)
        mean.update(model, step)
        step += 1
        over = minutes is not None and time.monotonic() - began > 60 * minutes
        if step % config.save_every == 0 or step == config.steps or over:
            append_log(run / "log.jsonl", {"step": step, "loss": loss.item()})
            save_training(run / CHECKPOINT, model, optimiser, mean, step)
            save_model(mean.model, network, run / "probe.safetensors", steps=step)
        if over:
            break
    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--minutes", type=float, help="stop after this time at the latest")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peak-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    names = ("steps", "batch", "threads", "seed", "peak_rate")
    config = TrainConfig(**{name: getattr(options, name) for name in names}, save_every=25)
    done = train(Pack(options.pack), options.run, config, ProbeConfig(), options.minutes)
    print(f"{done} steps, {options.run / 'probe.safetensors'}")


if __name__ == "__main__":
    main()
