# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair: a span of the take that plays says its words better, or stays as it is."""

from __future__ import annotations

import bpy

from ..thunder_blender import repair
from ..thunder_blender.steps import GO_ON, Steps
from .asking import Asked, AskingOperator


class THUNDER_OT_repair(AskingOperator, bpy.types.Operator):
    """Mend the mouth over the selected keys, or over the weak span at the current frame"""

    bl_idname = "thunder.repair"
    bl_label = "Repair"
    bl_options = {"UNDO"}

    take: bpy.props.StringProperty(
        name="Take",
        description="Name of the take's Action; when empty, the one that plays",
        options={"SKIP_SAVE"},
    )
    start: bpy.props.FloatProperty(
        name="Start",
        description="First scene frame to repair; when Start and End are equal, the selected keys "
        "or the weak span at the current frame",
        options={"SKIP_SAVE"},
    )
    end: bpy.props.FloatProperty(
        name="End", description="Last scene frame to repair", options={"SKIP_SAVE"}
    )

    my_keys: bpy.props.BoolProperty(
        name="Change My Keys",
        description="Also change keys of the take that you set by hand; selected keys may change "
        "anyway",
        default=False,
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return repair.disabled_reason(context)

    def ask(self, context: bpy.types.Context) -> Steps[Asked]:
        yield GO_ON
        given = self.start != self.end
        start, end = (self.start, self.end) if given else (None, None)
        choice = repair.Choice(self.take, start, end, self.my_keys)
        return repair.repairing(context, choice)


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_repair,))
