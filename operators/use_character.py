# SPDX-License-Identifier: GPL-3.0-or-later
"""Use This Character: the artist's own head becomes a rig. Stop Using gives it back."""

from __future__ import annotations

from typing import Any

import bpy

from ..thunder_blender import request, rig, rig_store, rig_use, takes
from .base import ThunderOperator, object_mode_reason

NOTHING = "Select the character's face mesh, its other meshes, or its armature"
OURS = "This head needs no mapping"


class THUNDER_OT_use_character(ThunderOperator, bpy.types.Operator):
    """Let the selected character perform: its shape keys, controls and bones are recognised by
    their names and mapped. Select all meshes that move with the face, or its armature"""

    bl_idname = "thunder.use_character"
    bl_label = "Use This Character"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := object_mode_reason(context):
            return reason
        selected: Any = context.selected_objects
        chosen = [item for item in selected if item.type in ("MESH", "ARMATURE")]
        if not chosen:
            return NOTHING
        ours = [item for item in chosen if rig.MARK in item and rig_store.LINKS not in item]
        return OURS if ours else ""

    def perform(self, context: bpy.types.Context) -> str:
        selected: Any = context.selected_objects
        chosen = sorted(selected, key=lambda item: item != context.active_object)
        return rig_use.use_character(chosen).sentence()


class THUNDER_OT_stop_using(ThunderOperator, bpy.types.Operator):
    """Forget the mapping of this character. Its meshes, armature and takes stay; your own
    animation comes back"""

    bl_idname = "thunder.stop_using_character"
    bl_label = "Stop Using This Character"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        current = request.current_rig(context)
        return "" if current and rig_store.is_mapped(current) else OURS

    def perform(self, context: bpy.types.Context) -> str:
        current = request.required_rig(context)
        takes.restore_mine(current)
        rig_use.stop_using(current)
        return f"{current.mesh.name} performs no more"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_use_character, THUNDER_OT_stop_using)
)
