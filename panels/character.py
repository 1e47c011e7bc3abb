# SPDX-License-Identifier: GPL-3.0-or-later
"""Character: who performs."""

from __future__ import annotations

import bpy

from ..thunder_blender import request
from .editors import ThunderPanel, in_both_editors
from .text import draw_sentence


class Character(ThunderPanel):
    """The rig that performs, and new heads"""

    bl_label = "Character"
    bl_order = 1

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        choices = context.scene.thunder
        column = layout.column()
        column.prop(choices, "rig", icon="OUTLINER_OB_ARMATURE")
        if reason := request.rig_reason(context):
            draw_sentence(column, context, f"{reason}.", "INFO")
        elif not choices.rig:
            row = column.row(heading="In Use")
            row.label(text=request.current_rig(context).mesh.name)


class Create(ThunderPanel):
    """A new head with shape keys and bones"""

    bl_label = "New Head"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        layout.prop(context.scene.thunder, "identity")
        layout.operator("thunder.create_head", icon="USER")


register, unregister = bpy.utils.register_classes_factory(
    (*in_both_editors(Character), *in_both_editors(Create, "character"))
)
