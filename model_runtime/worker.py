# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine in a process of its own, at Blender's call over standard input and output.

`python -m model_runtime.worker [--device cpu] [--idle 600] [--weights DIR] [--no-recognise]
[--parent PID]`

It says hello at once and ready when the models are loaded, takes any number of requests and
performs them in order, tells its progress, and ends when it is told to, when it was idle for long,
when its input ends and when its parent does. `wire` describes what is sent. Two threads beside the
main one: one reads messages, so that a cancel is seen while a line is sampled; one watches the
parent and says that all is well.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from . import wire
from .contract import CancelledError, EngineError, Progress, ThunderError
from .worker_life import claim_pipes, leave, watch_parent

if TYPE_CHECKING:
    from .worker_tasks import Tasks

TELL_EVERY = 0.05  # seconds between two messages of progress in the same stage
FATAL = 3  # exit code when only a fresh process can go on

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Serve until there is nothing to serve, and end the process."""
    started = time.time()
    source, sink = claim_pipes()
    options = _parser().parse_args(arguments)
    # Waiting threads that spin make generation five times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", stream=sys.stderr)
    worker = Worker(source, sink, options)
    watch_parent(options.parent, options.die_with_thread, worker.beat)
    leave(worker.serve(started))  # the reader still reads, and torch would take its time


@dataclass
class Inbox:
    """Requests in their order. The reader fills it; the main thread takes them out."""

    waiting: deque[wire.Message] = field(default_factory=deque)
    current: int | None = None  # the job that is performed
    cancelled: bool = False  # that very job
    quit: bool = False
    news: threading.Condition = field(default_factory=threading.Condition)


class Worker:
    """Reads requests from `source`, answers into `sink`."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, options: argparse.Namespace) -> None:
        self._source, self._sink, self._options = source, sink, options
        self._writing = threading.Lock()
        self._inbox = Inbox()
        self._told = (0.0, "")  # when and of which stage progress was sent last

    def serve(self, started: float) -> int:
        """Say hello, load, perform what comes; gives the exit code."""
        hello = {"protocol": wire.PROTOCOL, "pid": os.getpid(), "python": platform.python_version()}
        self._send(wire.Message(wire.HELLO, hello))
        threading.Thread(target=self._read, daemon=True, name="reader").start()
        try:
            tasks = self._load(started)
        except ThunderError as error:
            self._send(wire.error_message(None, error))
            return FATAL
        device = {"device": tasks.device, "startup_seconds": tasks.startup_seconds}
        self._send(wire.Message(wire.READY, device))
        tasks.prepare()
        while (message := self._next()) is not None:
            if not self._perform(tasks, message):
                return FATAL
        self._send(wire.Message(wire.BYE, {}))
        return 0

    def beat(self) -> None:
        """Say that the process is well, unless it is saying something this very moment."""
        if self._writing.acquire(blocking=False):
            self._writing.release()
            self._send(wire.Message(wire.ALIVE, {}))

    def _load(self, started: float) -> Tasks:
        try:
            from .worker_tasks import Tasks

            options = self._options
            recognises = not options.no_recognise
            return Tasks(options.device, options.weights, started, recognises=recognises)
        except ModuleNotFoundError as error:
            raise EngineError(
                f"The engine cannot start: the Python package '{error.name}' is missing from "
                f"{sys.executable}. Press Install Runtime in the extension's preferences, or "
                "choose another Python there."
            ) from error
        except ThunderError:
            raise
        except Exception as error:
            log.exception("The engine cannot be loaded.")
            raise self._unexpected("The engine cannot be loaded", error) from error

    def _next(self) -> wire.Message | None:
        """The next request; None when there is none for so long that the process may end."""
        inbox = self._inbox
        with inbox.news:
            inbox.current, inbox.cancelled = None, False
            limit = self._options.idle or None
            if not inbox.news.wait_for(lambda: inbox.quit or inbox.waiting, limit) or inbox.quit:
                return None
            message = inbox.waiting.popleft()
            inbox.current = wire.job_number(message)
            return message

    def _perform(self, tasks: Tasks, message: wire.Message) -> bool:
        """Answer one request; whether the process can go on."""
        number = wire.job_number(message)
        assert number is not None
        self._told = (0.0, "")
        try:
            self._send(self._answer(tasks, number, message))
        except ThunderError as error:
            self._send(wire.error_message(number, error))
        except Exception as error:
            log.exception("A request failed.")
            self._send(wire.error_message(number, self._unexpected("The engine failed", error)))
            return not _is_broken(error)
        return True

    def _answer(self, tasks: Tasks, number: int, message: wire.Message) -> wire.Message:
        def progress(told: Progress) -> bool:
            return self._progress(number, told)

        if message.kind == wire.TEST:
            return wire.report_message(number, tasks.test(progress))
        if message.kind == wire.ASK:
            return wire.answer_message(number, tasks.answer(wire.read_ask(message), progress))
        take = tasks.generate(wire.read_request(message), progress)
        return wire.take_message(number, take, tasks.work_seconds)

    def _progress(self, number: int, told: Progress) -> bool:
        """Tell the other side, not too often; False when the job was cancelled."""
        now = time.monotonic()
        if told.stage != self._told[1] or now - self._told[0] >= TELL_EVERY:
            self._told = (now, told.stage)
            self._send(wire.progress_message(number, told))
        return not self._inbox.cancelled

    def _unexpected(self, what: str, error: BaseException) -> EngineError:
        """One sentence for what nobody foresaw; the traceback is in the log."""
        where = f" Details are in {self._options.log}." if self._options.log else ""
        short = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {short[0][:200]}" if short else type(error).__name__
        step = "Try again; if it comes again, choose CPU as the device in the preferences."
        return EngineError(f"{what} ({reason}). {step}{where}")

    def _send(self, message: wire.Message) -> None:
        data = memoryview(wire.pack(message))
        with self._writing:
            try:
                while data:
                    data = data[self._sink.write(data) :]
            except OSError:  # nobody listens any more
                leave()

    def _read(self) -> None:
        """The reader thread: until the input ends, which ends the process."""
        try:
            while (message := wire.read_message(self._source)) is not None:
                self._take_in(message)
        except wire.WireError as error:
            log.error("%s", error)
            self._send(wire.error_message(None, error))
            leave(FATAL)
        leave()

    def _take_in(self, message: wire.Message) -> None:
        inbox, number = self._inbox, wire.job_number(message)
        with inbox.news:
            if message.kind in (wire.GENERATE, wire.ASK, wire.TEST) and number is not None:
                inbox.waiting.append(message)
            elif message.kind == wire.CANCEL:
                self._cancel(number)
            elif message.kind == wire.QUIT:
                inbox.quit = inbox.cancelled = True
            else:
                raise wire.WireError(f"The engine does not know the message '{message.kind}'.")
            inbox.news.notify()

    def _cancel(self, number: int | None) -> None:
        inbox = self._inbox
        if number == inbox.current:
            inbox.cancelled = True
        for message in [one for one in inbox.waiting if wire.job_number(one) == number]:
            inbox.waiting.remove(message)
            gone = CancelledError("The generation was cancelled.")
            self._send(wire.error_message(number, gone))


def _is_broken(error: BaseException) -> bool:
    from .devices import is_broken_gpu

    return is_broken_gpu(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_runtime.worker", description=__doc__)
    add = parser.add_argument
    add("--device", default="auto", help="auto, cuda, rocm, mps or cpu")
    add("--idle", type=float, default=0.0, help="seconds without work after which it ends; 0 never")
    add("--weights", type=Path, help="folder of other model weights")
    add(
        "--no-recognise",
        action="store_true",
        help="perform lines without a transcript by their sound alone, not by recognised words",
    )
    add("--parent", type=int, default=os.getppid(), help="process whose end is ours too")
    add(
        "--die-with-thread",
        action="store_true",
        help="end with the thread that started it, on Linux",
    )
    add("--log", type=Path, help="where standard error goes, for the sentences that name it")
    return parser


if __name__ == "__main__":
    main()
