# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a rig, and finding it from any of its objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ..model_runtime.contract import ThunderError

MARK = "thunder_rig"  # custom property of the mesh object: the rig's identifier
UPPER_LIP = "thunder_upper_lip"  # vertices down the middle of the upper lip
LOWER_LIP = "thunder_lower_lip"  # and up the middle of the lower one
NECK_BONE = "neck"


class RigError(ThunderError):
    """There is no rig, or it lacks what the work needs."""


@dataclass(frozen=True)
class Rig:
    """A head in the scene: the mesh with the unit shape keys, and its armature."""

    mesh: bpy.types.Object
    armature: bpy.types.Object | None = None

    @property
    def identifier(self) -> str:
        return str(self.mesh[MARK])

    @property
    def keys(self) -> bpy.types.Key:
        """The data-block whose Action animates the unit shape keys."""
        keys = self.mesh.data.shape_keys
        if keys is None:
            raise RigError(f"'{self.mesh.name}' has lost its shape keys. Create the head again.")
        return keys

    @property
    def neck(self) -> bpy.types.PoseBone | None:
        return self.armature.pose.bones.get(NECK_BONE) if self.armature else None


def find_rig(chosen: bpy.types.Object | None) -> Rig | None:
    """The rig that `chosen` belongs to: its mesh, its armature, or anything parented to those."""
    for candidate in _relatives(chosen):
        if candidate.type == "MESH" and MARK in candidate:
            return Rig(candidate, candidate.find_armature())
    return None


def find_scene_rig(scene: bpy.types.Scene, chosen: bpy.types.Object | None) -> Rig | None:
    """The rig of `chosen`, else the scene's rig where it has exactly one."""
    if found := find_rig(chosen):
        return found
    marked = [item for item in scene.objects if item.type == "MESH" and MARK in item]
    return Rig(marked[0], marked[0].find_armature()) if len(marked) == 1 else None


def _relatives(chosen: bpy.types.Object | None) -> Iterator[bpy.types.Object]:
    while chosen is not None:
        yield chosen
        yield from chosen.children
        chosen = chosen.parent
