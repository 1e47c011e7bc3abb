# SPDX-License-Identifier: GPL-3.0-or-later
"""Free the GPU: the engine's process ends and its memory is given back."""

from __future__ import annotations

import bpy

from ..thunder_blender import engine
from .base import ThunderOperator


class THUNDER_OT_free_gpu(ThunderOperator, bpy.types.Operator):
    """End the engine's process and give its memory back; the next take starts it again"""

    bl_idname = "thunder.free_gpu"
    bl_label = "Free the GPU"

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        current = engine.current_engine()
        return "" if current and current.running else "The engine is not running"

    def perform(self, context: bpy.types.Context) -> str:
        if current := engine.current_engine():
            current.free()
        return "The engine has ended and its memory is free"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_free_gpu,))
