# SPDX-License-Identifier: GPL-3.0-or-later
"""One piece of work in a thread, which Blender looks at now and then. The work must not see bpy."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class InThread(Generic[Result]):
    """Starts at once; `result` is there once `ready` is true."""

    def __init__(self, work: Callable[[], Result], name: str) -> None:
        self._work = work
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        return bool(self._results) or self._error is not None

    def result(self) -> Result:
        """What the work gave; waits for it. Raises what went wrong in the thread."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._error = error
