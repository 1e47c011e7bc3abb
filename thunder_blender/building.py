# SPDX-License-Identifier: GPL-3.0-or-later
"""Something that is built in short steps: objects with their meshes, keys and bones.

Undo frees the data-blocks that a step holds, and a file that is saved should not keep half of
anything. So what is being built goes away before either, and is begun anew afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import bpy
from bpy.app.handlers import persistent

from . import timers
from .steps import Stepped, Steps

Result = TypeVar("Result")

HANDLERS = ("undo_pre", "redo_pre", "save_pre")
MOST_TRIES = 20  # begun anew, as often as somebody deletes or undoes a part of it

_running: list[Building[Any]] = []


class Made:
    """Data-blocks that are taken away again unless all gets done."""

    def __init__(self) -> None:
        self._blocks: list[Any] = []

    def note(self, block: Any) -> Any:
        """Remember a new data-block; gives it back."""
        self._blocks.append(block)
        return block

    def discard(self) -> None:
        bpy.data.batch_remove([block for block in self._blocks if _is_alive(block)])


class Building(Generic[Result]):
    """Work that is done bit by bit while a timer ticks; `result` is there once `go_on` says so."""

    def __init__(self, begin: Callable[[], Steps[Result]], window: Any, tick: float) -> None:
        self._begin, self._tries = begin, 0
        self._work: Stepped[Result] | None = None
        self._timer = timers.add(window, tick)
        _running.append(self)
        _listen()

    @property
    def running(self) -> bool:
        return self in _running

    def go_on(self) -> bool:
        """Work for a moment; whether all is done. Raises what the work raises, and ends then."""
        try:
            if self._work is None:
                self._tries += 1
                self._work = Stepped(self._begin())
            done = self._work.go_on()
        except ReferenceError:
            if self._tries >= MOST_TRIES:
                self.end()
                raise
            self.interrupt()
            return False
        except BaseException:
            self.end()
            raise
        if done:
            self._leave()
        return done

    @property
    def result(self) -> Result:
        assert self._work is not None, "asked for before it was done"
        return self._work.result

    def interrupt(self) -> None:
        """Take away what is there; the next step begins anew."""
        if self._work is not None:
            self._work.stop()
            self._work = None

    def end(self) -> None:
        """Leave nothing: no half of anything, no timer."""
        if self.running:
            self.interrupt()
            self._leave()

    def _leave(self) -> None:
        _running.remove(self)
        timers.remove(self._timer)
        _listen()


def register() -> None:
    """There is nothing to begin with."""


def unregister() -> None:
    """Nothing of what is being built stays."""
    for building in _running:
        building.end()


def _is_alive(block: Any) -> bool:
    try:
        return bool(block.name)
    except ReferenceError:
        return False


@persistent
def _interrupt(*_arguments: object) -> None:
    for building in _running:
        building.interrupt()


def _listen() -> None:
    """Hear of undo and saving while something is being built, and at no other time."""
    for name in HANDLERS:
        heard: list[Any] = getattr(bpy.app.handlers, name)
        if _running and _interrupt not in heard:
            heard.append(_interrupt)
        elif not _running and _interrupt in heard:
            heard.remove(_interrupt)
