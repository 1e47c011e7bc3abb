# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: what this character has performed of this line."""

from __future__ import annotations

import re

import bpy

from ..thunder_blender import request, take_edits, takes
from ..thunder_blender.rig import Rig
from ..thunder_blender.take_marks import TakeInfo
from ..thunder_blender.text import draw_value, width
from .editors import ThunderPanel, in_both_editors

UNKNOWN = "-"
NUMBERS = re.compile(r"(\d+)")
WIDE = 400  # pixels at scale 1 from which there is room for every column
COLUMNS = {  # column: its share of the width, in a narrow and in a wide sidebar
    "Name": (5.0, 4.5),
    "Seed": (0.0, 3.2),
    "Emotion": (0.0, 3.6),
    "Intensity": (0.0, 2.6),
    "Meter": (2.4, 2.6),
}
TOOLS = (  # operator, icon; each takes the selected take's name
    ("thunder.edit_take", "GREASEPENCIL"),
    ("thunder.copy_settings", "COPYDOWN"),
    ("thunder.bake_take", "ACTION"),
    ("thunder.delete_take", "REMOVE"),
)


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
        info = takes.take_info(item, request.current_rig(context))
        row = layout.row(align=True)
        icon = "RADIOBUT_ON" if info.chosen else "RADIOBUT_OFF"
        row.operator("thunder.switch_take", text="", icon=icon, emboss=False).take = item.name
        cells = columns(row, context)
        cells.pop("Name").prop(item, "thunder_label", text="", emboss=False)
        for title, cell in cells.items():
            cell.label(text=cell_text(info, title))
        star = "SOLO_ON" if info.star else "SOLO_OFF"
        row.operator("thunder.star_take", text="", icon=star, emboss=False).take = item.name

    def filter_items(
        self, context: bpy.types.Context, data: object, property_name: str
    ) -> tuple[list[int], list[int]]:
        """Show only what belongs to the current character and line, s9 before s10."""
        shown = {action.name for action in shown_takes(context)}
        names = [action.name for action in getattr(data, property_name)]
        flags = [self.bitflag_filter_item if name in shown else 0 for name in names]
        sequence = sorted(range(len(names)), key=lambda index: counted(names[index]))
        places = dict(zip(sequence, range(len(names)), strict=True))
        return flags, [places[index] for index in range(len(names))]


class Takes(ThunderPanel):
    """Takes of the current character and line"""

    bl_label = "Takes"
    bl_order = 4

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return request.current_rig(context) is not None

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        rig = request.current_rig(context)
        if rig is None:
            return
        if shown_takes(context):
            draw_list(layout, context, rig)
        else:
            layout.label(text="No takes of this line yet")
        if takes.list_takes(rig):
            draw_ways_back(layout, rig)


def draw_ways_back(layout: bpy.types.UILayout, rig: Rig) -> None:
    """What concerns all takes of the rig."""
    column = layout.column(align=True)
    if take_edits.editing_take(rig):
        column.operator("thunder.finish_editing", icon="CHECKMARK", depress=True)
    column.operator("thunder.why_not_moving", icon="QUESTION")
    column.operator("thunder.restore_mine", icon="LOOP_BACK")


def shown_takes(context: bpy.types.Context) -> list[bpy.types.Action]:
    """The takes of the current character and line, and those that were loaded without a line."""
    rig, line = request.current_rig(context), request.current_line_id(context)
    if rig is None:
        return []
    found = takes.list_takes(rig)
    return found if line is None else [a for a in found if takes.line_of(a) in (line, "")]


def draw_list(layout: bpy.types.UILayout, context: bpy.types.Context, rig: Rig) -> None:
    """The list, its tools, and what there is to know of the selected take."""
    own = rig.mesh.thunder
    row = layout.row()
    row.template_list("THUNDER_UL_takes", "", bpy.data, "actions", own, "take_index", rows=5)
    tools = row.column(align=True)
    selected = own.take if own.take in shown_takes(context) else None
    tools.enabled = selected is not None
    for idname, icon in TOOLS:
        tools.operator(idname, text="", icon=icon).take = selected.name if selected else ""
    if selected:
        draw_details(layout, takes.take_info(selected, rig))


def draw_details(layout: bpy.types.UILayout, info: TakeInfo) -> None:
    """The settings that made a take."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    draw_value(column, "Seed", cell_text(info, "Seed"))
    draw_value(column, "Emotion", cell_text(info, "Emotion"))
    draw_value(column, "Intensity", cell_text(info, "Intensity"))
    draw_value(column, "Meter", "Not measured" if info.meter is None else cell_text(info, "Meter"))
    if info.hand_edited:
        draw_value(column, "Keys", "Edited by hand")


def columns(row: bpy.types.UILayout, context: bpy.types.Context) -> dict[str, bpy.types.UILayout]:
    """A cell for each column that the sidebar's width allows."""
    wide = width(context) >= WIDE
    shares = {title: share[wide] for title, share in COLUMNS.items() if share[wide]}
    cells, left, rest = {}, sum(shares.values()), row
    for title, share in shares.items():
        split = rest.split(factor=share / left, align=True) if left > share else rest
        cells[title] = split.row(align=True)
        rest, left = split, left - share
    return cells


def counted(name: str) -> list[tuple[int, str]]:
    """A name's parts in a form that sorts its numbers by their value."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in NUMBERS.split(name)]


def cell_text(info: TakeInfo, column: str) -> str:
    """What a take shows in a column."""
    if column == "Seed":
        return UNKNOWN if info.seed is None else str(info.seed)
    if column == "Emotion":
        return info.emotion.title()
    value = info.intensity if column == "Intensity" else info.meter
    return UNKNOWN if value is None else f"{value:.2f}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_UL_takes, *in_both_editors(Takes))
)
