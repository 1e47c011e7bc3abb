# SPDX-License-Identifier: GPL-3.0-or-later
"""Import Facial Motion: a file of another tool becomes a take of the rig.

Scripts wait for it. At the window the file is read and fitted in a thread while this operator
looks on: the work goes on, Esc cancels, and the take comes in one step when all is ready.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import bpy

from ..model_runtime.contract import ThunderError
from ..thunder_blender import import_motion, import_task, request, sound
from .base import FileQuestion, Result, ThunderOperator, hand_is_busy, playing

FILES = "*.csv;*.json;*.npz;*.pkl;*.txt"
HEADS = (
    ("AS_RECORDED", "As Recorded", "The head turns as the file says"),
    ("RELATIVE", "Relative to Mean", "Take off the mean turn: cameras stand anywhere"),
    ("NONE", "None", "The head keeps still"),
)


class MotionOptions(ThunderOperator):
    """What both operators ask for."""

    filepath: bpy.props.StringProperty(
        name="File",
        description="Motion to import",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    frame: bpy.props.IntProperty(
        name="Frame", description="Scene frame on which the motion begins", default=1
    )
    fps: bpy.props.FloatProperty(
        name="Rate of File",
        description="Frames a second of the file; 0 for the rate that it tells",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    head: bpy.props.EnumProperty(
        name="Head", description="What becomes of the head's turn", items=HEADS
    )
    play: bpy.props.BoolProperty(
        name="Switch to It", description="Let the new take animate the character", default=True
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.performer_reason(context) or import_task.running_reason()


class THUNDER_OT_import_motion(MotionOptions, bpy.types.Operator):
    """Import facial motion of another tool as a take: ARKit or Live Link Face (.csv), \
Audio2Face or BEAT (.json), FLAME parameters, BEAT2 or THUNDER (.npz), EMOTE (.pkl), \
Face Cap (.txt)"""

    bl_idname = "thunder.import_motion"
    bl_label = "Import Facial Motion"
    bl_options = {"UNDO"}  # another try at its options would read the file anew

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if not self.filepath:
            bpy.ops.thunder.pick_motion("INVOKE_DEFAULT")
            return {"CANCELLED"}  # the picker calls this operator again, with a file
        if not self.properties.is_property_set("frame"):
            self.frame = context.scene.frame_current  # dropped onto the viewport
        if bpy.app.background or context.window is None:
            return self.execute(context)
        import_task.begin(context, self._wanted(), request.required_rig(context))
        context.window_manager.modal_handler_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        running = import_task.current()
        if running is None or (event.type == "ESC" and not playing(context)):
            import_task.end()
            self.report({"WARNING"}, "The import was cancelled")
            return {"CANCELLED", "PASS_THROUGH"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        import_task.tell()
        try:
            if hand_is_busy(context) or not running.ready():
                return {"PASS_THROUGH"}
            sentence = running.land(self.play)
        except ThunderError as error:
            import_task.end()
            return self.failed(error) | {"PASS_THROUGH"}
        import_task.end()
        self.report({"INFO"}, sentence)
        return {"FINISHED", "PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender closes the window or opens another file."""
        import_task.end()

    def perform(self, context: bpy.types.Context) -> str:
        rig, rate = request.required_rig(context), sound.scene_rate(context.scene)
        return import_motion.import_motion(rig, self._wanted(), rate, self.play)

    def _wanted(self) -> import_motion.MotionImport:
        path = Path(bpy.path.abspath(self.filepath))
        return import_motion.MotionImport(path, self.frame, self.fps or None, self.head)


class THUNDER_OT_pick_motion(MotionOptions, FileQuestion, bpy.types.Operator):
    """Choose a file of facial motion and import it"""

    bl_idname = "thunder.pick_motion"
    bl_label = "Import Facial Motion"
    bl_options = {"INTERNAL"}
    before = "import_motion"

    filter_glob: bpy.props.StringProperty(default=FILES, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        self.frame = context.scene.frame_current
        return FileQuestion.invoke(self, context, event)


class THUNDER_FH_import_motion(bpy.types.FileHandler):
    """Facial motion dropped onto the viewport is imported as a take"""

    bl_idname = "THUNDER_FH_import_motion"
    bl_label = "Import Facial Motion"
    bl_import_operator = "thunder.import_motion"
    bl_file_extensions = FILES.replace("*", "")

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return bool(context.area and context.area.type == "VIEW_3D")


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_import_motion, THUNDER_OT_pick_motion, THUNDER_FH_import_motion)
)
