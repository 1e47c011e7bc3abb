# SPDX-License-Identifier: GPL-3.0-or-later
"""The links of a character's mapping: found anew, added, removed, mirrored."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import UNITS
from ..thunder_blender import request, rig_edit, rig_store, rig_use, rig_visemes
from .base import ThunderOperator

UNMAPPED = "This character has no mapping; select another one and use Use This Character"
NO_LINK = "The mapping has no links yet; use Auto Map, or add one"


class MappingOperator(ThunderOperator):
    """Mixin: works on the current rig's mapping."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        current = request.current_rig(context)
        return "" if current and rig_store.is_mapped(current) else UNMAPPED


class LinkOperator(MappingOperator):
    """Mixin: works on the link that is shown."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := super().disabled_reason(context):
            return reason
        return "" if request.required_rig(context).mesh.thunder_map.rows else NO_LINK


class THUNDER_OT_map_auto(MappingOperator, bpy.types.Operator):
    """Recognise the character's shape keys, controls and bones anew. Links that you changed by hand
    are replaced"""

    bl_idname = "thunder.map_auto"
    bl_label = "Auto Map"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        return rig_use.remap(request.required_rig(context)).sentence()


def _sources(_self: object, _context: bpy.types.Context | None, typed: str) -> list[str]:
    known = [*UNITS, *(f"viseme:{name}" for name in rig_visemes.POSES)]
    return [name for name in known if typed.casefold() in name.casefold()]


def _targets(_self: object, context: bpy.types.Context, typed: str) -> list[str]:
    found = rig_edit.candidates(request.required_rig(context))
    return [name for name in found if typed.casefold() in name.casefold()]


class THUNDER_OT_map_add(MappingOperator, bpy.types.Operator):
    """Let a source move one more target. Sources may have many targets, and targets many sources"""

    bl_idname = "thunder.map_add"
    bl_label = "Add Link"
    bl_options = {"REGISTER", "UNDO"}

    source: bpy.props.StringProperty(
        name="Source", description="Unit or viseme that moves the target", search=_sources
    )
    target: bpy.props.StringProperty(
        name="Target",
        description="Shape key by its name, or the full data path of anything that can be keyed on "
        "the armature",
        search=_targets,
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> str:
        rig_edit.add(request.required_rig(context), self.source, self.target)
        return f"{self.source} moves {self.target}"


class THUNDER_OT_map_remove(LinkOperator, bpy.types.Operator):
    """Remove the link that is shown"""

    bl_idname = "thunder.map_remove"
    bl_label = "Remove Link"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        return f"Removed {rig_edit.remove(request.required_rig(context))}"


class THUNDER_OT_map_mirror(LinkOperator, bpy.types.Operator):
    """Give the other side the gain, offset and bounds of the link that is shown"""

    bl_idname = "thunder.map_mirror"
    bl_label = "Mirror Link"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        return f"Mirrored {rig_edit.mirror(request.required_rig(context))}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_map_auto, THUNDER_OT_map_add, THUNDER_OT_map_remove, THUNDER_OT_map_mirror)
)
