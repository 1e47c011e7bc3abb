# SPDX-License-Identifier: GPL-3.0-or-later
"""Export Facial Motion: takes, or what the rig shows, as files of other tools."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..thunder_blender import export_motion, request, takes
from ..thunder_blender.export_motion import FORMATS, MotionExport
from ..thunder_blender.rig import Rig, RigError
from ..thunder_blender.steps import Steps, finish
from .base import Result
from .building import BuildingOperator
from .exporting import RIG, ExportOperator

KINDS = (
    ("LIVE_LINK", "Live Link Face (.csv)", "61 curves in the app's column order, with timecode"),
    ("ARKIT_CSV", "ARKit (.csv)", "The 52 units by their own names, with time in seconds"),
    ("AUDIO2FACE", "Audio2Face (.json)", "facsNames and weightMat"),
    ("FLAME_NPZ", "FLAME (.npz)", "exp, pose and shape, as DiffPoseTalk writes them"),
    ("TAKE_NPZ", "THUNDER Take (.npz)", "All channels and what made them"),
)
SOURCES = (
    ("TAKE", "Take", "The take selected in the list, as it is in its Action"),
    ("CHOSEN", "Chosen Takes", "Each take that plays on the character, a file each"),
    RIG,
)
RATES = (
    ("OWN", "Take's or Scene's", "A take at its own rate, the rig at the scene's"),
    ("60", "60", "60 frames a second"),
    ("50", "50", "50 frames a second"),
    ("30", "30", "30 frames a second"),
    ("25", "25", "25 frames a second"),
    ("24", "24", "24 frames a second"),
)


class MotionFileOptions(ExportOperator):
    """What both operators ask for."""

    ENDINGS = {name: (kind.ending,) for name, kind in FORMATS.items()}
    filter_glob: bpy.props.StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"})
    format: bpy.props.EnumProperty(name="Format", description="Kind of file", items=KINDS)
    source: bpy.props.EnumProperty(name="Export", description="What is exported", items=SOURCES)
    rate: bpy.props.EnumProperty(name="Rate", description="Frames a second", items=RATES)
    overwrite: bpy.props.BoolProperty(
        name="Overwrite", description="Replace files that are there already", options={"SKIP_SAVE"}
    )

    def wanted(self) -> MotionExport:
        rate = None if self.rate == "OWN" else float(self.rate)
        confirmed = self.asked and self.source != "CHOSEN"  # whose names it has not shown
        path = Path(bpy.path.abspath(self.filepath))
        return MotionExport(path, self.format, rate, self.overwrite or confirmed)

    def shown(self, context: bpy.types.Context) -> Steps[str]:
        """Write what the rig shows over the scene's range; the sentence to report."""
        rig, scene = request.required_rig(context), context.scene
        frames = range(scene.frame_start, scene.frame_end + 1)
        return export_motion.export_rig(rig, scene, frames, self.wanted())


class THUNDER_OT_export_motion(MotionFileOptions, bpy.types.Operator):
    """Export a take, or what the rig really shows, as ARKit, Live Link Face, Audio2Face or FLAME"""

    bl_idname = "thunder.export_motion"
    bl_label = "Export Facial Motion"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        layout.prop(self, "format")
        layout.prop(self, "source")
        layout.prop(self, "rate")
        if self.source == "CHOSEN":  # whose names the browser does not show
            layout.prop(self, "overwrite")

    def execute(self, context: bpy.types.Context) -> Result:
        if self.asked and self.source == "RIG" and context.window is not None:
            options = self.as_keywords(ignore=("filter_glob",))
            bpy.ops.thunder.export_shown("INVOKE_DEFAULT", **options)
            return {"FINISHED"}
        return super().execute(context)

    def perform(self, context: bpy.types.Context) -> str:
        if self.source == "RIG":
            return finish(self.shown(context))
        rig = request.required_rig(context)
        actions = [self.found(context)[1]] if self.source == "TAKE" else chosen(rig)
        return export_motion.export_takes(rig, actions, context.scene, self.wanted())


class THUNDER_OT_export_shown(BuildingOperator, MotionFileOptions, bpy.types.Operator):
    """Go through the scene's frames and write what the rig shows on them"""

    bl_idname = "thunder.export_shown"
    bl_label = "Export Facial Motion"
    bl_options = {"INTERNAL"}

    def build(self, context: bpy.types.Context) -> Steps[str]:
        return self.shown(context)


def chosen(rig: Rig) -> list[bpy.types.Action]:
    """The takes that play on the rig, each once. Raises RigError for none."""
    found = list(dict.fromkeys(strip.action for _, strip in takes.take_strips(rig)))
    if not found:
        raise RigError(f"No take plays on '{rig.mesh.name}'. Switch to one first.")
    return found


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_export_motion, THUNDER_OT_export_shown)
)
