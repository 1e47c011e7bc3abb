# SPDX-License-Identifier: GPL-3.0-or-later
"""Our entries in Blender's menus: File > Import and Export, Sequencer > Strip, Object > Animation,
Add > Mesh."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import request


class THUNDER_MT_performance(bpy.types.Menu):
    """Generate facial performances from sound, and handle their takes"""

    bl_label = "THUNDER"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.context_pointer_set("thunder_panel", context.scene.thunder)
        layout.operator_context = "INVOKE_DEFAULT"
        strip = strip_of_menu(context)
        layout.operator("thunder.generate", icon="PLAY").strip = strip
        layout.operator("thunder.variants", icon="DUPLICATE").strip = strip
        layout.operator("thunder.cancel", icon="X")
        layout.separator()
        layout.operator("thunder.load_line", text="Load Line...", icon="FILE_FOLDER")
        layout.operator("thunder.use_active_strip", icon="EYEDROPPER")
        layout.operator("thunder.transcribe", icon="TEXT").strip = strip
        layout.operator("thunder.use_heard_words", icon="CHECKMARK")
        layout.operator("thunder.roll_seed", icon="FILE_REFRESH")
        layout.separator()
        layout.operator("thunder.load_take", text="Load Take...", icon="IMPORT")
        layout.operator("thunder.import_motion", text="Import Facial Motion...", icon="IMPORT")
        layout.operator("thunder.export_motion", text="Export Facial Motion...", icon="EXPORT")
        layout.operator("thunder.export_mesh", text="Export Performance Mesh...", icon="EXPORT")
        layout.operator("thunder.edit_take", icon="GREASEPENCIL")
        layout.operator("thunder.finish_editing", icon="CHECKMARK")
        layout.operator("thunder.restore_mine", icon="LOOP_BACK")
        layout.operator("thunder.why_not_moving", icon="QUESTION")


def strip_of_menu(context: bpy.types.Context) -> str:
    """In the sequencer's menu the active strip is meant, even if the sidebar has picked another."""
    if context.area is None or context.area.type != "SEQUENCE_EDITOR":
        return ""
    return "" if request.active_strip_reason(context) else request.active_strip(context).name


def draw_submenu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(THUNDER_MT_performance.__name__)


def draw_new_head(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator("thunder.create_head", text="THUNDER Head", icon="USER")


def draw_import(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator("thunder.import_motion", text="Facial Motion (.csv/.json/.npz/.pkl)")


def draw_export(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator("thunder.export_motion", text="Facial Motion (.csv/.json/.npz)")
    self.layout.operator("thunder.export_mesh", text="Facial Performance (.abc/.usdc/.glb)")


PLACES = (
    ("SEQUENCER_MT_strip", draw_submenu),
    ("VIEW3D_MT_object_animation", draw_submenu),
    ("VIEW3D_MT_mesh_add", draw_new_head),
    ("TOPBAR_MT_file_import", draw_import),
    ("TOPBAR_MT_file_export", draw_export),
)


def register() -> None:
    bpy.utils.register_class(THUNDER_MT_performance)
    for menu, entry in PLACES:
        getattr(bpy.types, menu).append(entry)


def unregister() -> None:
    for menu, entry in reversed(PLACES):
        getattr(bpy.types, menu).remove(entry)
    bpy.utils.unregister_class(THUNDER_MT_performance)
