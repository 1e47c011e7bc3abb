# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine without a process, for tests of the UI: smooth motion from the seed alone."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..model_runtime.contract import (
    CHANNELS,
    MOTION_FPS,
    UNITS,
    Answer,
    CancelledError,
    EngineError,
    EngineReport,
    FloatArray,
    GenerateRequest,
    Progress,
    Request,
    Result,
    Take,
    ThunderError,
)
from .engine import RUNNING, Job, status_line

OPEN_ENDED = 2.0  # seconds of a line whose duration is not given
REPORT = EngineReport("cpu", "Fake processor", "3.11.0", "0.0", 0.1, 100.0, 0.0)


class FakeEngine:
    """The Engine of `engine`, with the same life of a job.

    seconds_per_line: how long each job runs, by `clock`. fail_with: the error of every job,
    an attribute that may be changed between jobs. answers: by the class of a question, what it is
    answered with.
    """

    def __init__(
        self,
        seconds_per_line: float = 0.0,
        fail_with: ThunderError | None = None,
        clock: Callable[[], float] = time.monotonic,
        answers: Mapping[type[Any], Callable[[Any], Answer]] | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.seconds_per_line, self.fail_with = seconds_per_line, fail_with
        self.requests: list[Request | None] = []  # everything that was asked
        self.polls = 0
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._started = 0.0
        self._running = False

    def submit(self, request: Request) -> Job:
        return self._queue(Job(request))

    def test(self) -> Job:
        return self._queue(Job(None))

    def poll(self) -> None:
        self.polls += 1
        for job in [one for one in self._jobs if one.cancel_asked]:
            job.finish(CancelledError("The generation was cancelled."))
            self._jobs.remove(job)
        while self._jobs and self._step(self._jobs[0]):
            self._jobs.popleft()

    def wait(self, job: Job, timeout: float | None = None) -> Result:
        limit = None if timeout is None else time.monotonic() + timeout
        while not job.finished:
            self.poll()
            if limit is not None and not job.finished and time.monotonic() > limit:
                raise EngineError(f"The engine gave no take within {timeout:g} s.")
            time.sleep(0 if job.finished else 0.005)
        return job.outcome()

    def free(self) -> None:
        for job in self._jobs:
            job.finish(CancelledError("The engine was freed."))
        self._jobs.clear()
        self._running = False

    def close(self) -> None:
        self.free()

    @property
    def running(self) -> bool:
        return self._running

    @property
    def status(self) -> str:
        first = self._jobs[0] if self._jobs else None
        return status_line(first, "Idle" if self._running else "Off")

    def _queue(self, job: Job) -> Job:
        self._running = True
        self.requests.append(job.request)
        self._jobs.append(job)
        return job

    def _step(self, job: Job) -> bool:
        """Move the first job on; whether it is finished."""
        now = self._clock()
        if job.state != RUNNING:
            job.state, self._started = RUNNING, now
        elapsed = now - self._started
        left = self.seconds_per_line - elapsed
        fraction = min(1.0, elapsed / self.seconds_per_line) if self.seconds_per_line else 1.0
        job.progress = Progress("Performing", fraction, max(0.0, left))
        if left <= 0:
            job.finish(self.fail_with or self._result(job.request))
        return job.finished

    def _result(self, request: Request | None) -> Result:
        if request is None:
            return REPORT
        if isinstance(request, GenerateRequest):
            return _take(request)
        return self.answers[type(request)](request)


def fake_motion(seed: int, seconds: float) -> FloatArray:
    """Slow sinusoids that the seed shifts: (frames, channels), units 0..0.8, neck within 0.1."""
    frames = max(1, round(seconds * MOTION_FPS))
    shifts = np.random.default_rng(seed).random((2, len(CHANNELS)))
    time_ = np.arange(frames)[:, None] / MOTION_FPS
    waves = np.sin(2 * np.pi * ((0.5 + shifts[0]) * time_ + shifts[1]))
    motion = np.where(np.arange(len(CHANNELS)) < len(UNITS), 0.4 + 0.4 * waves, 0.1 * waves)
    return motion.astype(np.float32)


def _take(request: GenerateRequest) -> Take:
    settings = request.settings
    provenance = {
        "seed": settings.seed,
        "intensity": settings.intensity,
        "emotion": settings.emotion,
        "start": request.start,
        "duration": request.duration,
        "audio": {"name": request.audio.name, "sha256": "0" * 64},
        "models": {"denoiser": "fake"},
    }
    motion = fake_motion(settings.seed, request.duration or OPEN_ENDED)
    if (hold := request.hold) is not None:
        frames = min(len(motion), len(hold.weights))
        kept = hold.kept[:frames] > 0
        motion[:frames][kept] = hold.weights[:frames][kept]
    return Take(motion, CHANNELS, float(MOTION_FPS), provenance)
