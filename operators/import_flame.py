# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME: the artist's own FLAME file becomes a rig at the 3D cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..thunder_blender import flame_import
from .base import Result, ThunderOperator, object_mode_reason, select_only


class THUNDER_OT_import_flame(ThunderOperator, bpy.types.Operator):
    """Build a rig from your own FLAME file, with its expressions, identity, jaw, neck and eyes"""

    bl_idname = "thunder.import_flame"
    bl_label = "Import FLAME"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="File", description="FLAME model (.pkl or .npz)", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.pkl;*.npz", options={"HIDDEN"})
    identity_file: bpy.props.StringProperty(
        name="Identity",
        description="Identity coefficients of a person (.npy or .npz); empty for the average head",
        subtype="FILE_PATH",
    )
    shape_keys: bpy.props.IntProperty(
        name="Identity Keys",
        description="How many identity coefficients stay sliders; the others go into the mesh",
        default=100,
        min=0,
        max=300,
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return object_mode_reason(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> str:
        wanted = flame_import.FlameImport(
            Path(bpy.path.abspath(self.filepath)),
            Path(bpy.path.abspath(self.identity_file)) if self.identity_file else None,
            self.shape_keys,
            tuple(context.scene.cursor.location),
        )
        imported = flame_import.import_flame(context.collection, wanted, flame_import.kept_folder())
        select_only(context, imported.rig.mesh)
        return imported.sentence()


def draw_entry(self: Any, _context: bpy.types.Context) -> None:
    """The entry in File > Import."""
    self.layout.operator(THUNDER_OT_import_flame.bl_idname, text="FLAME (.pkl, .npz)")


def register() -> None:
    bpy.utils.register_class(THUNDER_OT_import_flame)
    bpy.types.TOPBAR_MT_file_import.append(draw_entry)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(draw_entry)
    bpy.utils.unregister_class(THUNDER_OT_import_flame)
