# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: what this character has performed of this line."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, takes
from ..thunder_blender.rig import Rig
from .editors import ThunderPanel, in_both_editors
from .text import draw_sentence

UNKNOWN = "-"
SHARES = (0.5, 0.4, 0.4)  # name, then seed, then emotion; of what is left each time


class THUNDER_UL_takes(bpy.types.UIList):
    """Takes of the current character and line"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: object,
        item: bpy.types.Action,
        _icon: int,
        _active_data: object,
        _active_property: str,
    ) -> None:
        info = takes.take_info(item)
        row = layout.row(align=True)
        icon = "RADIOBUT_ON" if info.chosen else "RADIOBUT_OFF"
        row.operator("thunder.switch_take", text="", icon=icon, emboss=False).take = item.name
        name, seed, emotion, rest = columns(row)
        name.prop(item, "name", text="", emboss=False)
        seed.label(text=UNKNOWN if info.seed is None else str(info.seed))
        emotion.label(text=info.emotion.title() if info.emotion else UNKNOWN)
        rest.label(text=number(info.intensity))
        rest.label(text=number(info.meter))
        star = "SOLO_ON" if info.star else "SOLO_OFF"
        row.operator("thunder.star_take", text="", icon=star, emboss=False).take = item.name

    def filter_items(
        self, context: bpy.types.Context, data: object, property_name: str
    ) -> tuple[list[int], list[int]]:
        """Show only what belongs to the current character and line."""
        rig, line = request.current_rig(context), request.current_line_id(context)
        shown = {action.name for action in takes.list_takes(rig, line)} if rig else set()
        actions = getattr(data, property_name)
        return [self.bitflag_filter_item if a.name in shown else 0 for a in actions], []


class Takes(ThunderPanel):
    """Takes of the current character and line"""

    bl_label = "Takes"
    bl_order = 4

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        rig = request.current_rig(context)
        found = takes.list_takes(rig, request.current_line_id(context)) if rig else []
        if not found:
            draw_sentence(layout, context, "No takes of this line yet.", "INFO")
            return
        draw_titles(layout)
        row = layout.row()
        row.template_list(
            "THUNDER_UL_takes", "", bpy.data, "actions", rig.mesh.thunder, "take_index", rows=4
        )
        draw_tools(row.column(align=True), rig)
        draw_selected(layout, rig)


def columns(row: bpy.types.UILayout) -> tuple[bpy.types.UILayout, ...]:
    """Columns of a row: name, seed, emotion, and a last one for the numbers."""
    name_split = row.split(factor=SHARES[0])
    name = name_split.row()
    seed_split = name_split.split(factor=SHARES[1])
    seed = seed_split.row()
    emotion_split = seed_split.split(factor=SHARES[2])
    return name, seed, emotion_split.row(), emotion_split.row()


def draw_titles(layout: bpy.types.UILayout) -> None:
    """What the list's columns are."""


def draw_tools(column: bpy.types.UILayout, rig: Rig) -> None:
    """What can be done with the selected take."""
    name = rig.mesh.thunder.take.name if rig.mesh.thunder.take else ""
    for idname, icon in (
        ("edit_take", "GRAPH"),
        ("copy_settings", "COPYDOWN"),
        ("bake_take", "ACTION"),
        ("delete_take", "TRASH"),
    ):
        column.operator(f"thunder.{idname}", text="", icon=icon).take = name


def draw_selected(layout: bpy.types.UILayout, rig: Rig) -> None:
    """Ways back and ways to help."""
    column = layout.column(align=True)
    column.operator("thunder.why_not_moving", icon="QUESTION")
    column.operator("thunder.restore_mine", icon="LOOP_BACK")


def number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_UL_takes, *in_both_editors(Takes))
)
