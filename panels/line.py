# SPDX-License-Identifier: GPL-3.0-or-later
"""Line: which piece of dialogue is performed."""

from __future__ import annotations

import textwrap

import bpy

from ..thunder_blender import request, transcript
from ..thunder_blender.text import NARROWEST, draw_lines, draw_sentence, draw_value, letters
from .editors import ThunderPanel, in_both_editors

HEARD_LINES = 6  # of what was recognised, in the panel
BUTTON = 4  # letters that a button beside a text takes


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
    """Length of the strip in use, its transcript or what was heard in its place, and why the last
    take left a transcript unused."""
    strip = request.current_strip(context)
    column = layout.column()
    draw_value(column, "Length", f"{request.strip_seconds(context, strip):.2f} s")
    row = column.row(align=True)
    row.prop(strip, "thunder_transcript", placeholder="Optional")
    row.operator("thunder.transcribe", text="", icon="TEXT")
    if not strip.thunder_transcript and (words := transcript.heard_words(context)):
        draw_heard(layout, context, words)
    if reason := transcript.unused_reason(context):
        draw_sentence(layout, context, reason, "ERROR")


def draw_heard(layout: bpy.types.UILayout, context: bpy.types.Context, words: str) -> None:
    """The words that the take was performed by, and a button that makes them the transcript."""
    room = max(NARROWEST, letters(context) - BUTTON)
    row = layout.row()
    shown = textwrap.wrap(f"Heard: {words}", room, max_lines=HEARD_LINES, placeholder=" ...")
    draw_lines(row, shown).active = False
    row.operator("thunder.use_heard_words", text="", icon="CHECKMARK")


register, unregister = bpy.utils.register_classes_factory(in_both_editors(Line))
