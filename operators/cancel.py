# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel the running generation, and put away the last error."""

from __future__ import annotations

import bpy

from ..thunder_blender import jobs
from .base import ThunderOperator


class THUNDER_OT_cancel(ThunderOperator, bpy.types.Operator):
    """Stop generating; takes that are there already stay"""

    bl_idname = "thunder.cancel"
    bl_label = "Cancel Generation"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if jobs.running() else "No take is being generated"

    def perform(self, context: bpy.types.Context) -> str:
        jobs.cancel()
        return "Cancelling"


class THUNDER_OT_dismiss_error(ThunderOperator, bpy.types.Operator):
    """Put this message away"""

    bl_idname = "thunder.dismiss_error"
    bl_label = "Dismiss Message"
    bl_options = {"INTERNAL"}

    def perform(self, context: bpy.types.Context) -> str:
        jobs.status(error="", needs_runtime=False)
        return "Message put away"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_cancel, THUNDER_OT_dismiss_error)
)
