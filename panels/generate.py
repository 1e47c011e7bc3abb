# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate: the big button, its progress, and what went wrong last."""

from __future__ import annotations

import bpy

from ..thunder_blender import jobs, request
from ..thunder_blender.text import draw_sentence
from .editors import ThunderPanel, in_both_editors

BESIDE = 7  # letters' worth of room that the box and its button take


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
    column = layout.column(align=True)
    row = column.row(align=True)
    row.scale_y = 1.6
    row.operator("thunder.generate", icon="PLAY")
    if rig := request.current_rig(context):
        draw_several(column, rig.mesh.thunder)
    if reason := request.disabled_reason(context):
        draw_sentence(layout, context, reason, "INFO")
        if request.engine_is_missing(context):
            layout.operator("thunder.open_preferences", icon="PREFERENCES")


def draw_several(column: bpy.types.UILayout, own: bpy.types.PropertyGroup) -> None:
    """Variants and Best of N, with the number of seeds between them; then Regenerate Range."""
    row = column.row(align=True)
    row.use_property_split = False
    row.operator("thunder.variants", icon="DUPLICATE")
    number = row.row(align=True)
    number.ui_units_x = 2.6
    number.prop(own, "variants", text="")
    row = column.row(align=True)
    row.use_property_split = False
    row.operator("thunder.best_of", text=f"Best of {own.variants}", icon="SOLO_ON")
    keep = row.row(align=True)
    keep.ui_units_x = 2.6
    keep.prop(own, "best_keep", text="")
    column.operator("thunder.regenerate_range", icon="PREVIEW_RANGE")


def draw_progress(layout: bpy.types.UILayout, status: bpy.types.PropertyGroup) -> None:
    """How far the job is, and Cancel."""
    column = layout.column(align=True)
    bar = column.row(align=True)
    bar.scale_y = 1.6
    bar.progress(factor=status.fraction, type="BAR", text=progress_text(status))
    column.operator("thunder.cancel", text="Cancel (Esc)", icon="X")
    more = f", {status.takes_left} takes to come" if status.takes_left > 1 else ""
    layout.label(text=f"{status.what}{more}")


def progress_text(status: bpy.types.PropertyGroup) -> str:
    left = f", {status.seconds_left:.0f} s left" if status.seconds_left >= 0 else ""
    return f"{status.stage} {status.fraction:.0%}{left}"


def draw_error(
    layout: bpy.types.UILayout, context: bpy.types.Context, status: bpy.types.PropertyGroup
) -> None:
    """The sentence of the last failure, with a way to put it away."""
    box = layout.box()
    row = box.row()
    draw_sentence(row, context, status.error, "ERROR", BESIDE)
    row.operator("thunder.dismiss_error", text="", icon="X", emboss=False)
    if status.needs_runtime:
        box.operator("thunder.open_preferences", icon="PREFERENCES")


register, unregister = bpy.utils.register_classes_factory(in_both_editors(Generate))
