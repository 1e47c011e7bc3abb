# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets of mappings: chosen, saved, imported and exported."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..thunder_blender import request, rig_presets
from .map_links import MappingOperator


class THUNDER_OT_map_preset(MappingOperator, bpy.types.Operator):
    """Give the character this preset's mapping"""

    bl_idname = "thunder.map_preset"
    bl_label = "Use Mapping Preset"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.StringProperty(name="Preset", description="Name of the preset")

    def perform(self, context: bpy.types.Context) -> str:
        return rig_presets.load(request.required_rig(context), self.preset)


class THUNDER_OT_map_save(MappingOperator, bpy.types.Operator):
    """Keep this mapping as a preset, for characters that are built the same way"""

    bl_idname = "thunder.map_save"
    bl_label = "Save Mapping Preset"
    bl_options = {"REGISTER"}

    preset: bpy.props.StringProperty(name="Name", description="Name of the preset")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> str:
        return f"Saved the preset {rig_presets.save(request.required_rig(context), self.preset)}"


class THUNDER_OT_map_import(MappingOperator, ImportHelper, bpy.types.Operator):
    """Give the character the mapping in a JSON file"""

    bl_idname = "thunder.map_import"
    bl_label = "Import Mapping"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def perform(self, context: bpy.types.Context) -> str:
        return rig_presets.load_file(request.required_rig(context), Path(self.properties.filepath))


class THUNDER_OT_map_export(MappingOperator, ExportHelper, bpy.types.Operator):
    """Write the character's mapping to a JSON file"""

    bl_idname = "thunder.map_export"
    bl_label = "Export Mapping"
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def perform(self, context: bpy.types.Context) -> str:
        rig_presets.save_file(request.required_rig(context), Path(self.properties.filepath))
        return f"Wrote {Path(self.properties.filepath).name}"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_map_preset, THUNDER_OT_map_save, THUNDER_OT_map_import, THUNDER_OT_map_export)
)
