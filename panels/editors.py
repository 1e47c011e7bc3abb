# SPDX-License-Identifier: GPL-3.0-or-later
"""The same panels in two editors: the 3D viewport's sidebar and the sequencer's.

A panel is written once, as a mixin with `bl_label`, `order` and `draw_body`; `in_both_editors`
makes the two classes that Blender registers.
"""

from __future__ import annotations

from typing import Any

import bpy

EDITORS = {"view3d": "VIEW_3D", "sequencer": "SEQUENCE_EDITOR"}
TAB = "THUNDER"


class ThunderPanel:
    """Mixin: a panel in our tab. Buttons drawn in `draw_body` know that a panel asks."""

    bl_region_type = "UI"
    bl_category = TAB
    layout: Any

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.context_pointer_set("thunder_panel", context.scene.thunder)
        self.draw_body(layout, context)

    def draw_body(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        raise NotImplementedError


def in_both_editors(mixin: type, parent: str = "") -> tuple[type, ...]:
    """One registrable panel class for each editor; `parent` is the name of the panel around it."""
    return tuple(_in_editor(mixin, name, space, parent) for name, space in EDITORS.items())


def _in_editor(mixin: type, editor: str, space: str, parent: str) -> type:
    name = f"THUNDER_PT_{mixin.__name__.lower()}_{editor}"
    fields = {"bl_idname": name, "bl_space_type": space, "__doc__": mixin.__doc__}
    if parent:
        fields["bl_parent_id"] = f"THUNDER_PT_{parent}_{editor}"
    return type(name, (mixin, bpy.types.Panel), fields)
