# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist shows a mapping: a pose becomes links, or corrects the gains there are."""

from __future__ import annotations

import bpy

from ..thunder_blender import request, rig_poses
from .map_links import MappingOperator, _sources

SHOWN = [(name, name.title() if name.islower() else name, "") for name in rig_poses.SHOWN]


class THUNDER_OT_map_learn(MappingOperator, bpy.types.Operator):
    """The pose that the character shows now becomes what this source looks like at 1: every bone,
    shape key and control that is away from rest is linked. Then the pose is cleared"""

    bl_idname = "thunder.map_learn"
    bl_label = "Learn This Pose"
    bl_options = {"REGISTER", "UNDO"}

    source: bpy.props.StringProperty(
        name="Source",
        description="Unit or viseme that the pose shows, such as jawOpen or viseme:aa",
        default="jawOpen",
        search=_sources,
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        count = rig_poses.learn(rig, self.source)
        rig_poses.clear(rig)
        return f"{self.source} moves {count} targets of {rig.mesh.name}"


class THUNDER_OT_map_calibrate(MappingOperator, bpy.types.Operator):
    """Pose the character as this mouth shape first: the gains are fitted to it, so that the same
    shape in a take looks like your pose. Then the pose is cleared"""

    bl_idname = "thunder.map_calibrate"
    bl_label = "Calibrate With Pose"
    bl_options = {"REGISTER", "UNDO"}

    shape: bpy.props.EnumProperty(
        name="Mouth Shape", description="What the character shows now", items=SHOWN
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        count = rig_poses.calibrate(rig, self.shape)
        rig_poses.clear(rig)
        return f"{count} links of {rig.mesh.name} fit the pose '{self.shape}'"


class THUNDER_OT_map_rest(MappingOperator, bpy.types.Operator):
    """Put all mapped shape keys, controls and bones back to rest"""

    bl_idname = "thunder.map_rest"
    bl_label = "Clear Pose"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> str:
        rig = request.required_rig(context)
        rig_poses.clear(rig)
        return f"{rig.mesh.name} is at rest"


register, unregister = bpy.utils.register_classes_factory(
    (THUNDER_OT_map_learn, THUNDER_OT_map_calibrate, THUNDER_OT_map_rest)
)
