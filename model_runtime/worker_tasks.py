# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker is asked to do: perform a line, test itself, and go on when a GPU is full."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from . import devices
from .contract import (
    MOTION_FPS,
    Answer,
    BestRequest,
    EngineError,
    EngineReport,
    FloatArray,
    GenerateRequest,
    HearRequest,
    Hold,
    MeasureRequest,
    Progress,
    ProgressCallback,
    Question,
    RecogniseRequest,
    RepairRequest,
    RequestError,
    Settings,
    Sound,
    Take,
    WeightsError,
)
from .engine import Engine, EngineLine
from .features import SAMPLE_RATE
from .provenance import provenance
from .weights import WEIGHTS_DIR

if TYPE_CHECKING:
    from .audio import Audio
    from .worker_sound import LastSound

log = logging.getLogger(__name__)
WorkT = TypeVar("WorkT")
# Who answers which question: a function of (Tasks, question, progress) in a module of this room,
# imported when the first such question comes.
ANSWERERS: dict[type[Any], str] = {
    BestRequest: "worker_best",
    MeasureRequest: "worker_meter",
    RepairRequest: "worker_repair",
    HearRequest: "worker_hear",
    RecogniseRequest: "worker_recognise",
}
SMALLER = " (GPU memory freed)"  # behind the stage, when a full GPU is tried once more
NO_UNITS = (
    "The meter reads weights of units, and these models speak the parameters of a FLAME: no seed "
    "can be found best. Use Generate Variants and choose by eye."
)


class Tasks:
    """The loaded engine and what can be asked of it."""

    def __init__(
        self, device: str, weights: Path | None, started: float, *, recognises: bool = True
    ) -> None:
        """`started`: time.time() when the process began. Raises EngineError and WeightsError."""
        self.weights, self._recognises = weights, recognises
        self.device = devices.choose(device)
        self._crowded_out = False  # of the GPU, already when the models were loaded
        self._engine = self._load(self.device)
        self._sound: LastSound | None = None
        self.models: dict[str, Any] = {}  # further ones, that answerers have loaded
        self.work_seconds = 0.0  # that the last take took, without the reading of its sound
        self.startup_seconds = time.time() - started

    def generate(self, request: GenerateRequest, progress: ProgressCallback) -> Take:
        """Perform a line. Raises ThunderError."""
        progress(Progress("Reading the sound", 0.0))
        audio = self._ears().read(request.audio, request.start, request.duration)
        start = time.perf_counter()
        told = with_seconds_left(progress)
        take = self._perform(
            audio.samples, request.settings, told, request.transcript, request.hold
        )
        self.work_seconds = time.perf_counter() - start
        return replace(take, provenance=provenance(take, request, audio))

    def answer(self, question: Question, progress: ProgressCallback) -> Answer:
        """Answer any other question. Raises ThunderError."""
        if isinstance(question, BestRequest) and self._engine.space.kind != "units":
            raise RequestError(NO_UNITS)
        module = import_module(f".{ANSWERERS[type(question)]}", __package__)
        answer: Answer = module.answer(self, question, progress)
        return answer

    def read(self, sound: Sound) -> Audio:
        """The sound of a line at 16 kHz. Raises AudioError."""
        return self._ears().read(sound.audio, sound.start, sound.duration)

    def test(self, progress: ProgressCallback) -> EngineReport:
        """Perform a second to warm up, then as much as is sampled at once. Raises ThunderError."""
        self._perform(_hum(1.0), Settings(), progress)
        start = time.perf_counter()
        take = self._perform(_hum(self._window_seconds()), Settings(), progress)
        taken = time.perf_counter() - start
        device = take.provenance["device"]
        return EngineReport(
            device=device,
            device_name=devices.device_name(device),
            python=platform.python_version(),
            torch=str(torch.__version__),
            seconds_per_second=taken / take.seconds,
            memory_mb=devices.peak_memory(device),
            startup_seconds=self.startup_seconds,
        )

    def prepare(self) -> None:
        """Import what reads sound; apart, so that the worker is ready before that."""
        self._ears()

    def _ears(self) -> LastSound:
        from .worker_sound import LastSound

        self._sound = self._sound or LastSound()
        return self._sound

    def _window_seconds(self) -> float:
        return self._engine.denoiser.config.window / MOTION_FPS

    def _load(self, device: str) -> Engine:
        try:
            return self._loaded(devices.torch_device(device))
        except TypeError as error:  # of a configuration with other fields
            raise WeightsError(
                f"The models in {self.weights or WEIGHTS_DIR} are of another version ({error}). "
                "Choose other weights, or reinstall the extension."
            ) from error
        except (RuntimeError, MemoryError) as error:
            if device == "cpu" or not devices.is_out_of_memory(error):
                raise
            log.warning("No room for the models on %s: %s", device, error)
        devices.free_memory()
        self.device, self._crowded_out = "cpu", True
        return self._loaded(torch.device("cpu"))

    def _loaded(self, device: torch.device) -> Engine:
        return Engine.load(self.weights, device, recognises=self._recognises)

    def _perform(
        self,
        samples: FloatArray,
        settings: Settings,
        progress: ProgressCallback,
        transcript: str = "",
        hold: Hold | None = None,
    ) -> Take:
        def work(engine: Engine, told: ProgressCallback) -> Take:
            return engine.generate(samples, settings, told, transcript, hold)

        take, made = self.on_device(work, progress)
        return replace(take, provenance={**take.provenance, **made})

    def on_device(
        self, work: Callable[[Engine, ProgressCallback], WorkT], progress: ProgressCallback
    ) -> tuple[WorkT, dict[str, str]]:
        """What `work` makes, and for its provenance where.

        On the device; if its memory is full once more with all that can be freed and a line at a
        time; on the CPU. Raises EngineError when memory runs out there too.
        """
        attempts: list[tuple[str, str]] = [(self.device, "")]
        if self.device != "cpu":
            attempts += [(self.device, SMALLER), ("cpu", " on the CPU, GPU is full")]
        for device, note in attempts:
            try:
                engine = self._on(device)
                small = one_by_one(engine) if note == SMALLER else engine
                done = work(small, noted(progress, note))
            except (RuntimeError, MemoryError) as error:
                if not devices.is_out_of_memory(error):
                    raise
                log.warning("Memory ran out on %s: %s", device, error)
            else:
                made = {"device": device}
                if device == "cpu" and (note or self._crowded_out):
                    made["fallback"] = "GPU memory ran out"
                return done, made
            devices.free_memory()  # here, where no traceback holds on to what it takes
        raise EngineError(
            "Memory ran out. Close other programs or use a shorter part of the sound."
        )

    def _on(self, device: str) -> Engine:
        """The engine on `device`; the one on the CPU beside a GPU's lives for one line."""
        return self._engine if device == self.device else self._load(device)


def one_by_one(engine: Engine) -> Engine:
    """The same engine, which draws one line at a time where it would draw several together: a
    fraction of the memory, and takes that differ in the last bit at most."""

    class OneByOne(type(engine)):  # type: ignore[misc]  # its sketches, too, are copies of it
        def generate_many(
            self, lines: Sequence[EngineLine], progress: ProgressCallback | None = None
        ) -> list[Take]:
            told = progress or (lambda _: True)
            return [
                self.generate(
                    line.samples,
                    line.settings,
                    part_of(told, place, len(lines)),
                    line.transcript,
                    line.hold,
                )
                for place, line in enumerate(lines)
            ]

    small = copy(engine)
    small.__class__ = OneByOne
    return small


def part_of(progress: ProgressCallback, place: int, count: int) -> ProgressCallback:
    """A callback for one of `count` equal parts of the work."""
    return lambda told: progress(replace(told, fraction=(place + told.fraction) / count))


def noted(progress: ProgressCallback, note: str) -> ProgressCallback:
    """A callback that tells `note` behind every stage."""
    if not note:
        return progress
    return lambda told: progress(replace(told, stage=told.stage + note))


def with_seconds_left(
    progress: ProgressCallback, clock: Callable[[], float] = time.perf_counter
) -> ProgressCallback:
    """A callback that adds how long the rest will take, judged by what is done so far."""
    start = clock()

    def tell(told: Progress) -> bool:
        if told.fraction < 0.02:
            return progress(told)
        elapsed = clock() - start
        left = elapsed * (1.0 - told.fraction) / told.fraction
        return progress(replace(told, seconds_left=max(0.0, left)))

    return tell


def _hum(seconds: float) -> FloatArray:
    """A voice-like buzz at 120 Hz: (n,) at SAMPLE_RATE."""
    time_ = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    partials = [np.sin(2 * np.pi * 120 * n * time_) / n for n in range(1, 20)]
    return np.asarray(0.1 * np.sum(partials, axis=0), np.float32)
