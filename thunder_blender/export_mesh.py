# SPDX-License-Identifier: GPL-3.0-or-later
"""A performance as Alembic, USD or glTF, through Blender's own exporters.

Alembic and USD are mesh caches: the vertices of every frame, at the scene's rate. glTF keeps the
shape keys and bones, with their animation. The exporter writes beside the wanted file, which it
takes the place of when it is whole.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import OutputError
from . import compat, export_motion, take_edits, take_marks, takes
from .rig import Rig, RigError

GLTF_ADDON = "io_scene_gltf2"
ENDINGS = {"ALEMBIC": (".abc",), "USD": (".usdc", ".usd", ".usda"), "GLTF": (".glb",)}
TITLES = {"ALEMBIC": "Alembic", "USD": "USD", "GLTF": "glTF"}


@dataclass(frozen=True)
class MeshExport:
    """What the artist asked for."""

    path: Path
    kind: str  # of ENDINGS
    overwrite: bool = False


def export_take(
    context: bpy.types.Context, rig: Rig, action: bpy.types.Action, wanted: MeshExport
) -> str:
    """Write one take alone, whatever plays, on the frames of its own keys."""
    first, last = takes.take_frames(action)
    check(context, rig, wanted)
    with alone(rig, action):
        _export(context, rig, wanted, first, last)
    return (
        f"Exported {action.name}, frames {first} to {last}, to {wanted.path}{beyond(rig, wanted)}"
    )


def export_rig(context: bpy.types.Context, rig: Rig, wanted: MeshExport) -> str:
    """Write what the rig shows over the scene's range, hand edits and layers included."""
    scene = context.scene
    first, last = scene.frame_start, scene.frame_end
    check(context, rig, wanted)
    _export(context, rig, wanted, first, last)
    return (
        f"Exported {rig.mesh.name}, frames {first} to {last}, to {wanted.path}{beyond(rig, wanted)}"
    )


def beyond(rig: Rig, wanted: MeshExport) -> str:
    """What to know of keys that leave 0 to 1, as FLAME's do, in a glTF; empty for nothing."""
    ranges = [(key.slider_min, key.slider_max) for mesh in rig.meshes for key in _keys(mesh)]
    if wanted.kind != "GLTF" or all(low >= 0.0 and high <= 1.0 for low, high in ranges):
        return ""
    return (
        ". Its keys go beyond 0 to 1: where a program shows another face, as Blender does after "
        "File > Import, widen their range there"
    )


def _keys(mesh: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    return list(mesh.data.shape_keys.key_blocks)[1:] if mesh.data.shape_keys else []


def check(context: bpy.types.Context, rig: Rig, wanted: MeshExport) -> None:
    """Raise RigError or OutputError with what is in the way, before anything is touched."""
    if wanted.path.suffix.lower() not in ENDINGS[wanted.kind]:
        raise OutputError(
            f"'{wanted.path.name}' is no name of a {TITLES[wanted.kind]} file. Let it end in "
            f"{' or '.join(ENDINGS[wanted.kind])}."
        )
    if wanted.kind == "GLTF" and GLTF_ADDON not in context.preferences.addons:
        raise RigError("Blender's glTF add-on is off. Enable 'glTF 2.0 format' in the preferences.")
    if context.mode != "OBJECT":
        raise RigError("Leave the current mode for Object Mode first.")
    if take_edits.editing_take(rig):
        raise RigError("A take is open for hand-keying. Use Finish Editing first.")
    if not rig.mesh.visible_get():
        raise RigError(f"'{rig.mesh.name}' is hidden. Show it before it is exported.")
    export_motion.check_targets([wanted.path], wanted.overwrite)


@contextlib.contextmanager
def alone(rig: Rig, action: bpy.types.Action) -> Iterator[None]:
    """Let nothing but this take animate the rig, and then all as before."""
    parts = dict(take_marks.parts(action, rig))
    before = []
    try:
        for block in rig.blocks:
            data = block.animation_data or block.animation_data_create()
            before.append((block, compat.assigned_part(block), data.use_nla))
            data.use_nla = False
            compat.assign_part(block, parts.get(block))
        yield
    finally:
        for block, part, use_nla in before:
            compat.assign_part(block, part)
            block.animation_data.use_nla = use_nla
        bpy.context.scene.frame_set(bpy.context.scene.frame_current)


def _export(
    context: bpy.types.Context, rig: Rig, wanted: MeshExport, first: int, last: int
) -> None:
    target = wanted.path.resolve()
    part = target.with_name(f".{secrets.token_hex(4)}.part{target.suffix}")
    try:
        with _range(context.scene, first, last), _only(context, _objects(rig, wanted.kind)):
            _EXPORTERS[wanted.kind](str(part), first, last)
        if not part.is_file():
            raise OutputError(f"Blender's {TITLES[wanted.kind]} exporter wrote nothing.")
        part.replace(target)
    except (RuntimeError, OSError) as error:
        raise OutputError(
            f"Blender's {TITLES[wanted.kind]} exporter failed: {str(error).strip()}"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _objects(rig: Rig, kind: str) -> list[bpy.types.Object]:
    """All meshes of the character that show; for glTF with their armature."""
    found = [mesh for mesh in rig.meshes if mesh.visible_get()]
    parents = [rig.armature, *found]
    found += [
        child
        for parent in filter(None, parents)
        for child in parent.children_recursive
        if child.type == "MESH" and child.visible_get()
    ]
    if kind == "GLTF" and rig.armature:
        found.append(rig.armature)
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def _range(scene: bpy.types.Scene, first: int, last: int) -> Iterator[None]:
    now = scene.frame_start, scene.frame_end, scene.use_preview_range
    frame = scene.frame_current, scene.frame_subframe
    try:
        scene.frame_start, scene.frame_end = first, last
        scene.use_preview_range = False
        yield
    finally:
        scene.frame_start, scene.frame_end, scene.use_preview_range = now
        scene.frame_set(frame[0], subframe=frame[1])


@contextlib.contextmanager
def _only(context: bpy.types.Context, objects: list[bpy.types.Object]) -> Iterator[None]:
    """Nothing but these selected, and then all as before; hidden armatures are shown meanwhile."""
    layer = context.view_layer
    before, active = list(context.selected_objects or ()), layer.objects.active
    hidden = [item for item in objects if item.hide_get() or item.hide_viewport]
    states = [(item, item.hide_get(), item.hide_viewport) for item in hidden]
    try:
        for item in hidden:
            item.hide_viewport = False
            item.hide_set(False)
        for item in before:
            item.select_set(False)
        for item in objects:
            item.select_set(True)
        layer.objects.active = objects[0]
        yield
    finally:
        for item in objects:
            item.select_set(False)
        for item, hide, viewport in states:
            item.hide_set(hide)
            item.hide_viewport = viewport
        for item in before:
            item.select_set(True)
        layer.objects.active = active


def _alembic(path: str, first: int, last: int) -> None:
    bpy.ops.wm.alembic_export(
        filepath=path,
        check_existing=False,
        as_background_job=False,
        start=first,
        end=last,
        selected=True,
        uvs=True,
        normals=True,
        export_hair=False,
        export_particles=False,
        export_custom_properties=False,
        evaluation_mode="RENDER",
    )


def _usd(path: str, first: int, last: int) -> None:
    exporter: Any = bpy.ops.wm.usd_export
    textures: dict[str, Any] = {"export_textures": False}
    if "export_textures_mode" in exporter.get_rna_type().properties:
        textures = {"export_textures_mode": "KEEP"}
    exporter(
        filepath=path,
        check_existing=False,
        selected_objects_only=True,
        export_animation=True,
        export_armatures=False,
        export_shapekeys=False,
        export_hair=False,
        export_custom_properties=False,
        evaluation_mode="RENDER",
        **textures,
    )


def _gltf(path: str, first: int, last: int) -> None:
    bpy.ops.export_scene.gltf(
        filepath=path,
        check_existing=False,
        export_format="GLB",
        use_selection=True,
        export_animations=True,
        export_animation_mode="SCENE",
        export_anim_scene_split_object=False,
        export_frame_range=True,
        export_force_sampling=True,
        export_optimize_animation_size=False,
        export_morph=True,
        export_morph_animation=True,
        export_skins=True,
        export_apply=False,
    )


_EXPORTERS: dict[str, Callable[[str, int, int], None]] = {
    "ALEMBIC": _alembic,
    "USD": _usd,
    "GLTF": _gltf,
}
