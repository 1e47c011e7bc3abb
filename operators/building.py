# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that scripts build at a stroke, and the window in steps too short to be noticed."""

from __future__ import annotations

from typing import cast

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender.building import Building
from ..thunder_blender.steps import Steps, finish
from .base import Result, ThunderOperator, hand_is_busy, playing

TICK = 0.02  # seconds between two steps


class BuildingOperator(ThunderOperator):
    """Mixin for operators that make objects: override `build`."""

    def build(self, context: bpy.types.Context) -> Steps[str]:
        """Build in short steps; gives the sentence to report. Raises ThunderError."""
        raise NotImplementedError

    def waits(self, context: bpy.types.Context) -> bool:
        """Whether nothing can be built at this moment."""
        return False

    def perform(self, context: bpy.types.Context) -> str:
        return finish(self.build(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        self.building = Building(lambda: self.build(bpy.context), context.window, TICK)
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if not self.building.running:
            return {"CANCELLED", "PASS_THROUGH"}
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            self.building.end()
            self.report({"WARNING"}, f"Cancelled: {self.bl_label}")
            return {"CANCELLED"}
        if event.type != "TIMER" or hand_is_busy(context) or self.waits(context):
            return {"PASS_THROUGH"}
        try:
            if not self.building.go_on():
                return {"PASS_THROUGH"}
        except ThunderError as error:
            return self.failed(error) | {"PASS_THROUGH"}
        self.report({"INFO"}, self.building.result)
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        self.building.end()
