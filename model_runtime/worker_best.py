# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to "which of these seeds performs the line best?".

Every seed is drawn first in few steps, which is a good sketch of its take: the meter's order of
sketches is nearly that of the takes (training.evaluate_best), at a third of the work. Then the
takes themselves are made, in that order.
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

PREVIEW_STEPS = 8


def answer(tasks: Tasks, question: BestRequest, progress: ProgressCallback) -> Ranked:
    """The take of the best seed, and its meter; what all seeds' sketches scored is told in its
    provenance under "tried", the best first. Raises ThunderError.
    """
    if not question.seeds:
        raise RequestError("There are no seeds to choose from. Ask for at least one.")
    progress(Progress("Reading the sound", 0.0))
    line = question.line
    audio = tasks.read(Sound(line.audio, line.start, line.duration, line.transcript))

    def work(engine: Engine, told: ProgressCallback) -> Ranked:
        lines = [
            EngineLine(audio.samples, replace(line.settings, seed=seed), line.transcript, line.hold)
            for seed in question.seeds
        ]
        return rank(engine, meters_of(tasks, engine), lines, told)

    ranked, made = tasks.on_device(work, progress)
    takes = (replace(take, provenance={**take.provenance, **made}) for take in ranked.takes)
    return replace(ranked, takes=tuple(_described(take, question, audio) for take in takes))


def rank(
    engine: Engine, meters: Meters, lines: Sequence[EngineLine], progress: ProgressCallback
) -> Ranked:
    """The best of several lines of one sound, which differ in their seeds."""
    heard = meters.hear(lines[0].samples, lines[0].transcript)
    sketches = previews(engine, lines, _part(progress, 0.0, 0.65))
    scores = np.array([_measured(meters, heard, take).score for take in sketches])
    order = best_first(scores)
    best = lines[order[0]]
    take = engine.generate(
        best.samples, best.settings, _part(progress, 0.7, 1.0), best.transcript, best.hold
    )
    tried = [[lines[place].settings.seed, round(float(scores[place]), 4)] for place in order]
    told = {**take.provenance, "tried": tried}
    return Ranked((replace(take, provenance=told),), (_measured(meters, heard, take),))


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
