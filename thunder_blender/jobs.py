# SPDX-License-Identifier: GPL-3.0-or-later
"""The running generation: orders at the engine, their progress, and their takes.

All of it happens on Blender's main thread. `begin` sends the orders off; `tick`, called by a timer,
brings the status up to date and works for some milliseconds on at most one take; whatever ends the
work (the last take, Cancel, an error, another file, the extension's end) goes through
`end`, which leaves no timer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..model_runtime.contract import CancelledError, EngineError, Take, ThunderError
from . import engine, layers, locked_curves
from .apply_take import apply_steps, apply_take, ordered_rig
from .fit_take import Fitting, fit_now, start_fitting
from .redraw import redraw_sidebars
from .request import Order
from .steps import Stepped

BREAK = 0.25  # seconds; autosave tries every 10 ms while an operator keeps it from saving
TICK = 0.05  # seconds between two looks at the engine
CANCELLING, WRITING = "Cancelling", "Writing keys"
RUNNING = "A take is being generated; wait for it or press Cancel"


@dataclass(frozen=True)
class Tick:
    """What a tick brought: sentences for the user, empty where there is nothing to say."""

    running: bool
    applied: str = ""
    failed: str = ""
    cancelled: str = ""


@dataclass
class _Pending:
    order: Order
    job: engine.Job
    fitting: Fitting | None = None  # once the engine is done with it
    applying: Stepped[str] | None = None  # once it is fitted
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True
        self.job.cancel()

    def drop(self) -> None:
        """Leave nothing of a take that is being written."""
        if self.applying is not None:
            self.applying.stop()


class _Running:
    """The one place that knows of the running work; nothing here outlives `end`."""

    pending: list[_Pending] = []
    timer: Any = None
    window: int = 0  # in which the timer ticks
    shown: tuple[Any, ...] = ()  # what the panels show, to redraw them only when it changes


def running() -> bool:
    return bool(_Running.pending)


def running_reason() -> str:
    """Why nothing else can be started; empty when it can."""
    return RUNNING if running() else ""


def begin(context: bpy.types.Context, orders: list[Order]) -> None:
    """Send orders to the engine and have `tick` called in this window. Never blocks."""
    current = engine.get_engine()
    _Running.pending = [_Pending(order, current.submit(order.request)) for order in orders]
    manager = context.window_manager
    _Running.timer = manager.event_timer_add(TICK, window=context.window)
    status(error="", needs_runtime=False)
    _show()


def tick() -> Tick:
    """Look at the engine once; call it from a timer. Ends the work on every kind of error."""
    try:
        return _tick()
    except BaseException:
        abandon()
        raise


def cancel() -> None:
    """Ask all jobs to stop. The takes that are there stay."""
    for pending in _Running.pending:
        pending.cancel()
    _show()


def abandon() -> None:
    """Stop at once and forget the jobs, without a word to the user."""
    for pending in _Running.pending:
        pending.job.cancel()
    if _Running.pending and (current := engine.current_engine()):
        current.poll()
    end()


def take_a_break(context: bpy.types.Context) -> None:
    """Let Blender be without an operator of ours for a moment, then have the job watched again.

    Blender does not autosave while any operator runs, and many variants can take an hour.
    """
    _Running.window = context.window.as_pointer()
    bpy.app.timers.register(_watch_again, first_interval=BREAK)


def _watch_again() -> None:
    windows = bpy.context.window_manager.windows
    window = next((item for item in windows if item.as_pointer() == _Running.window), None)
    if window is None:
        abandon()
    elif running():
        there: Any = bpy.context.temp_override(window=window)
        with there:
            bpy.ops.thunder.watch("INVOKE_DEFAULT")


def end() -> None:
    """Leave nothing running: no jobs, no timer, panels back at rest."""
    pending, _Running.pending = _Running.pending, []
    for item in pending:
        item.drop()
    if bpy.app.timers.is_registered(_watch_again):
        bpy.app.timers.unregister(_watch_again)
    if _Running.timer is not None:
        bpy.context.window_manager.event_timer_remove(_Running.timer)
        _Running.timer = None
    _show()


def wait(order: Order) -> str:
    """The blocking door: generate, apply, and return the sentence to report."""
    current = engine.get_engine()
    job = current.submit(order.request)
    current.wait(job)
    take = layers.of_layer(job.performed(), order.layer)
    fitted = fit_now(ordered_rig(order), take, order.line.rate)
    return apply_take(order, locked_curves.kept(order, fitted))


def _tick() -> Tick:
    if not running():
        return Tick(running=False)
    engine.get_engine().poll()
    done = next((item for item in _Running.pending if item.job.finished), None)
    sentences = _settle(done) if done else {}
    if sentences:
        _Running.pending = [item for item in _Running.pending if item is not done]
    if running():
        _show()
    else:
        end()
    return Tick(running=running(), **sentences)


def _settle(done: _Pending) -> dict[str, str]:
    """Apply a finished job's take, or tell what went wrong; nothing while that is under way."""
    try:
        take = layers.of_layer(done.job.performed(), done.order.layer)
        if done.cancelled:
            raise CancelledError("Cancelled while its keys were written.")
        return {"applied": done.applying.result} if _applied(done, take) else {}
    except CancelledError:
        done.drop()
        return {"cancelled": f"Cancelled: {done.order.title}"}
    except ThunderError as error:
        settled_there = isinstance(error, EngineError) and "preferences" in str(error)
        status(error=str(error), needs_runtime=settled_there)
        return {"failed": str(error)}


def _applied(done: _Pending, take: Take) -> bool:
    """Bring the take onto its rig, a bit at each tick; whether all of it is there."""
    if done.fitting is None:
        done.fitting = start_fitting(ordered_rig(done.order), take, done.order.line.rate)
    elif done.applying is None and done.fitting.ready:
        done.applying = Stepped(
            apply_steps(done.order, locked_curves.kept(done.order, done.fitting.result()))
        )
    elif done.applying is not None:
        return done.applying.go_on()
    return False


def status(**values: Any) -> None:
    """Set fields of what the panels show."""
    shown = bpy.context.window_manager.thunder
    for name, value in values.items():
        setattr(shown, name, value)


def _show() -> None:
    """Bring the panels' status up to date, and redraw them if it has changed."""
    seen = _status_now()
    if seen == _Running.shown:
        return
    _Running.shown = seen
    names = ("running", "what", "stage", "fraction", "seconds_left", "takes_left")
    status(**dict(zip(names, seen, strict=True)))
    redraw_sidebars()


def _status_now() -> tuple[bool, str, str, float, float, int]:
    if not running():
        return False, "", "", 0.0, -1.0, 0
    first = _Running.pending[0]
    progress = first.job.progress
    left = -1.0 if progress.seconds_left is None else float(round(progress.seconds_left))
    stage = CANCELLING if first.cancelled else WRITING if first.fitting else progress.stage
    fraction = round(progress.fraction, 2)
    return True, first.order.title, stage, fraction, left, len(_Running.pending)


@persistent
def _before_load(*_arguments: object) -> None:
    abandon()


@persistent
def _after_load(*_arguments: object) -> None:
    """A file that was saved while a job ran brings that job's status with it."""
    _Running.shown = ()
    status(error="", needs_runtime=False)
    _show()


def register() -> None:
    bpy.app.handlers.load_pre.append(_before_load)
    bpy.app.handlers.load_post.append(_after_load)


def unregister() -> None:
    abandon()
    bpy.app.handlers.load_post.remove(_after_load)
    bpy.app.handlers.load_pre.remove(_before_load)
    engine.shut_down()
