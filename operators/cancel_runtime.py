# SPDX-License-Identifier: GPL-3.0-or-later
"""Cancel: the installation or test under way stops and leaves nothing behind."""

from __future__ import annotations

import bpy

from ..thunder_blender import runtime_watch
from .base import ThunderOperator


class THUNDER_OT_cancel_runtime(ThunderOperator, bpy.types.Operator):
    """Stop the installation or test that is under way; nothing half-made is left"""

    bl_idname = "thunder.cancel_runtime"
    bl_label = "Cancel"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if runtime_watch.busy() else "Nothing is under way"

    def perform(self, context: bpy.types.Context) -> str:
        if work := runtime_watch.busy():
            work.cancel()
        return "Stopping"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_cancel_runtime,))
