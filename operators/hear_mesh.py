# SPDX-License-Identifier: GPL-3.0-or-later
"""Hear the Mesh: what the face says, as a sound strip."""

from __future__ import annotations

import bpy

from ..thunder_blender import heard_mesh
from ..thunder_blender.steps import Steps
from .asking import Asked, AskingOperator


class THUNDER_OT_hear_mesh(AskingOperator, bpy.types.Operator):
    """Make the sound of what the moving face says, on a muted strip beside its line"""

    bl_idname = "thunder.hear_mesh"
    bl_label = "Hear the Mesh"
    bl_options = {"UNDO"}

    take: bpy.props.StringProperty(
        name="Take",
        description="Name of a take's Action to listen to; when empty, the animation as it shows",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return heard_mesh.disabled_reason(context)

    def ask(self, context: bpy.types.Context) -> Steps[Asked]:
        return (yield from heard_mesh.hearing_steps(context, self.take))


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_hear_mesh,))
