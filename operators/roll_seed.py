# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll Seed: another number for the next take."""

from __future__ import annotations

import bpy

from ..thunder_blender import apply_take, request
from .base import ThunderOperator


class THUNDER_OT_roll_seed(ThunderOperator, bpy.types.Operator):
    """Roll a seed that no take of this character has"""

    bl_idname = "thunder.roll_seed"
    bl_label = "Roll Seed"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        rig = request.current_rig(context)
        if rig and rig.mesh.thunder.lock_seed:
            return "The seed is locked; open the lock beside it"
        return request.rig_reason(context)

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        seed = apply_take.roll_seed(apply_take.used_seeds(rig))
        rig.mesh.thunder.seed = seed
        return f"Seed {seed}"


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_roll_seed,))
