# SPDX-License-Identifier: GPL-3.0-or-later
"""What both exports share: the file browser, and a name whose ending follows the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, cast

import bpy

from ..thunder_blender import export_motion, request, takes
from .base import Result
from .take_base import TakeOperator

RIG = ("RIG", "Rig", "What the rig shows over the scene's range, hand edits and layers included")


class ExportOperator(TakeOperator):
    """Mixin for operators with a `format` and a `source` that write files."""

    ENDINGS: ClassVar[Mapping[str, tuple[str, ...]]]  # by format, the usual one first
    format: str
    source: str

    filepath: bpy.props.StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
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
            self.filepath = export_motion.file_name(name, self.ENDINGS[self.format][0])
        self.asked = True
        context.window_manager.fileselect_add(cast(bpy.types.Operator, self))
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """The file browser asks after each change: the name's ending follows the format."""
        path, wanted = Path(self.filepath), self.ENDINGS[self.format]
        if path.suffix in wanted or not path.name:
            return False
        known = {ending for endings in self.ENDINGS.values() for ending in endings}
        stem = path.with_suffix("") if path.suffix in known else path
        self.filepath = str(stem.with_name(stem.name + wanted[0]))
        return True
