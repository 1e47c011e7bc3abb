# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's answer to "does this motion say this sound?"."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from .contract import CancelledError, MeasureRequest, Meter, Progress, ProgressCallback
from .engine import Engine
from .meter import Meters
from .meter_hearing import HeardLine
from .recognise import Tell

if TYPE_CHECKING:
    from .audio import Audio
    from .worker_tasks import Tasks

KEPT = 16  # heard lines that wait for the next measurement
HEARD = "meter_heard"


def answer(tasks: Tasks, question: MeasureRequest, progress: ProgressCallback) -> Meter:
    """Measure a line, or a span of it. Raises ThunderError."""
    _tell(progress, "Reading the sound", 0.0)
    audio = tasks.read(question.sound)
    transcript = question.sound.transcript

    def work(engine: Engine, told: ProgressCallback) -> Meter:
        _tell(told, "Measuring", 0.2)
        meters = meters_of(tasks, engine)

        def tell(done: float) -> None:
            _tell(told, "Measuring", 0.2 + 0.4 * done)

        heard = heard_line(tasks, meters, audio, question, transcript, tell)
        _tell(told, "Measuring", 0.6)
        return meters.measure(heard, question.motion, span=question.span)

    return tasks.on_device(work, progress)[0]


def meters_of(tasks: Tasks, engine: Engine) -> Meters:
    """The meter beside an engine, kept for the next question. Raises WeightsError."""
    key = f"meter {engine.device}"
    known: tuple[Engine, Meters] | None = tasks.models.get(key)
    if known is None or known[0] is not engine:
        ears = engine.encoder, engine.device
        known = (engine, Meters.load(tasks.weights, *ears, recogniser=engine.recogniser))
        tasks.models[key] = known
    return known[1]


def heard_line(
    tasks: Tasks,
    meters: Meters,
    audio: Audio,
    question: MeasureRequest,
    transcript: str,
    tell: Tell | None = None,
) -> HeardLine:
    """What the line's sound says; listened to once while its motion is worked at."""
    known: OrderedDict[tuple[object, ...], HeardLine]
    known = tasks.models.setdefault(HEARD, OrderedDict())
    sound = question.sound
    key = (
        audio.sha256,
        sound.start,
        sound.duration,
        transcript,
        id(meters.encoder),
        id(meters.recogniser),
    )
    if key not in known:
        known[key] = meters.hear(audio.samples, transcript, tell)
        if len(known) > KEPT:
            known.popitem(last=False)
    known.move_to_end(key)
    return known[key]


def _tell(progress: ProgressCallback, stage: str, fraction: float) -> None:
    if not progress(Progress(stage, fraction)):
        raise CancelledError("The measurement was cancelled.")
