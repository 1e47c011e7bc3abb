# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the denoiser: `python -m training.train_denoiser --lessons DIR --run DIR`."""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from model_runtime.contract import CHANNELS, EMOTIONS, UNITS, FloatArray
from model_runtime.denoiser import (
    AUTO_EMOTION,
    Condition,
    Denoiser,
    DenoiserConfig,
    from_network,
    to_network,
)
from model_runtime.diffusion import add_noise
from model_runtime.face import load_face
from model_runtime.weights import save_model
from training.lip_loss import GapRows, VertexForm, gap_rows, vertex_form
from training.schedule import (
    CHECKPOINT,
    MovingAverage,
    append_log,
    learning_rate,
    resume_training,
    save_training,
    seed_dropout,
)
from training.targets import Lesson, Lessons

log = logging.getLogger(__name__)
MOUTH = frozenset(name for name in UNITS if name.startswith(("jaw", "mouth", "tongue")))


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 4000
    batch: int = 32
    peak_rate: float = 1e-3
    seed: int = 0
    velocity_weight: float = 1.0
    lip_weight: float = 0.1  # per mm^2 of the lips' vertices
    gap_weight: float = 0.05  # per mm^2 of lip gap, CONTACT_GAIN times that in contacts
    contact_gain: float = 8.0
    drop_speech: float = 0.1
    drop_emotion: float = 0.2
    save_every: int = 250
    threads: int = 1


class Batch(NamedTuple):
    motion: Tensor  # (batch, frames, channels), natural units
    condition: Condition


class Batches:
    """Crops of lessons; batch `step` depends on (seed, step) only, so a run resumes exactly."""

    def __init__(self, lessons: Lessons, split: str, config: TrainConfig, window: int) -> None:
        self.lessons, self.config, self.window = lessons, config, window
        self.items = [item for item in lessons.items if item.split == split and item.frames > 20]
        weight = np.array([float(item.frames) for item in self.items])
        self.share = np.cumsum(weight) / weight.sum()

    def __call__(self, step: int, network: DenoiserConfig) -> Batch:
        rng = np.random.default_rng([self.config.seed, step])
        picks = np.searchsorted(self.share, rng.random(self.config.batch))
        rows = [self._crop(self.items[pick], rng) for pick in picks]
        columns = [torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)]
        motion, speech, contacts, intensity, emotion, keep, mask = columns
        heard = torch.from_numpy(rng.random(len(rows)) >= self.config.drop_speech).float()
        known = to_network(motion, network)
        condition = Condition(
            speech, contacts, emotion.long(), intensity[..., 0], known * mask, mask, keep, heard
        )
        return Batch(motion, condition)

    def _crop(self, item: Lesson, rng: np.random.Generator) -> tuple[Any, ...]:
        frames = min(item.frames, self.window)
        first = int(rng.integers(0, item.frames - frames + 1))
        first = 0 if rng.random() < 0.2 else first
        names = ("motion", "speech", "contacts", "intensity", "emotion")
        arrays = [self.lessons.rows(name, item, first, frames) for name in names]
        padded = [np.pad(a, ((0, self.window - frames), (0, 0)), mode="edge") for a in arrays]
        keep = np.arange(self.window) < frames
        emotion = padded.pop()[:, 0]
        if rng.random() < self.config.drop_emotion:
            emotion = np.full_like(emotion, AUTO_EMOTION)
        return (*padded, emotion, keep, known_mask(self.window, rng))


def known_mask(frames: int, rng: np.random.Generator) -> FloatArray:
    """What is held fixed: (frames, channels). The tasks of the tool, drawn at random.

    Nothing (a first window), the beginning (a following window), all but a span (regenerate
    range), some channels throughout (locked channels), or single frames (the artist's keys).
    """
    mask = np.zeros((frames, len(CHANNELS)), np.float32)
    task = rng.random()
    if task < 0.35:
        return mask
    if task < 0.75:
        mask[: int(rng.integers(2, 61))] = 1.0
    elif task < 0.87:
        start, length = int(rng.integers(0, frames)), int(rng.integers(10, frames // 2))
        mask[:] = 1.0
        mask[start : start + length] = 0.0
    elif task < 0.95:
        mask[:, rng.random(len(CHANNELS)) < rng.uniform(0.1, 0.8)] = 1.0
    else:
        mask[rng.random(frames) < rng.uniform(0.005, 0.05)] = 1.0
    return mask


class Losses:
    """Reconstruction + velocity + lip vertices + lip gaps of the one-step clean estimate."""

    def __init__(self, config: TrainConfig, network: DenoiserConfig) -> None:
        face = load_face()
        self.config, self.network = config, network
        self.lips: VertexForm = vertex_form(face, "lips")
        self.gaps: GapRows = gap_rows(face)
        mouth = torch.tensor([1.5 if name in MOUTH else 1.0 for name in CHANNELS])
        self.channel_weight = mouth / mouth.mean()

    def __call__(self, clean: Tensor, batch: Batch) -> dict[str, Tensor]:
        """clean (batch, frames, channels) in network units -> named losses, each a scalar."""
        condition = batch.condition
        target = to_network(batch.motion, self.network)
        error = (clean - target) * (1 - condition.mask)
        weight = condition.keep[..., None] * self.channel_weight
        change = error.diff(dim=1) * weight[:, 1:]
        natural = from_network(clean, self.network) - batch.motion
        units = (natural * (1 - condition.mask) * condition.keep[..., None])[..., : len(UNITS)]
        contact = condition.contacts[..., :2].amax(-1, keepdim=True)
        gap = self.gaps.change(units).square() * (1 + self.config.contact_gain * contact)
        count = condition.keep.float().mean()
        return {
            "motion": (error.square() * weight).mean() / count,
            "velocity": change.square().mean() / count * self.config.velocity_weight,
            "lips": self.lips.distance(units).mean() / count * self.config.lip_weight,
            "gap": gap.mean() / count * self.config.gap_weight,
        }


def train(
    lessons: Lessons, run: Path, config: TrainConfig, network: DenoiserConfig, extra: dict[str, Any]
) -> None:
    """Train to `config.steps`, from the last checkpoint in `run` if there is one."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    mean, scale = lessons.statistics()
    network = replace(network, mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))
    model = Denoiser(network)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.peak_rate, weight_decay=0.01)
    average, losses = MovingAverage(model), Losses(config, network)
    first = resume_training(run / CHECKPOINT, model, optimiser, average)
    batches, began = Batches(lessons, "train", config, network.window), time.monotonic()
    for step in range(first, config.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, config.peak_rate, config.steps)
        row = train_step(model, optimiser, losses, batches(step, network), config, step)
        average.update(model, step)
        if (step + 1) % 20 == 0:
            seconds = (time.monotonic() - began) / (step + 1 - first)
            append_log(run / "log.jsonl", {"step": step + 1, **row, "s/step": seconds})
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            _save(run, model, optimiser, average, step + 1, config, extra)
            append_log(
                run / "log.jsonl", {"step": step + 1, **validate(average.model, losses, lessons)}
            )


def train_step(
    model: Denoiser,
    optimiser: torch.optim.Optimizer,
    losses: Losses,
    batch: Batch,
    config: TrainConfig,
    step: int,
) -> dict[str, float]:
    seed_dropout(config.seed, step)
    model.train()
    generator = torch.Generator().manual_seed(1 + config.seed * 1_000_003 + step)
    parts = losses(_estimate(model, batch, generator), batch)
    total = torch.stack(list(parts.values())).sum()
    optimiser.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return {name: round(value.item(), 4) for name, value in parts.items()}


def _estimate(model: Denoiser, batch: Batch, generator: torch.Generator) -> Tensor:
    target = to_network(batch.motion, model.config)
    time_ = torch.rand(len(target), generator=generator)
    noise = torch.randn(target.shape, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        clean = model(add_noise(target, noise, time_), time_, batch.condition)
    return clean.float()


@torch.inference_mode()
def validate(model: Denoiser, losses: Losses, lessons: Lessons, count: int = 4) -> dict[str, float]:
    """The losses on development speakers, at fixed crops, times and noise."""
    config = TrainConfig(seed=99)
    batches = Batches(lessons, "dev", config, model.config.window)
    rows = []
    for step in range(count):
        batch = batches(step, model.config)
        generator = torch.Generator().manual_seed(step)
        rows.append(losses(_estimate(model, batch, generator), batch))
    return {
        f"dev_{name}": round(torch.stack([row[name] for row in rows]).mean().item(), 4)
        for name in rows[0]
    }


def _save(
    run: Path,
    model: Denoiser,
    optimiser: torch.optim.Optimizer,
    mean: MovingAverage[Denoiser],
    step: int,
    config: TrainConfig,
    extra: dict[str, Any],
) -> None:
    save_training(run / CHECKPOINT, model, optimiser, mean, step)
    values = {**extra, "steps": step, "training": asdict(config), "emotions": EMOTIONS}
    save_model(mean.model, model.config, run / "denoiser.safetensors", **values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--sampling", type=Path, help="JSON of engine.SamplingConfig values")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--batch", type=int, default=TrainConfig.batch)
    parser.add_argument("--threads", type=int, default=TrainConfig.threads)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = TrainConfig(
        steps=options.steps, batch=options.batch, threads=options.threads, seed=options.seed
    )
    sampling = json.loads(options.sampling.read_text()) if options.sampling else {}
    train(Lessons(options.lessons), options.run, config, DenoiserConfig(), {"sampling": sampling})


if __name__ == "__main__":
    main()
