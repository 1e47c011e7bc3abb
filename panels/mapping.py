# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapping: what moves what on a character of the artist's."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import request, rig_presets, rig_rows, rig_store
from ..thunder_blender.rig_mapping import BOTTOM, TOP
from ..thunder_blender.text import draw_value, width
from .editors import ThunderPanel, in_both_editors

ROWS = 6
WIDE = 320  # pixels at scale 1 from which there is room for the gains in the list


class THUNDER_UL_links(bpy.types.UIList):
    """The links of a mapping"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: Any,
        row: Any,
        _icon: int,
        _active: Any,
        _name: str,
    ) -> None:
        line = layout.row(align=True)
        line.active = not row.mute
        source, icon = source_of(row), rig_rows.icon_of(row)
        if source.lower() == row.target.lower():  # one name says it
            line.label(text=row.target, icon=icon)
        else:
            names = line.split(factor=0.5, align=True)
            names.label(text=source, icon=icon)
            names.label(text=row.target)
        if width(context) >= WIDE:
            line.prop(row, "gain", text="", emboss=False)
        icon = "HIDE_ON" if row.mute else "HIDE_OFF"
        line.prop(row, "mute", text="", icon=icon, emboss=False)


class THUNDER_MT_mapping_presets(bpy.types.Menu):
    """Mappings that ship, and those that you saved"""

    bl_label = "Mapping Presets"

    def draw(self, _context: bpy.types.Context) -> None:
        for name in rig_presets.names():
            self.layout.operator("thunder.map_preset", text=name, translate=False).preset = name
        self.layout.separator()
        self.layout.operator("thunder.map_save", icon="ADD")
        self.layout.operator("thunder.map_import", icon="IMPORT")
        self.layout.operator("thunder.map_export", icon="EXPORT")


class Mapping(ThunderPanel):
    """Which units and visemes move which shape keys, controls and bones"""

    bl_label = "Mapping"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        rig = request.current_rig(context)
        return rig is not None and rig_store.is_mapped(rig)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        rig = request.current_rig(context)
        if rig is None:
            return
        shown = rig.mesh.thunder_map
        row = layout.row(align=True)
        row.operator("thunder.map_auto", icon="SHADERFX")
        row.menu(THUNDER_MT_mapping_presets.__name__, text="", icon="PRESET")
        row = layout.row()
        row.template_list(THUNDER_UL_links.__name__, "", shown, "rows", shown, "active", rows=ROWS)
        column = row.column(align=True)
        column.operator("thunder.map_add", text="", icon="ADD")
        column.operator("thunder.map_remove", text="", icon="REMOVE")
        column.separator()
        column.operator("thunder.map_mirror", text="", icon="MOD_MIRROR")
        if 0 <= shown.active < len(shown.rows):
            _draw_link(layout.column(), shown.rows[shown.active])
        _draw_poses(layout.column(align=True))
        layout.prop(shown, "contacts")
        layout.operator("thunder.why_not_moving", icon="QUESTION")
        layout.operator("thunder.stop_using_character", icon="X")


def source_of(row: Any) -> str:
    return str(row.source.removeprefix("viseme:"))


def _draw_link(column: bpy.types.UILayout, row: Any) -> None:
    draw_value(column, "Source", source_of(row))
    draw_value(column, "Target", row.target)
    column.prop(row, "test", slider=True)
    column.prop(row, "gain")
    column.prop(row, "offset")
    bounds = column.column(align=True)
    bounds.active = row.low > BOTTOM or row.high < TOP
    bounds.prop(row, "low")
    bounds.prop(row, "high")


def _draw_poses(column: bpy.types.UILayout) -> None:
    column.operator("thunder.map_learn", icon="ARMATURE_DATA")
    column.operator("thunder.map_calibrate", icon="DRIVER_DISTANCE")
    column.operator("thunder.map_rest", icon="LOOP_BACK")


register, unregister = bpy.utils.register_classes_factory(
    (
        THUNDER_UL_links,
        THUNDER_MT_mapping_presets,
        *in_both_editors(Mapping, "character"),
    )
)
