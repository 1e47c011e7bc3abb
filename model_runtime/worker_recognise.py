# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers "which words does this sound hold?" in the worker, by the words that perform a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .contract import (
    CancelledError,
    FloatArray,
    Progress,
    ProgressCallback,
    Recognised,
    RecogniseRequest,
)
from .engine import Engine
from .recognise import MODEL, HeardPiece, LazyRecogniser, load_recogniser
from .recognise_choice import choose
from .transcript import tell

if TYPE_CHECKING:
    from .worker_tasks import Tasks

NO_SOUND = "The sound is silent, so there is nothing to transcribe. Choose another strip."
NO_WORDS = "No English words were recognised in the sound. Write the transcript by hand."
MISFIT = (
    "What was recognised does not fit the sound ({}). It may be no English, or be sung or noisy: "
    "write the transcript by hand."
)
FOUND = "Recognised {} word{}"
SHOWN = 60  # letters of words that do not fit


def answer(tasks: Tasks, question: RecogniseRequest, progress: ProgressCallback) -> Recognised:
    """The words that a line without a transcript is performed by, as text. Raises ThunderError."""
    _tell(progress, "Reading the sound", 0.0)
    audio = tasks.read(question.sound)
    if audio.silent:
        return Recognised("", NO_SOUND)

    def work(engine: Engine, told: ProgressCallback) -> Recognised:
        texts = recogniser_of(tasks, engine).texts(
            audio.samples, lambda done: _tell(told, "Recognising words", 0.1 + 0.8 * done)
        )
        _tell(told, "Comparing with the sound", 0.9)
        return compared(engine, audio.samples, texts)

    return tasks.on_device(work, progress)[0]


def compared(engine: Engine, samples: FloatArray, texts: Sequence[HeardPiece]) -> Recognised:
    """The words as text, if a generation would use them."""
    heard = engine.hear(samples)
    words = choose(texts, heard.phones)
    if not words:
        return Recognised("", NO_WORDS)
    text = " ".join(word.text for word in words)
    if tell(heard._replace(recognised=words), "", engine.sampling.point).report:
        return Recognised(text, FOUND.format(len(words), "s" * (len(words) > 1)))
    short = text if len(text) <= SHOWN else f"{text[:SHOWN].rstrip()}..."
    return Recognised("", MISFIT.format(f'"{short}"'))


def recogniser_of(tasks: Tasks, engine: Engine) -> LazyRecogniser:
    """The engine's recogniser; for an engine that does not recognise one beside it, kept.

    Raises WeightsError.
    """
    if engine.recogniser is not None:
        return engine.recogniser
    key = f"{MODEL} {engine.device}"
    if key not in tasks.models:
        tasks.models[key], _ = load_recogniser(tasks.weights, engine.device)
    recogniser: LazyRecogniser = tasks.models[key]
    return recogniser


def _tell(progress: ProgressCallback, stage: str, fraction: float) -> None:
    if not progress(Progress(stage, fraction)):
        raise CancelledError("The transcription was cancelled.")
