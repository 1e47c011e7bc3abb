# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's armature and its skin weights.

Every bone points up with its z axis out of the face, so a bone's own axes are FLAME's and the
neck's rotation needs no conversion. The joints keep FLAME's parents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from .head_mesh import to_blender
from .steps import GO_ON, Steps

ROOT = "root"
LENGTHS = {"root": 0.06, "neck": 0.09, "jaw": 0.04, "left_eye": 0.025, "right_eye": 0.025}
DEFAULT_LENGTH = 0.05  # metres
LEAST_WEIGHT = 1e-4


Edit = Callable[[bpy.types.Object, Any], object]  # the armature, its bones in Edit Mode


def build_armature(
    name: str,
    face: FaceModel,
    heads: npt.NDArray[np.floating],
    collection: bpy.types.Collection,
    more: Edit = lambda armature, bones: None,
) -> bpy.types.Object:
    """An armature with a bone per joint of `face` at `heads` (J, 3), FLAME's axes.

    `more` adds to the bones while they can be edited: entering and leaving Edit Mode is what takes
    long.
    """
    data = bpy.data.armatures.new(name)
    data.display_type = "STICK"
    armature = bpy.data.objects.new(name, data)
    armature.show_in_front = True
    collection.objects.link(armature)
    with editing(armature) as bones:
        _add_bones(bones, face, to_blender(heads))
        more(armature, bones)
    for bone in armature.pose.bones:
        bone.rotation_mode = "XYZ"
    return armature


@contextmanager
def editing(armature: bpy.types.Object) -> Iterator[Any]:
    """The armature's bones in Edit Mode; afterwards the former object is active again."""
    view_layer = bpy.context.view_layer
    before = view_layer.objects.active
    view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield armature.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        view_layer.objects.active = before


def _add_bones(bones: Any, face: FaceModel, heads: npt.NDArray[np.float32]) -> None:
    for name, head in zip(face.joint_names, heads, strict=True):
        bone = bones.new(str(name))
        bone.head = head
        bone.tail = head + np.array((0, 0, LENGTHS.get(str(name), DEFAULT_LENGTH)))
        bone.roll = 0.0
    for name, parent in zip(face.joint_names, face.joint_parents, strict=True):
        if parent >= 0:
            bones[str(name)].parent = bones[str(face.joint_names[parent])]


def bind(body: bpy.types.Object, armature: bpy.types.Object, face: FaceModel) -> Steps[None]:
    """Skin weights as vertex groups, the armature as parent and modifier, smoother in renders."""
    for index, name in enumerate(face.joint_names):
        _fill_group(body.vertex_groups.new(name=str(name)), face.skin_weights[:, index])
        yield GO_ON
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
    starts = np.flatnonzero(np.diff(rounded[order], prepend=-1.0)).tolist()
    members = used[order].tolist()
    for start, end in pairwise([*starts, len(members)]):
        group.add(members[start:end], float(weights[members[start]]), "REPLACE")
