# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's mesh and its 52 shape keys.

FLAME's axes (x to the character's left, y up, z out of the face) become Blender's (z up, the face
looks along -y).
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from .steps import GO_ON, Steps

Floats = npt.NDArray[np.float32]

CORNERS = 4  # of a quad
UV_LAYER = "UVMap"
CREASE = "crease_edge"  # Blender's own name
CONTACT_RINGS = slice(2, 10)  # lip rings that can meet the other lip


def key_points(block: bpy.types.ShapeKey) -> npt.NDArray[np.float64]:
    """The vertices of a shape key (V,3), the mesh's own axes."""
    flat = np.empty(3 * len(block.points), np.float32)
    block.points.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(float)


def to_blender(points: npt.NDArray[np.floating]) -> Floats:
    """FLAME's axes -> Blender's, for points or directions (..., 3)."""
    x, y, z = np.moveaxis(np.asarray(points, np.float32), -1, 0)
    return np.stack((x, -z, y), axis=-1)


def build_mesh(name: str, face: FaceModel, vertices: npt.NDArray[np.floating]) -> bpy.types.Mesh:
    """A smooth-shaded quad mesh of `vertices` (V, 3) in FLAME's axes, with UVs."""
    mesh = bpy.data.meshes.new(name)
    count = len(face.quads)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", to_blender(vertices).ravel())
    mesh.loops.add(count * CORNERS)
    mesh.loops.foreach_set("vertex_index", face.quads.astype(np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(count, dtype=np.int32) * CORNERS)
    mesh.polygons.foreach_set("material_index", face.quad_material.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(count, bool))
    layer = mesh.uv_layers.new(name=UV_LAYER)
    layer.uv.foreach_set("vector", face.uv[face.quad_uv].astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.validate()
    keep_lips(mesh, face)
    return mesh


def add_units(
    body: bpy.types.Object, face: FaceModel, vertices: npt.NDArray[np.floating]
) -> Steps[None]:
    """Basis plus a shape key per unit, 0 at rest; sliders end where the unit's range does."""
    body.shape_key_add(name="Basis", from_mix=False)
    basis = to_blender(vertices)
    for name, shape in zip(face.unit_names, face.expression_basis, strict=True):
        key = body.shape_key_add(name=str(name), from_mix=False)
        key.points.foreach_set("co", (basis + to_blender(shape)).ravel())
        key.slider_min, key.value = 0.0, 0.0  # 5.0 starts keys at 1
        key.slider_max = face.unit_max.get(str(name), 1.0)
        yield GO_ON
    body.data.shape_keys.name = f"{body.name} Units"
    body.active_shape_key_index = 0


def keep_lips(mesh: bpy.types.Mesh, face: FaceModel) -> None:
    """Let subdivision leave the lips where they are.

    A subdivision surface draws convex shapes in: lips that touch on the mesh would part by half a
    millimetre in renders. Fully creased edges stay.
    """
    rings = face.vertex_sets.get("lip_rings")
    if rings is None:
        return
    lips = np.zeros(len(mesh.vertices), bool)
    lips[rings[:, CONTACT_RINGS].ravel()] = True
    ends = np.empty(2 * len(mesh.edges), np.int32)
    mesh.edges.foreach_get("vertices", ends)
    layer: Any = mesh.attributes.new(CREASE, "FLOAT", "EDGE")
    layer.data.foreach_set("value", lips[ends.reshape(-1, 2)].all(1).astype(np.float32))


def lip_middle(face: FaceModel) -> tuple[list[int], list[int]] | None:
    """Vertices down the middle of the upper and the lower lip, where the lips can meet.

    None where the face has no lip rings.
    """
    rings = face.vertex_sets.get("lip_rings")
    if rings is None:
        return None
    contact = rings[0, CONTACT_RINGS]
    return contact[:, -1].tolist(), contact[:, 0].tolist()
