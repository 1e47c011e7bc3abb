# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides how a mouth looks beside its keyframes: sculpted shapes, what deforms it, and bones
with their constraints.

Whatever is animated is left to `meter_curves`; only what stands still counts here, so that no
value that a frame changes makes a measurement stale. The shapes are read anew only after Blender
has said that some geometry changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from . import compat, head, nla, rig_neck
from .meter_copy import animated_keys
from .rig import NECK_BONE, Rig

Told = tuple[Any, ...]

REGION = "mouth_region"
DIGITS = 4  # of values that stand still
PLAIN = {"BOOLEAN", "INT", "FLOAT", "ENUM", "STRING"}  # kinds of properties that are compared
UNTOLD = {  # properties that move nothing
    "name", "show_expanded", "active", "is_active", "show_in_editmode", "show_on_cage",
    "show_render", "use_pin_to_last", "is_valid", "is_override_data",
}  # fmt: skip

_shapes: dict[str, int] = {}  # by name of the mesh object
_groups: dict[str, frozenset[str]] = {}  # likewise: the vertex groups that move the mouth


def forget() -> None:
    """Some geometry has changed."""
    _shapes.clear()
    _groups.clear()


def state(rig: Rig) -> Told:
    """Another value where the mouth would look different under the same keyframes."""
    keys = rig.keys
    return (
        ("shapes", shape_hash(rig.mesh)),
        ("still keys", *_still_keys(keys)),
        *(("deformer", *_deformer(modifier, rig.mesh)) for modifier in rig.mesh.modifiers),
        *(("bone", *told) for told in _bones(rig)),
    )


def shape_hash(mesh: bpy.types.Object) -> int:
    """Of all that the mesh's shape keys hold."""
    if mesh.name not in _shapes:
        found = 0
        for key in mesh.data.shape_keys.key_blocks if mesh.data.shape_keys else ():
            flat = np.empty(3 * len(key.points), np.float32)
            key.points.foreach_get("co", flat)
            found = zlib.crc32(flat.tobytes(), zlib.crc32(key.vertex_group.encode(), found))
        _shapes[mesh.name] = found
    return _shapes[mesh.name]


def _still_keys(keys: bpy.types.Key) -> Iterator[tuple[str, float]]:
    """Values of the shape keys that nothing animates."""
    moving = animated_keys(keys)
    for key in keys.key_blocks:
        if key.name not in moving:
            yield key.name, round(key.value, DIGITS)


def _deformer(modifier: bpy.types.Modifier, mesh: bpy.types.Object) -> Told:
    """A modifier's own values and, beside the armature, the object that it follows."""
    told: Told = (modifier.type, *_plain(modifier, _paths(mesh), "modifiers"))
    target = getattr(modifier, "object", None)
    if target is None or modifier.type == "ARMATURE":
        return told
    moving = _paths(target)
    if not any(path.startswith(("location", "rotation", "scale")) for path in moving):
        told += (*_rounded(target.matrix_basis),)
    told += tuple(_constraints(target.constraints, moving, ""))
    return (*told, _data_hash(target.data))


def _data_hash(data: Any) -> int:
    """Of the points of a lattice, with its shape keys, or of a mesh; 0 for others."""
    if isinstance(data, bpy.types.Lattice):
        points = [data.points] if not data.shape_keys else []
        found = [_co(each, "co_deform") for each in points]
        found += [_co(key.data, "co") for key in (data.shape_keys.key_blocks if not points else ())]
        return zlib.crc32(b"".join(found))
    return zlib.crc32(_co(data.vertices, "co")) if isinstance(data, bpy.types.Mesh) else 0


def _co(points: Any, name: str) -> bytes:
    flat = np.empty(3 * len(points), np.float32)
    points.foreach_get(name, flat)
    return flat.tobytes()


def _bones(rig: Rig) -> Iterator[Told]:
    """The pose and the constraints of the bones that move the mouth, as far as they stand still."""
    if rig.armature is None:
        return
    moving, wanted = _paths(rig.armature), _mouth_groups(rig)
    for bone in rig.armature.pose.bones:
        if bone.name not in wanted:
            continue
        start = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].'
        own = {path.removeprefix(start) for path in moving if path.startswith(start)}
        if not any(path.startswith(("location", "rotation", "scale")) for path in own):
            yield bone.name, *_rounded(bone.matrix_basis)
        yield from ((bone.name, *told) for told in _constraints(bone.constraints, own, ""))


def _mouth_groups(rig: Rig) -> frozenset[str]:
    """The bones with weight where the mouth is, but for those that turn the whole head."""
    mesh = rig.mesh
    if mesh.name not in _groups:
        vertices: Iterable[Any] = mesh.data.vertices
        if len(mesh.data.vertices) == len(head.bundled_face().template):
            vertices = [mesh.data.vertices[n] for n in head.bundled_face().vertex_sets[REGION]]
        used = {group.group for vertex in vertices for group in vertex.groups if group.weight > 0.0}
        _groups[mesh.name] = frozenset(g.name for g in mesh.vertex_groups if g.index in used)
    return _groups[mesh.name] - _of_the_head(rig)


def _of_the_head(rig: Rig) -> set[str]:
    bone = rig.neck or rig_neck.neck_bone(rig)
    return {NECK_BONE} | ({bone.name, *(b.name for b in bone.parent_recursive)} if bone else set())


def _constraints(found: Any, moving: set[str], start: str) -> Iterator[Told]:
    for constraint in found:
        name = bpy.utils.escape_identifier(constraint.name)
        own = f'{start}constraints["{name}"]'
        target = getattr(constraint, "target", None)
        told = _plain(constraint, moving, own)
        yield constraint.type, target.name if target else "", *told


def _plain(owner: Any, moving: set[str], path: str) -> Told:
    """The numbers and names of a modifier or constraint; none where some of it is animated."""
    if any(each.startswith(path) for each in moving):
        return ()
    found = []
    for prop in owner.bl_rna.properties:
        if prop.type not in PLAIN or prop.is_readonly or prop.identifier in UNTOLD:
            continue
        if getattr(prop, "is_array", False):
            continue
        value = getattr(owner, prop.identifier)
        found.append(round(value, DIGITS) if isinstance(value, float) else value)
    return tuple(str(value) for value in found)


def _rounded(matrix: Any) -> list[float]:
    return [round(value, DIGITS) + 0.0 for row in matrix for value in row]


def _paths(block: bpy.types.ID) -> set[str]:
    """Data paths that an Action, an NLA strip or a driver moves on a data-block."""
    data = block.animation_data
    if data is None:
        return set()
    parts = [compat.strip_part(strip) for _, strip in nla.strips(block, lambda a: a is not None)]
    parts += [part] if (part := compat.assigned_part(block)) else []
    curves = [*data.drivers, *(curve for part in parts for curve in compat.fcurves(part))]
    return {curve.data_path for curve in curves}
