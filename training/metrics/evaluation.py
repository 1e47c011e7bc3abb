# SPDX-License-Identifier: GPL-3.0-or-later
"""One evaluation from corpus to document: every system, seeds, intensities, speed, pictures."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from model_runtime.contract import RequestError
from model_runtime.engine import Engine

from ..plots import plot_clip
from .bench import Bench, emotion_rest, open_bench
from .clips import few
from .figures import FIGURES, Figures
from .judge import find_judge
from .liveliness import Generate, intensity_report, seed_report
from .model_systems import Performer, Stopwatch, with_sampling
from .realigned import realigned, repeated
from .score import Curves, Motions, all_curves, mean_faces, score, shuffled, worst_by_kind
from .suite import Suite
from .thunder import measure_thunder

log = logging.getLogger(__name__)

Systems = dict[str, Curves]
Document = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What is evaluated, and on what."""

    corpus: Path
    split: str = "test"
    clips_per_source: int = 20
    weights: Path | None = None
    no_model: bool = False
    sampling: str = "{}"  # JSON over the model's own SamplingConfig
    told: bool = False  # also the model told the alignment's phones and contacts
    ear: bool = False  # also the model without recognised words
    realign: int = 0  # real clips aligned again
    seeds: int = 3
    expression_clips: int = 6
    emotions: tuple[str, ...] = ("neutral", "happy", "angry", "surprised")
    threads: int = 2
    keys_json: Path | None = None
    plots: Path | None = None
    plot_clips: int = 6
    metrics: bool = False  # vertex and curve figures, with intervals over clips
    metric_seeds: int = 10
    metric_clips: int = 8  # for the seeds
    judge: Path | None = None
    transcript: bool = False  # also the model told the words
    steps_table: bool = False
    steps_clips: int = 12
    intensity: float | None = None
    languages: bool = False
    language_clips: int = 12
    noise_db: tuple[float, ...] = ()


@dataclass(frozen=True)
class Results:
    """What an evaluation found: the spine's document, and the parts of thunder.json."""

    spine: Document
    thunder: Document


def evaluate(options: Options) -> Results:
    """Measure what `options` ask for.

    In the spine's document the model's figures are at the top, other systems under their names, the
    rest in `detail`. Raises ThunderError where corpus, weights or a setting is unusable.
    """
    keys_ms = read_keys_ms(options.keys_json)
    performer_engine = None if options.no_model else _engine(options)
    bench = open_bench(options.corpus, options.split, options.clips_per_source)
    log.info("%d clips of the %s split", len(bench.clips), options.split)
    suite = Suite(bench.probe, bench.mesh, find_judge(options.judge, bench.corpus.samples))
    performer = Performer(performer_engine, bench) if performer_engine else None
    motions = _model_motions(options, performer)
    systems = _systems(options, bench, motions)
    rows = _rows(bench, systems)
    document = _top(rows) | {"seconds_per_audio_second": None, "keys_ms": keys_ms}
    detail: Document = {"made_with": _made_with(options, bench), "sources": rows, "liveliness": {}}
    if performer:
        document["seconds_per_audio_second"] = performer.watch.wall / performer.watch.sound
        detail["speed"] = asdict(performer.watch) | {"threads": options.threads}
        detail["sampling"] = asdict(performer.engine.sampling)
        detail["liveliness"]["model"] = _liveliness(options, bench, performer.generate)
    detail["liveliness"]["ceiling"] = _liveliness(options, bench, bench.articulated)
    _plot(options, bench, systems)
    parts = measure_thunder(options, bench, performer, suite, motions, rows)
    made = detail["made_with"] | {"models": _hashes(performer)}
    if parts:
        parts["made_with"] = dict.fromkeys(parts, made)
    return Results(document | {"detail": detail}, parts)


def read_keys_ms(path: Path | None) -> float | None:
    """Milliseconds from the Blender benchmark's JSON. Raises RequestError when it has none."""
    if path is None:
        return None
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["keys_ms"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(f"{path} does not hold the Blender benchmark's keys_ms.") from error


def _engine(options: Options) -> Engine:
    torch.set_num_threads(options.threads)
    return with_sampling(Engine.load(options.weights), options.sampling)


def _model_motions(options: Options, performer: Performer | None) -> dict[str, Motions]:
    """The model's motions, raw and with what helps or explains it; none without a model."""
    if performer is None:
        return {}
    raw = performer.raw()
    motions: dict[str, Motions] = {"model": raw, "projected": performer.projected(raw)}
    if options.transcript:
        usual, performer.watch = performer.watch, Stopwatch()  # the model's speed is without
        motions["transcript"] = performer.with_transcript()
        performer.watch = usual
    if options.ear:
        motions["ear"] = performer.by_ear()
    if options.told:
        motions["told"] = performer.told()
    return {name: found for name, found in motions.items() if found}


def _systems(options: Options, bench: Bench, motions: Mapping[str, Motions]) -> Systems:
    systems: Systems = {name: all_curves(bench.probe, found) for name, found in motions.items()}
    systems["ceiling"] = bench.target_curves
    if options.realign:
        systems["aligner"] = all_curves(bench.probe, realigned(bench, options.realign))
    systems["mean_face"] = mean_faces(bench.probe, bench.targets)
    if motions:
        systems["shuffled_ceiling"] = shuffled(bench.clips, bench.target_curves, bench.partners)
    said = systems.get("model", bench.target_curves)
    systems["shuffled"] = shuffled(bench.clips, said, bench.partners)
    return systems


def _rows(bench: Bench, systems: Systems) -> dict[str, Any]:
    """Scores of every system by source, and of the model by labels taken otherwise."""
    targets = bench.target_curves
    rows = {name: score(bench.scored, curves, targets) for name, curves in systems.items()}
    if "model" in systems:
        rows["as_labelled"] = score(bench.clips, systems["model"], targets)
    if "model" in systems and "aligner" in systems:
        sure = repeated(bench.scored, systems["aligner"])
        rows["where_repeated"] = score(sure, systems["model"], targets)
    return rows


def _top(rows: Mapping[str, Any]) -> Document:
    nothing: Figures = dict.fromkeys(FIGURES)
    model: Document = dict(
        worst_by_kind(rows["model"]) if "model" in rows else {"real": nothing, "synthetic": nothing}
    )
    return model | {name: worst_by_kind(rows[name]) for name in rows if name != "model"}


def _liveliness(options: Options, bench: Bench, generate: Generate) -> Document:
    """What seeds and intensities do to a system."""
    clips = few(bench.clips, options.expression_clips)
    if not options.seeds or not clips:
        return {}
    regions, probe, rest = bench.regions, bench.probe, emotion_rest(bench.probe)
    seeds, intensity = [], []
    for emotion in options.emotions:
        log.info("seeds and intensities of '%s'", emotion)
        seeds.append(seed_report(clips, generate, regions, range(options.seeds), emotion))
        intensity.append(intensity_report(clips, generate, regions, probe, emotion, rest))
    return {"seeds": seeds, "intensity": intensity}


def _plot(options: Options, bench: Bench, systems: Systems) -> None:
    if options.plots is None:
        return
    shown: Systems = {name: systems[name] for name in ("model", "ceiling") if name in systems}
    for clip in few(bench.clips, options.plot_clips):
        curves = {name: found[clip.id] for name, found in shown.items()}
        log.info("drew %s", plot_clip(options.plots, clip, bench.samples(clip), curves))


def _hashes(performer: Performer | None) -> dict[str, str]:
    """sha256 of the models' files, by name."""
    return dict(getattr(performer.engine, "hashes", {})) if performer else {}


def _made_with(options: Options, bench: Bench) -> Document:
    return {
        "split": options.split,
        "clips_per_source": options.clips_per_source,
        "clips": len(bench.clips),
        "speakers": len({clip.speaker for clip in bench.clips}),
        "seconds": sum(clip.seconds for clip in bench.clips),
    }
