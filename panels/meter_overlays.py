# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's switch in each editor's overlay popover, or in its View menu where it has none; the
jumps in their menus; Measure beside the THUNDER menu, since F3 finds only what is in menus."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import meter_draw

OVERLAYS = ("SEQUENCER_PT_overlay", "DOPESHEET_PT_overlay", "GRAPH_PT_overlay", "NLA_PT_overlay")
VIEW_MENUS = ("TIME_MT_view", "DOPESHEET_MT_view", "GRAPH_MT_view", "NLA_MT_view")
MENUS = (*VIEW_MENUS, "SEQUENCER_MT_view")
MEASURE_MENUS = ("SEQUENCER_MT_strip", "VIEW3D_MT_object_animation")


def draw_switch(self: Any, context: bpy.types.Context) -> None:
    """The switch of the editor that the popover belongs to."""
    space = context.space_data
    if space is not None and space.type in meter_draw.SPACES:
        self.layout.prop(context.scene.thunder_meter, meter_draw.setting_of(space))


def draw_menu(self: Any, context: bpy.types.Context) -> None:
    """The switch where the editor has no popover for it, and the jumps."""
    layout = self.layout
    layout.separator()
    if not has_popover(context):
        draw_switch(self, context)
    layout.operator("thunder.next_weak_span")
    layout.operator("thunder.previous_weak_span")


def draw_measure(self: Any, context: bpy.types.Context) -> None:
    """Measure and Live."""
    layout = self.layout
    layout.context_pointer_set("thunder_panel", context.scene.thunder)
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("thunder.measure", icon="OUTLINER_OB_SPEAKER")
    layout.operator("thunder.meter_live")


def has_popover(context: bpy.types.Context) -> bool:
    """Whether this editor has an overlay popover in this Blender."""
    starts = {"DOPESHEET_EDITOR": "DOPESHEET", "GRAPH_EDITOR": "GRAPH", "NLA_EDITOR": "NLA"}
    start = starts.get(context.area.type, "SEQUENCER")
    if start == "DOPESHEET" and context.space_data.mode == "TIMELINE":
        return hasattr(bpy.types, "DOPESHEET_PT_overlay") and bpy.app.version >= (5, 0, 0)
    return hasattr(bpy.types, f"{start}_PT_overlay")


def _places() -> list[tuple[Any, Any]]:
    found = [(getattr(bpy.types, name, None), draw_switch) for name in OVERLAYS]
    found += [(getattr(bpy.types, name, None), draw_menu) for name in MENUS]
    found += [(getattr(bpy.types, name, None), draw_measure) for name in MEASURE_MENUS]
    return [(place, function) for place, function in found if place is not None]


def register() -> None:
    for place, function in _places():
        place.append(function)


def unregister() -> None:
    for place, function in reversed(_places()):
        place.remove(function)
