# SPDX-License-Identifier: GPL-3.0-or-later
"""The running import of a motion file: read and fitted in a thread, Blender stays alive.

One import runs at a time; `begin`, `step`, `end` and the timer that they keep belong to the UI
thread.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import import_motion
from .fit_take import FittedTake
from .flame_task import show
from .import_motion import MotionImport
from .in_thread import InThread
from .rig import Rig, RigError, find_rig
from .sound import scene_rate
from .steps import Stepped

TICK = 0.05  # seconds between two looks
READING, FITTING, WRITING = "Reading", "Fitting", "Writing keys of"
RUNNING = "A motion file is being imported; wait for it or press Esc"


class Importing:
    """One file on its way onto one rig, which is named, since undo may free it meanwhile."""

    def __init__(self, wanted: MotionImport, rig: Rig, rate: float) -> None:
        self.wanted, self.rate = wanted, rate
        self.rig_id, self.rig_name = rig.identifier, rig.mesh.name
        self._reading = InThread(lambda: import_motion.read(wanted), "THUNDER motion")
        self._fitting: InThread[FittedTake] | None = None
        self._writing: Stepped[str] | None = None

    @property
    def stage(self) -> str:
        return WRITING if self._writing else FITTING if self._fitting else READING

    def ready(self) -> bool:
        """Work for a moment; whether the take is written. Looks at the rig once the file is read.

        Raises MotionError or RigError.
        """
        if self._fitting is None:
            if self._reading.ready:
                file, rig = self._reading.result(), self.rig()
                self._fitting = import_motion.start_fitting(rig, file, self.wanted, self.rate)
        elif self._writing is None:
            if self._fitting.ready:
                fitted = self._fitting.result()
                self._writing = Stepped(import_motion.write_steps(self.rig(), self.wanted, fitted))
        else:
            return self._writing.go_on()
        return False

    def land(self, play: bool) -> str:
        """Let the take that is written play where asked to; the sentence to report."""
        assert self._writing is not None
        file, name = self._reading.result(), self._writing.result
        return import_motion.put_on(self.rig(), name, file, self.wanted, play)[1]

    def stop(self) -> None:
        """Leave nothing of a take that is being written."""
        if self._writing is not None:
            self._writing.stop()

    def rig(self) -> Rig:
        """The rig as it is now. Raises RigError when it was deleted."""
        rigs = [rig for rig in map(find_rig, bpy.data.objects) if rig is not None]
        found = [rig for rig in rigs if rig.identifier == self.rig_id]
        if not found:
            raise RigError(f"'{self.rig_name}' was deleted meanwhile. Import the motion again.")
        return min(found, key=lambda rig: rig.mesh.name != self.rig_name)


class _Running:
    """The one place that knows of the running import; nothing here outlives `end`."""

    importing: Importing | None = None
    timer: Any = None


def current() -> Importing | None:
    """The import that is running."""
    return _Running.importing


def running_reason() -> str:
    """Why no other import can be started; empty when one can."""
    return RUNNING if _Running.importing else ""


def begin(context: bpy.types.Context, wanted: MotionImport, rig: Rig) -> Importing:
    """Start to import `wanted`, and a timer in this window. Never blocks."""
    end()
    _Running.importing = Importing(wanted, rig, scene_rate(context.scene))
    manager = context.window_manager
    _Running.timer = manager.event_timer_add(TICK, window=context.window)
    tell()
    return _Running.importing


def tell() -> None:
    """Say in the status bar how far it is."""
    if running := _Running.importing:
        show(f"{running.stage} {running.wanted.path.name}   Esc: Cancel")


def end() -> None:
    """Leave nothing running: no import, no timer, the status bar as it was."""
    if _Running.importing is not None:
        _Running.importing.stop()
        _Running.importing = None
        show("")
    if _Running.timer is not None:
        bpy.context.window_manager.event_timer_remove(_Running.timer)
        _Running.timer = None
