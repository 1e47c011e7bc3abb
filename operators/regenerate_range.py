# SPDX-License-Identifier: GPL-3.0-or-later
"""Regenerate Range: some frames of the chosen take are performed anew, all else stays."""

from __future__ import annotations

import bpy

from ..model_runtime.contract import SEED_RANGE
from ..thunder_blender import apply_take, engine, jobs, range_task
from ..thunder_blender.range_task import Choice, Ranging
from ..thunder_blender.steps import GO_ON, Steps
from .asking import Asked, AskingOperator
from .base import Result


class THUNDER_OT_regenerate_range(AskingOperator, bpy.types.Operator):
    """Perform some frames of the chosen take anew and keep the rest, locked channels and your own
    keys: the preview range, else the selected keys, else the weak span at the current frame"""

    bl_idname = "thunder.regenerate_range"
    bl_label = "Regenerate Range"
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(
        name="Take",
        description="Name of the take's Action; when empty, the one that plays",
        options={"SKIP_SAVE"},
    )
    start: bpy.props.FloatProperty(
        name="Start",
        description="First scene frame; when Start and End are equal, the preview range, the "
        "selected keys or the weak span at the current frame",
        options={"SKIP_SAVE"},
    )
    end: bpy.props.FloatProperty(name="End", description="Last scene frame", options={"SKIP_SAVE"})
    seed: bpy.props.IntProperty(
        name="Seed",
        description="Which of the many possible performances; unless given, a new one",
        min=SEED_RANGE[0],
        max=SEED_RANGE[1],
        options={"SKIP_SAVE"},
    )
    in_place: bpy.props.BoolProperty(
        name="In Place",
        description="Change the take itself; otherwise the result is a new take beside it",
        default=False,
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return range_task.disabled_reason(context) or jobs.running_reason()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if not self.properties.is_property_set("seed"):
            self.seed = apply_take.roll_seed(set())  # so that the redo panel has the same one
        return super().invoke(context, event)

    def ask(self, context: bpy.types.Context) -> Steps[Asked]:
        yield GO_ON
        return self._ranging(context)

    def perform(self, context: bpy.types.Context) -> str:
        ranging = self._ranging(context)
        current = engine.get_engine()
        return ranging.land(ranging.known or current.wait(current.submit(ranging.question)))

    def _ranging(self, context: bpy.types.Context) -> Ranging:
        frames = (self.start, self.end) if self.start != self.end else None
        seed = self.seed if self.properties.is_property_set("seed") else None
        return range_task.ranging(context, Choice(self.take, frames, seed, self.in_place))


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_regenerate_range,))
