# SPDX-License-Identifier: GPL-3.0-or-later
"""Lip-Sync Meter: measure, and the report of what was measured, the worst first."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import meter_reasons, meter_store, meter_task, request
from ..thunder_blender.meter_store import Row
from ..thunder_blender.text import draw_sentence, letters, lines_of
from .editors import ThunderPanel, in_both_editors

MOST_SPANS = 6  # of a take, in the panel
INDENT = 5  # letters that the icon of a span takes of a line
UNDER = " " * 9  # as wide as the value before a sentence
MENDING = (("thunder.repair", "TOOL_SETTINGS"), ("thunder.hear_mesh", "PLAY_SOUND"))


class Meter(ThunderPanel):
    """Where the mouth does not say the words"""

    bl_label = "Lip-Sync Meter"
    bl_order = 5

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        status = context.window_manager.thunder_meter
        if meter_task.running():
            draw_progress(layout, status)
        else:
            draw_buttons(layout, context)
        if status.error:
            draw_sentence(layout, context, status.error, "ERROR")
        if note := meter_reasons.hint(context):
            draw_sentence(layout, context, note, "INFO")


class Report(ThunderPanel):
    """The measured takes and their weak spans, the worst first; click one to go there"""

    bl_label = "Report"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return request.current_rig(context) is not None

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        rig = request.current_rig(context)
        rows = meter_store.report(rig) if rig else []
        if not rows:
            layout.label(text="Nothing is measured yet")
        for row in rows:
            draw_row(layout, context, row)


def draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Measure and Live, jumps, and what mends the current line."""
    row = layout.row(align=True)
    row.scale_y = 1.2
    row.use_property_split = False
    row.operator("thunder.measure", text="Measure", icon="OUTLINER_OB_SPEAKER")
    row.prop(context.scene.thunder_meter, "live", toggle=True)
    row = layout.row(align=True)
    row.operator("thunder.previous_weak_span", text="Previous", icon="TRIA_LEFT")
    row.operator("thunder.next_weak_span", text="Next", icon="TRIA_RIGHT")
    row = layout.row(align=True)
    for name, icon in MENDING:
        if is_registered(name):
            row.operator(name, icon=icon)
    layout.prop(context.scene.thunder_meter, "threshold", slider=True)
    if reason := meter_reasons.disabled_reason(context):
        draw_sentence(layout, context, reason, "INFO")


def draw_progress(layout: bpy.types.UILayout, status: Any) -> None:
    """How far the measurement is, and Cancel."""
    column = layout.column(align=True)
    text = f"{status.stage} {status.fraction:.0%}"
    column.progress(factor=status.fraction, type="BAR", text=text)
    column.operator("thunder.cancel_measure", text="Cancel (Esc)", icon="X")


def draw_row(layout: bpy.types.UILayout, context: bpy.types.Context, row: Row) -> None:
    """A take and its spans, each a button that goes there."""
    column = layout.column(align=True)
    head = column.split(factor=0.8)
    head.label(text=row.title, icon="ACTION" if row.take else "ARMATURE_DATA")
    score = head.row()
    score.alignment = "RIGHT"
    score.label(text="silent" if row.score != row.score else f"{row.score:.2f}")
    line = meter_store.line_named(context, row.line_id)
    for span in row.spans[:MOST_SPANS]:
        sentence = meter_store.sentence_of(line, row.record, span)
        draw_span(column, context, row, (span.start, f"{span.score:.2f}  {sentence}"))
    if len(row.spans) > MOST_SPANS:
        column.label(text=f"and {len(row.spans) - MOST_SPANS} more", icon="BLANK1")


def draw_span(
    layout: bpy.types.UILayout, context: bpy.types.Context, row: Row, span: tuple[float, str]
) -> None:
    """A weak span's second and sentence: each of its lines goes there and has all of it as its
    tooltip."""
    for number, text in enumerate(lines_of(span[1], letters(context) - INDENT)):
        place = layout.row()
        place.alignment, place.scale_y = "LEFT", 0.85
        shown = UNDER + text if number else text
        button = place.operator("thunder.jump_to_span", text=shown, icon="BLANK1", emboss=False)
        button.line, button.take = row.line_id, row.take
        button.second, button.sentence = span


def is_registered(name: str) -> bool:
    """Whether there is an operator of this name."""
    room, _, verb = name.partition(".")
    return hasattr(bpy.types, f"{room.upper()}_OT_{verb}")


register, unregister = bpy.utils.register_classes_factory(
    (*in_both_editors(Meter), *in_both_editors(Report, "meter"))
)
