# SPDX-License-Identifier: GPL-3.0-or-later
"""Jump to weak spans: the next one, the one before, or one of the report; and Live on and off."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import meter_jumps, meter_places, request
from .base import ThunderOperator


class _Jump(ThunderOperator):
    """Mixin: go to a weak span of the current rig's measured lines."""

    forward = True

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        if not meter_places.places(context):
            return "Nothing is measured on this timeline yet; use Measure Lip-Sync"
        return "" if meter_jumps.spans(context) else "No span is weak"

    def perform(self, context: bpy.types.Context) -> str:
        return meter_jumps.jump(context, self.forward)


class THUNDER_OT_next_weak_span(_Jump, bpy.types.Operator):
    """Go to the next span where the mouth does not say the words"""

    bl_idname = "thunder.next_weak_span"
    bl_label = "Next Weak Span"
    bl_options = {"UNDO"}


class THUNDER_OT_previous_weak_span(_Jump, bpy.types.Operator):
    """Go to the span before where the mouth does not say the words"""

    bl_idname = "thunder.previous_weak_span"
    bl_label = "Previous Weak Span"
    bl_options = {"UNDO"}
    forward = False


class THUNDER_OT_jump_to_span(ThunderOperator, bpy.types.Operator):
    """Go to this span, with its take chosen"""

    bl_idname = "thunder.jump_to_span"
    bl_label = "Jump to Span"
    bl_options = {"UNDO", "INTERNAL"}

    line: bpy.props.StringProperty(options={"SKIP_SAVE"})
    take: bpy.props.StringProperty(options={"SKIP_SAVE"})
    second: bpy.props.FloatProperty(options={"SKIP_SAVE"})
    sentence: bpy.props.StringProperty(options={"SKIP_SAVE"})  # for the tooltip

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        told = str(properties.sentence)
        return f"{told}\nGo there, with its take chosen" if told else ""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.rig_reason(context)

    def perform(self, context: bpy.types.Context) -> str:
        return meter_jumps.go_to(context, self.line, self.take, self.second)


class THUNDER_OT_meter_live(ThunderOperator, bpy.types.Operator):
    """Measure again what was changed, a moment after each edit; or stop doing so"""

    bl_idname = "thunder.meter_live"
    bl_label = "Toggle Live Meter"
    bl_options = {"UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        choices: Any = context.scene.thunder_meter
        choices.live = not choices.live
        return f"Live is {'on' if choices.live else 'off'}"


register, unregister = bpy.utils.register_classes_factory(
    (
        THUNDER_OT_next_weak_span,
        THUNDER_OT_previous_weak_span,
        THUNDER_OT_jump_to_span,
        THUNDER_OT_meter_live,
    )
)
