# SPDX-License-Identifier: GPL-3.0-or-later
"""A tongue for an imported FLAME, which has none: the open head's, fitted into its mouth.

It is made with the residual keys and like them the artist's to keep or delete: a mesh of its own
that hangs on the jaw. Takes key `residual tongueOut` of the FLAME, a key that moves nothing there;
a driver hands it on to the tongue.
"""

from __future__ import annotations

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from ..model_runtime.flame_calibration import Calibration, turn_between
from . import compat, flame_residuals, head
from .flame_axes import to_flame
from .head_mesh import key_points, to_blender
from .rig import Rig

Floats = npt.NDArray[np.floating]

UNIT = "tongueOut"
NAME = "{} Tongue"
COLOUR = (0.55, 0.18, 0.17, 1.0)
CONTACT_RINGS = slice(2, 10)  # of the open head: rings that can meet the other lip


def add(rig: Rig, mapping: Calibration, face: FaceModel) -> bpy.types.Object | None:
    """The tongue, in the scene; None where the calibration found no lips to go by."""
    if not len(mapping.lips):
        return None
    bundled = head.bundled_face()
    size, turn = float(mapping.scale[0]), turn_between(bundled, face)
    chosen = np.unique(bundled.vertex_sets["tongue"]).astype(int)
    middle = head_mouth(bundled)
    rest = (bundled.template[chosen] - middle) @ turn * size + flame_mouth(rig, mapping)
    out = bundled.expression_basis[bundled.unit_names.index(UNIT)][chosen] @ turn * size
    _carrier(rig)
    body = _mesh(NAME.format(rig.mesh.name), rest, _faces(bundled, chosen))
    for collection in rig.mesh.users_collection:
        collection.objects.link(body)
    _key(body, out, rig)
    _hang(body, rig)
    return body


def head_mouth(bundled: FaceModel) -> Floats:
    """Where the open head's lips meet, in the middle (3,)."""
    rings = bundled.vertex_sets["lip_rings"].reshape(2, 12, 20)[:, CONTACT_RINGS]
    return np.asarray(bundled.template[rings[:, :, [0, 19]]].reshape(-1, 3).mean(0))


def flame_mouth(rig: Rig, mapping: Calibration) -> Floats:
    """Where the rig's own lips meet: the middle between the points of each column that are nearest
    to the other lip (3,), FLAME's axes."""
    vertices, columns, sides = mapping.lips.T
    spots = to_flame(key_points(rig.keys.key_blocks[0])[vertices])
    meeting = []
    for column in np.unique(columns):
        upper, lower = (spots[(columns == column) & (sides == side)] for side in (0, 1))
        meeting.append((upper[upper[:, 1].argmin()] + lower[lower[:, 1].argmax()]) / 2)
    return np.asarray(np.mean(meeting, axis=0))


def _faces(bundled: FaceModel, chosen: npt.NDArray[np.integer]) -> list[list[int]]:
    place = np.full(len(bundled.template), -1)
    place[chosen] = np.arange(len(chosen))
    faces = place[bundled.quads]
    found: list[list[int]] = faces[(faces >= 0).all(1)].tolist()
    return found


def _carrier(rig: Rig) -> None:
    """The key of the FLAME that carries the unit's weight and moves nothing."""
    block = rig.mesh.shape_key_add(name=flame_residuals.key(UNIT), from_mix=False)
    block.slider_min, block.slider_max, block.value = 0.0, 1.0, 0.0


def _mesh(name: str, rest: Floats, faces: list[list[int]]) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(point) for point in to_blender(rest).tolist()], [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.materials.append(_material(name))
    mesh.update()
    return bpy.data.objects.new(name, mesh)


def _material(name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = COLOUR
    nodes = compat.node_tree(material).nodes
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = COLOUR
    return material


def _key(body: bpy.types.Object, out: Floats, rig: Rig) -> None:
    body.shape_key_add(name="Basis", from_mix=False)
    key = body.shape_key_add(name=UNIT, from_mix=False)
    key.points.foreach_set("co", (key_points(key) + to_blender(out)).ravel().astype(np.float32))
    curve = body.data.shape_keys.driver_add(f'key_blocks["{UNIT}"].value')
    curve.driver.type = "AVERAGE"
    variable = curve.driver.variables.new()
    variable.targets[0].id_type = "KEY"
    variable.targets[0].id = rig.keys
    variable.targets[0].data_path = flame_residuals.path(UNIT)


def _hang(body: bpy.types.Object, rig: Rig) -> None:
    """Skin the tongue to the jaw, all of it."""
    body.parent = rig.armature
    modifier = body.modifiers.new("Armature", "ARMATURE")
    modifier.object = rig.armature
    group = body.vertex_groups.new(name="jaw")
    group.add(list(range(len(body.data.vertices))), 1.0, "REPLACE")
