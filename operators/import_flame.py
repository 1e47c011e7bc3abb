# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME: the artist's own FLAME file becomes a rig at the 3D cursor.

Scripts wait for it. At the window the file is read and fitted in a thread while this operator
looks on: the work goes on, Esc cancels, and the rig is built in short steps when all is ready.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import flame_import, flame_task
from .base import (
    FileQuestion,
    Result,
    ThunderOperator,
    hand_is_busy,
    object_mode_reason,
    playing,
    select_only,
)


class FlameOptions(ThunderOperator):
    """What both operators ask for."""

    filepath: bpy.props.StringProperty(
        name="File",
        description="FLAME model (.pkl or .npz)",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
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
    masks_file: bpy.props.StringProperty(
        name="Masks",
        description="FLAME_masks.pkl: its sets of vertices become vertex groups; empty for none",
        subtype="FILE_PATH",
    )
    landmarks_file: bpy.props.StringProperty(
        name="Landmarks",
        description="Landmark embedding (.npy, .pkl or .npz) of 68 or 51 landmarks, which tells "
        "where this FLAME's mouth is; empty to find it by its shape",
        subtype="FILE_PATH",
    )
    residual_keys: bpy.props.BoolProperty(
        name="Residual Keys",
        description="Add shape keys for what FLAME's expressions cannot say of blinks, lip rolls "
        "and brows. Takes key them; other programs that read FLAME parameters do not know them",
        default=False,
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return object_mode_reason(context) or flame_task.running_reason()


class THUNDER_OT_import_flame(FlameOptions, bpy.types.Operator):
    """Build a rig from your own FLAME file, with its expressions, identity, jaw, neck and eyes"""

    bl_idname = "thunder.import_flame"
    bl_label = "Import FLAME"
    bl_options = {"UNDO"}  # another try at its options would read the file anew

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if not self.filepath:
            bpy.ops.thunder.pick_flame("INVOKE_DEFAULT")
            return {"CANCELLED"}  # the picker calls this operator again, with a file
        if bpy.app.background or context.window is None:
            return self.execute(context)
        flame_task.begin(context, self._wanted(context))
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        running = flame_task.current()
        if running is None:
            return self._ended("The import was cancelled")
        if event.type == "ESC" and event.value == "PRESS" and not playing(context):
            self._ended("The import was cancelled")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        progress = running.progress
        flame_task.show(f"{progress.stage} {running.name}: {progress.fraction:.0%}   Esc: Cancel")
        if not running.ready or hand_is_busy(context) or object_mode_reason(context):
            return {"PASS_THROUGH"}
        return self._build(context, running)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        flame_task.end()

    def perform(self, context: bpy.types.Context) -> str:
        prepared = flame_import.prepare(self._wanted(context), flame_import.kept_folder())
        return self._told(context, flame_import.build(context.collection, prepared))

    def _build(self, context: bpy.types.Context, running: flame_task.Preparing) -> Result:
        try:
            imported = flame_task.built(
                context.window,
                lambda: flame_import.build_steps(bpy.context.collection, running.result()),
            )
        except ThunderError as error:
            flame_task.end()
            return self.failed(error) | {"PASS_THROUGH"}
        if imported is None:
            return {"PASS_THROUGH"}
        flame_task.end()
        self.report({"WARNING" if imported.remarks else "INFO"}, self._told(context, imported))
        return {"FINISHED", "PASS_THROUGH"}

    def _told(self, context: bpy.types.Context, imported: flame_import.Imported) -> str:
        select_only(context, imported.rig.mesh)
        return imported.sentence()

    def _ended(self, sentence: str) -> Result:
        flame_task.end()
        self.report({"WARNING"}, sentence)
        return {"CANCELLED", "PASS_THROUGH"}

    def _wanted(self, context: bpy.types.Context) -> flame_import.FlameImport:
        return flame_import.FlameImport(
            Path(bpy.path.abspath(self.filepath)),
            _file(self.identity_file),
            self.shape_keys,
            self.residual_keys,
            tuple(context.scene.cursor.location),
            _file(self.masks_file),
            _file(self.landmarks_file),
        )


def _file(chosen: str) -> Path | None:
    return Path(bpy.path.abspath(chosen)) if chosen else None


class THUNDER_OT_pick_flame(FlameOptions, FileQuestion, bpy.types.Operator):
    """Choose a FLAME file and import it"""

    bl_idname = "thunder.pick_flame"
    bl_label = "Import FLAME"
    bl_options = {"INTERNAL"}
    before = "import_flame"

    filter_glob: bpy.props.StringProperty(default="*.pkl;*.npz", options={"HIDDEN"})


class THUNDER_OT_cancel_flame(ThunderOperator, bpy.types.Operator):
    """Stop importing; nothing of it stays"""

    bl_idname = "thunder.cancel_flame"
    bl_label = "Cancel Import"
    bl_options = {"INTERNAL"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return "" if flame_task.current() else "No FLAME is being imported"

    def perform(self, context: bpy.types.Context) -> str:
        flame_task.end()
        return "The import was cancelled"


def draw_entry(self: Any, _context: bpy.types.Context) -> None:
    """The entry in File > Import."""
    self.layout.operator(THUNDER_OT_import_flame.bl_idname, text="FLAME (.pkl, .npz)")


register_classes, unregister_classes = bpy.utils.register_classes_factory(
    (THUNDER_OT_import_flame, THUNDER_OT_pick_flame, THUNDER_OT_cancel_flame)
)


def register() -> None:
    register_classes()
    bpy.types.TOPBAR_MT_file_import.append(draw_entry)


def unregister() -> None:
    flame_task.end()
    bpy.types.TOPBAR_MT_file_import.remove(draw_entry)
    unregister_classes()
