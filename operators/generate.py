# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate: a line becomes a take on a character."""

from __future__ import annotations

from typing import Any

import bpy

from ..model_runtime.contract import (
    ARTICULATION_RANGE,
    AUTO,
    INTENSITY_RANGE,
    SEED_RANGE,
    SMOOTHING_RANGE,
)
from ..thunder_blender import request
from ..thunder_blender.properties import EMOTION_ITEMS
from .generating import GeneratingOperator

UNLESS = "; unless given, the character's own"
SETTINGS = ("seed", "intensity", "emotion", "articulation", "smoothing")


class THUNDER_OT_generate(GeneratingOperator, bpy.types.Operator):
    """Perform the line with these settings, as a new take beside your own animation"""

    bl_idname = "thunder.generate"
    bl_label = "Generate"
    bl_options = {"UNDO"}  # not REGISTER: adjusting it afterwards would generate at each change

    name: bpy.props.StringProperty(
        name="Name",
        description="Name of the take; unless given, made of line and seed",
        options={"SKIP_SAVE"},
    )
    seed: bpy.props.IntProperty(
        name="Seed",
        description=f"Which of the many possible performances{UNLESS}",
        min=SEED_RANGE[0],
        max=SEED_RANGE[1],
        options={"SKIP_SAVE"},
    )
    intensity: bpy.props.FloatProperty(
        name="Intensity",
        description=f"How strong the expression is{UNLESS}",
        min=INTENSITY_RANGE[0],
        max=INTENSITY_RANGE[1],
        default=1.0,
        options={"SKIP_SAVE"},
    )
    emotion: bpy.props.EnumProperty(
        name="Emotion",
        description=f"How the line is felt{UNLESS}",
        items=EMOTION_ITEMS,
        default=AUTO,
        options={"SKIP_SAVE"},
    )
    articulation: bpy.props.FloatProperty(
        name="Articulation",
        description=f"How far the mouth goes between its closures{UNLESS}",
        min=ARTICULATION_RANGE[0],
        max=ARTICULATION_RANGE[1],
        default=1.0,
        options={"SKIP_SAVE"},
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description=f"How much small movements are calmed{UNLESS}",
        min=SMOOTHING_RANGE[0],
        max=SMOOTHING_RANGE[1],
        default=0.0,
        options={"SKIP_SAVE"},
    )

    def orders(self, context: bpy.types.Context) -> list[request.Order]:
        given = {name: self._value(name) for name in SETTINGS if self._is_given(name)}
        choice = request.Choice(self.strip, self.rig, self.name, given)
        return [request.order_from_context(context, choice)]

    def _is_given(self, name: str) -> bool:
        return self.properties.is_property_set(name)

    def _value(self, name: str) -> Any:
        value = getattr(self, name)
        return round(value, 6) if isinstance(value, float) else value


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_generate,))
