# SPDX-License-Identifier: GPL-3.0-or-later
"""Train mesh-to-speech.

`python -m training.train_m2s --lessons DIR --pack DIR --units DIR --run DIR [--role judge]`

The supervisor and the judge are trained apart: other seed, other half of the clips, other size.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from model_runtime.face import load_face
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech, with_statistics
from model_runtime.weights import load_state, read_metadata, save_model
from training.m2s_data import (
    HALVES,
    Batches,
    M2SBatch,
    M2SData,
    MotionChange,
    Pair,
    change_motion,
    motion_sample,
)
from training.m2s_loss import m2s_loss
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
from training.units import UNKNOWN_UNIT

log = logging.getLogger(__name__)
MODEL_NAME = "m2s_{role}.safetensors"
NETWORKS = {
    "supervisor": M2SConfig(role="supervisor"),
    "judge": M2SConfig(role="judge", width=160, kernel=15, feed_factor=2, seed=1),
}


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 3000
    batch: int = 16
    crop: int = 200  # motion frames (4 s)
    peak_rate: float = 2e-3
    warmup: int = 100
    seed: int = 0
    drop_speaker: float = 0.15  # share of the rows that are told no voice
    copies: bool = False  # also the augmented copies of the clips
    save_every: int = 200
    threads: int = 1


def train(
    data: M2SData,
    run: Path,
    config: TrainConfig,
    network: M2SConfig,
    minutes: float = float("inf"),
    change: MotionChange | None = None,
    start: Path | None = None,
) -> int:
    """Train to `config.steps` or for `minutes`, from the last checkpoint in `run`; gives the step.

    The statistics of the motion are those of the first start: a resumed run reads them back. A
    first start goes on from the model `start`, but for its unit head: other speech units have other
    numbers.
    """
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    pairs = data.select("train", HALVES[network.role], config.copies)
    network = _settled(network, data, pairs, run)
    if start is not None:
        values = _statistics(start)
        network = replace(network, mean=values["mean"], scale=values["scale"])
    model = MeshToSpeech(network)
    if start is not None:
        begin_from(model, start)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=config.peak_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    mean = MovingAverage(model)
    first = resume_training(run / CHECKPOINT, model, optimiser, mean)
    batches = Batches(data, pairs, config.batch, config.crop, config.seed)
    began = time.monotonic()
    for step in range(first, config.steps):
        rate = learning_rate(step, config.peak_rate, config.steps, config.warmup)
        set_rate(optimiser, rate)
        row = train_step(model, optimiser, batches(step), config, change or MotionChange(), step)
        mean.update(model, step)
        late = time.monotonic() - began > 60 * minutes
        if (step + 1) % 20 == 0:
            seconds = (time.monotonic() - began) / (step + 1 - first)
            append_log(run / "log.jsonl", {"step": step + 1, **row, "s/step": round(seconds, 3)})
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps or late:
            save_training(run / CHECKPOINT, model, optimiser, mean, step + 1)
            _export(run, mean.model, step + 1, config)
            append_log(run / "log.jsonl", {"step": step + 1, **validate(mean.model, data)})
        if late:
            return step + 1
    return max(first, config.steps)


def _settled(network: M2SConfig, data: M2SData, pairs: Sequence[Pair], run: Path) -> M2SConfig:
    exported = run / MODEL_NAME.format(role=network.role)
    if exported.is_file() and (run / CHECKPOINT).is_file():
        config, _ = read_metadata(exported)
        return M2SConfig(**{**config, **_statistics(exported)})
    return with_statistics(network, motion_sample(data, pairs), load_face())


def _statistics(path: Path) -> dict[str, tuple[float, ...]]:
    config, _ = read_metadata(path)
    return {name: tuple(config[name]) for name in ("mean", "scale")}


def begin_from(model: MeshToSpeech, path: Path) -> None:
    """Give a model the weights of another of the same shape, but for its unit head.

    Raises WeightsError when the shapes differ.
    """
    own = {name: value for name, value in model.state_dict().items() if name.startswith("units.")}
    load_state(model, path)
    model.load_state_dict(own, strict=False)
    model.requires_grad_(True)


def train_step(
    model: MeshToSpeech,
    optimiser: torch.optim.Optimizer,
    batch: M2SBatch,
    config: TrainConfig,
    change: MotionChange,
    step: int,
) -> dict[str, float]:
    """One step; everything drawn in it depends on (config.seed, step) only."""
    seed_dropout(config.seed, step)
    generator = torch.Generator().manual_seed(1 + config.seed * 1_000_003 + step)
    told = torch.rand(len(batch.speaker), 1, generator=generator) >= config.drop_speaker
    motion = change_motion(batch.motion, change, generator)
    model.train()
    with torch.autocast(motion.device.type, torch.bfloat16):
        said = model(motion, batch.keep, batch.speaker * told)
    parts = m2s_loss(said, batch.units, batch.mel, batch.keep)
    total = torch.stack(list(parts.values())).sum()
    descend(model, optimiser, total, 5.0)
    return {name: round(value.item(), 4) for name, value in parts.items()}


@torch.inference_mode()
def validate(model: MeshToSpeech, data: M2SData, limit: int = 32) -> dict[str, float]:
    """On development speakers, same clips each time: losses, unit accuracy right and shuffled."""
    pairs = data.select("dev")
    chosen = pairs[:: max(1, len(pairs) // limit)]
    if len(chosen) < 2:
        return {}
    window = 250
    rows = [data.crop(pair, 0, min(pair.item.frames, window), window) for pair in chosen]
    batch = M2SBatch(*(torch.stack([torch.as_tensor(r[i]) for r in rows]) for i in range(5)))
    said = model(batch.motion, batch.keep, batch.speaker)
    parts = m2s_loss(said, batch.units, batch.mel, batch.keep)
    known = batch.keep & (batch.units != UNKNOWN_UNIT)
    right = (said.unit_logits.argmax(-1) == batch.units)[known].float().mean()
    other = model(batch.motion.roll(1, 0), batch.keep, batch.speaker).unit_logits.argmax(-1)
    wrong = (other == batch.units)[known].float().mean()
    figures = {f"dev_{name}": value for name, value in parts.items()}
    figures |= {"dev_unit_accuracy": right, "dev_unit_accuracy_shuffled": wrong}
    return {name: round(value.item(), 4) for name, value in figures.items()}


def _export(run: Path, model: MeshToSpeech, step: int, config: TrainConfig) -> None:
    path = run / MODEL_NAME.format(role=model.config.role)
    save_model(model, model.config, path, steps=step, training=asdict(config))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("lessons", "pack", "units", "run"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--role", choices=sorted(NETWORKS), default="supervisor")
    parser.add_argument("--variant", choices=("mouth2s", "face2s", "exp2s"), default="mouth2s")
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--batch", type=int, default=TrainConfig.batch)
    parser.add_argument("--threads", type=int, default=TrainConfig.threads)
    parser.add_argument("--peak-rate", type=float, default=TrainConfig.peak_rate)
    parser.add_argument("--copies", action="store_true", help="train on augmented copies too")
    parser.add_argument("--from", dest="start", type=Path, help="go on from this model's file")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop then, resumable")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    preset = NETWORKS[options.role]
    network = M2SConfig(**{**asdict(preset), "variant": options.variant})
    names = ("steps", "batch", "threads", "peak_rate", "copies")
    config = TrainConfig(seed=preset.seed, **{name: getattr(options, name) for name in names})
    data = M2SData(options.lessons, options.pack, options.units)
    step = train(data, options.run, config, network, options.minutes, start=options.start)
    log.info("stopped at step %d of %d", step, config.steps)


if __name__ == "__main__":
    main()
