# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch without models: motion that depends on sound and seed alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from model_runtime import __main__ as cli
from model_runtime import batch_cli
from model_runtime.batch_contacts import Score
from model_runtime.batch_perform import Performed
from model_runtime.contract import CHANNELS, Advice, EngineError, Meter, Take


class FakePerformer:
    """Noise keyed by the sound's hash and the seed; fails on sounds named in `bad`."""

    bad: set[str] = set()
    words = ""  # that are recognised
    performed: list[str] = []
    measured: list[str] = []

    def measure(self, item, audio, take):
        FakePerformer.measured.append(item.name)
        return Score("meter", 0.5, 0.1, (1.0, 0.5), meter=meter_of(take))

    def perform(self, items):
        return [self._one(item, audio) for item, audio in items]

    def _one(self, item, audio):
        FakePerformer.performed.append(item.name)
        if item.line.audio.stem in self.bad:
            return EngineError("This line is bad.")
        tried = [(seed, score_of(audio.sha256, seed)) for seed in item.seeds()]
        tried = tried[: item.choosing.best_of]
        seed, value = max(tried, key=lambda pair: pair[1])
        frames = len(audio.samples) // 320
        noise = np.random.default_rng([seed, int(audio.sha256[:8], 16)])
        weights = noise.random((frames, len(CHANNELS)), np.float32) * 0.3
        words = "" if item.line.transcript else FakePerformer.words
        made = {"alignment": {"recognised": words}} if words else {}
        take = Take(weights, provenance={"seed": seed, **made})
        score = Score("contacts", value, 0.1, (1.0, value), meter=meter_of(take))
        return Performed(take, score, tuple(tried))


def meter_of(take) -> Meter:
    """A meter that depends on the take alone; its second half says nothing."""
    frames = take.weights[:, 0] / 0.3
    spoken = (np.arange(len(frames)) < len(frames) // 2).astype(np.float32)
    advice = Advice("open", 0.1, 0.14, 0.25, "Lips stay open on p at frame {frame}", "P")
    lag = Advice("lag", 0.0, 0.2, 0.3, "Motion is {frames} frames late")
    return Meter(0.5, frames, spoken, 50.0, 80.0, (advice, lag), (("P", 0.1, 0.14),), (), "judge")


def score_of(sha256: str, seed: int) -> float:
    return round(int(sha256[seed : seed + 2], 16) / 255, 3)


def use_fake(monkeypatch):
    FakePerformer.words = ""
    FakePerformer.bad, FakePerformer.performed, FakePerformer.measured = set(), [], []
    monkeypatch.setattr(batch_cli, "performer_of", lambda options: FakePerformer)


def sounds(folder: Path, count: int, seconds: float = 0.2) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        noise = np.random.default_rng(number).standard_normal(int(16000 * seconds)) * 0.1
        soundfile.write(folder / f"line_{number:02d}.wav", noise, 16000)
    return folder


def run(*arguments) -> int:
    return cli.main(["batch", *map(str, arguments)])


def rows(out: Path) -> list[dict]:
    return json.loads((out / "report.json").read_text("utf-8"))["lines"]


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "takes").iterdir())}
