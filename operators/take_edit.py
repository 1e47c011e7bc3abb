# SPDX-License-Identifier: GPL-3.0-or-later
"""Edit Take and Finish Editing: hand-keying a take where it plays."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, take_edits
from .base import ThunderOperator
from .take_base import TakeOperator


class THUNDER_OT_edit_take(TakeOperator, bpy.types.Operator):
    """Open this take for hand-keying in the Graph Editor, its keys on the frames where it plays"""

    bl_idname = "thunder.edit_take"
    bl_label = "Edit Take"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        take_edits.edit_take(rig, action)
        if context.mode == "OBJECT" and rig.mesh.visible_get():
            rig.mesh.select_set(True)  # editors show the curves of what is selected
            context.view_layer.objects.active = rig.mesh
        return f"Editing {action.name}; use Finish Editing when done"


class THUNDER_OT_finish_editing(ThunderOperator, bpy.types.Operator):
    """Put the edited take back to play with the other lines"""

    bl_idname = "thunder.finish_editing"
    bl_label = "Finish Editing"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        rig = request.required_rig(context)
        return "" if take_edits.editing_take(rig) else f"No take of {rig.mesh.name} is being edited"

    def perform(self, context: bpy.types.Context) -> str:
        action = take_edits.finish_editing(request.required_rig(context))
        return f"Finished editing {action.name}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_edit_take, THUNDER_OT_finish_editing)
)
