# SPDX-License-Identifier: GPL-3.0-or-later
"""Use This Character: any head of the artist's becomes a rig, mapped by what is found on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy

from . import rig, rig_controls, rig_flame, rig_mapping, rig_names, rig_neck, rig_store
from .rig import Rig, RigError
from .rig_mapping import Link, Mapping, Target
from .rig_names import Match, Recognition

KINDS = {
    "arkit": "ARKit units",
    "visemes": "visemes",
    "mixed": "units and visemes",
    "flame": "FLAME expressions",
    "smplx": "SMPL-X expressions",
}


@dataclass(frozen=True)
class Found:
    """What was made of a character."""

    rig: Rig
    recognition: Recognition
    mapping: Mapping

    def sentence(self) -> str:
        """What the artist is told."""
        count = len(self.mapping.targets())
        what = KINDS.get(self.recognition.kind, "nothing that is known")
        others = len(self.rig.meshes) - 1
        beside = f" and {others} more mesh{'es' if others > 1 else ''}" if others else ""
        if not count:
            return (
                f"{self.rig.mesh.name}{beside} performs, but nothing of it was recognised: open "
                "Mapping and teach it poses, or load a preset"
            )
        return f"{self.rig.mesh.name}{beside} performs: {what}, {count} targets mapped"


def use_character(chosen: Sequence[bpy.types.Object]) -> Found:
    """Make one character of the chosen meshes, or of the meshes of a chosen armature.

    Raises RigError where there is no mesh, or where it is a head of ours already.
    """
    meshes = character_meshes(chosen)
    if not meshes:
        raise RigError("Select the character's face mesh, or its armature, and use it again.")
    for mesh in meshes:
        if rig.MARK in mesh and not rig_store.is_mapped(Rig(mesh)):
            raise RigError(f"'{mesh.name}' is a head of THUNDER already and needs no mapping.")
    main = _main_mesh(meshes)
    _free(meshes, main)
    if main.data.shape_keys is None:
        main.shape_key_add(name="Basis", from_mix=False)
    main[rig.MARK] = main.get(rig.MARK) or uuid.uuid4().hex
    for mesh in meshes:
        if mesh != main and mesh.data.shape_keys:
            rig.add_member(main, "KEY", mesh)
    found = Rig(main, main.find_armature())
    return remap(found)


def remap(found: Rig) -> Found:
    """Recognise the character anew and keep the mapping on it."""
    recognition = recognise(found)
    if recognition.kind in rig_flame.MADE:
        rig_flame.widen(found)
    mapping = automatic(found, recognition)
    known = {rig_mapping.KEYS, rig_mapping.ARMATURE}
    for owner in {link.target.on for link in mapping.links} - known:
        rig.add_member(found.mesh, "OBJECT", bpy.data.objects[owner])
    rig_store.store(found, mapping)
    if recognition.kind in rig_flame.MADE:
        rig_flame.solve(found)
    else:
        mapping = rig_controls.with_jaw_bone(found, mapping)
    rig_store.store(found, mapping)
    if mapping.targets() and recognition.kind not in rig_flame.MADE:
        rig_store.lips(found, mapping)  # now, so that the first take does not wait for it
    return Found(found, recognition, mapping)


def stop_using(found: Rig) -> None:
    """The character is no rig any more; its takes stay in the file."""
    mesh = found.mesh
    rig_store.forget(mesh)
    rig.remove_members(mesh)
    del mesh[rig.MARK]


def character_meshes(chosen: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """The chosen meshes; those on the chosen armatures where no mesh is chosen."""
    chosen = list(chosen)
    meshes = [item for item in chosen if item.type == "MESH"]
    if meshes:
        return meshes
    scenes = {scene for item in chosen for scene in item.users_scene}
    return [
        item
        for scene in scenes
        for item in scene.objects
        if item.type == "MESH" and item.find_armature() in chosen and item.data.shape_keys
    ] or [
        item
        for scene in scenes
        for item in scene.objects
        if item.type == "MESH" and item.find_armature() in chosen
    ][:1]


def recognise(found: Rig) -> Recognition:
    """What the names of the character's shape keys mean, all its meshes together."""
    names = [key.name for mesh in found.meshes for key in mesh.data.shape_keys.key_blocks[1:]]
    return rig_names.recognise(names)


def automatic(found: Rig, recognition: Recognition) -> Mapping:
    """The mapping that follows from what was recognised."""
    units = {m.source for m in recognition.matches if not m.source.startswith(rig_names.VISEME)}
    whole_mouth = rig_names.covers_mouth(recognition.matches)
    spare = rig_names.spare(recognition.matches)
    links: list[Link] = []
    for match in recognition.matches:
        viseme = match.source.startswith(rig_names.VISEME)
        mouth = match.source in rig_names.MOUTH_UNITS
        mute = viseme if whole_mouth else (mouth and recognition.visemes != "" and bool(units))
        links += _links(found, match, mute or match.name in spare)
    if bone := rig_neck.neck_bone(found):
        path = f'pose.bones["{rig_mapping.escaped(bone.name)}"]'
        links.append(Link(rig_mapping.NECK_SOURCE, Target(path, 0, rig_mapping.ARMATURE)))
    return Mapping(recognition.kind, tuple(links), _ranges(found, links))


def _links(found: Rig, match: Match, mute: bool) -> list[Link]:
    """The links of one match: to the key, or to the control that drives it."""
    return [
        Link(
            match.source,
            way.target,
            match.gain * way.gain,
            mute=mute,
            confidence=match.confidence,
        )
        for way in rig_controls.ways_to(found, match.name)
    ]


def _ranges(found: Rig, links: Iterable[Link]) -> tuple[tuple[Target, float, float], ...]:
    ranges = {}
    for target in dict.fromkeys(link.target for link in links):
        if span := rig_controls.span_of(found, target):
            ranges[target] = span
    return tuple((target, *span) for target, span in ranges.items())


def _main_mesh(meshes: Sequence[bpy.types.Object]) -> bpy.types.Object:
    """The mesh with the most keys that mean something; the one with most vertices among equals."""

    def known(mesh: bpy.types.Object) -> tuple[int, int]:
        keys = mesh.data.shape_keys
        names = [key.name for key in keys.key_blocks[1:]] if keys else []
        return len(rig_names.recognise(names).matches), len(mesh.data.vertices)

    return max(meshes, key=known)


def _free(meshes: Sequence[bpy.types.Object], main: bpy.types.Object) -> None:
    """A mesh performs in one character only: it leaves those that it was in before."""
    for mesh in meshes:
        if rig.MARK in mesh:
            rig.remove_members(mesh)
            if mesh != main:
                rig_store.forget(mesh)
                del mesh[rig.MARK]
    for scene in main.users_scene:
        for other in scene.objects:
            if rig.MARK in other and other != main:
                rig.remove_members(other, meshes)
