# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy Settings: a take's seed and performance become the character's."""

from __future__ import annotations

import bpy

from ..thunder_blender import take_edits
from .take_base import TakeOperator


class THUNDER_OT_copy_settings(TakeOperator, bpy.types.Operator):
    """Set the character's seed and performance to what made this take"""

    bl_idname = "thunder.copy_settings"
    bl_label = "Copy Settings"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        keyed = take_edits.copy_settings(rig, action)
        if keyed:
            return f"Copied the settings of {action.name}, with the keys of {' and '.join(keyed)}"
        return f"Copied the settings of {action.name}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_copy_settings,))
