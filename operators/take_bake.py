# SPDX-License-Identifier: GPL-3.0-or-later
"""Bake Take: one plain Action of what the takes show, for export."""

from __future__ import annotations

import bpy

from ..thunder_blender import bake
from ..thunder_blender.steps import Steps
from .building import BuildingOperator
from .take_base import TakeOperator


class THUNDER_OT_bake_take(BuildingOperator, TakeOperator, bpy.types.Operator):
    """Make a plain Action with a key a frame of what the takes show together, for export"""

    bl_idname = "thunder.bake_take"
    bl_label = "Bake to New Action"
    bl_options = {"REGISTER", "UNDO"}

    all_lines: bpy.props.BoolProperty(
        name="All Lines",
        description="Bake every line of the character, not only the one of this take",
        default=True,
    )

    def build(self, context: bpy.types.Context) -> Steps[str]:
        rig, action = self.found(context)
        baked = yield from bake.bake_steps(rig, action, context.scene, self.all_lines)
        first, last = baked.frame_range
        return f"Baked {baked.name}: frames {round(first)} to {round(last)}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_bake_take,))
