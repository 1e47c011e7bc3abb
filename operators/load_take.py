# SPDX-License-Identifier: GPL-3.0-or-later
"""Load Take: a take file becomes an Action on the head."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import request, sound, take_file, takes
from .base import Result, ThunderOperator


class THUNDER_OT_load_take(ThunderOperator, bpy.types.Operator):
    """Load a take that the engine has written, as a new Action beside your own"""

    bl_idname = "thunder.load_take"
    bl_label = "Load Take"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="File", description="Take to load (.npz)", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})
    frame: bpy.props.IntProperty(
        name="Frame", description="Scene frame on which the line begins", default=1
    )
    play: bpy.props.BoolProperty(
        name="Switch to It", description="Let the new take animate the head", default=True
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.rig_reason(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        self.frame = context.scene.frame_current
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        path = Path(bpy.path.abspath(self.filepath))
        take = take_file.read_take(path)
        rate = sound.scene_rate(context.scene)
        action = takes.create_take(rig, path.stem, take, rate, self.frame)
        if self.play:
            takes.choose_take(rig, action)
        return f"Loaded {action.name}: {take.seconds:.1f} s from frame {self.frame} on"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_load_take,))
