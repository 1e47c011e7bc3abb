# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure: does the mouth say the words, in any animation on the rig?"""

from __future__ import annotations

from typing import Any, cast

import bpy

from ..model_runtime.contract import CancelledError, ThunderError
from ..thunder_blender import meter_reasons, meter_task
from ..thunder_blender.meter_task import Measuring
from .base import Result, ThunderOperator, playing
from .generating import LineOperator

TICK = 0.02  # seconds between two looks


class THUNDER_OT_measure(LineOperator, bpy.types.Operator):
    """Compare the moving mouth with the sound, frame by frame, for a take or any animation"""

    bl_idname = "thunder.measure"
    bl_label = "Measure Lip-Sync"
    bl_options = {"UNDO"}

    _timer: Any = None

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        from_panel = getattr(context, "thunder_panel", None) is not None
        reason = meter_reasons.disabled_reason if from_panel else meter_reasons.scripted_reason
        return reason(context)

    def perform(self, context: bpy.types.Context) -> str:
        measuring = Measuring(*meter_reasons.subject(context, self.strip, self.rig))
        return measuring.wait()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            subject = meter_reasons.subject(context, self.strip, self.rig)
            meter_task.begin(Measuring(*subject))
        except ThunderError as error:
            return self.failed(error)
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK, window=context.window)
        manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if meter_task.running() is None:
            return self._ended(context, {"CANCELLED", "PASS_THROUGH"})
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            meter_task.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            said = meter_task.tick()
        except CancelledError:
            self.report({"INFO"}, "Cancelled")
            return self._ended(context, {"CANCELLED", "PASS_THROUGH"})
        except ThunderError as error:
            return self._ended(context, self.failed(error) | {"PASS_THROUGH"})
        if said is None:
            return {"PASS_THROUGH"}
        self.report({"INFO"}, said)
        return self._ended(context, {"FINISHED", "PASS_THROUGH"})

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        meter_task.abandon()
        self._ended(context, set())

    def _ended(self, context: bpy.types.Context, result: Result) -> Result:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        return result


class THUNDER_OT_cancel_measure(ThunderOperator, bpy.types.Operator):
    """Stop measuring; what was measured before stays"""

    bl_idname = "thunder.cancel_measure"
    bl_label = "Cancel Measuring"
    bl_options = {"INTERNAL"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if meter_task.running() else "Nothing is being measured"

    def perform(self, context: bpy.types.Context) -> str:
        meter_task.cancel()
        return "Cancelling"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_measure, THUNDER_OT_cancel_measure)
)
