# SPDX-License-Identifier: GPL-3.0-or-later
"""Rename Take: the Action and what plays it."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import take_edits
from .base import Result
from .take_base import TakeOperator


class THUNDER_OT_rename_take(TakeOperator, bpy.types.Operator):
    """Give this take another name"""

    bl_idname = "thunder.rename_take"
    bl_label = "Rename Take"
    bl_options = {"REGISTER", "UNDO"}

    new_name: bpy.props.StringProperty(name="Name", description="New name of the take")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        try:
            self.new_name = self.found(context)[1].name
        except ThunderError as error:
            return self.failed(error)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "new_name")

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        before = action.name
        return f"{before} is now {take_edits.rename_take(rig, action, self.new_name)}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_rename_take,))
