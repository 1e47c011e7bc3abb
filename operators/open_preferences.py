# SPDX-License-Identifier: GPL-3.0-or-later
"""Open Preferences: where the device and the Python of the engine are chosen."""

from __future__ import annotations

import bpy

from ..thunder_blender import EXTENSION
from .base import ThunderOperator

SECTIONS = (
    ("ADDON", "THUNDER", "The preferences of this extension"),
    ("SYSTEM", "Network", "Where Blender is allowed to go online"),
)


class THUNDER_OT_open_preferences(ThunderOperator, bpy.types.Operator):
    """Show the preferences in which THUNDER's device and Python are chosen"""

    bl_idname = "thunder.open_preferences"
    bl_label = "Open Preferences"

    section: bpy.props.EnumProperty(name="Section", description="Which part", items=SECTIONS)

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "Blender runs without a window" if bpy.app.background else ""

    def perform(self, context: bpy.types.Context) -> str:
        if self.section == "SYSTEM":
            bpy.ops.screen.userpref_show(section="SYSTEM")
            return "Allow Online Access is in the Network panel"
        bpy.ops.preferences.addon_show(module=EXTENSION)
        return "The preferences are in a window of their own"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_open_preferences,))
