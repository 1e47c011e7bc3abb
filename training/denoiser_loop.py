# SPDX-License-Identifier: GPL-3.0-or-later
"""The denoiser's training loop: losses, updates, checkpoints, time boxes, processes."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_runtime.contract import CHANNELS, EMOTIONS, RequestError
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.encoder import SpeechEncoder
from model_runtime.mesh_to_speech import MeshToSpeech
from model_runtime.motion_space import KEY, MotionSpace, as_values
from model_runtime.weights import save_model
from training.denoiser_batches import Batch, Batches, Share, ahead
from training.denoiser_config import TrainConfig
from training.denoiser_losses import Losses
from training.denoiser_model import Trainee, own_loss
from training.distributed import (
    Group,
    agreed,
    average_gradients,
    average_values,
    share_weights,
    wait,
)
from training.schedule import (
    CHECKPOINT,
    MovingAverage,
    append_log,
    learning_rate,
    resume_training,
    save_training,
    seed_dropout,
)
from training.sounds import Sounds
from training.supervision import PREFIX, Supervisor
from training.targets import Lessons

log = logging.getLogger(__name__)
LOG = "log.jsonl"  # in the run folder


@dataclass(frozen=True)
class Aids:
    """What a training may have beside its lessons."""

    sounds: Sounds | None = None
    m2s: MeshToSpeech | None = None
    encoder: SpeechEncoder | None = None  # trained along
    start: Denoiser | None = None  # a trained denoiser to go on from
    minutes: float = math.inf  # stop then, to go on another time


class Judges:
    """All losses of a batch's estimate, each a named scalar, and how they are added up."""

    def __init__(
        self,
        config: TrainConfig,
        network: DenoiserConfig,
        aids: Aids,
        device: torch.device,
        space: MotionSpace,
    ) -> None:
        self.config, self.device = config, device
        self.losses = Losses(config, network, device, space)
        if aids.m2s and space.channels != CHANNELS:
            raise RequestError(
                "Mesh-to-speech supervision needs lessons of the 52 units and the neck, which "
                "training.prepare writes unless it is told another space."
            )
        self.supervisor = Supervisor(aids.m2s, config, network, device) if aids.m2s else None

    def __call__(self, trainee: Trainee, batch: Batch, supervise: bool) -> dict[str, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            clean, speech = trainee(batch)
        clean = clean.float()
        parts = self.losses(clean, batch)
        if speech is not None:
            parts["encoder"] = own_loss(speech, batch) * self.config.encoder_weight
        if supervise and self.supervisor is not None:
            parts |= self.supervisor(clean, batch)
        return parts

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """w times the mesh-to-speech losses, plus the others."""
        weight = self.config.m2s_weight * self.config.m2s_scale
        return torch.stack(
            [value * (weight if name.startswith(PREFIX) else 1.0) for name, value in parts.items()]
        ).sum()


def train(
    lessons: Lessons,
    run: Path,
    config: TrainConfig,
    network: DenoiserConfig,
    extra: dict[str, Any],
    aids: Aids | None = None,
    group: Group | None = None,
) -> int:
    """Train to `config.steps`, from the last checkpoint in `run` if there is one.

    Gives the steps done: fewer than `config.steps` where `aids.minutes` ran out. Raises
    RequestError where the values do not fit together.
    """
    aids, group = aids or Aids(), group or Group()
    check(config, network, aids, group)
    extra = {**extra, KEY: as_values(lessons.space)}
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    trainee = Trainee(aids.start or new_denoiser(lessons, network), aids.encoder, config.lip_gates)
    trainee.requires_grad_(True).to(group.device)
    return Training(lessons, run, config, trainee, extra, aids, group).go()


def check(config: TrainConfig, network: DenoiserConfig, aids: Aids, group: Group) -> None:
    """Raises RequestError where the values do not fit together."""
    config.check(group.world)
    needed = {
        "Mesh-to-speech supervision": aids.m2s,
        "A speech encoder trained along": aids.encoder,
        "A denoiser that reads the transcript": network.transcript,
    }
    for what, wanted in needed.items():
        if wanted and aids.sounds is None:
            raise RequestError(f"{what} needs the pack of the lessons: --pack DIR.")


def new_denoiser(lessons: Lessons, network: DenoiserConfig) -> Denoiser:
    mean, scale = lessons.statistics()
    return Denoiser(replace(network, mean=tuple(mean.tolist()), scale=tuple(scale.tolist())))


class Training:
    """One run: model, optimiser, average and where it writes."""

    def __init__(
        self,
        lessons: Lessons,
        run: Path,
        config: TrainConfig,
        trainee: Trainee,
        extra: dict[str, Any],
        aids: Aids,
        group: Group,
    ) -> None:
        self.lessons, self.run, self.config, self.aids = lessons, run, config, aids
        self.trainee, self.extra, self.group = trainee, extra, group
        self.network = trainee.denoiser.config
        groups = [{"params": list(trainee.denoiser.parameters()), "peak": config.peak_rate}]
        if trainee.encoder is not None:
            rate = config.encoder_rate
            groups.append({"params": list(trainee.encoder.parameters()), "peak": rate})
        self.optimiser = torch.optim.AdamW(groups, lr=config.peak_rate, weight_decay=0.01)
        lessons.space.check(len(self.network.mean))
        self.judges = Judges(config, self.network, aids, group.device, lessons.space)
        self.average = MovingAverage(trainee)

    def go(self) -> int:
        """Train to the end of the steps or of the minutes; gives the steps done."""
        config, began = self.config, time.monotonic()
        first = resume_training(self.run / CHECKPOINT, self.trainee, self.optimiser, self.average)
        share_weights(self.trainee, self.group)
        batches = Batches(self.lessons, "train", config, self.network, self.aids.sounds)
        done = first
        steps = range(first, config.steps)
        coming = ahead(batches, steps, self.shares(), self.device, config.loaders)
        for step, parts in coming:
            values = self.step(step, parts)
            done = step + 1
            if done % config.log_every == 0:
                self._log(done, values, (time.monotonic() - began) / (done - first))
            stop = time.monotonic() - began > 60 * self.aids.minutes
            stop = math.isfinite(self.aids.minutes) and agreed(stop, self.group)
            if done % config.save_every == 0 or done == config.steps or stop:
                self.save(done)
            if stop:
                log.info("stopped after %d of %d steps", done, config.steps)
                break
        return done

    @property
    def device(self) -> torch.device:
        return self.group.device

    def shares(self) -> list[Share]:
        parts, group = self.config.parts, self.group
        return [Share(group.rank, group.world, part, parts) for part in range(parts)]

    def step(self, step: int, parts: list[Batch]) -> dict[str, Tensor]:
        """One update from the parts of a batch; gives the named losses of this process's rows."""
        config = self.config
        seed_dropout(config.seed, step, self.group.rank)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(step, group["peak"], config.steps)
        self.trainee.train()
        self.optimiser.zero_grad()
        found = []
        for batch in parts:
            values = self.judges(self.trainee, batch, supervise=config.m2s_weight > 0)
            (self.judges.total(values) / len(parts)).backward()  # type: ignore[no-untyped-call]
            found.append(values)
        average_gradients(self.trainee.parameters(), self.group)
        torch.nn.utils.clip_grad_norm_(self.trainee.parameters(), 1.0)
        self.optimiser.step()
        self.average.update(self.trainee, step)
        return {name: torch.stack([v[name].detach() for v in found]).mean() for name in found[0]}

    def _log(self, done: int, values: dict[str, Tensor], seconds: float) -> None:
        row = {name: round(value, 4) for name, value in average_values(values, self.group).items()}
        if self.group.first:
            append_log(self.run / LOG, {"step": done, **row, "s/step": seconds})

    def save(self, done: int) -> None:
        """The first process writes checkpoint and model files and measures; the others wait."""
        if self.group.first:
            save_training(self.run / CHECKPOINT, self.trainee, self.optimiser, self.average, done)
            made = {"steps": done, "training": asdict(self.config), "emotions": EMOTIONS}
            mean = self.average.model
            path = self.run / "denoiser.safetensors"
            save_model(mean.denoiser, self.network, path, **{**self.extra, **made})
            if mean.encoder is not None:
                path = self.run / "encoder.safetensors"
                save_model(mean.encoder, mean.encoder.config, path, steps=done)
            figures = validate(mean, self.judges, self.lessons, self.aids.sounds)
            append_log(self.run / LOG, {"step": done, **figures})
        wait(self.group)


@torch.no_grad()
def validate(
    trainee: Trainee, judges: Judges, lessons: Lessons, sounds: Sounds | None, count: int = 4
) -> dict[str, float]:
    """The losses on development speakers, at fixed crops, times and noise."""
    config = replace(judges.config, seed=99, batch=32, parts=1)
    batches = Batches(lessons, "dev", config, trainee.denoiser.config, sounds)
    rows = [
        judges(trainee, batches(step).to(judges.device), supervise=True) for step in range(count)
    ]
    return {
        f"dev_{name}": round(torch.stack([row[name] for row in rows]).mean().item(), 4)
        for name in rows[0]
    }
