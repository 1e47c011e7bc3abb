# SPDX-License-Identifier: GPL-3.0-or-later
"""Watch: goes on looking after a running job, see `jobs.take_a_break`."""

from __future__ import annotations

import bpy

from ..thunder_blender import jobs
from .base import Result
from .generating import GeneratingOperator


class THUNDER_OT_watch(GeneratingOperator, bpy.types.Operator):
    """Go on looking after the take that is being generated"""

    bl_idname = "thunder.watch"
    bl_label = "Generate"  # what undo calls the take that lands
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if jobs.running() else "No take is being generated"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        return self.watch(context)

    def perform(self, context: bpy.types.Context) -> str:
        return "A take is being generated"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_watch,))
