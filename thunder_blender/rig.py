# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a rig, and finding it from any of its objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

import bpy

from ..model_runtime.contract import ThunderError

MARK = "thunder_rig"  # custom property of the mesh object: the rig's identifier
UPPER_LIP = "thunder_upper_lip"  # vertices down the middle of the upper lip
LOWER_LIP = "thunder_lower_lip"  # and up the middle of the lower one
NECK_BONE = "neck"
MEMBERS = {  # custom properties of the mesh object, with a number: what else of a character moves
    "thunder_keys_": "KEY",  # an object whose shape keys move
    "thunder_object_": "OBJECT",  # an object whose own properties or bones do
    "thunder_data_": "ARMATURE",  # an object on whose bones' data there are properties
}
FIRST_MEMBER = 2  # part 0 are the mesh's shape keys, part 1 is its armature


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
    def parts(self) -> dict[int, bpy.types.ID]:
        """Every data-block that a take animates, by a number that stays with it: 0 are the shape
        keys, 1 is the armature, from 2 on come the character's other meshes and controls."""
        found: dict[int, bpy.types.ID] = {0: self.keys}
        if self.armature:
            found[1] = self.armature
        for number, kind, owner in members(self.mesh):
            block = _block(kind, owner)
            if block is not None and block not in found.values():
                found[number] = block
        return found

    @property
    def blocks(self) -> list[bpy.types.ID]:
        """The data-blocks of `parts`."""
        return list(self.parts.values())

    @property
    def meshes(self) -> list[bpy.types.Object]:
        """The mesh itself and the character's other meshes with shape keys."""
        others = [owner for _, kind, owner in members(self.mesh) if kind == "KEY"]
        return [self.mesh, *others]

    @property
    def neck(self) -> bpy.types.PoseBone | None:
        return self.armature.pose.bones.get(NECK_BONE) if self.armature else None


def find_rig(chosen: bpy.types.Object | None) -> Rig | None:
    """The rig that `chosen` belongs to: its mesh, its armature, another mesh of the character, or
    anything parented to those."""
    if chosen is not None and MARK not in chosen and (mesh := _character_of(chosen)):
        return Rig(mesh, mesh.find_armature())
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


def members(mesh: bpy.types.Object) -> list[tuple[int, str, bpy.types.Object]]:
    """(number, kind, object) of what else of a character moves, see MEMBERS; by number.

    Objects that were deleted meanwhile are left out.
    """
    found = []
    for name in list(mesh.keys()):
        kind = next((kind for start, kind in MEMBERS.items() if name.startswith(start)), None)
        owner = mesh[name] if kind else None
        if isinstance(owner, bpy.types.Object) and owner.users_scene:
            found.append((int(name.rpartition("_")[2]), str(kind), owner))
    return sorted(found, key=lambda item: item[0])


def add_member(mesh: bpy.types.Object, kind: str, owner: bpy.types.Object) -> None:
    """Let `owner` move with the character of `mesh`; nothing where it does already."""
    if any(item[1:] == (kind, owner) for item in members(mesh)):
        return
    start = next(start for start, each in MEMBERS.items() if each == kind)
    used = {
        int(name.rpartition("_")[2])
        for name in list(mesh.keys())
        if name.startswith(tuple(MEMBERS))
    }
    mesh[f"{start}{next(n for n in count(FIRST_MEMBER) if n not in used)}"] = owner


def remove_members(
    mesh: bpy.types.Object, those: Collection[bpy.types.Object] | None = None
) -> None:
    """Leave nothing but the mesh and its armature; with `those` only they leave."""
    for name in [name for name in list(mesh.keys()) if name.startswith(tuple(MEMBERS))]:
        if those is None or mesh[name] in those:
            del mesh[name]


def _block(kind: str, owner: bpy.types.Object) -> bpy.types.ID | None:
    if kind == "KEY":
        return getattr(owner.data, "shape_keys", None)
    return owner if kind == "OBJECT" else owner.data


def _character_of(chosen: bpy.types.Object) -> bpy.types.Object | None:
    """The marked mesh whose character `chosen` is a part of."""
    for scene in chosen.users_scene:
        for mesh in scene.objects:
            marked = mesh.type == "MESH" and MARK in mesh
            if marked and any(owner == chosen for _, _, owner in members(mesh)):
                return mesh
    return None


def _relatives(chosen: bpy.types.Object | None) -> Iterator[bpy.types.Object]:
    while chosen is not None:
        yield chosen
        yield from chosen.children
        chosen = chosen.parent
