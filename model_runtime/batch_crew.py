# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes that share one batch, started again when they die. Standard library only.

Each is `python -m model_runtime batch ... --jobs 1 --log json`; its lines on standard output are
its events. They share the work by the claims of the folder, so this one only listens. A process
that dies is replaced; after MOST_DEATHS in a row of which nothing came, no more.
"""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

MOST_DEATHS = 6  # of processes in a row between which no line was finished
WELL = (0, 3, 4)  # exit codes after which a process is not replaced
STOP = "stop"

log = logging.getLogger(__name__)
Event = dict[str, Any]
Start = Callable[[], subprocess.Popen[bytes]]


class Crew:
    """Runs `size` processes made by `start` and hands on what they tell."""

    def __init__(self, start: Start, size: int) -> None:
        self._start, self._size = start, size
        self._told: queue.Queue[tuple[int, Event | None]] = queue.Queue()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._deaths, self._number = 0, 0
        self.codes: list[int] = []  # of those that ended and were not replaced
        self.finished: set[str] = set()  # items done or failed, of which an event told

    def begin(self) -> None:
        for _ in range(self._size):
            self._add()

    @property
    def over(self) -> bool:
        return not self._running and self._told.empty()

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._running.values()]

    def next(self, timeout: float) -> Event | None:
        """The next event; None when none came in time or a process ended."""
        try:
            number, event = self._told.get(timeout=timeout)
        except queue.Empty:
            return None
        if event is None:
            self._ended(number)
        elif event.get("event") == "line":
            self._deaths = 0
            self.finished.add(event["item"])
        return event

    def stop(self) -> None:
        """End all processes at once; what they have not finished stays to be done."""
        running, self._running = self._running, {}
        for process in running.values():
            process.kill()
        for process in running.values():
            process.wait()

    def _add(self) -> None:
        self._number += 1
        process = self._start()
        self._running[self._number] = process
        threading.Thread(target=self._listen, args=(self._number, process), daemon=True).start()

    def _listen(self, number: int, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                event = _event(line)
                if event is not None:
                    self._told.put((number, event))
        process.wait()
        self._told.put((number, None))

    def _ended(self, number: int) -> None:
        process = self._running.pop(number, None)
        if process is None:
            return
        code = process.returncode
        if code < 0 or code not in (*WELL, 1, 2, 130):
            self._deaths += 1
            if self._deaths < MOST_DEATHS:
                log.warning("A process of the batch ended (exit code %d); a new one goes on.", code)
                self._add()
                return
        self.codes.append(code)


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def exit_code(codes: Sequence[int]) -> int:
    """The exit code of a crew: the worst that is not simply 'some lines failed'."""
    crashed = [code for code in codes if code not in WELL]
    if crashed:
        return 1 if crashed[0] < 0 else crashed[0]
    return next((code for code in (3, 4) if code in codes), 0)
