# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as Blender sees it: jobs that are submitted, polled and cancelled, never blocking.

The thread contract: every function and method here, and every attribute of a Job, belongs to one
thread, in Blender the UI thread. What other threads learn from the worker they only put into a
queue; `Engine.poll()` drains it and is the one place, beside `wait`, `free` and `close`, where a
job changes. So a job that was looked at does not change until the next poll. `wait` is the one
method that blocks; it is for scripts and background runs.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..model_runtime.contract import (
    CancelledError,
    EngineError,
    Progress,
    Request,
    Result,
    Take,
    ThunderError,
)

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED"
FINISHED = (DONE, FAILED, CANCELLED)
WAITING = Progress("Waiting", 0.0)


@dataclass(frozen=True)
class Launch:
    """How the worker is started."""

    python: Path  # an interpreter with torch
    worker_root: Path  # the folder that holds the model_runtime package
    log: Path | None = None  # where the worker's own words go; None: the temporary folder
    device: str = "auto"  # auto, cuda, rocm, mps or cpu
    idle_seconds: float = 600.0  # without work the worker ends itself; 0: never
    weights: Path | None = None  # folder of other models; None: the bundled ones
    weights_state: tuple[tuple[str, int, int], ...] = ()  # its files: new ones want a new process
    recognises: bool = True  # words, in lines without a transcript
    start_seconds: float = 120.0  # no word from the worker for so long at its start: it hangs
    silent_seconds: float = 20.0  # no heartbeat for so long: it hangs
    grace_seconds: float = 3.0  # from the wish to cancel until the process is ended


class Job:
    """One piece of work in the engine's queue. Made by `Engine.submit` and `Engine.test`."""

    def __init__(self, request: Request | None) -> None:
        self.request = request  # None: a test of the engine
        self.state = QUEUED
        self.progress = WAITING
        self.result: Result | None = None
        self.error: ThunderError | None = None
        self.cancel_asked = False
        self.work_seconds = 0.0  # that the generation itself took, of a DONE job

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def take(self) -> Take | None:
        """The take of a DONE job, else None."""
        return self.result if isinstance(self.result, Take) else None

    def cancel(self) -> None:
        """Ask for the end of this job; a later poll makes it CANCELLED, by force if need be."""
        if not self.finished:
            self.cancel_asked = True

    def finish(self, outcome: Result | ThunderError) -> None:
        """For engines: end the job, once."""
        if self.finished:
            return
        if isinstance(outcome, ThunderError):
            self.state = CANCELLED if isinstance(outcome, CancelledError) else FAILED
            self.error = outcome
        else:
            self.state, self.result = DONE, outcome
            self.progress = Progress(self.progress.stage, 1.0, 0.0)

    def outcome(self) -> Result:
        """What came of a finished job. Raises its ThunderError."""
        if self.error is not None:
            raise self.error
        assert self.result is not None, "the job is not finished"
        return self.result

    def performed(self) -> Take:
        """The take of a finished job that was to make one. Raises its ThunderError."""
        take = self.outcome()
        assert isinstance(take, Take), "the job was a test"
        return take


class Engine(Protocol):
    """Takes jobs and performs them one after another, in the order they came."""

    def submit(self, request: Request) -> Job:
        """Queue a line, or a question. Never raises and never blocks: the job tells what failed."""

    def test(self) -> Job:
        """Queue a test of one second; the job's result is an EngineReport."""

    def poll(self) -> None:
        """Bring the jobs up to date. Never blocks."""

    def wait(self, job: Job, timeout: float | None = None) -> Result:
        """Block until `job` is finished. Raises its ThunderError, EngineError after `timeout` s."""

    def free(self) -> None:
        """End the process and give back its memory; unfinished jobs are cancelled."""

    def close(self) -> None:
        """As `free`, for good."""

    @property
    def running(self) -> bool:
        """Whether there is a process."""

    @property
    def status(self) -> str:
        """One line: Off, Starting, Idle, or the stage and percentage of the running job."""


def status_line(running: Job | None, idle: str) -> str:
    """Status of an engine that performs `running`, or else is `idle`."""
    if running is None:
        return idle
    if running.cancel_asked:
        return "Cancelling"
    return f"{running.progress.stage} {running.progress.fraction:.0%}".replace("%", " %")


class _Current:
    engine: Engine | None = None
    launch: Callable[[], Launch] | None = None


def set_launch(factory: Callable[[], Launch] | None) -> None:
    """Say how workers are started from now on.

    `factory` is called at each start; it raises EngineError, with the next step in its sentence,
    when no Python with torch is found.
    """
    _Current.launch = factory


def get_engine() -> Engine:
    """The engine of this Blender; made at the first call, which starts no process yet."""
    if _Current.engine is None:
        from .engine_client import WorkerEngine

        _Current.engine = WorkerEngine(_launch)
        atexit.register(shut_down)
    return _Current.engine


def current_engine() -> Engine | None:
    """The engine if one was made, for those who only want to look."""
    return _Current.engine


def set_engine(engine: Engine | None) -> None:
    """Put another engine in place, as tests do; the one before is closed."""
    if _Current.engine is not None and _Current.engine is not engine:
        _Current.engine.close()
    _Current.engine = engine


def shut_down() -> None:
    """End the engine and its process. For unregister and the end of Blender; harmless twice."""
    set_engine(None)
    atexit.unregister(shut_down)


def _launch() -> Launch:
    if _Current.launch is None:
        raise EngineError(
            "No Python is set up for the engine. Open the extension's preferences and press "
            "Install Runtime."
        )
    return _Current.launch()
