# SPDX-License-Identifier: GPL-3.0-or-later
"""Why Does It Not Move?: finds the cause and offers the fix."""

from __future__ import annotations

import textwrap
from typing import Any

import bpy

from ..thunder_blender import diagnose, request
from .base import Result, ThunderOperator

FINE = "Nothing holds the takes back: {} moves while its lines are heard"
WIDTH = 520  # pixels
CHARACTERS = 75  # in a row of that width


class THUNDER_OT_why_not_moving(ThunderOperator, bpy.types.Operator):
    """Find out why the face does not move, and offer what makes it move"""

    bl_idname = "thunder.why_not_moving"
    bl_label = "Why Does It Not Move?"
    bl_options = {"REGISTER", "UNDO"}

    fix: bpy.props.BoolProperty(
        name="Fix It",
        description="Remove every cause that is found and can be removed",
        default=False,
        options={"SKIP_SAVE"},
    )
    layout: Any

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return request.rig_reason(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Result:
        if bpy.app.background or self.fix:
            return self.execute(context)
        return context.window_manager.invoke_popup(self, width=WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        rig = request.required_rig(context)
        findings = diagnose.why_not_moving(rig, context)
        self.layout.label(text=self.bl_label)
        for index, finding in enumerate(findings):
            column = self.layout.column()
            for place, text in enumerate(textwrap.wrap(finding.sentence, CHARACTERS)):
                column.label(text=text, icon="BLANK1" if place else "ERROR")
            if finding.fix:
                button = column.operator("thunder.fix_movement", text=finding.fix, icon="CHECKMARK")
                button.cause = finding.sentence
            if index + 1 < len(findings):
                self.layout.separator()
        if not findings:
            self.layout.label(text=FINE.format(rig.mesh.name), icon="CHECKMARK")

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        findings = diagnose.why_not_moving(rig, context)
        if self.fix:
            for finding in findings:
                diagnose.apply_fix(finding)
        if not findings:
            return FINE.format(rig.mesh.name)
        return " ".join(_told(finding, self.fix) for finding in findings)


class THUNDER_OT_fix_movement(ThunderOperator, bpy.types.Operator):
    """Remove this cause, so that the face moves"""

    bl_idname = "thunder.fix_movement"
    bl_label = "Fix Movement"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    cause: bpy.props.StringProperty(name="Cause", description="Sentence that names the cause")

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        for finding in diagnose.why_not_moving(rig, context):
            if finding.sentence == self.cause and finding.fix:
                diagnose.apply_fix(finding)
                return f"Done: {finding.fix}"
        return "That cause is gone already"


def _told(finding: diagnose.Finding, fixed: bool) -> str:
    if not finding.fix:
        return finding.sentence
    return f"{finding.sentence} {'Done' if fixed else 'Fix'}: {finding.fix}."


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_why_not_moving, THUNDER_OT_fix_movement)
)
