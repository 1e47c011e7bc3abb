# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of docs/results/thunder.json: mesh figures, steps, intensity, noise, languages."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_runtime.contract import EMOTIONS, FloatArray

from .baselines import SHIFTS, mean_faces, shift_name, shifted, systems
from .bench import Bench, emotion_rest, open_bench, target_motion
from .clips import KINDS, few
from .curves import MouthCurves
from .figures import HIGHER_IS_BETTER, Figures
from .languages import write_language_clips
from .model_systems import Performer
from .noise import noisy
from .score import Motions, all_curves, score, shuffled, worst_by_kind
from .seeds import Takes, seed_report
from .steps import steps_table
from .suite import Suite, by_kind, measure_system

if TYPE_CHECKING:
    from ..corpus.store import Clip
    from .evaluation import Options

log = logging.getLogger(__name__)
Parts = dict[str, Any]
REAL_FIGURES = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest", "lag_ms")
STRONG = 1.5


def contact_part(rows: Mapping[str, Mapping[str, Any]], kind: str = "real") -> Parts:
    """Worst source's contact figures of a kind, and each source's with intervals."""
    worst = worst_by_kind(rows)[kind]
    return {name: worst[name] for name in REAL_FIGURES} | {
        "sources": {name: row for name, row in rows.items() if row["kind"] == kind}
    }


def metrics_part(
    options: Options, bench: Bench, suite: Suite, models: Mapping[str, Motions]
) -> Parts:
    """Every figure of every system by kind, with intervals over clips."""
    clips = [clip for clip in bench.scored if clip.kind in ("real", "synthetic")]
    part: Parts = {}
    for system, motions in systems(bench.targets, models, clips, bench.partners).items():
        log.info("figures of %s", system)
        found = measure_system(suite, clips, motions, bench.targets, bench.target_curves)
        for kind, row in by_kind(clips, suite, found).items():
            part.setdefault(kind, {})[system] = row
    return part


def seeds_part(options: Options, bench: Bench, suite: Suite, performer: Performer | None) -> Parts:
    """S-DIV and best of K of the model, the articulation model, the mean face, other clips' motions
    and the articulation model's shifted."""
    clips, count = few(bench.clips, options.metric_clips), options.metric_seeds
    systems: dict[str, Takes] = {}
    if performer:
        made = performer.generate
        systems["model"] = lambda clip: [made(clip, seed, 1.0, "neutral") for seed in range(count)]
    log.info("%d seeds of %d clips", count, len(clips))
    report = seed_report(suite.mesh, clips, systems | seed_baselines(bench, count), bench.targets)
    return {"seeds": count, "clips": len(clips), "systems": report}


def seed_baselines(bench: Bench, count: int) -> dict[str, Takes]:
    """Takes of `count` seeds beside which a model's mean something, by name."""
    spoken = [clip.id for clip in bench.clips if clip.kind in KINDS]
    still = mean_faces({name: bench.targets[name] for name in spoken})

    @cache
    def performed(clip: Clip) -> list[FloatArray]:
        return [bench.articulated(clip, seed, 1.0, "neutral") for seed in range(1, count + 1)]

    def of_others(clip: Clip) -> list[FloatArray]:
        others = enumerate(_others(clip, bench.clips, count), 1)
        return [bench.articulated(other, seed, 1.0, "neutral") for seed, other in others]

    def late_by(frames: int) -> Takes:
        return lambda clip: [shifted(take, frames) for take in performed(clip)]

    return {
        "truth": performed,
        "mean_face": lambda clip: [still[clip.id]] * count,
        "shuffled": of_others,
        **{shift_name(frames): late_by(frames) for frames in SHIFTS},
    }


def intensity_part(
    bench: Bench, performer: Performer, intensity: float, told_words: bool = False
) -> Parts:
    """Contact figures at an intensity and at 1, each clip in one emotion, the emotions in turn."""
    log.info("intensity %g", intensity)
    strong = _contacts_at(bench, performer, intensity, told_words)
    usual = _contacts_at(bench, performer, 1.0, told_words)
    part = contact_part(strong) | {"intensity": intensity, "at_1": contact_part(usual)}
    part["synthetic"] = contact_part(strong, "synthetic")
    part["synthetic_at_1"] = contact_part(usual, "synthetic")
    part["falls"] = {
        kind: falls(worst_by_kind(usual)[kind], worst_by_kind(strong)[kind])
        for kind in ("real", "synthetic")
    }
    return part


def falls(before: Figures, after: Figures) -> Figures:
    """How much worse each contact figure became; negative where it became better."""
    found: Figures = {}
    for name in REAL_FIGURES[:-1]:
        old, new = before[name], after[name]
        worse = 1.0 if name in HIGHER_IS_BETTER else -1.0
        found[name] = None if old is None or new is None else worse * (old - new)
    return found


def noise_part(
    bench: Bench, performer: Performer, suite: Suite, levels: Sequence[float]
) -> list[Parts]:
    """Figures of the model at each signal-to-noise ratio in dB."""
    rows = []
    for level in levels:
        log.info("noise %g dB under the speech", level)
        there = replace(performer, bench=noisy(bench, level))
        motions = {clip.id: _neutral(there, clip) for clip in bench.clips}
        curves = all_curves(bench.probe, motions)
        found = measure_system(suite, bench.scored, motions, bench.targets, bench.target_curves)
        rows.append(
            {"snr_db": level}
            | worst_by_kind(score(bench.scored, curves, bench.target_curves))
            | {"metrics": by_kind(bench.clips, suite, found)}
        )
    return rows


def languages_part(options: Options, performer: Performer) -> Parts:
    """Contact figures in languages that no English training clip speaks."""
    with tempfile.TemporaryDirectory() as folder:
        notes = write_language_clips(Path(folder), options.corpus, options.language_clips)
        bench = open_bench(Path(folder), "test", options.language_clips)
        there = replace(performer, bench=bench)
        log.info("%d clips in %d languages", len(bench.clips), len(notes))
        said = all_curves(bench.probe, {clip.id: _neutral(there, clip) for clip in bench.clips})
        other = shuffled(bench.clips, said, bench.partners)
        tables = {
            "model": score(bench.scored, said, bench.target_curves),
            "truth": score(bench.scored, bench.target_curves, bench.target_curves),
            "shuffled": score(bench.scored, other, bench.target_curves),
        }
    return {
        language: {"note": note} | {system: rows[language] for system, rows in tables.items()}
        for language, note in notes.items()
    }


def _contacts_at(
    bench: Bench, performer: Performer, intensity: float, told_words: bool
) -> dict[str, dict[str, Any]]:
    rest_of = emotion_rest(bench.probe)
    feeling = {clip.id: EMOTIONS[i % len(EMOTIONS)] for i, clip in enumerate(bench.clips)}
    curves: dict[str, MouthCurves] = {}
    targets: dict[str, MouthCurves] = {}
    for clip in bench.clips:
        emotion = feeling[clip.id]
        motion = performer.generate(clip, 0, intensity, emotion, told_words=told_words)
        target = target_motion(clip.segments, bench.samples(clip), emotion, intensity)
        curves |= all_curves(bench.probe, {clip.id: motion})
        targets |= all_curves(bench.probe, {clip.id: target})
    rests = {clip.id: rest_of(feeling[clip.id], intensity) for clip in bench.clips}
    return score(bench.scored, curves, targets, rests)


def _neutral(performer: Performer, clip: Clip) -> FloatArray:
    return performer.generate(clip, 0, 1.0, "neutral")


def _others(clip: Clip, clips: Sequence[Clip], count: int) -> list[Clip]:
    """Up to `count` spoken clips with other words, nearest in length first."""
    spoken = [c for c in clips if c.kind == clip.kind and c.transcript != clip.transcript]
    return sorted(spoken, key=lambda c: (abs(c.seconds - clip.seconds), c.id))[:count]


def measure_thunder(
    options: Options,
    bench: Bench,
    performer: Performer | None,
    suite: Suite,
    models: Mapping[str, Motions],
    rows: Mapping[str, Mapping[str, Any]],
) -> Parts:
    """The parts that were asked for; `models` are the motions behind the contact `rows`."""
    parts: Parts = {}
    for system, name in (("model", ""), ("ear", "_by_ear"), ("transcript", "_with_transcript")):
        if system in rows:
            parts |= {kind + name: contact_part(rows[system], kind) for kind in KINDS}
    if "transcript" in rows and "aligner" in rows:
        parts["real_with_transcript"]["aligner"] = contact_part(rows["aligner"])
    if options.metrics:
        parts["metrics"] = metrics_part(options, bench, suite, models)
    if options.metrics and options.metric_seeds:
        parts["metrics"]["seeds"] = seeds_part(options, bench, suite, performer)
    if performer:
        parts |= _performed(options, bench, performer, suite)
    return parts


def _performed(options: Options, bench: Bench, performer: Performer, suite: Suite) -> Parts:
    """Parts for which the model performs again."""
    parts: Parts = {}
    if options.intensity is not None:
        name = f"intensity_{options.intensity:g}".replace(".", "_")
        parts[name] = intensity_part(bench, performer, options.intensity)
        if options.transcript:
            parts[name]["with_transcript"] = intensity_part(
                bench, performer, options.intensity, told_words=True
            )
    if options.steps_table:
        clips = few(bench.scored, options.steps_clips)
        parts["steps"] = steps_table(performer, suite, clips, options.steps_clips // 3)
    if options.noise_db:
        parts["noise"] = noise_part(bench, performer, suite, options.noise_db)
    if options.languages:
        parts["languages"] = languages_part(options, performer)
    return parts
