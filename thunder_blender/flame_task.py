# SPDX-License-Identifier: GPL-3.0-or-later
"""The running import of a FLAME: its file is read and fitted in a thread, Blender stays alive.

The thread sees numbers only, never bpy. One import runs at a time; `begin`, `end` and the timer
that they keep belong to the UI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import CancelledError, Progress
from .building import Building
from .flame_import import FlameImport, Imported, Prepared, kept_folder, prepare
from .in_thread import InThread
from .redraw import redraw_sidebars
from .steps import Steps

TICK = 0.1  # seconds between two looks
BUILD_TICK = 0.02  # between two steps once the rig is built
READING, FITTING, READY = "Reading FLAME", "Fitting FLAME", "Building FLAME"
RUNNING = "A FLAME is being imported; wait for it or press Cancel"


class Preparing(InThread[Prepared]):
    """One file on its way."""

    def __init__(self, wanted: FlameImport, kept: Path | None) -> None:
        self.progress = Progress(READING, 0.0)
        self.cancelled = False
        self.name = wanted.path.name  # of the file
        super().__init__(lambda: self._prepare(wanted, kept), "THUNDER FLAME")

    def cancel(self) -> None:
        """Let the thread end at its next step; nobody waits for that."""
        self.cancelled = True

    def _prepare(self, wanted: FlameImport, kept: Path | None) -> Prepared:
        try:
            return prepare(wanted, kept, self._tell)
        finally:
            self.progress = Progress(READY, 1.0)

    def _tell(self, done: float) -> None:
        if self.cancelled:
            raise CancelledError("The import was cancelled.")
        self.progress = Progress(FITTING, done)


class _Running:
    """The one place that knows of the running import; nothing here outlives `end`."""

    preparing: Preparing | None = None
    building: Building[Imported] | None = None
    timer: Any = None


def current() -> Preparing | None:
    """The import that is running."""
    return _Running.preparing


def running_reason() -> str:
    """Why no other import can be started; empty when one can."""
    return RUNNING if _Running.preparing else ""


def begin(context: bpy.types.Context, wanted: FlameImport) -> Preparing:
    """Start to prepare `wanted`, and a timer in this window. Never blocks."""
    end()
    _Running.preparing = Preparing(wanted, kept_folder())
    manager = context.window_manager
    _Running.timer = manager.event_timer_add(TICK, window=context.window)
    show(f"{READING} {wanted.path.name}")
    return _Running.preparing


def built(window: Any, begin: Callable[[], Steps[Imported]]) -> Imported | None:
    """Build for a moment, in the steps that `begin` gives; the rig once it is whole.

    Raises ThunderError.
    """
    if _Running.building is None:
        _Running.building = Building(begin, window, BUILD_TICK)
    return _Running.building.result if _Running.building.go_on() else None


def end() -> None:
    """Leave nothing running: no import, no half of a rig, no timer, the status bar as it was."""
    if _Running.building is not None:
        _Running.building.end()
        _Running.building = None
    if _Running.preparing is not None:
        _Running.preparing.cancel()
        _Running.preparing = None
        show("")
    if _Running.timer is not None:
        bpy.context.window_manager.event_timer_remove(_Running.timer)
        _Running.timer = None


def show(text: str) -> None:
    """Say in the status bar what goes on; empty gives the bar back to Blender. Redraws panels."""
    for window in bpy.context.window_manager.windows:
        window.workspace.status_text_set(text or None)
    redraw_sidebars()
