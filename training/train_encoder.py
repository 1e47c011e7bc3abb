# SPDX-License-Identifier: GPL-3.0-or-later
"""Train the speech encoder: `python -m training.train_encoder --pack DIR --run DIR`."""

from __future__ import annotations

import argparse
import logging
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from model_runtime.contract import MOTION_FPS
from model_runtime.encoder import EncoderConfig, Speech, SpeechEncoder
from model_runtime.phones import BILABIAL, LABIODENTAL, PHONES, ROUNDED, SILENCE
from model_runtime.weights import save_model
from training.deepen import new_encoder
from training.mel_augment import augment_mel, mask_mel
from training.pack import Item, Pack
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

log = logging.getLogger(__name__)
GROUPS = (BILABIAL, LABIODENTAL, ROUNDED, frozenset({SILENCE}))  # phones.CONTACTS, in order

Batch = tuple[Tensor, Tensor, Tensor]
AHEAD = 8  # batches that threads prepare for a GPU


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 6000
    batch: int = 48
    crop: int = 250  # motion frames (5 s)
    peak_rate: float = 1.5e-3
    seed: int = 0
    smoothing: float = 0.05
    real_weight: float = 2.0  # how much oftener a real second is drawn than a synthetic one
    real_share: float | None = None  # of the drawn seconds, instead of real_weight
    save_every: int = 100
    threads: int = 1
    device: str = "cpu"


def contact_labels(phones: Tensor) -> Tensor:
    """Phone indices (...) -> contact labels (..., len(CONTACTS)) of 0 and 1."""
    table = torch.tensor([[float(phone in group) for group in GROUPS] for phone in PHONES])
    return table.to(phones.device)[phones]


def encoder_loss(speech: Speech, phones: Tensor, keep: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy of frame phones plus binary cross-entropy of the contacts."""
    logits = speech.phone_logits.float()
    phone_loss = functional.cross_entropy(
        logits.flatten(0, 1), phones.flatten(), label_smoothing=smoothing, reduction="none"
    )
    contact_loss = functional.binary_cross_entropy_with_logits(
        speech.contact_logits.float(), contact_labels(phones), reduction="none"
    ).sum(-1)
    total = phone_loss + 0.5 * contact_loss.flatten()
    weight = keep.flatten().float()
    return (total * weight).sum() / weight.sum()


class Batches:
    """Random crops; batch `step` depends on (seed, step) only, so a run resumes exactly."""

    def __init__(self, pack: Pack, config: TrainConfig) -> None:
        self.pack, self.config = pack, config
        self.items = [item for item in pack.select("train") if item.frames >= 25]
        weight = np.array([float(item.frames) for item in self.items])
        self._favour_real(weight)
        self.share = np.cumsum(weight) / weight.sum()

    def _favour_real(self, weight: npt.NDArray[np.float64]) -> None:
        share = self.config.real_share
        made = ("espeak", "flite", "festival", *(() if share is None else ("silence",)))
        real = np.array([not item.source.startswith(made) for item in self.items])
        if share is None:
            weight[real] *= self.config.real_weight
        elif real.any() and not real.all():
            weight[real] *= share / weight[real].sum()
            weight[~real] *= (1.0 - share) / weight[~real].sum()

    def __call__(self, step: int) -> Batch:
        """mel (batch, 2 * crop, bands), phones (batch, crop), keep (batch, crop)."""
        rng = np.random.default_rng([self.config.seed, step])
        picks = np.searchsorted(self.share, rng.random(self.config.batch))
        rows = [self._crop(self.items[pick], rng) for pick in picks]
        mel, phones, keep = (torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True))
        generator = torch.Generator().manual_seed(1 + self.config.seed * 1_000_003 + step)
        mel = normalise_batch(augment_mel(mel, generator), keep)
        return mask_mel(mel, generator), phones, keep

    def _crop(self, item: Item, rng: np.random.Generator) -> tuple[Any, Any, Any]:
        crop = self.config.crop
        frames = min(item.frames, crop)
        first = int(rng.integers(0, item.frames - frames + 1))
        missing = crop - frames
        mel = self.pack.mel(item, first, frames)
        phones = self.pack.phones(item, first, frames)
        mel = np.pad(mel, ((0, 2 * missing), (0, 0)), mode="edge")
        return mel, np.pad(phones, (0, missing)), np.arange(crop) < frames


def batches_for(batches: Batches, first: int, config: TrainConfig) -> Iterator[Batch]:
    """The batches of steps first.. on the device; those of a GPU are prepared ahead of it."""
    steps = range(first, config.steps)
    if torch.device(config.device).type == "cpu":
        yield from map(batches, steps)
        return
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting = deque(pool.submit(batches, step) for step in steps[:AHEAD])
        for step in steps:
            mel, phones, keep = waiting.popleft().result()
            if step + AHEAD < config.steps:
                waiting.append(pool.submit(batches, step + AHEAD))
            device = config.device
            yield mel.to(device), phones.to(device), keep.to(device)


def normalise_batch(mel: Tensor, keep: Tensor) -> Tensor:
    """features.normalise on the real frames of each row."""
    weight = keep.repeat_interleave(2, 1)[..., None].float()
    count = weight.sum(1, keepdim=True)
    mean = (mel * weight).sum(1, keepdim=True) / count
    total = mean.mean(2, keepdim=True)
    square = ((mel - total).square() * weight).sum((1, 2), keepdim=True)
    scale = (square / (count * mel.shape[2])).sqrt() + 0.5
    return (mel - mean) / scale * weight


@torch.inference_mode()
def validate(model: SpeechEncoder, pack: Pack, limit: int = 150) -> dict[str, float]:
    """Frame accuracy on development speakers, and p b m recall per event at 0.15 and 0.5."""
    right = count = 0.0
    device = next(model.parameters()).device
    items = [item for item in pack.select("dev") if item.copy == 0]
    chosen = items[:: max(1, len(items) // limit)]
    events: list[float] = []
    false: list[float] = []
    for item in chosen:
        mel = torch.from_numpy(pack.mel(item))[None]
        keep = torch.ones(1, item.frames, dtype=torch.bool)
        heard = model(normalise_batch(mel, keep).to(device))
        speech = Speech(*(part.cpu() for part in heard))
        phones = torch.from_numpy(pack.phones(item))
        right += (speech.phone_logits[0].argmax(-1) == phones).sum().item()
        count += item.frames
        closed = speech.contact_logits[0, :, 0].sigmoid()
        events += _events(closed, item)
        vowels = [(a + b) / 2 for p, a, b in item.segments if p in ("AA", "AE", "IY", "EH", "AY")]
        false += [closed[min(int(t * MOTION_FPS), item.frames - 1)].item() for t in vowels]
    peaks = np.array(events)
    shut = np.array(false)
    return {
        "accuracy": right / count,
        "pbm@.3": float((peaks > 0.3).mean()),
        "pbm@.15": float((peaks > 0.15).mean()),
        "vowel@.15": float((shut > 0.15).mean()),
    }


def _events(closed: Tensor, item: Item) -> list[float]:
    peaks = []
    for phone, start, end in item.segments:
        if phone in BILABIAL:
            first = max(0, int((start - 0.04) * MOTION_FPS))
            peaks.append(closed[first : int((end + 0.04) * MOTION_FPS) + 1].max().item())
    return peaks


def train(
    pack: Pack,
    run: Path,
    config: TrainConfig,
    network: EncoderConfig,
    shallow: Path | None = None,
    minutes: float | None = None,
) -> int:
    """Train to `config.steps` or for `minutes`, from the last checkpoint in `run` if any.

    A new run starts from the model file `shallow` where one is given (see `deepen`).
    Returns the steps done.
    """
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    model = new_encoder(network, shallow).to(config.device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.peak_rate, weight_decay=0.02)
    mean = MovingAverage(model)
    first = resume_training(run / CHECKPOINT, model, optimiser, mean)
    began = time.monotonic()
    for step, batch in enumerate(batches_for(Batches(pack, config), first, config), first):
        set_rate(optimiser, learning_rate(step, config.peak_rate, config.steps))
        loss = train_step(model, optimiser, batch, config, step)
        mean.update(model, step)
        done, seconds = step + 1, time.monotonic() - began
        if done % 20 == 0:
            row = {"step": done, "loss": loss, "s/step": seconds / (done - first)}
            append_log(run / "log.jsonl", row)
        over = minutes is not None and seconds > 60 * minutes
        if over or done % config.save_every == 0 or done == config.steps:
            _save(run, model, optimiser, mean, done, config)
        if over:
            return done
        if done % config.save_every == 0 or done == config.steps:
            append_log(run / "log.jsonl", {"step": done, **validate(mean.model, pack)})
    return max(first, config.steps)


def train_step(
    model: SpeechEncoder,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    config: TrainConfig,
    step: int,
) -> float:
    mel, phones, keep = batch
    seed_dropout(config.seed, step)
    model.train()
    with torch.autocast(mel.device.type, torch.bfloat16):
        speech = model(mel)
    loss = encoder_loss(speech, phones, keep, config.smoothing)
    descend(model, optimiser, loss)
    return loss.item()


def _save(
    run: Path,
    model: SpeechEncoder,
    optimiser: torch.optim.Optimizer,
    mean: MovingAverage[SpeechEncoder],
    step: int,
    config: TrainConfig,
) -> None:
    save_training(run / CHECKPOINT, model, optimiser, mean, step)
    extra = {"steps": step, "training": asdict(config)}
    save_model(mean.model, model.config, run / "encoder.safetensors", **extra)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--batch", type=int, default=TrainConfig.batch)
    parser.add_argument("--threads", type=int, default=TrainConfig.threads)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    parser.add_argument(
        "--minutes", type=float, help="stop after this time; go on by calling again"
    )
    parser.add_argument("--real-share", type=float, help="of the drawn seconds that is recorded")
    parser.add_argument("--layers", type=int, default=EncoderConfig.layers)
    parser.add_argument("--peak-rate", type=float, default=TrainConfig.peak_rate)
    parser.add_argument(
        "--from", dest="shallow", type=Path, help="a shallower encoder's model file"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    names = ("steps", "batch", "threads", "seed", "peak_rate", "device", "real_share")
    config = TrainConfig(**{name: getattr(options, name) for name in names})
    network = EncoderConfig(layers=options.layers)
    train(Pack(options.pack), options.run, config, network, options.shallow, options.minutes)


if __name__ == "__main__":
    main()
