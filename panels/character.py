# SPDX-License-Identifier: GPL-3.0-or-later
"""Character: who performs."""

from __future__ import annotations

import bpy

from ..thunder_blender import flame_rig, flame_task, request
from ..thunder_blender.text import draw_value
from .editors import ThunderPanel, in_both_editors


class Character(ThunderPanel):
    """The rig that performs, and new heads"""

    bl_label = "Character"
    bl_order = 1

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        choices = context.scene.thunder
        if not request.has_rigs(context):
            draw_new_head(layout, context)
            return
        column = layout.column()
        column.prop(choices, "rig", icon="OUTLINER_OB_ARMATURE")
        rig = request.current_rig(context)
        if rig and not choices.rig:
            draw_value(column, "Active", rig.mesh.name)
        if rig and flame_rig.is_flame(rig):
            column.operator("thunder.update_flame_joints", icon="BONE_DATA")


class Create(ThunderPanel):
    """Another head with shape keys and bones"""

    bl_label = "New Head"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return request.has_rigs(context)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        draw_new_head(layout, context)


def draw_new_head(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column()
    column.prop(context.scene.thunder, "identity")
    column.operator("thunder.create_head", icon="USER")
    column.operator("thunder.use_character", icon="OUTLINER_OB_MESH")
    if running := flame_task.current():
        draw_import(column, running)
    else:
        column.operator("thunder.import_flame", icon="IMPORT")


def draw_import(layout: bpy.types.UILayout, running: flame_task.Preparing) -> None:
    """How far the import is, and Cancel."""
    progress = running.progress
    column = layout.column(align=True)
    text = f"{progress.stage} {progress.fraction:.0%}"
    column.progress(factor=progress.fraction, type="BAR", text=text)
    column.operator("thunder.cancel_flame", icon="X")


register, unregister = bpy.utils.register_classes_factory(
    (*in_both_editors(Character), *in_both_editors(Create, "character"))
)
