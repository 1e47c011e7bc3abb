# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcribe: the English words of a line, heard by the engine, become its transcript."""

from __future__ import annotations

import bpy

from ..thunder_blender import transcribe
from ..thunder_blender.steps import GO_ON, Steps
from .asking import Asked, AskingOperator
from .base import Question, Result, ThunderOperator


class THUNDER_OT_transcribe(AskingOperator, bpy.types.Operator):
    """Write the English words that are heard in the line into its transcript"""

    bl_idname = "thunder.transcribe"
    bl_label = "Transcribe"
    bl_options = {"UNDO"}

    strip: bpy.props.StringProperty(
        name="Strip",
        description="Name of the sound strip; unless given, the one chosen in the sidebar",
        options={"SKIP_SAVE"},
    )
    replace: bpy.props.BoolProperty(
        name="Replace",
        description="Replace a transcript that was typed",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        from_panel = getattr(context, "thunder_panel", None) is not None
        return transcribe.disabled_reason(context, from_panel)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        shown = not bpy.app.background and context.window is not None
        if shown and not self.replace and transcribe.asks_first(context, self.strip):
            bpy.ops.thunder.replace_transcript("INVOKE_DEFAULT", strip=self.strip)
            return {"CANCELLED"}  # the question calls this operator again
        return AskingOperator.invoke(self, context, event)

    def ask(self, context: bpy.types.Context) -> Steps[Asked]:
        yield GO_ON
        return transcribe.transcribing(context, self.strip, self.replace)


class THUNDER_OT_replace_transcript(Question, bpy.types.Operator):
    """Ask before a typed transcript is replaced by what is heard"""

    bl_idname = "thunder.replace_transcript"
    bl_label = "Replace the Transcript?"
    bl_options = {"INTERNAL"}
    before = "transcribe"

    strip: bpy.props.StringProperty(name="Strip", options={"SKIP_SAVE"})
    replace: bpy.props.BoolProperty(name="Replace", default=True, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=self.bl_label,
            message="What you typed is replaced by what is heard",
            confirm_text="Replace",
        )


class THUNDER_OT_use_heard_words(ThunderOperator, bpy.types.Operator):
    """Make the words that the take was performed by the transcript of its line, to correct them"""

    bl_idname = "thunder.use_heard_words"
    bl_label = "Use Heard Words"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def description(
        cls, context: bpy.types.Context, _properties: bpy.types.OperatorProperties
    ) -> str:
        return transcribe.heard_tooltip(context, cls.__doc__ or "")

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return transcribe.unheard_reason(context)

    def perform(self, context: bpy.types.Context) -> str:
        return transcribe.use_heard(context)


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_transcribe, THUNDER_OT_replace_transcript, THUNDER_OT_use_heard_words)
)
