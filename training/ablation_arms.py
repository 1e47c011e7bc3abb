# SPDX-License-Identifier: GPL-3.0-or-later
"""One arm of the ablation: its training, its calibration, its figures clip by clip."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from model_runtime.contacts import OperatingPoint
from model_runtime.contract import FloatArray
from model_runtime.denoiser import DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.engine import Engine
from model_runtime.hearing import Calibration
from model_runtime.mesh_to_speech import load_m2s
from model_runtime.phones import BILABIAL, LABIODENTAL
from model_runtime.weights import load_state, read_metadata
from training.bundle import bundle
from training.calibrate import calibrate, choose, listen, sweep
from training.denoiser_config import TrainConfig
from training.denoiser_loop import Aids, train
from training.denoiser_model import start_from
from training.distributed import joined
from training.metrics.bench import Bench, open_bench
from training.metrics.clips import few
from training.metrics.judge import find_judge
from training.metrics.model_systems import Performer
from training.metrics.noise import noisy
from training.metrics.seeds import seed_values
from training.metrics.suite import Measured, Suite, measure_system
from training.pack import Pack
from training.sounds import Sounds
from training.targets import Lessons

log = logging.getLogger(__name__)
NEVER = {"bilabial": 2.0, "labiodental": 2.0}  # thresholds that no posterior reaches
WEIGHTS = "weights"  # folder of an arm, as the engine reads it
CONDITIONS: Mapping[str, tuple[float, float | None]] = {  # intensity, noise in dB under the speech
    "intensity_1_5": (1.5, None),
    "noise_10_db": (1.0, 10.0),
    "noise_0_db": (1.0, 0.0),
}


@dataclass(frozen=True)
class Materials:
    """What all arms are trained from."""

    lessons: Path
    pack: Path
    units: Path
    m2s: Path
    encoder: Path
    start: Path | None
    sampling: Path | None
    device: str


@dataclass(frozen=True)
class Evaluation:
    """What all arms are measured on."""

    corpus: Path
    split: str
    judge: Path | None
    clips_per_source: int
    diversity_clips: int
    diversity_seeds: int
    robust: bool


def train_arm(
    folder: Path, config: TrainConfig, materials: Materials, along: bool, minutes: float
) -> int:
    """Train one arm, or go on with it; gives the steps done. With `along` the encoder learns too.

    Raises ThunderError.
    """
    lessons = Lessons(materials.lessons)
    sounds = Sounds(materials.pack, lessons.items, materials.units)
    start, extra = start_from(materials.start, False) if materials.start else (None, {})
    sampling: dict[str, Any] = extra.get("sampling", {})
    if materials.sampling:
        sampling = sampling | json.loads(materials.sampling.read_text())
    encoder = load_encoder(materials.encoder).requires_grad_(True) if along else None
    aids = Aids(sounds, load_m2s(materials.m2s), encoder, start, minutes)
    with joined(materials.device) as group:
        made = {"sampling": sampling}
        steps = train(lessons, folder, config, DenoiserConfig(), made, aids, group)
    if steps >= config.steps:
        heard = folder / "encoder.safetensors" if along else materials.encoder
        if along:
            sampling = sampling | calibrated(heard, materials.pack, sampling)
        if not config.lip_gates:
            sampling = sampling | {"point": sampling.get("point", {}) | NEVER}
        bundle(heard, folder / "denoiser.safetensors", sampling, folder / WEIGHTS)
    return steps


def load_encoder(path: Path) -> SpeechEncoder:
    """A trained speech encoder. Raises WeightsError."""
    return load_state(SpeechEncoder(EncoderConfig(**read_metadata(path)[0])), path)


def calibrated(encoder: Path, folder: Path, sampling: Mapping[str, Any]) -> dict[str, Any]:
    """Calibration and operating point of an encoder that was trained along, as for any other."""
    pack, model = Pack(folder), load_encoder(encoder)
    fitted = calibrate(pack, listen(pack, model, Calibration(), "dev", 30))
    heard = listen(pack, model, fitted, "dev", 30)
    point = OperatingPoint(**sampling.get("point", {}))
    for column, (name, group) in enumerate((("bilabial", BILABIAL), ("labiodental", LABIODENTAL))):
        point = replace(point, **{name: choose(sweep(heard, column, group))})
    return {"calibration": asdict(fitted), "point": asdict(point)}


def evaluate_arm(folder: Path, evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Condition -> clip -> its kind and counts. `plain` holds every figure, `seeds` diversity and
    coverage, the others contacts. Raises ThunderError.
    """
    bench = open_bench(evaluation.corpus, evaluation.split, evaluation.clips_per_source)
    judge = find_judge(evaluation.judge, bench.corpus.samples)
    suite = Suite(bench.probe, bench.mesh, judge)
    engine = Engine.load(folder / WEIGHTS, torch.device("cpu"))
    found = {"plain": measured(suite, bench, engine, 1.0)}
    found["seeds"] = diversity(suite, bench, engine, evaluation)
    if evaluation.robust:
        for name, (intensity, noise) in CONDITIONS.items():
            log.info("%s: %s", folder.name, name)
            there = bench if noise is None else noisy(bench, noise)
            found[name] = measured(replace(suite, judge=None), there, engine, intensity)
    return found


def measured(suite: Suite, bench: Bench, engine: Engine, intensity: float) -> dict[str, Any]:
    """Clip -> kind and counts of its neutral motion with seed 0."""
    performer = Performer(engine, bench)
    spoken = [clip for clip in bench.clips if clip.kind in ("real", "synthetic")]
    motions = {clip.id: performer.generate(clip, 0, intensity, "neutral") for clip in spoken}
    found = measure_system(suite, spoken, motions, bench.targets)
    kinds = {clip.id: clip.kind for clip in spoken}
    return {clip: {"kind": kinds[clip], "counts": counts_of(one)} for clip, one in found.items()}


def counts_of(one: Measured) -> dict[str, tuple[float, float]]:
    """Every figure as (sum, number), so that clips and events pool in the same way."""
    values = {name: (value, 1.0) for name, value in one.values.items() if value is not None}
    return values | {name: (ratio.part, ratio.whole) for name, ratio in one.counts.counts.items()}


def diversity(suite: Suite, bench: Bench, engine: Engine, evaluation: Evaluation) -> dict[str, Any]:
    """Clip -> kind and counts of what seeds spread and how near the nearest comes."""
    performer = Performer(engine, bench)

    def takes(clip: Any) -> list[FloatArray]:
        return [
            performer.generate(clip, seed, 1.0, "neutral")
            for seed in range(evaluation.diversity_seeds)
        ]

    rows = {}
    for clip in few(bench.clips, evaluation.diversity_clips):
        values = seed_values(suite.mesh, takes(clip), bench.targets[clip.id])
        counts = {name: (value, 1.0) for name, value in values.items()}
        rows[clip.id] = {"kind": clip.kind, "counts": counts}
    return rows
