# SPDX-License-Identifier: GPL-3.0-or-later
"""Teach the recogniser of words short sounds, learners and synthetic voices.

`python -m training.train_recogniser --corpus DIR --from FILE --run DIR [--steps N] [--minutes M]`
goes on from what `tools/build_recogniser.py` wrote. The published network expects 30 s of sound
whatever the line's length; after this it hears a line in a fraction of the time, and answers a
sound that holds no English with nothing.
"""

from __future__ import annotations

import argparse
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model_runtime.recognise import RecogniseConfig, recogniser_config
from model_runtime.recogniser import Recogniser, spell
from model_runtime.recogniser_sound import FRAME, recogniser_mel
from model_runtime.weights import load_state, save_model
from training.corpus import Clip, Corpus, open_corpus
from training.corpus.augment import augment
from training.corpus.store import RATE
from training.schedule import (
    CHECKPOINT,
    MovingAverage,
    append_log,
    descend,
    learning_rate,
    resume_training,
    save_training,
    set_rate,
)

log = logging.getLogger(__name__)
MODEL_NAME = "recogniser.safetensors"
IGNORED = -100  # target that costs nothing
UNSAID = frozenset({"silence", "russian"})  # sources in which no English is said
SHARES = {"so762": 0.24, "devclean": 0.2, "train100": 0.1, "librispeech": 0.1, "pico": 0.06}
REST, NOTHING = 0.26, 0.04  # shares of all other sources, and of UNSAID


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 250
    seconds: float = 60.0  # of sound in a step
    longest: float = 16.0  # s
    silence: tuple[float, float] = (0.4, 1.5)  # s after the sound
    shortest: float = RecogniseConfig.shortest  # s, with the silence
    changed: float = 0.6  # share of the clips that come through another room and microphone
    peak_rate: float = 5e-5
    warmup: int = 25
    seed: int = 0
    save_every: int = 50
    threads: int = 1


class Batch(NamedTuple):
    mel: Tensor  # (batch, bands, 2 * frames)
    before: Tensor  # (batch, length) tokens that are given
    after: Tensor  # (batch, length) tokens to write, or IGNORED


class Lines:
    """Clips that the recogniser learns from, drawn by source and alike in length."""

    def __init__(self, corpus: Corpus, split: str, config: TrainConfig) -> None:
        self.corpus, self.config = corpus, config
        clips = [clip for clip in corpus.clips(split) if 0.4 < clip.seconds <= config.longest]
        self.clips = [clip for clip in clips if clip.source in UNSAID or is_plain(clip.transcript)]
        self.lengths = np.array([clip.seconds for clip in self.clips])
        self.weights = _weights(self.clips)

    def draw(self, rng: np.random.Generator) -> list[Clip]:
        """One clip by the shares, and others within a fifth of its length."""
        first = int(rng.choice(len(self.clips), p=self.weights))
        length = self.lengths[first]
        near = np.flatnonzero(np.abs(self.lengths - length) <= 0.2 * length)
        wanted = max(1, int(self.config.seconds / length))
        odds = self.weights[near] / self.weights[near].sum()
        return [self.clips[int(i)] for i in rng.choice(near, wanted, p=odds)]


def is_plain(transcript: str) -> bool:
    """Words without numbers or signs, whose spelling says what is said."""
    return bool(re.fullmatch(r"[A-Za-z',.;:?!\- ]*[A-Za-z][A-Za-z',.;:?!\- ]*", transcript))


def _weights(clips: Sequence[Clip]) -> np.ndarray:
    groups = [_group(clip.source) for clip in clips]
    shares = {**SHARES, "rest": REST, "nothing": NOTHING}
    counts = {name: max(1, groups.count(name)) for name in shares}
    weights = np.array([shares[group] / counts[group] for group in groups])
    return weights / weights.sum()


def _group(source: str) -> str:
    return "nothing" if source in UNSAID else source if source in SHARES else "rest"


def written(transcript: str) -> str:
    """A transcript as the recogniser writes: a sentence with a capital and a full stop."""
    text = re.sub(r"\s+", " ", transcript.strip())
    text = re.sub(r"\bi\b", "I", text) if text == text.lower() else text
    return " " + text[:1].upper() + text[1:] + ("" if text[-1:] in ".?!,;:-" else ".")


def batch_of(
    lines: Lines, clips: Sequence[Clip], model: Recogniser, rng: np.random.Generator, plain: bool
) -> Batch:
    """Their sound and text; `plain` leaves the sound as it was recorded."""
    config = lines.config
    sounds = [lines.corpus.samples(clip) for clip in clips]
    if not plain:
        sounds = [augment(s, (), rng)[0] if rng.random() < config.changed else s for s in sounds]
    longest = max(len(sound) for sound in sounds)
    seconds = max(longest / RATE + rng.uniform(*config.silence), config.shortest)
    frames = min(int(np.ceil(seconds * RATE / FRAME)), model.config.longest_sound)
    mel = torch.from_numpy(np.stack([recogniser_mel(sound, frames) for sound in sounds]))
    return Batch(mel, *texts(clips, model))


def texts(clips: Sequence[Clip], model: Recogniser) -> tuple[Tensor, Tensor]:
    """Tokens given and tokens to write, (batch, length) both."""
    rows = []
    for clip in clips:
        if clip.source in UNSAID:
            rows.append(([model.start[0]], [model.silent]))
            continue
        said = spell(written(clip.transcript), model.config.tokens)
        rows.append(([*model.start, *said], [model.start[1], *said, model.end]))
    length = max(len(before) for before, _ in rows)
    before = [row + [model.end] * (length - len(row)) for row, _ in rows]
    after = [row + [IGNORED] * (length - len(row)) for _, row in rows]
    return torch.tensor(before), torch.tensor(after)


def loss_of(model: Recogniser, batch: Batch) -> Tensor:
    heard = model.remember(model.listen(batch.mel))
    scores = model.score(batch.before, heard)
    return functional.cross_entropy(
        scores.transpose(1, 2).float(), batch.after, ignore_index=IGNORED
    )


def train(corpus: Path, start: Path, run: Path, config: TrainConfig, minutes: float) -> int:
    """Train to `config.steps` or for `minutes`, from the last checkpoint in `run`; gives the step.

    What is drawn in a step depends on (config.seed, step) only.
    """
    torch.set_num_threads(config.threads)
    model = load_state(Recogniser(recogniser_config(start)), start).requires_grad_(True)
    optimiser = torch.optim.AdamW(model.parameters(), config.peak_rate, (0.9, 0.98))
    mean = MovingAverage(model, 0.98)
    first = resume_training(run / CHECKPOINT, model, optimiser, mean)
    opened = open_corpus(corpus)
    lines, unseen = Lines(opened, "train", config), Lines(opened, "dev", config)
    began, total = time.monotonic(), 0.0
    for step in range(first, config.steps):
        set_rate(optimiser, learning_rate(step, config.peak_rate, config.steps, config.warmup))
        rng = np.random.default_rng((config.seed, step))
        batch = batch_of(lines, lines.draw(rng), model, rng, plain=False)
        with torch.autocast("cpu", torch.bfloat16):
            loss = loss_of(model, batch)
        descend(model, optimiser, loss)
        mean.update(model, step)
        total += loss.item()
        late = time.monotonic() - began > 60 * minutes
        if (step + 1) % 10 == 0:
            pace = (time.monotonic() - began) / (step + 1 - first)
            row = {"step": step + 1, "loss": round(total / 10, 4), "s/step": round(pace, 2)}
            append_log(run / "log.jsonl", row)
            total = 0.0
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps or late:
            save_training(run / CHECKPOINT, model, optimiser, mean, step + 1)
            save_model(mean.model, model.config, run / MODEL_NAME, training=asdict(config))
            row = {"step": step + 1, "dev_loss": round(validate(mean.model, unseen), 4)}
            append_log(run / "log.jsonl", row)
        if late:
            return step + 1
    return max(first, config.steps)


@torch.inference_mode()
def validate(model: Recogniser, lines: Lines, batches: int = 6) -> float:
    """Mean loss over development speakers, the same clips each time."""
    rng = np.random.default_rng(0)
    model.eval()
    drawn = [batch_of(lines, lines.draw(rng), model, rng, plain=True) for _ in range(batches)]
    return float(np.mean([loss_of(model, batch).item() for batch in drawn]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    parser.add_argument("--seconds", type=float, default=TrainConfig.seconds)
    parser.add_argument("--peak-rate", type=float, default=TrainConfig.peak_rate)
    parser.add_argument("--seed", type=int, default=TrainConfig.seed)
    parser.add_argument("--threads", type=int, default=TrainConfig.threads)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config = TrainConfig(
        steps=options.steps,
        seconds=options.seconds,
        peak_rate=options.peak_rate,
        seed=options.seed,
        threads=options.threads,
    )
    options.run.mkdir(parents=True, exist_ok=True)
    step = train(options.corpus, options.start, options.run, config, options.minutes)
    log.info("at step %d; the model is %s", step, options.run / MODEL_NAME)


if __name__ == "__main__":
    main()
