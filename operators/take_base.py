# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators on takes share: which rig, and which of its takes."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, takes
from ..thunder_blender.rig import Rig, RigError
from .base import ThunderOperator


class TakeOperator(ThunderOperator):
    """Mixin for operators on one take of the current rig."""

    take: bpy.props.StringProperty(
        name="Take",
        description="Name of the take's Action; when empty, the one selected in the list",
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        if reason := request.rig_reason(context):
            return reason
        rig = request.required_rig(context)
        if takes.list_takes(rig):
            return ""
        return f"{rig.mesh.name} has no takes yet; use Generate or Load Take"

    def found(self, context: bpy.types.Context) -> tuple[Rig, bpy.types.Action]:
        """The rig and the take to work on. Raises RigError with the user's sentence."""
        rig = request.required_rig(context)
        name = self.take or _selected(rig)
        action = next((item for item in takes.list_takes(rig) if item.name == name), None)
        if action is None:
            raise RigError(f"{rig.mesh.name} has no take '{name}'. Choose one from the list.")
        return rig, action


def _selected(rig: Rig) -> str:
    selected = rig.mesh.thunder.take or takes.active_take(rig)
    return selected.name if selected else ""
