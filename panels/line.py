# SPDX-License-Identifier: GPL-3.0-or-later
"""Line: which piece of dialogue is performed."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, transcript
from ..thunder_blender.text import draw_sentence, draw_value
from .editors import ThunderPanel, in_both_editors


class Line(ThunderPanel):
    """The sound strip whose line is performed"""

    bl_label = "Line"
    bl_order = 0

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        if not request.has_sound_strips(context):
            layout.operator("thunder.load_line", icon="FILE_SOUND")
            return
        row = layout.row(align=True)
        strip = request.current_strip(context)
        hint = "" if strip is None else strip.name
        row.prop(context.scene.thunder, "strip", icon="SOUND", placeholder=hint)
        row.operator("thunder.use_active_strip", text="", icon="EYEDROPPER")
        row.operator("thunder.load_line", text="", icon="FILE_FOLDER")
        if not request.strip_reason(context):
            draw_strip(layout, context)


def draw_strip(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Length of the strip in use, its transcript, and why the last take left one unused.

    What was heard without a transcript stands greyed in the field itself, so that no button moves
    under the mouse after a take.
    """
    strip = request.current_strip(context)
    column = layout.column()
    draw_value(column, "Length", f"{request.strip_seconds(context, strip):.2f} s")
    heard = "" if strip.thunder_transcript else transcript.heard_words(context)
    row = column.row(align=True)
    hint = f"Heard: {heard}" if heard else "Optional"
    row.prop(strip, "thunder_transcript", placeholder=hint)
    if heard:
        row.operator("thunder.use_heard_words", text="", icon="CHECKMARK")
    row.operator("thunder.transcribe", text="", icon="TEXT")
    if reason := transcript.unused_reason(context):
        draw_sentence(layout, context, reason, "ERROR")


register, unregister = bpy.utils.register_classes_factory(in_both_editors(Line))
