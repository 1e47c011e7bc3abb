# SPDX-License-Identifier: GPL-3.0-or-later
"""Star Take: mark the good ones."""

from __future__ import annotations

import bpy

from ..thunder_blender import take_edits, takes
from .take_base import TakeOperator


class THUNDER_OT_star_take(TakeOperator, bpy.types.Operator):
    """Mark this take as one of the good ones, or take the mark away"""

    bl_idname = "thunder.star_take"
    bl_label = "Star Take"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        rig, action = self.found(context)
        star = not takes.take_info(action, rig).star
        take_edits.set_star(action, star)
        return f"{action.name} has a star" if star else f"{action.name} has no star any more"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_star_take,))
