# SPDX-License-Identifier: GPL-3.0-or-later
"""Use Active Strip: the sequencer's active sound strip becomes the line."""

from __future__ import annotations

import bpy

from ..thunder_blender import request
from .base import ThunderOperator


class THUNDER_OT_use_active_strip(ThunderOperator, bpy.types.Operator):
    """Perform the sequencer's active sound strip, also when another one becomes active"""

    bl_idname = "thunder.use_active_strip"
    bl_label = "Use Active Strip"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.active_strip_reason(context)

    def perform(self, context: bpy.types.Context) -> str:
        strip = request.active_strip(context)
        context.scene.thunder.strip = strip.name
        return f"The line is {strip.name}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_use_active_strip,))
