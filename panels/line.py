# SPDX-License-Identifier: GPL-3.0-or-later
"""Line: which piece of dialogue is performed."""

from __future__ import annotations

import bpy

from ..thunder_blender import request
from .editors import ThunderPanel, in_both_editors
from .text import draw_sentence


class Line(ThunderPanel):
    """The sound strip whose line is performed"""

    bl_label = "Line"
    bl_order = 0

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        row = layout.row(align=True)
        row.prop(context.scene.thunder, "strip", icon="SOUND")
        row.operator("thunder.use_active_strip", text="", icon="EYEDROPPER")
        row.operator("thunder.load_line", text="", icon="FILE_FOLDER")
        if reason := request.strip_reason(context):
            draw_sentence(layout, context, f"{reason}.", "INFO")
        else:
            draw_strip(layout, context)


def draw_strip(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Name and length of the strip in use, and its transcript."""
    strip = request.current_strip(context)
    seconds = request.strip_seconds(context, strip)
    column = layout.column()
    row = column.row(heading="Length" if context.scene.thunder.strip else "In Use")
    named = "" if context.scene.thunder.strip else f"{strip.name}, "
    row.label(text=f"{named}{seconds:.1f} s")
    column.prop(strip, "thunder_transcript")


register, unregister = bpy.utils.register_classes_factory(in_both_editors(Line))
