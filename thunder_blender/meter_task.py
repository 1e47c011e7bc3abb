# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement on its way: the mouth is read in short steps, then the engine compares it.

One at a time. `begin` starts it, `tick` goes on with it from a timer, and whatever ends it (the
result, Cancel, an error, undo, another file) goes through `end`.
"""

from __future__ import annotations

import bpy

from ..model_runtime.contract import CancelledError, MeasureRequest, Meter, Sound, ThunderError
from . import engine, meter_copy, meter_curves, meter_draw, meter_record, meter_store
from .lines import Line
from .meter_curves import Interval
from .meter_mesh import Gathered, fps_of, gather_steps
from .redraw import redraw_sidebars
from .rig import Rig, RigError, find_rig
from .steps import Stepped, finish

STINT = 0.006  # seconds of reading in one tick
READING, MEASURING, CANCELLING = "Reading the mouth", "Measuring", "Cancelling"
READ_SHARE = 0.6  # of the bar
NOTHING_SAID = "Nothing is said in '{}', so there is nothing to compare"
OTHER_TAKE = "Another take of '{}' was chosen while it was measured. Measure it again."


class Measuring:
    """One line on one rig; with `changed` (seconds of the line) only that span."""

    def __init__(self, rig: Rig, line: Line, changed: Interval | None = None) -> None:
        self.line, self.rig_name, self.changed = line, rig.mesh.name, changed
        self.owner = _owner(rig, line)
        self.before = meter_store.record_of(rig, line.line_id) if changed else None
        self.measured = meter_curves.snapshot(rig, line)
        self.read = 0.0  # share
        self.cancelled = False
        self._job: engine.Job | None = None
        self._gathered: Gathered | None = None
        known = meter_store.motion_of(self.before) if self.before else None
        span = None if changed is None else _frames(changed, fps_of(line))
        self._gather = Stepped(gather_steps(rig, line, known, span, self._told))

    @property
    def stage(self) -> str:
        return CANCELLING if self.cancelled else READING if self._job is None else MEASURING

    @property
    def fraction(self) -> float:
        job = self._job
        return READ_SHARE * self.read + (1 - READ_SHARE) * (job.progress.fraction if job else 0.0)

    def go_on(self) -> bool:
        """Work for a moment; whether the engine is done. Raises ThunderError."""
        if self.cancelled and self._job is None:
            raise CancelledError("Cancelled")
        if self._job is None:
            if self._gather.go_on(STINT):
                self._ask(self._gather.result)
            return False
        engine.get_engine().poll()
        return self._job.finished

    def settle(self) -> str:
        """Keep what came of it; the sentence for the user. Raises ThunderError."""
        assert self._job is not None and self._gathered is not None, "go_on says when"
        meter = self._job.outcome()
        assert isinstance(meter, Meter), "the engine answers a MeasureRequest with a Meter"
        rig = find_rig(bpy.data.objects.get(self.rig_name))
        if rig is None or _owner(rig, self.line) != self.owner:
            raise RigError(OTHER_TAKE.format(self.line.strip_name))
        if self.before is not None and self.changed is not None:
            meter = meter_record.merged(self.before.meter, meter, self._span())
        meter_store.keep(rig, self.line, meter, self.measured, self._gathered)
        return sentence(self.line, meter)

    def wait(self) -> str:
        """All of it now, for scripts and background runs. Raises ThunderError."""
        self._ask(finish(gather_steps(_rig(self.rig_name), self.line)))
        assert self._job is not None
        engine.get_engine().wait(self._job)
        return self.settle()

    def cancel(self) -> None:
        self.cancelled = True
        if self._job is not None:
            self._job.cancel()

    def stop(self) -> None:
        """Leave nothing behind."""
        self._gather.stop()
        if self._job is not None and not self._job.finished:
            self._job.cancel()

    def _ask(self, gathered: Gathered) -> None:
        line, self._gathered = self.line, gathered
        sound = Sound(line.path, line.start, line.duration, line.transcript)
        span = self._span() if self.before is not None else None
        self._job = engine.get_engine().submit(MeasureRequest(sound, gathered.motion, span))

    def _span(self) -> Interval:
        assert self.changed is not None
        return meter_record.around(self.changed, self.line.duration)

    def _told(self, share: float) -> None:
        self.read = share


class _Running:
    task: Measuring | None = None
    shown: tuple[object, ...] = ()


def running() -> Measuring | None:
    return _Running.task


def running_reason() -> str:
    """Why nothing else can be measured now; empty when it can."""
    return "A line is being measured; wait for it or press Esc" if _Running.task else ""


def begin(task: Measuring) -> None:
    """Let `tick` go on with this one. Never blocks."""
    abandon()
    _Running.task = task
    _show("")


def tick() -> str | None:
    """Go on for a moment: None while it runs, then the sentence. Raises ThunderError."""
    task = _Running.task
    if task is None:
        return ""
    try:
        said = task.settle() if task.go_on() else None
    except BaseException as error:
        cancelled = isinstance(error, CancelledError) or not isinstance(error, ThunderError)
        end("" if cancelled else str(error))
        raise
    if said is None:
        _show("")
    else:
        end("")
    return said


def cancel() -> None:
    if _Running.task is not None:
        _Running.task.cancel()


def abandon() -> None:
    """Stop at once and without a word."""
    if _Running.task is not None:
        end("")


def end(error: str = "") -> None:
    """Nothing runs any more, panels and editors at rest."""
    task, _Running.task = _Running.task, None
    if task is not None:
        task.stop()
    meter_copy.sweep()
    _show(error)
    meter_draw.redraw()


def sentence(line: Line, meter: Meter) -> str:
    """What came of a measurement, in a line for the status bar."""
    if meter.score != meter.score:  # nan
        return NOTHING_SAID.format(line.strip_name)
    weak = len(meter_record.weak_spans(meter))
    spans = "no weak span" if not weak else f"{weak} weak span{'s' if weak > 1 else ''}"
    return f"{line.strip_name}: lip-sync {meter.score:.2f}, {spans}{_lag(meter)}"


def _lag(meter: Meter) -> str:
    if not abs(meter.lag_ms) >= 30.0:  # also nan
        return ""
    return f", {abs(meter.lag_ms):.0f} ms {'late' if meter.lag_ms > 0 else 'early'}"


def _show(error: str) -> None:
    task = _Running.task
    seen = (True, task.stage, round(task.fraction, 2), error) if task else (False, "", 0.0, error)
    if seen == _Running.shown:
        return
    _Running.shown = seen
    status = bpy.context.window_manager.thunder_meter
    status.running, status.stage, status.fraction, status.error = seen
    redraw_sidebars()


def _frames(span: Interval, fps: float) -> tuple[int, int]:
    return int(span[0] * fps), int(span[1] * fps) + 2


def _owner(rig: Rig, line: Line) -> tuple[str, str]:
    owner, name = meter_store.owner_of(rig, line.line_id)
    return owner.name, name


def _rig(name: str) -> Rig:
    rig = find_rig(bpy.data.objects.get(name))
    if rig is None:
        raise RigError(f"'{name}' is gone. Select a head and measure again.")
    return rig


def register() -> None:
    _Running.shown = ()


def unregister() -> None:
    abandon()
