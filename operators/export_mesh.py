# SPDX-License-Identifier: GPL-3.0-or-later
"""Export Performance Mesh: a take, or what the rig shows, as Alembic, USD or glTF."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import export_mesh, export_motion, request, takes
from ..thunder_blender.export_mesh import ENDINGS, MeshExport
from .base import Result
from .take_base import TakeOperator

KINDS = (
    ("ALEMBIC", "Alembic (.abc)", "Mesh cache: the vertices of every frame"),
    ("USD", "USD (.usdc)", "Mesh cache: the vertices of every frame"),
    ("GLTF", "glTF (.glb)", "Mesh with shape keys, bones and their animation"),
)
SOURCES = (
    ("TAKE", "Take", "The take selected in the list, alone, on the frames of its own keys"),
    ("RIG", "Rig", "What the rig shows over the scene's range, hand edits and layers included"),
)


class THUNDER_OT_export_mesh(TakeOperator, bpy.types.Operator):
    """Export the performing mesh as a mesh cache (Alembic, USD) or with shape keys (glTF), \
at the scene's rate"""

    bl_idname = "thunder.export_mesh"
    bl_label = "Export Performance Mesh"
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
    filter_glob: bpy.props.StringProperty(
        default="*.abc;*.usd;*.usda;*.usdc;*.glb", options={"HIDDEN"}
    )
    format: bpy.props.EnumProperty(name="Format", description="Kind of file", items=KINDS)
    source: bpy.props.EnumProperty(name="Export", description="What is exported", items=SOURCES)
    overwrite: bpy.props.BoolProperty(
        name="Overwrite",
        description="Replace a file that is there already",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    asked: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})  # by the file browser

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.rig_reason(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if not self.filepath:
            rig = request.required_rig(context)
            take = rig.mesh.thunder.take or takes.active_take(rig)
            if take is None:
                self.source = "RIG"
            name = take.name if take else rig.mesh.name
            self.filepath = export_motion.file_name(name, ENDINGS[self.format][0])
        self.asked = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """The file browser asks after each change: the name's ending follows the format."""
        path, wanted = Path(self.filepath), ENDINGS[self.format]
        if path.suffix in wanted or not path.name:
            return False
        known = {ending for endings in ENDINGS.values() for ending in endings}
        stem = path.with_suffix("") if path.suffix in known else path
        self.filepath = str(stem.with_name(stem.name + wanted[0]))
        return True

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(self, "format")
        layout.prop(self, "source")

    def perform(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        wanted = MeshExport(path, self.format, self.overwrite or self.asked)
        if self.source == "RIG":
            return export_mesh.export_rig(context, request.required_rig(context), wanted)
        rig, action = self.found(context)
        return export_mesh.export_take(context, rig, action, wanted)


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_export_mesh,))
