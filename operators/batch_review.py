# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through a batch's report: load it, jump to a line's take and worst frame, open its file
or its place in report.html."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import batch_review, request
from .base import Result, ThunderOperator

NOTHING = "Load a batch's report first"
NO_TAKE = "This line has no take; it failed or is not done yet"
NO_PAGE = "There is no report.html beside the report"
NO_SCENE = "This line has no .blend; make one with --outputs blend"


class THUNDER_OT_batch_load(ThunderOperator, bpy.types.Operator):
    """Show the lines of a batch, the worst first"""

    bl_idname = "thunder.batch_load"
    bl_label = "Load Batch Report"

    filepath: bpy.props.StringProperty(
        name="File", description="report.json in a batch's folder of results", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        count = batch_review.load(context, path)
        return f"{count} lines of {path.parent.name}"


class THUNDER_OT_batch_jump(ThunderOperator, bpy.types.Operator):
    """Let this line's take play and go to its worst frame; a take that is not here is loaded"""

    bl_idname = "thunder.batch_jump"
    bl_label = "Jump to Line"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        row = batch_review.selected(context)
        if row is None:
            return NOTHING
        return request.rig_reason(context) if row.take else NO_TAKE

    def perform(self, context: bpy.types.Context) -> str:
        row = batch_review.selected(context)
        assert row is not None
        return batch_review.jump(context, row)


class THUNDER_OT_batch_open(ThunderOperator, bpy.types.Operator):
    """Open this line's own .blend at its worst frame; unsaved changes of this file are lost"""

    bl_idname = "thunder.batch_open"
    bl_label = "Open Line's File"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        row = batch_review.selected(context)
        return NOTHING if row is None else ("" if row.blend else NO_SCENE)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if not bpy.data.is_dirty:
            return self.execute(context)
        return context.window_manager.invoke_confirm(self, event)

    def perform(self, context: bpy.types.Context) -> str:
        row = batch_review.selected(context)
        assert row is not None
        return batch_review.open_scene(context, row)


class THUNDER_OT_batch_page(ThunderOperator, bpy.types.Operator):
    """Show this line in the browser, in the batch's report.html"""

    bl_idname = "thunder.batch_page"
    bl_label = "Show in Report"
    bl_options = {"INTERNAL"}  # without a list's row it says nothing

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if batch_review.selected(context) is None:
            return NOTHING
        return "" if batch_review.page(context).is_file() else NO_PAGE

    def perform(self, context: bpy.types.Context) -> str:
        row = batch_review.selected(context)
        assert row is not None
        bpy.ops.wm.url_open(url=batch_review.page_address(context, row))
        return f"{row.line} in {batch_review.page(context)}"


register, unregister = bpy.utils.register_classes_factory(
    (
        THUNDER_OT_batch_load,
        THUNDER_OT_batch_jump,
        THUNDER_OT_batch_open,
        THUNDER_OT_batch_page,
    )
)
