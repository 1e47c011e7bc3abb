# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch Take and Restore Mine: what animates the head."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, takes
from .base import ThunderOperator
from .take_base import TakeOperator


class THUNDER_OT_switch_take(TakeOperator, bpy.types.Operator):
    """Let this take play its line; your own animation is set aside where it would hide it"""

    bl_idname = "thunder.switch_take"
    bl_label = "Switch Take"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        takes.choose_take(rig, action)
        rig.mesh.thunder.take = action
        return f"{action.name} animates {rig.mesh.name}"


class THUNDER_OT_restore_mine(ThunderOperator, bpy.types.Operator):
    """Take all takes off the head and give it back your own animation as it was"""

    bl_idname = "thunder.restore_mine"
    bl_label = "Restore Mine"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        rig = request.required_rig(context)
        return "" if takes.has_anything(rig) else f"No take animates {rig.mesh.name}"

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        later = takes.made_since(rig)
        back = takes.restore_mine(rig)
        kept = f"; {' and '.join(later)} stays in the file" if later else ""
        if back:
            return f"{rig.mesh.name} is back on {' and '.join(back)}{kept}"
        return f"{rig.mesh.name} is free of takes; it had no animation of yours{kept}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_switch_take, THUNDER_OT_restore_mine)
)
