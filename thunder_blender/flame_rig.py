# SPDX-License-Identifier: GPL-3.0-or-later
"""A FLAME model becomes a rig: mesh, expression and identity keys, bones, correctives.

Keys and bones have the names that FLAME's users know: Exp1, Shape1, jaw, left_eye. Correctives and
joints follow at playback, by drivers, so any animation of the keys and bones shows what FLAME's
own function computes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from ..model_runtime.flame import JOINTS, Flame
from . import flame_drivers, flame_joints, head_bones, head_correctives, rig
from .building import Made
from .head_mesh import UV_LAYER, to_blender
from .steps import GO_ON, PAUSE, Steps, finish

Floats = npt.NDArray[np.floating]

MAPPING = "thunder_mapping"  # custom property of the rig's mesh: how channels reach the rig
FLAME = "flame"
SOURCE = "thunder_flame"  # sha256 of the file that the rig was made from
RANGE = 10.0  # identity and expression coefficients go to 3 and beyond
CORNERS = 3  # of a triangle


@dataclass(frozen=True)
class FlameParams:
    """All that decides what an imported FLAME is like."""

    shape: tuple[float, ...] = ()  # identity coefficients, Shape1 first
    shape_keys: int = 100  # identity coefficients that stay sliders; the rest goes into the mesh
    name: str = "FLAME"
    location: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the armature, in metres


@dataclass(frozen=True)
class FlamePlan:
    """A rig in numbers: all that takes long and needs none of Blender's data."""

    flame: Flame
    params: FlameParams
    basis: Floats  # (V,3) with all identity keys at 0, FLAME's axes
    heads: Floats  # (J,3) where the bones stand
    shifts: dict[str, dict[str, Floats]]  # of the joints, by bone and shape key
    moves: dict[str, list[float]]  # custom properties, see `flame_joints`


def plan_flame(flame: Flame, params: FlameParams) -> FlamePlan:
    """The rig of `flame` in numbers."""
    face, kept = flame.face, params.shape_keys
    person = np.asarray(params.shape, np.float32)
    basis = _moved(face, person[kept:], kept)
    return FlamePlan(
        flame,
        params,
        basis,
        heads=face.joint_regressor @ _moved(face, person, 0),
        shifts=flame_drivers.joint_shifts(face, kept),
        moves=flame_joints.moves(face, basis, kept),
    )


def create_flame(collection: bpy.types.Collection, flame: Flame, params: FlameParams) -> rig.Rig:
    """Build the rig of `flame` in `collection`."""
    return finish(create_flame_steps(collection, plan_flame(flame, params), Made()))


def create_flame_steps(
    collection: bpy.types.Collection, plan: FlamePlan, made: Made
) -> Steps[rig.Rig]:
    """The same in steps; the rig is seen once it is whole. `made` hears of its data-blocks."""
    face, params = plan.flame.face, plan.params
    armature = made.note(_armature(collection, plan))
    made.note(armature.data)
    yield PAUSE
    mesh = made.note(_mesh(params.name, plan.flame, plan.basis))
    yield PAUSE
    body = made.note(bpy.data.objects.new(params.name, mesh))
    yield from _add_keys(body, "Exp", face.expression_basis, np.zeros(0, np.float32))
    person = np.asarray(params.shape, np.float32)
    yield from _add_keys(body, "Shape", face.identity_basis[: params.shape_keys], person)
    mesh.shape_keys.name = f"{params.name} Keys"
    body.active_shape_key_index = 0
    yield from head_bones.bind(body, armature, face)
    yield from head_correctives.add_correctives(body, armature, face)
    yield from flame_drivers.follow_shapes(body, armature, plan.shifts)
    for name, values in plan.moves.items():
        body[name] = values
    body[rig.MARK], body[MAPPING], body[SOURCE] = uuid.uuid4().hex, FLAME, plan.flame.sha256
    collection.objects.link(body)
    return rig.Rig(body, armature)


def _armature(collection: bpy.types.Collection, plan: FlamePlan) -> bpy.types.Object:
    name, face, moving = f"{plan.params.name} Rig", plan.flame.face, list(plan.shifts)
    pivots = flame_drivers.pivots(moving)
    armature = head_bones.build_armature(name, face, plan.heads, collection, pivots)
    flame_drivers.rest_pivots(armature, moving)
    armature.location = plan.params.location
    return armature


def is_flame(found: rig.Rig) -> bool:
    """Whether the rig was made by Import FLAME."""
    return found.mesh.get(MAPPING) == FLAME


def update_joints(found: rig.Rig) -> float:
    """Put the bones where the identity keys have the joints; the farthest way in metres.

    Raises RigError when the rig does not know its joints.
    """
    return flame_joints.update(found, JOINTS)


def _moved(face: FaceModel, shape: Floats, first: int) -> Floats:
    """The template with identity coefficients from the `first` on: (V, 3)."""
    return face.template + np.tensordot(shape, face.identity_basis[first : first + len(shape)], 1)


def _mesh(name: str, flame: Flame, vertices: Floats) -> bpy.types.Mesh:
    """A smooth-shaded triangle mesh with the file's UVs, if it has any."""
    mesh = bpy.data.meshes.new(name)
    triangles = flame.face.triangles
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", to_blender(vertices).ravel())
    mesh.loops.add(triangles.size)
    mesh.loops.foreach_set("vertex_index", triangles.ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, CORNERS, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(triangles), bool))
    if len(flame.triangle_uv):
        layer = mesh.uv_layers.new(name=UV_LAYER)
        layer.uv.foreach_set("vector", flame.face.uv[flame.triangle_uv].ravel())
    mesh.update(calc_edges=True)
    mesh.validate()
    return mesh


def _add_keys(body: bpy.types.Object, name: str, shapes: Floats, values: Floats) -> Steps[None]:
    """A shape key per row of `shapes` (N, V, 3) with sliders that do not clamp."""
    if body.data.shape_keys is None:
        body.shape_key_add(name="Basis", from_mix=False)
    basis = np.empty(3 * len(body.data.vertices), np.float32)
    body.data.vertices.foreach_get("co", basis)
    for index, shape in enumerate(shapes):
        key = body.shape_key_add(name=f"{name}{index + 1}", from_mix=False)
        key.points.foreach_set("co", basis + to_blender(shape).ravel())
        key.slider_min, key.slider_max = -RANGE, RANGE
        key.value = float(values[index]) if index < len(values) else 0.0
        yield GO_ON
