# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the meter where the pointer is, in the editors that show it. Uses no event up."""

from __future__ import annotations

import bpy

from ..thunder_blender import meter_draw, meter_hover, meter_places
from .base import Result

AREAS = frozenset(meter_draw.SPACES)


class THUNDER_OT_meter_pointer(bpy.types.Operator):
    """Show the lip-sync meter's value under the pointer"""

    bl_idname = "thunder.meter_pointer"
    bl_label = "Lip-Sync Meter under the Pointer"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if meter_hover.inside():
            return True
        return context.area is not None and context.area.type in AREAS

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        region = context.region
        if region is None or region.type != "WINDOW" or context.area.type not in AREAS:
            self._leave()
        elif meter_places.places(context):
            meter_hover.moved(region, event.mouse_region_x, event.mouse_region_y)
            region.tag_redraw()
        return {"PASS_THROUGH"}

    def _leave(self) -> None:
        meter_hover.left()
        meter_draw.redraw()


register, unregister = bpy.utils.register_classes_factory((THUNDER_OT_meter_pointer,))
