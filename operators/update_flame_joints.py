# SPDX-License-Identifier: GPL-3.0-or-later
"""Update Joints: a FLAME rig's bones follow its identity keys."""

from __future__ import annotations

import bpy

from ..thunder_blender import flame_rig, request
from .base import ThunderOperator, object_mode_reason


class THUNDER_OT_update_flame_joints(ThunderOperator, bpy.types.Operator):
    """Put the bones of the FLAME rig where its identity keys now have the joints"""

    bl_idname = "thunder.update_flame_joints"
    bl_label = "Update FLAME Joints"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := object_mode_reason(context):
            return reason
        rig = request.current_rig(context)
        return "" if rig and flame_rig.is_flame(rig) else "Select a rig of Import FLAME"

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        farthest = flame_rig.update_joints(rig)
        return f"Joints of {rig.mesh.name} moved by up to {1000 * farthest:.1f} mm"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_update_flame_joints,))
