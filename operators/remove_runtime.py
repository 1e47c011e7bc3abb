# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove Runtime: the installed Python of the engine goes from the disk."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import runtime_actions, runtime_watch
from .base import Result
from .watching import WatchedOperator


class THUNDER_OT_remove_runtime(WatchedOperator, bpy.types.Operator):
    """End the engine and delete the runtime that Install Runtime has made"""

    bl_idname = "thunder.remove_runtime"
    bl_label = "Remove Runtime"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := super().disabled_reason(context):
            return reason
        return "" if runtime_actions.has_runtime() else "No runtime is installed"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if bpy.app.background:
            return self.execute(context)
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> Result:
        return super().execute(context) if bpy.app.background else self.watch(context)

    def begin(self, context: bpy.types.Context) -> runtime_watch.Work:
        return runtime_actions.begin_remove()

    @classmethod
    def sentence(cls, result: Any) -> str:
        return runtime_actions.removed_sentence()


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_remove_runtime,))
