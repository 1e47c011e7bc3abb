# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a mesh in a scene of its own, where frames are evaluated that the artist does not see.

That scene's dependency graph is not the active one, so nothing is written back to the artist's
data-blocks and no frame changes in his windows. Where all modifiers move each vertex by itself, the
copy has only the vertices that are asked for: an eighth of the time on the open head.

Blender names and frees data-blocks at undo and loading, so everything here is looked up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import bmesh
import bpy
import numpy as np

from ..model_runtime.contract import FloatArray
from . import compat
from .rig import RigError
from .steps import PAUSE, Steps

NAME = ".THUNDER Meter"  # the point hides it from Blender's lists
COPY = "thunder_meter_copy"  # custom property of everything made here
FRAME_HANDLERS = ("frame_change_pre", "frame_change_post")
BY_VERTEX = {"ARMATURE", "LATTICE", "CURVE", "SIMPLE_DEFORM", "WARP"}
SMOOTHING = {"SUBSURF", "MULTIRES"}  # the lips are measured on the cage
SHAPELESS = {"WEIGHTED_NORMAL", "NORMAL_EDIT", "UV_PROJECT", "UV_WARP", "TRIANGULATE"}


class LostError(Exception):
    """Undo or another file took the copy away."""


class MeshCopy:
    """Copies of one mesh, moving and at rest. Use `close`, whatever happens.

    vertices: indices (V,) into the mesh, rising.
    """

    def __init__(self, mesh: bpy.types.Object, vertices: np.ndarray[Any, Any]) -> None:
        self._vertices, self._count = vertices, len(mesh.data.vertices)
        scene = bpy.data.scenes.new(NAME)
        scene[COPY] = True
        self._scene = scene.name
        self._moving = self._copied(mesh)

    def reduce(self) -> Steps[None]:
        """Leave only the wanted vertices, where no modifier needs the others, in short steps."""
        if not _reducible(self.body):
            return
        wanted = np.zeros(self._count, bool)
        wanted[self._vertices] = True
        shape = bmesh.new()
        try:
            shape.from_mesh(_mesh(self.body))
            yield PAUSE
            others: list[Any] = [vertex for vertex in shape.verts if not wanted[vertex.index]]
            bmesh.ops.delete(shape, geom=others, context="VERTS")
            yield PAUSE
            shape.to_mesh(_mesh(self.body))
        finally:
            shape.free()
        self._vertices, self._count = np.arange(len(self._vertices)), len(self._vertices)

    def at_rest(self, zeroed: Callable[[str], bool]) -> FloatArray:
        """Points (V, 3) of the character's neutral: what is animated, and the shape keys that
        `zeroed` names, at 0; no bones; constant shapes stay."""
        moving = self._object(self._moving)
        rest = self._object(self._copied(moving))
        for modifier in [m for m in rest.modifiers if _moves(m)]:
            rest.modifiers.remove(modifier)
        _still(rest.data.shape_keys, zeroed)
        points = self.points(1.0, rest)
        self._discard(rest)
        return points

    def points(self, frame: float, body: bpy.types.Object | None = None) -> FloatArray:
        """Points (V, 3) on a scene frame, in the mesh's own space.

        Raises LostError, and RigError where modifiers leave fewer points than the mesh has.
        """
        body, scene = body or self._object(self._moving), self._get(bpy.data.scenes, self._scene)
        with without_handlers():
            scene.frame_set(int(np.floor(frame)), subframe=float(frame % 1.0))
        mesh = body.evaluated_get(self.graph).data
        if len(mesh.vertices) < self._count:
            raise RigError(
                f"A modifier of '{body.get(COPY)}' leaves fewer points than its mesh has, so the "
                "lips cannot be found. Switch that modifier off in the viewport and measure again."
            )
        found = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.attributes["position"].data.foreach_get("vector", found)
        return found.reshape(-1, 3)[self._vertices]

    @property
    def graph(self) -> bpy.types.Depsgraph:
        return self._get(bpy.data.scenes, self._scene).view_layers[0].depsgraph

    @property
    def body(self) -> bpy.types.Object:
        """The moving copy."""
        return self._object(self._moving)

    def close(self) -> None:
        sweep()

    def _copied(self, mesh: bpy.types.Object) -> str:
        body, data = mesh.copy(), mesh.data.copy()
        original = body.get(COPY, mesh.name)
        body.data = data
        for name in [name for name in list(body.keys()) if name.startswith("thunder_")]:
            del body[name]
        body[COPY], data[COPY] = original, True
        for modifier in [m for m in body.modifiers if m.type in SMOOTHING]:
            body.modifiers.remove(modifier)
        body.name = NAME
        self._get(bpy.data.scenes, self._scene).collection.objects.link(body)
        return str(body.name)

    def _object(self, name: str) -> bpy.types.Object:
        return self._get(bpy.data.objects, name)

    def _get(self, collection: Any, name: str) -> Any:
        found = collection.get(name)
        if found is None or COPY not in found:
            raise LostError
        return found

    def _discard(self, body: bpy.types.Object) -> None:
        bpy.data.meshes.remove(_mesh(body))  # and with it the object


def _mesh(body: bpy.types.Object) -> bpy.types.Mesh:
    mesh: Any = body.data
    return cast(bpy.types.Mesh, mesh)


def sweep() -> None:
    """Remove every copy, also one that undo or a file brought back."""
    collections: tuple[Any, ...] = (bpy.data.objects, bpy.data.meshes, bpy.data.scenes)
    for collection in collections:
        for item in [item for item in collection if COPY in item]:
            collection.remove(item)


@contextmanager
def without_handlers() -> Iterator[None]:
    """Nobody is told that our own scene changes its frame."""
    lists = [getattr(bpy.app.handlers, name) for name in FRAME_HANDLERS]
    kept = [list(each) for each in lists]
    for each in lists:
        each.clear()
    try:
        yield
    finally:
        for each, functions in zip(lists, kept, strict=True):
            each.extend(functions)


def _reducible(body: bpy.types.Object) -> bool:
    kinds = {modifier.type for modifier in body.modifiers if modifier.show_viewport}
    return kinds <= BY_VERTEX | SHAPELESS


def _moves(modifier: bpy.types.Modifier) -> bool:
    """Whether a modifier brings motion rather than a constant shape."""
    if modifier.type == "ARMATURE":
        return True
    target = getattr(modifier, "object", None) or getattr(modifier, "target", None)
    if target is None:
        return False
    shape_keys = getattr(target.data, "shape_keys", None)
    blocks = [target, target.data, shape_keys, target.parent]
    return any(is_animated(block) for block in blocks if block is not None)


def is_animated(block: bpy.types.ID) -> bool:
    data = getattr(block, "animation_data", None)
    return data is not None and bool(data.action or data.drivers or data.nla_tracks)


def _still(keys: bpy.types.Key | None, zeroed: Callable[[str], bool]) -> None:
    if keys is None:
        return
    moving = animated_keys(keys)
    if keys.animation_data:
        keys.animation_data_clear()
    for block in keys.key_blocks:
        if block.name in moving or zeroed(block.name):
            block.value = 0.0


def animated_keys(keys: bpy.types.Key) -> set[str]:
    """Names of the shape keys that an Action, an NLA strip or a driver moves."""
    data = keys.animation_data
    if data is None:
        return set()
    strips = [strip for track in data.nla_tracks for strip in track.strips if strip.action]
    parts = [compat.assigned_part(keys), *(compat.strip_part(strip) for strip in strips)]
    curves = [*data.drivers, *(curve for part in parts for curve in compat.fcurves(part))]
    return {name for curve in curves if (name := key_of(curve.data_path))}


def key_of(data_path: str) -> str:
    """Name of the shape key whose value a curve animates; empty for others."""
    start, end = 'key_blocks["', '"].value'
    if not (data_path.startswith(start) and data_path.endswith(end)):
        return ""
    return str(bpy.utils.unescape_identifier(data_path[len(start) : -len(end)]))
