# SPDX-License-Identifier: GPL-3.0-or-later
"""What all operators share: one way to say why they are greyed out, one way to fail."""

from __future__ import annotations

import logging
from typing import Any, cast

import bpy

from ..model_runtime.contract import ThunderError

log = logging.getLogger(__name__)

Result = set[str]

BUSY = ("TRANSFORM_OT", "SCULPT_OT", "PAINT_OT", "GPENCIL_OT", "GREASE_PENCIL_OT")


def object_mode_reason(context: bpy.types.Context) -> str:
    """Why objects cannot be made or reshaped now; empty in Object Mode."""
    return "" if context.mode == "OBJECT" else "Leave the current mode for Object Mode first"


def select_only(context: bpy.types.Context, chosen: bpy.types.Object) -> None:
    """Make `chosen` the one selected object, and the active one."""
    for item in context.selected_objects:
        item.select_set(False)
    chosen.select_set(True)
    context.view_layer.objects.active = chosen


def playing(context: bpy.types.Context) -> bool:
    """During playback Esc stops the playback, as everywhere in Blender."""
    return any(window.screen.is_animation_playing for window in context.window_manager.windows)


def hand_is_busy(context: bpy.types.Context) -> bool:
    """Whether the artist is in the middle of a stroke or a move: nothing lands in there."""
    found = [item for item in context.window.modal_operators if item]  # None: of a disabled add-on
    return any(operator.bl_idname.startswith(BUSY) for operator in found)


class ThunderOperator:
    """Mixin for operators: override `perform`, and `disabled_reason` where it can be greyed out."""

    bl_label: str
    report: Any  # bpy.types.Operator.report
    as_keywords: Any  # bpy.types.Operator.as_keywords

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        """Why the operator cannot run now; empty when it can."""
        return ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = cls.disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)  # type: ignore[attr-defined]
        return not reason

    def perform(self, context: bpy.types.Context) -> str:
        """Do the work and return the sentence to report. ThunderError says what went wrong."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> Result:
        try:
            sentence = self.perform(context)
        except ThunderError as error:
            return self.failed(error)
        self.report({"INFO"}, sentence)
        return {"FINISHED"}

    def failed(self, error: ThunderError) -> Result:
        """Log the traceback and report the sentence; call it where the error was caught."""
        log.exception("%s failed", type(self).__name__)
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


class Question(ThunderOperator):
    """Mixin for what is asked before another operator: which file, or whether to go on.

    That operator is called with all that was chosen here.
    """

    before: str  # its name in bpy.ops.thunder

    def execute(self, context: bpy.types.Context) -> Result:
        operator = getattr(bpy.ops.thunder, self.before)
        operator("INVOKE_DEFAULT", **self.as_keywords(ignore=("filter_glob",)))
        return {"FINISHED"}


class FileQuestion(Question):
    """Mixin that asks in Blender's file browser; the properties are those of the operator after."""

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        context.window_manager.fileselect_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}
