# SPDX-License-Identifier: GPL-3.0-or-later
"""Export Performance Mesh: a take, or what the rig shows, as Alembic, USD or glTF."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import export_mesh, request
from ..thunder_blender.export_mesh import ENDINGS, MeshExport
from .exporting import RIG, ExportOperator

KINDS = (
    ("ALEMBIC", "Alembic (.abc)", "Mesh cache: the vertices of every frame"),
    ("USD", "USD (.usdc)", "Mesh cache: the vertices of every frame"),
    ("GLTF", "glTF (.glb)", "Mesh with shape keys, bones and their animation"),
)
SOURCES = (
    ("TAKE", "Take", "The take selected in the list, alone, on the frames of its own keys"),
    RIG,
)


class THUNDER_OT_export_mesh(ExportOperator, bpy.types.Operator):
    """Export the performing mesh as a mesh cache (Alembic, USD) or with shape keys (glTF), \
at the scene's rate"""

    bl_idname = "thunder.export_mesh"
    bl_label = "Export Performance Mesh"
    bl_options = {"REGISTER"}

    ENDINGS = ENDINGS
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
