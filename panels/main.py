# SPDX-License-Identifier: GPL-3.0-or-later
"""The THUNDER tab in the 3D viewport's sidebar."""

from __future__ import annotations

import bpy

from ..thunder_blender import takes
from ..thunder_blender.rig import Rig, find_scene_rig


class THUNDER_PT_main(bpy.types.Panel):
    """Heads and their takes"""

    bl_idname = "THUNDER_PT_main"
    bl_label = "THUNDER"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "THUNDER"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(context.scene.thunder, "identity")
        layout.operator("thunder.create_head", icon="USER")
        layout.separator()
        layout.operator("thunder.load_take", icon="IMPORT")
        if rig := find_scene_rig(context.scene, context.object):
            draw_takes(layout, rig)


def draw_takes(layout: bpy.types.UILayout, rig: Rig) -> None:
    """The rig's takes, the playing one marked."""
    playing = takes.active_take(rig)
    column = layout.column(align=True)
    for action in takes.list_takes(rig):
        chosen = action == playing
        icon = "RADIOBUT_ON" if chosen else "RADIOBUT_OFF"
        button = column.operator("thunder.switch_take", text=action.name, icon=icon, depress=chosen)
        button.take = action.name
    if playing:
        layout.operator("thunder.restore_mine", icon="LOOP_BACK")


register, unregister = bpy.utils.register_classes_factory((THUNDER_PT_main,))
