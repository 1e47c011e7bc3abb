# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the denoiser: `python -m training.train_denoiser --lessons DIR --run DIR`.

With `--pack DIR --units DIR --m2s FILE` it is supervised by mesh-to-speech; see docs/protocol.md.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_runtime.contract import EMOTIONS, RequestError, ThunderError
from model_runtime.denoiser import Denoiser, DenoiserConfig
from model_runtime.devices import DEVICES
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.files import sha256_of
from model_runtime.mesh_to_speech import MeshToSpeech, load_m2s
from model_runtime.weights import load_state, read_metadata, save_model
from training.denoiser_batches import Batch, Batches, Share, ahead
from training.denoiser_config import SUPERVISED, TrainConfig
from training.denoiser_losses import Losses
from training.denoiser_model import Trainee, own_loss, start_from
from training.distributed import (
    Group,
    agreed,
    average_gradients,
    average_values,
    joined,
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
        self, config: TrainConfig, network: DenoiserConfig, aids: Aids, device: torch.device
    ) -> None:
        self.config, self.device = config, device
        self.losses = Losses(config, network, device)
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
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    trainee = Trainee(aids.start or new_denoiser(lessons, network), aids.encoder)
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
        self.judges = Judges(config, self.network, aids, group.device)
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


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lessons", type=Path, required=True)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--sampling", type=Path, help="JSON of engine.SamplingConfig values")
    p.add_argument("--from", dest="start", type=Path, help="a trained denoiser's model file")
    p.add_argument("--pack", type=Path, help="of the lessons, for what follows")
    p.add_argument("--m2s", type=Path, help="mesh-to-speech model file that supervises")
    p.add_argument("--units", type=Path, help="folder that training.units wrote")
    p.add_argument("--encoder", type=Path, help="speech encoder's model file, to be trained along")
    p.add_argument("--transcript", action="store_true", help="the denoiser also reads the phones")
    p.add_argument("--device", choices=DEVICES, default="auto")
    p.add_argument("--minutes", type=float, default=math.inf, help="stop then; go on another time")
    for name in (
        "steps",
        "batch",
        "parts",
        "seed",
        "threads",
        "loaders",
        "save_every",
        "log_every",
    ):
        p.add_argument(_flag(name), type=int, default=getattr(TrainConfig, name))
    for name in ("peak_rate", "encoder_rate", "m2s_weight", "m2s_scale", "noisiest"):
        p.add_argument(_flag(name), type=float, default=getattr(TrainConfig, name))
    p.add_argument("--float32", dest="bf16", action="store_false", help="no bfloat16")
    p.add_argument("--supervise", choices=SUPERVISED, default=TrainConfig.supervise)
    return p


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def config_of(options: argparse.Namespace) -> TrainConfig:
    given = vars(options)
    return TrainConfig(**{f.name: given[f.name] for f in fields(TrainConfig) if f.name in given})


def aids_of(options: argparse.Namespace, lessons: Lessons) -> tuple[Aids, dict[str, Any]]:
    """The aids that a command names, and the extra values of the file gone on from."""
    sounds = Sounds(options.pack, lessons.items, options.units) if options.pack else None
    m2s = load_m2s(options.m2s) if options.m2s else None
    if m2s is not None and options.units is None:
        raise RequestError("Mesh-to-speech supervision needs speech units: --units DIR.")
    encoder = None
    if options.encoder:
        config, _ = read_metadata(options.encoder)
        encoder = load_state(SpeechEncoder(EncoderConfig(**config)), options.encoder)
    start, extra = start_from(options.start, options.transcript) if options.start else (None, {})
    return Aids(sounds, m2s, encoder, start, options.minutes), extra


def run_training(options: argparse.Namespace) -> None:
    """Do what the command line says. Raises ThunderError."""
    lessons = Lessons(options.lessons)
    aids, extra = aids_of(options, lessons)
    if options.sampling:
        extra["sampling"] = json.loads(options.sampling.read_text())
    files = {name: getattr(options, name) for name in ("start", "m2s", "encoder")}
    extra["made_from"] = {name: sha256_of(path) for name, path in files.items() if path}
    network = DenoiserConfig(transcript=options.transcript)
    with joined(options.device) as group:
        level = logging.INFO if group.first else logging.WARNING
        logging.basicConfig(level=level, format="%(asctime)s %(message)s")
        train(lessons, options.run, config_of(options), network, extra, aids, group)


def main() -> int:
    """Run the command: 0, or 1 with one sentence on stderr."""
    try:
        run_training(parser().parse_args())
    except ThunderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
