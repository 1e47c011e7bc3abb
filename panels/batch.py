# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch: a report's lines, worst first, and the way to each."""

from __future__ import annotations

import bpy

from ..thunder_blender import batch_review
from ..thunder_blender.text import draw_sentence
from .editors import ThunderPanel, in_both_editors

ICONS = {"done": "CHECKMARK", "failed": "ERROR", "missing": "QUESTION"}
NAME = 0.82  # share of a row's width


class THUNDER_UL_batch(bpy.types.UIList):
    """Lines of a batch, the worst first"""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: object,
        item: batch_review.THUNDER_BatchRow,
        _icon: int,
        _active_data: object,
        _active_property: str,
    ) -> None:
        row = layout.split(factor=NAME, align=True)
        row.label(text=item.line or item.name, icon=ICONS.get(item.status, "QUESTION"))
        score = row.row()
        score.alignment = "RIGHT"
        score.label(text="-" if item.score < 0.0 else f"{item.score:.2f}")


class Batch(ThunderPanel):
    """Lines that a batch has performed, the worst first"""

    bl_label = "Batch"
    bl_order = 9
    bl_options = {"DEFAULT_CLOSED"}

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        own = batch_review.review(context)
        layout.operator("thunder.batch_load", icon="FILEBROWSER")
        if not own.rows:
            return
        layout.template_list("THUNDER_UL_batch", "", own, "rows", own, "index", rows=6)
        row = batch_review.selected(context)
        if row is None:
            return
        if row.error or row.advice:
            icon = "ERROR" if row.error else "INFO"
            draw_sentence(layout, context, row.error or row.advice, icon)
        column = layout.column(align=True)
        column.operator("thunder.batch_jump", icon="NEXT_KEYFRAME")
        column.operator("thunder.batch_open", icon="FILE_BLEND")
        column.operator("thunder.batch_page", icon="URL")


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_UL_batch, *in_both_editors(Batch))
)
