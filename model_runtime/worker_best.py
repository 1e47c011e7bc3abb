# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to "which of these seeds performs the line best?".

Every seed is drawn first in few steps, which is a good sketch of its take: the meter's order of
sketches is nearly that of the takes (training.evaluate_best), at a third of the work. Then the
best one's take is made. Where the takes of all seeds are wanted nothing is sketched: they are
performed together and measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .contract import (
    MOTION_FPS,
    UNITS,
    BestRequest,
    FaceMotion,
    Meter,
    Progress,
    ProgressCallback,
    Ranked,
    RequestError,
    Sound,
    Take,
)
from .engine import Engine, EngineLine
from .meter import Meters
from .meter_hearing import HeardLine
from .provenance import provenance
from .worker_meter import meters_of

if TYPE_CHECKING:
    from .audio import Audio
    from .worker_tasks import Tasks

PREVIEW_STEPS = 6


def answer(tasks: Tasks, question: BestRequest, progress: ProgressCallback) -> Ranked:
    """The takes of the best seeds, as many as are to be kept, and their meters, the best first.
    What all seeds scored, as sketches or as takes, is told in the provenance under "tried", the
    best first. Raises ThunderError.
    """
    if not question.seeds:
        raise RequestError("There are no seeds to choose from. Ask for at least one.")
    if question.keep < 1:
        raise RequestError("No take would be kept. Keep at least one.")
    progress(Progress("Reading the sound", 0.0))
    line = question.line
    audio = tasks.read(Sound(line.audio, line.start, line.duration, line.transcript))

    def work(engine: Engine, told: ProgressCallback) -> Ranked:
        lines = [
            EngineLine(audio.samples, replace(line.settings, seed=seed), line.transcript, line.hold)
            for seed in question.seeds
        ]
        return rank(engine, meters_of(tasks, engine), lines, told, question.keep)

    ranked, made = tasks.on_device(work, progress)
    takes = (replace(take, provenance={**take.provenance, **made}) for take in ranked.takes)
    return replace(ranked, takes=tuple(_described(take, question, audio) for take in takes))


def rank(
    engine: Engine,
    meters: Meters,
    lines: Sequence[EngineLine],
    progress: ProgressCallback,
    keep: int = 1,
) -> Ranked:
    """The best `keep` of several lines of one sound, which differ in their seeds."""
    heard = meters.hear(lines[0].samples, lines[0].transcript)
    if keep >= len(lines):
        made = engine.generate_many(lines, _part(progress, 0.0, 1.0))
        return _ranked(meters, heard, made)
    sketches = previews(engine, lines, _part(progress, 0.0, 0.65))
    scores = np.array([_measured(meters, heard, take).score for take in sketches])
    order = best_first(scores)
    performed = _performed(engine, [lines[n] for n in order[:keep]], _part(progress, 0.7, 1.0))
    return _ranked(meters, heard, performed, _tried(lines, scores, order))


def _performed(
    engine: Engine, lines: Sequence[EngineLine], progress: ProgressCallback
) -> list[Take]:
    """The lines' takes; that of a single one is the one that its seed gives alone, bit for bit."""
    if len(lines) > 1:
        return engine.generate_many(lines, progress)
    (line,) = lines
    return [engine.generate(line.samples, line.settings, progress, line.transcript, line.hold)]


def _ranked(
    meters: Meters, heard: HeardLine, made: list[Take], tried: list[list[float]] | None = None
) -> Ranked:
    """The takes and their meters, the best first."""
    found = [_measured(meters, heard, take) for take in made]
    scores = np.array([meter.score for meter in found])
    order = best_first(scores)
    if tried is None:
        tried = [[made[n].provenance["seed"], round(float(scores[n]), 4)] for n in order]
    takes = (replace(made[n], provenance={**made[n].provenance, "tried": tried}) for n in order)
    return Ranked(tuple(takes), tuple(found[n] for n in order))


def _tried(lines: Sequence[EngineLine], scores: np.ndarray, order: list[int]) -> list[list[float]]:
    return [[lines[place].settings.seed, round(float(scores[place]), 4)] for place in order]


def previews(
    engine: Engine, lines: Sequence[EngineLine], progress: ProgressCallback | None = None
) -> list[Take]:
    """A sketch of each line's take, in PREVIEW_STEPS steps."""
    return engine.sketching(PREVIEW_STEPS).generate_many(lines, progress)


def best_first(scores: np.ndarray) -> list[int]:
    """Places of scores from the highest; the unknown ones last, equal ones as they came."""
    return [int(place) for place in np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable")]


def _measured(meters: Meters, heard: HeardLine, take: Take) -> Meter:
    units = np.ascontiguousarray(take.weights[:, : len(UNITS)])
    return meters.measure(heard, FaceMotion(float(MOTION_FPS), units))


def _described(take: Take, question: BestRequest, audio: Audio) -> Take:
    settings = replace(question.line.settings, seed=take.provenance["seed"])
    return replace(
        take, provenance=provenance(take, replace(question.line, settings=settings), audio)
    )


def _part(progress: ProgressCallback, first: float, last: float) -> ProgressCallback:
    """A callback for the part of the work from `first` to `last`."""
    return lambda told: progress(
        Progress(told.stage, first + (last - first) * told.fraction, told.seconds_left)
    )
