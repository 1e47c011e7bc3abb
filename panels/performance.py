# SPDX-License-Identifier: GPL-3.0-or-later
"""Performance: how the next take is acted."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel

from ..thunder_blender import request
from ..thunder_blender.channel_locks import GROUPS
from ..thunder_blender.performance_presets import FOLDER
from ..thunder_blender.text import LABELS
from .editors import ThunderPanel, in_both_editors


class THUNDER_PT_performance_presets(PresetPanel, bpy.types.Panel):
    """Presets of intensity, emotion, articulation and smoothing"""

    bl_label = "Performance Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "thunder.add_performance_preset"


class Performance(ThunderPanel):
    """How the current character performs its next take"""

    bl_label = "Performance"
    bl_order = 2

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return request.current_rig(context) is not None

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        THUNDER_PT_performance_presets.draw_panel_header(self.layout)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = request.current_rig(context).mesh.thunder
        layout.use_property_decorate = True
        draw_seed(layout, settings)
        layout.prop(settings, "intensity", slider=True)
        layout.prop(settings, "emotion")
        draw_locks(layout, settings)


class Advanced(ThunderPanel):
    """Finer settings of the performance"""

    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}
    poll = Performance.poll

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        settings = request.current_rig(context).mesh.thunder
        layout.use_property_decorate = True
        layout.prop(settings, "articulation", slider=True)
        layout.prop(settings, "smoothing", slider=True)
        layout.use_property_decorate = False
        layout.prop(settings, "layer")


def draw_locks(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """A padlock for each group of channels that new takes leave as the chosen take has it."""
    split = layout.split(factor=LABELS)
    label = split.row()
    label.alignment = "RIGHT"
    label.label(text="Keep")
    column = split.column(align=True)
    column.use_property_split = column.use_property_decorate = False
    names = list(GROUPS)
    for pair in (names[:2], names[2:]):
        row = column.row(align=True)
        for group in pair:
            icon = "LOCKED" if getattr(settings, f"lock_{group}") else "UNLOCKED"
            row.prop(settings, f"lock_{group}", text=group.title(), icon=icon, toggle=True)


def draw_seed(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """The seed with its dice and its lock."""
    row = layout.row(align=True)
    row.prop(settings, "seed")
    row.operator("thunder.roll_seed", text="", icon="FILE_REFRESH")
    icon = "LOCKED" if settings.lock_seed else "UNLOCKED"
    row.prop(settings, "lock_seed", text="", icon=icon)


register, unregister = bpy.utils.register_classes_factory(
    (
        THUNDER_PT_performance_presets,
        *in_both_editors(Performance),
        *in_both_editors(Advanced, "performance"),
    )
)
