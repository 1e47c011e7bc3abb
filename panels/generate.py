# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate: the big button, its progress, and what went wrong last."""

from __future__ import annotations

import bpy

from ..thunder_blender import jobs, request
from .editors import ThunderPanel, in_both_editors
from .text import draw_sentence


class Generate(ThunderPanel):
    """Generate a take, or several"""

    bl_label = "Generate"
    bl_order = 3

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        status = context.window_manager.thunder
        if jobs.running():
            draw_progress(layout, status)
        else:
            draw_buttons(layout, context)
        if status.error:
            draw_error(layout, context, status)


def draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Generate and Variants, with the reason where they are greyed out."""
    row = layout.row()
    row.scale_y = 1.6
    row.operator("thunder.generate", icon="PLAY")
    if rig := request.current_rig(context):
        row = layout.row(align=True)
        row.use_property_split = False
        row.prop(rig.mesh.thunder, "variants")
        row.operator("thunder.variants", text="Variants", icon="DUPLICATE")
    if reason := request.disabled_reason(context):
        draw_sentence(layout, context, with_full_stop(reason), "INFO")
        if request.engine_is_missing(context):
            layout.operator("thunder.open_preferences", icon="PREFERENCES")


def draw_progress(layout: bpy.types.UILayout, status: bpy.types.PropertyGroup) -> None:
    """How far the job is, and Cancel."""
    column = layout.column(align=True)
    column.scale_y = 1.2
    column.progress(factor=status.fraction, type="BAR", text=progress_text(status))
    column.operator("thunder.cancel", text="Cancel", icon="X")
    note = layout.column(align=True)
    note.scale_y = 0.85
    note.label(text=status.what)
    if status.takes_left > 1:
        note.label(text=f"{status.takes_left} takes to come")


def progress_text(status: bpy.types.PropertyGroup) -> str:
    left = f", {status.seconds_left:.0f} s left" if status.seconds_left >= 0 else ""
    return f"{status.stage} {status.fraction:.0%}{left}"


def draw_error(
    layout: bpy.types.UILayout, context: bpy.types.Context, status: bpy.types.PropertyGroup
) -> None:
    """The sentence of the last failure, with a way to put it away."""
    row = layout.box().row()
    draw_sentence(row, context, status.error, "ERROR")
    row.operator("thunder.dismiss_error", text="", icon="X", emboss=False)
    if status.needs_runtime:
        layout.operator("thunder.open_preferences", icon="PREFERENCES")


def with_full_stop(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


register, unregister = bpy.utils.register_classes_factory(in_both_editors(Generate))
