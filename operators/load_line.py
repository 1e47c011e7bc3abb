# SPDX-License-Identifier: GPL-3.0-or-later
"""Load Line: a sound file becomes a strip at the current frame, and the line to perform."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import load_line
from .base import Result, ThunderOperator

SOUNDS = "*.wav;*.flac;*.mp3;*.ogg;*.opus;*.m4a;*.aac;*.aif;*.aiff;*.mp4;*.mov;*.mkv;*.webm"


class THUNDER_OT_load_line(ThunderOperator, bpy.types.Operator):
    """Load a sound file as a strip on a free channel of the sequencer"""

    bl_idname = "thunder.load_line"
    bl_label = "Load Line"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="File",
        description="Sound, or video with sound, to load",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default=SOUNDS, options={"HIDDEN"})
    frame: bpy.props.IntProperty(
        name="Frame", description="Scene frame on which the sound begins", default=1
    )
    fit_range: bpy.props.BoolProperty(
        name="Fit Scene Range",
        description="Let the scene end no earlier than the line",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        self.frame = context.scene.frame_current
        if self.filepath:  # dropped onto the viewport
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> str:
        path = Path(bpy.path.abspath(self.filepath))
        strip = load_line.load_line(context, path, self.frame, self.fit_range)
        return f"The line is {strip.name}"


class THUNDER_FH_load_line(bpy.types.FileHandler):
    """A sound dropped onto the viewport is loaded as a line"""

    bl_idname = "THUNDER_FH_load_line"
    bl_label = "Load Line"
    bl_import_operator = "thunder.load_line"
    bl_file_extensions = SOUNDS.replace("*", "")

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return bool(context.area and context.area.type == "VIEW_3D")


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_load_line, THUNDER_FH_load_line)
)
