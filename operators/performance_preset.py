# SPDX-License-Identifier: GPL-3.0-or-later
"""Add or remove a performance preset."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase

from ..thunder_blender import performance_presets, request


class THUNDER_OT_add_performance_preset(AddPresetBase, bpy.types.Operator):
    """Keep intensity, emotion, articulation and smoothing under a name, or remove such a preset"""

    bl_idname = "thunder.add_performance_preset"
    bl_label = "Add Performance Preset"
    preset_menu = "THUNDER_PT_performance_presets"
    preset_subdir = performance_presets.FOLDER
    preset_defines = ["settings = bpy.context.scene.thunder.performance(bpy.context)"]
    preset_values = [f"settings.{name}" for name in performance_presets.FIELDS]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = request.rig_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_add_performance_preset,))
