# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work on Blender's thread, in steps so short that nobody notices.

A generator that yields after each bit of work; what it yields says whether the next bit is better
left for another time.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Generic, TypeVar

Result = TypeVar("Result")
Steps = Generator[bool, None, Result]

GO_ON, PAUSE = False, True
BUDGET = 0.01  # seconds of one stint; what a single step takes comes on top


class Stepped(Generic[Result]):
    """Work that is done bit by bit; `result` is there once `go_on` says so."""

    def __init__(self, steps: Steps[Result]) -> None:
        self._steps = steps
        self._results: list[Result] = []

    def go_on(self, seconds: float = BUDGET) -> bool:
        """Work for `seconds`; whether all is done. Raises what the work raises."""
        end = time.perf_counter() + seconds
        try:
            while not next(self._steps) and time.perf_counter() < end:
                pass
        except StopIteration as done:
            self._results.append(done.value)
        return bool(self._results)

    @property
    def result(self) -> Result:
        return self._results[0]

    def stop(self) -> None:
        """Give up; the work cleans up after itself."""
        self._steps.close()


def finish(steps: Steps[Result]) -> Result:
    """Do all of it now."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            value: Result = done.value
            return value
