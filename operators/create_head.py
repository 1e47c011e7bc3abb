# SPDX-License-Identifier: GPL-3.0-or-later
"""Create Head: a new head at the 3D cursor."""

from __future__ import annotations

import bpy

from ..thunder_blender import head
from ..thunder_blender.properties import identity_items
from ..thunder_blender.steps import Steps
from .base import Result, object_mode_reason, select_only
from .building import BuildingOperator


class THUNDER_OT_create_head(BuildingOperator, bpy.types.Operator):
    """Add a head with 52 expression shape keys and bones for neck, jaw and eyes"""

    bl_idname = "thunder.create_head"
    bl_label = "Create Head"
    bl_options = {"REGISTER", "UNDO"}

    identity: bpy.props.EnumProperty(
        name="Identity", description="Whose face the head gets", items=identity_items
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return object_mode_reason(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if not self.properties.is_property_set("identity"):
            self.identity = context.scene.thunder.identity
        return BuildingOperator.invoke(self, context, event)

    def waits(self, context: bpy.types.Context) -> bool:
        return bool(object_mode_reason(context))

    def build(self, context: bpy.types.Context) -> Steps[str]:
        params = head.HeadParams(self.identity, location=tuple(context.scene.cursor.location))
        rig = yield from head.create_head_steps(context.collection, params)
        select_only(bpy.context, rig.mesh)
        return f"Created {rig.mesh.name}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_create_head,))
