# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete Take: asks first where it was edited by hand."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import take_edits, takes
from .base import Result
from .take_base import TakeOperator


class THUNDER_OT_delete_take(TakeOperator, bpy.types.Operator):
    """Delete this take; one that was edited by hand only after asking"""

    bl_idname = "thunder.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER", "UNDO"}

    force: bpy.props.BoolProperty(
        name="Even When Edited",
        description="Delete the take although it was edited by hand",
        default=False,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        try:
            action = self.found(context)[1]
        except ThunderError as error:
            return self.failed(error)
        if self.force or not takes.is_hand_edited(action):
            return self.execute(context)
        self.force = True  # execute runs once the user has confirmed
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Delete a take that was edited by hand?",
            message=f"The keys that you set in {action.name} go with it",
            confirm_text="Delete Take",
            icon="WARNING",
        )

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        name = action.name
        take_edits.remove_take(rig, action, self.force)
        return f"Deleted {name}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_delete_take,))
