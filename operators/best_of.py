# SPDX-License-Identifier: GPL-3.0-or-later
"""Best of N: the line is performed with several seeds, and the take that says it best plays."""

from __future__ import annotations

from typing import Any, cast

import bpy

from ..model_runtime.contract import CancelledError, ThunderError
from ..thunder_blender import best_take, engine, request, rig_copies, timers
from ..thunder_blender.best_take import ALL, BEST, Contest
from ..thunder_blender.steps import Stepped
from .asking import TICK
from .base import Result, hand_is_busy, playing
from .generating import GeneratingOperator, why_not


class THUNDER_OT_best_of(GeneratingOperator, bpy.types.Operator):
    """Perform the line with several seeds and keep the take that says it best, by the meter"""

    bl_idname = "thunder.best_of"
    bl_label = "Best of N"
    bl_options = {"UNDO"}

    count: bpy.props.IntProperty(
        name="Seeds",
        description="How many seeds compete; unless given, the character's own number of variants",
        min=2,
        max=64,
        default=8,
        options={"SKIP_SAVE"},
    )
    keep: bpy.props.EnumProperty(
        name="Keep",
        description="Which of the takes are kept; unless given, the character's own choice",
        items=(
            (BEST, "Best", "Sketch every seed, and perform the best one: the quickest"),
            (ALL, "All", "Perform and measure every seed, and keep all of the takes"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return why_not(context) or best_take.no_choice()

    def contest(self, context: bpy.types.Context) -> Contest:
        """What competes. Raises ThunderError when something is missing."""
        order = request.order_from_context(context, request.Choice(self.strip, self.rig))
        own = bpy.data.objects[order.rig_name].thunder
        given = self.properties.is_property_set
        return best_take.contest(
            order,
            self.count if given("count") else own.variants,
            self.keep if given("keep") else own.best_keep,
        )

    def perform(self, context: bpy.types.Context) -> str:
        rig_copies.separate()
        found, current = self.contest(context), engine.get_engine()
        while (question := found.question) is not None:
            found.land(current.wait(current.submit(question)))
        return found.finish()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        rig_copies.separate()
        try:
            self.found = self.contest(context)
        except ThunderError as error:
            return self.failed(error)
        question = self.found.question
        assert question is not None  # there are seeds to compete
        self.job = engine.get_engine().submit(question)
        self.finishing: Stepped[str] | None = None  # once no seed is left to try
        self.timer: Any = timers.add(context.window, TICK)
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            self.job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER" or hand_is_busy(context):
            return {"PASS_THROUGH"}
        if self.finishing is not None:
            return self._finish(context, self.finishing)
        engine.get_engine().poll()
        self._show(context)
        if not self.job.finished:
            return {"PASS_THROUGH"}
        try:
            self.found.land(self.job.outcome())
        except CancelledError:
            return self._end(context, "Cancelled")
        except ThunderError as error:
            return self._end(context, str(error))
        if (question := self.found.question) is None:
            return self._end(context, "")
        self.job = engine.get_engine().submit(question)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        self.job.cancel()
        if self.finishing is not None:
            self.finishing.stop()
        self._leave(context)

    def _end(self, context: bpy.types.Context, trouble: str) -> Result:
        """Keep what there is, also when the rest was cancelled or failed."""
        if trouble:
            self.report({"WARNING"}, trouble)
        if not self.found.found:
            self._leave(context)
            return {"CANCELLED", "PASS_THROUGH"}
        self.finishing = Stepped(self.found.finish_steps())
        return {"PASS_THROUGH"}

    def _finish(self, context: bpy.types.Context, finishing: Stepped[str]) -> Result:
        """Write the takes for a moment."""
        try:
            if not finishing.go_on():
                return {"PASS_THROUGH"}
        except ThunderError as error:
            self._leave(context)
            return self.failed(error) | {"PASS_THROUGH"}
        self._leave(context)
        self.report({"INFO"}, finishing.result)
        return {"FINISHED", "PASS_THROUGH"}

    def _show(self, context: bpy.types.Context) -> None:
        found, progress = self.found, self.job.progress
        share = found.share(progress.fraction)
        text = f"{self.bl_label}: {progress.stage} {share:.0%} (Esc cancels)"
        context.workspace.status_text_set(text)

    def _leave(self, context: bpy.types.Context) -> None:
        timers.remove(self.timer)
        context.workspace.status_text_set(None)


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_best_of,))
