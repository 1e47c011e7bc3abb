# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices edits of measured animation: their values become stale, and Live measures them again; so
is what Repair and Regenerate Range have changed, whether Live is on or not.

A burst of edits (keys that are dragged) counts as one: the work waits until they pause.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import bpy
from bpy.app import handlers

from ..model_runtime.contract import CancelledError, ThunderError
from . import meter_copy, meter_draw, meter_places, meter_shapes, meter_store, meter_task, request
from .meter_task import Measuring
from .readiness import engine_reason
from .rig import Rig

log = logging.getLogger(__name__)
QUIET = 0.35  # seconds without an edit until stale values are looked for
LIVE = 0.35  # further seconds until they are measured
TICK = 0.03  # between two stints of a live measurement
WATCHED = ("ACTION", "SCENE", "OBJECT", "KEY", "NODETREE", "MESH", "LATTICE", "ARMATURE")


class _Watch:
    edited: float | None = None  # when the last edit was, monotonic seconds
    looked: float | None = None  # the edit after which stale values were looked for
    live: bool = False  # whether the running measurement is ours
    failed: str = ""  # digest of an animation whose live measurement failed
    due: set[str] = set()  # lines that are measured again although Live is off


@handlers.persistent
def on_update(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if bpy.app.is_job_running("RENDER"):  # in another thread then
        return
    if any(update.is_updated_geometry for update in depsgraph.updates):
        meter_shapes.forget()
    if any(depsgraph.id_type_updated(kind) for kind in WATCHED):
        soon()


@handlers.persistent
def after_change(*_arguments: object) -> None:
    """After undo, redo and loading: names may mean other data-blocks."""
    meter_task.abandon()
    _Watch.due.clear()
    meter_copy.sweep()
    meter_places.forget()
    meter_draw.forget()
    meter_shapes.forget()
    meter_store.look_again()
    soon()


@handlers.persistent
def before_load(*_arguments: object) -> None:
    meter_task.abandon()
    meter_store.forget()


@handlers.persistent
def before_save(*_arguments: object) -> None:
    """No copy gets into a file; what is being read is read again afterwards."""
    meter_copy.sweep()


HANDLERS = (
    ("depsgraph_update_post", on_update),
    ("undo_post", after_change),
    ("redo_post", after_change),
    ("load_pre", before_load),
    ("load_post", after_change),
    ("save_pre", before_save),
)


def soon() -> None:
    """Something was edited: look at it when the edits pause."""
    if bpy.app.background:
        meter_store.look_again()
        return
    _Watch.edited = time.monotonic()
    if not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=QUIET)


def measure_again(line_id: str) -> None:
    """We changed what plays over a line: measure there again what no longer holds."""
    _Watch.due.add(line_id)
    soon()


def _look() -> float | None:
    """The timer: first stale values are shown, then, with Live, measured."""
    if meter_task.running() is not None:
        return _go_on() if _Watch.live else QUIET
    if _Watch.edited is None:
        return None
    waited = time.monotonic() - _Watch.edited
    if waited < QUIET:
        return QUIET - waited
    if _Watch.looked != _Watch.edited:  # however late this timer comes in a heavy scene
        _Watch.looked = _Watch.edited
        meter_store.look_again()
        meter_draw.redraw()
        return LIVE + 0.01
    _Watch.edited = None
    return TICK if _begin() else None


def _begin() -> bool:
    """Start measuring the first stale line of the current rig; whether there is one."""
    windows = bpy.context.window_manager.windows
    if not windows:
        return False
    there: Any = bpy.context.temp_override(window=windows[0])  # a timer has no window of its own
    with there:
        return _begin_in(bpy.context)


def _begin_in(context: bpy.types.Context) -> bool:
    live, due = context.scene.thunder_meter.live, set(_Watch.due)
    rig = None if engine_reason() or not (live or due) else request.current_rig(context)
    for place in meter_places.places(context) if rig else ():
        wanted = live or place.line_id in due
        if rig and wanted and place.stale and place.record.digest != _Watch.failed:
            _Watch.due.discard(place.line_id)
            return _start(context, rig, place)
    _Watch.due.clear()
    return False


def _start(context: bpy.types.Context, rig: Rig, place: meter_places.Place) -> bool:
    line = meter_store.line_named(context, place.line_id)
    if line is None:
        return False
    spans = meter_store.stale_spans(rig, line, place.record)
    changed: tuple[float, float] | None = (spans[0][0], spans[-1][1])
    if place.record.start != line.start or place.record.duration != line.duration:
        changed = None  # the strip was trimmed: all of it
    _Watch.live, _Watch.failed = True, ""
    meter_task.begin(Measuring(rig, line, changed))
    return True


def _go_on() -> float | None:
    task = meter_task.running()
    try:
        said = meter_task.tick()
    except CancelledError:
        said = ""
    except ThunderError as error:
        log.warning("Live: %s", error)
        record = task.before if task else None
        _Watch.failed, said = (record.digest if record else ""), ""
    if said is None:
        return TICK
    _Watch.live = False
    return TICK if _begin() else None


def register() -> None:
    for name, function in HANDLERS:
        getattr(handlers, name).append(function)


def unregister() -> None:
    for name, function in reversed(HANDLERS):
        getattr(handlers, name).remove(function)
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    meter_task.abandon()
    meter_places.forget()
    meter_store.forget()
