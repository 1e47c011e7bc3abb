# SPDX-License-Identifier: GPL-3.0-or-later
"""Variants: several takes of a line at once, each with a seed of its own."""

from __future__ import annotations

import bpy

from ..thunder_blender import request
from ..thunder_blender.apply_take import variant_orders
from .generating import GeneratingOperator


class THUNDER_OT_variants(GeneratingOperator, bpy.types.Operator):
    """Perform the line several times with the same settings and different seeds"""

    bl_idname = "thunder.variants"
    bl_label = "Generate Variants"
    bl_options = {"UNDO"}

    count: bpy.props.IntProperty(
        name="Variants",
        description="How many takes to generate; unless given, the character's own number",
        min=1,
        max=64,
        default=4,
        options={"SKIP_SAVE"},
    )

    def orders(self, context: bpy.types.Context) -> list[request.Order]:
        order = request.order_from_context(context, request.Choice(self.strip, self.rig))
        given = self.properties.is_property_set("count")
        return variant_orders(order, self.count if given else None)


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_variants,))
