# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch Take and Restore Mine: which Action animates the head."""

from __future__ import annotations

import bpy

from ..thunder_blender import takes
from ..thunder_blender.rig import Rig, RigError, find_scene_rig
from .base import ThunderOperator

NO_RIG = "Select a head, or make one with Create Head"


class THUNDER_OT_switch_take(ThunderOperator, bpy.types.Operator):
    """Let this take animate the head; your own Action is set aside untouched"""

    bl_idname = "thunder.switch_take"
    bl_label = "Switch Take"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(name="Take", description="Name of the take's Action")

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        rig = find_scene_rig(context.scene, context.object)
        if rig is None:
            return NO_RIG
        return "" if takes.list_takes(rig) else f"{rig.mesh.name} has no takes; use Load Take"

    def perform(self, context: bpy.types.Context) -> str:
        rig = _rig(context)
        action = next((item for item in takes.list_takes(rig) if item.name == self.take), None)
        if action is None:
            raise RigError(f"{rig.mesh.name} has no take '{self.take}'. Choose one from the list.")
        takes.switch_take(rig, action)
        return f"{action.name} animates {rig.mesh.name}"


class THUNDER_OT_restore_mine(ThunderOperator, bpy.types.Operator):
    """Take the takes off the head and give it back your own Action"""

    bl_idname = "thunder.restore_mine"
    bl_label = "Restore Mine"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        rig = find_scene_rig(context.scene, context.object)
        if rig is None:
            return NO_RIG
        return "" if takes.active_take(rig) else "No take animates this head"

    def perform(self, context: bpy.types.Context) -> str:
        rig = _rig(context)
        takes.restore_mine(rig)
        return f"{rig.mesh.name} is back on its own animation"


def _rig(context: bpy.types.Context) -> Rig:
    rig = find_scene_rig(context.scene, context.object)
    if rig is None:
        raise RigError(f"{NO_RIG}.")
    return rig


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_switch_take, THUNDER_OT_restore_mine)
)
