# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences' buttons have under way: one thing at a time, looked at by a timer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import bpy

from ..model_runtime.contract import CancelledError, EngineReport, Progress, ThunderError
from . import engine
from .redraw import redraw_preferences

INTERVAL = 0.2  # seconds between two looks


class Work(Protocol):
    """A Task of `runtime_task`, or a test of the engine."""

    progress: Progress
    error: ThunderError | None
    result: Any

    @property
    def finished(self) -> bool: ...

    def poll(self) -> None: ...

    def cancel(self) -> None: ...


class EngineTest:
    """A test of the engine, with the ways of a Task."""

    def __init__(self) -> None:
        self._engine = engine.get_engine()
        self._job = self._engine.test()

    @property
    def progress(self) -> Progress:
        return self._job.progress

    @property
    def error(self) -> ThunderError | None:
        return self._job.error

    @property
    def result(self) -> Any:
        return self._job.result

    @property
    def finished(self) -> bool:
        return self._job.finished

    def poll(self) -> None:
        self._engine.poll()

    def cancel(self) -> None:
        self._job.cancel()

    def wait(self) -> EngineReport:
        """Block until the end. Raises the ThunderError that came of it."""
        report = self._engine.wait(self._job)
        assert isinstance(report, EngineReport)
        return report


class _State:
    work: Work | None = None
    sentence: Callable[[Any], str] = str
    said = ""
    failed = False
    report: EngineReport | None = None  # of the last test in this session


def busy() -> Work | None:
    """What is under way."""
    return _State.work


def said() -> tuple[str, bool]:
    """What came of the last thing, in a sentence, and whether it failed."""
    return _State.said, _State.failed


def last_report() -> EngineReport | None:
    return _State.report


def remember(report: EngineReport | None) -> None:
    """Keep what a test has found; None after the runtime has changed."""
    _State.report = report


def start(work: Work, sentence: Callable[[Any], str]) -> None:
    """Watch `work` until its end; `sentence` then tells what came of its result."""
    _State.work, _State.sentence, _State.said = work, sentence, ""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=INTERVAL, persistent=True)
    redraw_preferences()


def settle(sentence: str, failed: bool = False) -> None:
    """Say what came of it."""
    _State.work, _State.said, _State.failed = None, sentence, failed
    redraw_preferences()


def describe(report: EngineReport) -> str:
    """A test's result in one sentence."""
    remember(report)
    speed = report.seconds_per_second
    pace = f"{1 / speed:.1f} times as fast as the line" if speed > 0 else "speed unknown"
    return (
        f"{report.device_name} ({report.device}): {pace}, {report.memory_mb:.0f} MB, ready in "
        f"{report.startup_seconds:.1f} s. torch {report.torch}, Python {report.python}"
    )


def _tick() -> float | None:
    work = _State.work
    if work is None:
        return None
    work.poll()
    if not work.finished:
        redraw_preferences()
        return INTERVAL
    if work.error is None:
        settle(_State.sentence(work.result))
    else:
        settle(str(work.error), failed=not isinstance(work.error, CancelledError))
    return None


def register() -> None:
    _State.said, _State.report = "", None


def unregister() -> None:
    """Nothing of ours goes on after the extension was disabled."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    if _State.work is not None:
        _State.work.cancel()
    _State.work = None
