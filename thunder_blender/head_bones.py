# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's armature and its skin weights.

Every bone points up with its z axis out of the face, so a bone's own axes are FLAME's and the
neck's rotation needs no conversion. The joints keep FLAME's parents.
"""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from .head_mesh import to_blender

ROOT = "root"
LENGTHS = {"root": 0.06, "neck": 0.09, "jaw": 0.04, "left_eye": 0.025, "right_eye": 0.025}
DEFAULT_LENGTH = 0.05  # metres
LEAST_WEIGHT = 1e-4


def build_armature(
    name: str,
    face: FaceModel,
    vertices: npt.NDArray[np.floating],
    collection: bpy.types.Collection,
) -> bpy.types.Object:
    """An armature with a bone per joint of `face`, where the joints of `vertices` (V, 3) are."""
    data = bpy.data.armatures.new(name)
    data.display_type = "STICK"
    armature = bpy.data.objects.new(name, data)
    armature.show_in_front = True
    collection.objects.link(armature)
    heads = to_blender(face.joint_regressor @ vertices)
    _edit_bones(armature, face, heads)
    for bone in armature.pose.bones:
        bone.rotation_mode = "XYZ"
    return armature


def _edit_bones(
    armature: bpy.types.Object, face: FaceModel, heads: npt.NDArray[np.float32]
) -> None:
    view_layer = bpy.context.view_layer
    before = view_layer.objects.active
    view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    for name, head in zip(face.joint_names, heads, strict=True):
        bone = bones.new(str(name))
        bone.head = head
        bone.tail = head + np.array((0, 0, LENGTHS.get(str(name), DEFAULT_LENGTH)))
        bone.roll = 0.0
    for name, parent in zip(face.joint_names, face.joint_parents, strict=True):
        if parent >= 0:
            bones[str(name)].parent = bones[str(face.joint_names[parent])]
    bpy.ops.object.mode_set(mode="OBJECT")
    view_layer.objects.active = before


def bind(body: bpy.types.Object, armature: bpy.types.Object, face: FaceModel) -> None:
    """Skin weights as vertex groups, the armature as parent and modifier, smoother in renders."""
    for index, name in enumerate(face.joint_names):
        _fill_group(body.vertex_groups.new(name=str(name)), face.skin_weights[:, index])
    body.parent = armature
    modifier = body.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    smooth = body.modifiers.new("Subdivision", "SUBSURF")
    smooth.levels, smooth.render_levels = 0, 1


def _fill_group(group: bpy.types.VertexGroup, weights: npt.NDArray[np.floating]) -> None:
    """One call per distinct weight: most vertices of a head share the weight 1."""
    used = np.flatnonzero(weights > LEAST_WEIGHT)
    rounded = np.round(weights[used], 4)
    order = np.argsort(rounded, kind="stable")
    starts = np.flatnonzero(np.diff(rounded[order], prepend=-1.0))
    for members in np.split(used[order], starts[1:]):
        if len(members):
            group.add(members.tolist(), float(weights[members[0]]), "REPLACE")
