# SPDX-License-Identifier: GPL-3.0-or-later
"""The Engine whose work is done by a worker process; see `engine` for who may call what.

Every unfinished job is remembered here. When a process ends, only the job it was performing fails;
the jobs that were waiting are sent to a fresh process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..model_runtime import wire
from ..model_runtime.contract import (
    CancelledError,
    EngineError,
    GenerateRequest,
    Progress,
    Request,
    Result,
    ThunderError,
)
from .engine import RUNNING, WAITING, Job, Launch, status_line
from .engine_process import WorkerProcess

MOST_STARTS = 3  # processes that may end under a waiting job before it fails too
CANCELLED = "The generation was cancelled."
AGAIN = "Generate again: a fresh engine is started."


@dataclass
class _Entry:
    """A job that is not finished yet."""

    job: Job
    starts: int = 0  # processes that it was sent to
    cancel_told: float | None = None  # when the worker was told, monotonic seconds


class WorkerEngine:
    """Performs jobs in a worker that `launch` describes; a fresh one whenever there is none."""

    def __init__(self, launch: Launch | Callable[[], Launch]) -> None:
        self._launch = launch
        self._entries: dict[int, _Entry] = {}  # in their order
        self._numbers = 0
        self._process: WorkerProcess | None = None
        self._ready = False
        self._keep_log = False
        self.device = ""  # what the worker chose
        self.startup_seconds = 0.0

    def submit(self, request: Request) -> Job:
        return self._queue(Job(request))

    def test(self) -> Job:
        return self._queue(Job(None))

    def poll(self) -> None:
        if self._process is not None:
            self._listen(self._process)
        self._cancel_asked()
        if self._process is not None:
            self._check_silence(self._process)
        if self._process is None and self._entries:
            self._start()

    def wait(self, job: Job, timeout: float | None = None) -> Result:
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            self.poll()
            if job.finished:
                return job.outcome()
            if all(entry.job is not job for entry in self._entries.values()):
                raise EngineError("That job was not given to this engine.")
            if limit is not None and time.monotonic() > limit:
                raise EngineError(f"The engine gave no take within {timeout:g} s.")
            if self._process is not None:
                self._process.wait_for_news(0.05)

    def free(self) -> None:
        for number in list(self._entries):
            self._finish(number, CancelledError("The engine was freed before the line was done."))
        self._end()

    def close(self) -> None:
        process = self._process
        self.free()
        if process is not None:
            process.end(wait=True)
        if process is not None and not self._keep_log:
            process.remove_log()

    @property
    def running(self) -> bool:
        return self._process is not None and not self._process.gone

    @property
    def pid(self) -> int | None:
        """The worker's process, for tests and those who watch memory."""
        return None if self._process is None else self._process.pid

    @property
    def status(self) -> str:
        if not self.running:
            return "Off"
        running = next((e.job for e in self._entries.values() if e.job.state == RUNNING), None)
        return status_line(running, "Idle" if self._ready else "Starting")

    # the life of a job

    def _queue(self, job: Job) -> Job:
        self._restart_if_changed()
        self._numbers += 1
        self._entries[self._numbers] = _Entry(job)
        if self._process is None:
            self._start()
        else:
            self._send(self._numbers)
        return job

    def _send(self, number: int) -> None:
        """Give a job to the process; a job that cannot be sent has failed."""
        entry = self._entries[number]
        entry.starts += 1
        job = entry.job
        if not self._ready:
            job.progress = Progress("Starting the engine", 0.0)
        try:
            if job.request is None:
                self._tell(wire.Message(wire.TEST, {"id": number}))
            elif isinstance(job.request, GenerateRequest):
                self._tell(wire.request_message(number, job.request))
            else:
                self._tell(wire.ask_message(number, job.request))
        except ThunderError as error:
            self._finish(number, error)

    def _tell(self, message: wire.Message) -> None:
        if self._process is not None:
            self._process.send(message)

    def _finish(self, number: int, outcome: Result | ThunderError) -> None:
        entry = self._entries.pop(number, None)
        if entry is not None:
            entry.job.finish(outcome)

    def _cancel_asked(self) -> None:
        now = time.monotonic()
        for number, entry in list(self._entries.items()):
            if not entry.job.cancel_asked:
                continue
            if entry.cancel_told is None:
                entry.cancel_told = now
                self._tell(wire.Message(wire.CANCEL, {"id": number}))
            if entry.job.state != RUNNING:
                self._finish(number, CancelledError(CANCELLED))
            elif self._process and now - entry.cancel_told > self._process.launch.grace_seconds:
                self._finish(number, CancelledError(CANCELLED))
                self._end()

    # the life of a process

    def _start(self) -> None:
        """Start a process and give it all jobs; when it cannot be started they have failed."""
        try:
            launch = self._launch() if callable(self._launch) else self._launch
            self._process = WorkerProcess(launch)
        except ThunderError as error:
            self._fail_all(error)
            return
        for number in list(self._entries):
            self._send(number)

    def _restart_if_changed(self) -> None:
        """An idle process that was started in another way gives place to a fresh one."""
        if self._process is None or self._entries or not callable(self._launch):
            return
        try:
            changed = self._launch() != self._process.launch
        except ThunderError:  # told when the process is started
            changed = True
        if changed:
            self._end()

    def _end(self) -> None:
        process, self._process, self._ready = self._process, None, False
        if process is not None:
            process.end()

    def _listen(self, process: WorkerProcess) -> None:
        for heard in process.messages():
            if isinstance(heard, wire.Message):
                self._understand(heard)
            elif heard is None:
                self._process_ended(process)
            else:
                self._broken(heard)
            if self._process is not process:
                return

    def _understand(self, message: wire.Message) -> None:
        try:
            number = wire.job_number(message)
            if number is not None:
                self._about_job(number, message)
            else:
                self._about_engine(message)
        except wire.WireError as error:
            self._broken(error)

    def _about_job(self, number: int, message: wire.Message) -> None:
        entry = self._entries.get(number)
        if entry is None:  # cancelled meanwhile
            return
        if message.kind == wire.PROGRESS:
            entry.job.state, entry.job.progress = RUNNING, wire.read_progress(message)
        elif message.kind == wire.TAKE:
            entry.job.work_seconds = float(message.body.get("work_seconds", 0.0))
            self._finish(number, _or_cancelled(entry.job, wire.read_take(message)))
        elif message.kind == wire.ANSWER:
            self._finish(number, _or_cancelled(entry.job, wire.read_answer(message)))
        elif message.kind == wire.REPORT:
            self._finish(number, _or_cancelled(entry.job, wire.read_report(message)))
        elif message.kind == wire.ERROR:
            error = wire.read_error(message)
            self._keep_log |= type(error) is EngineError
            self._finish(number, error)

    def _about_engine(self, message: wire.Message) -> None:
        if message.kind == wire.HELLO and message.body.get("protocol") != wire.PROTOCOL:
            self._broken(
                EngineError(
                    "The engine is of another version than this extension. Restart Blender, and "
                    "if that does not help reinstall the extension."
                )
            )
        elif message.kind == wire.READY:
            self._ready = True
            for entry in self._entries.values():
                entry.job.progress = WAITING
            self.device = str(message.body.get("device", ""))
            self.startup_seconds = float(message.body.get("startup_seconds", 0.0))
        elif message.kind == wire.ERROR:
            self._broken(wire.read_error(message))

    def _broken(self, error: ThunderError) -> None:
        """End a process that cannot be trusted: all jobs if it never worked, else the running."""
        ready = self._ready
        self._end()
        if ready:
            self._fail_running(error)
        else:
            self._fail_all(error)

    def _process_ended(self, process: WorkerProcess) -> None:
        code, ready = process.exit_code, self._ready
        self._end()
        if code == 0 and ready:  # it was idle for long; what is waiting came too late for it
            self._fail_running(EngineError(f"The engine has ended. {AGAIN}"))
        elif ready:
            self._fail_running(EngineError(_crash_sentence(process, code)))
        else:
            self._fail_all(EngineError(_start_sentence(process)))
        self._keep_log |= code != 0

    def _fail_all(self, error: ThunderError) -> None:
        for number in list(self._entries):
            self._finish(number, error)

    def _fail_running(self, error: ThunderError) -> None:
        for number, entry in list(self._entries.items()):
            if entry.job.state == RUNNING or entry.starts >= MOST_STARTS:
                self._finish(number, _or_cancelled(entry.job, error))

    def _check_silence(self, process: WorkerProcess) -> None:
        launch = process.launch
        limit = launch.silent_seconds if self._ready else launch.start_seconds
        if process.silent_seconds > limit:
            self._keep_log = True
            self._broken(
                EngineError(
                    f"The engine gave no sign of life for {limit:g} s and was stopped. {AGAIN} "
                    "If it comes again, choose CPU as the device in the preferences."
                )
            )


def _or_cancelled(job: Job, outcome: Result | ThunderError) -> Result | ThunderError:
    """Who asked for a cancel gets it, whatever came meanwhile."""
    return CancelledError(CANCELLED) if job.cancel_asked else outcome


def _crash_sentence(process: WorkerProcess, code: int | None) -> str:
    how = f"exit code {code}" if code is None or code >= 0 else f"signal {-code}"
    if code == -9:
        how = "it was killed, perhaps because memory ran out"
    words = process.last_words()
    last = f" Its last words: {words.rstrip('.')}." if words else ""
    return f"The engine's process ended unexpectedly ({how}).{last} {AGAIN} Log: {process.log}"


def _start_sentence(process: WorkerProcess) -> str:
    words = process.last_words()
    last = f" ({words.rstrip('.')})" if words else ""
    return (
        f"The engine could not start with '{process.launch.python}'{last}. Press Test Runtime in "
        "the extension's preferences, or Install Runtime there for one that works."
    )
