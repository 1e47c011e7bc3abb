# SPDX-License-Identifier: GPL-3.0-or-later
"""The head in the scene is the face model: same vertices for the same weights."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import UNITS
from tests.blender.shown import evaluated

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


def pose(rig, weights: np.ndarray, neck: np.ndarray) -> None:
    from mathutils import Quaternion, Vector

    for name, weight in zip(UNITS, weights, strict=True):
        rig.mesh.data.shape_keys.key_blocks[name].value = float(weight)
    turn = Vector(neck.tolist())
    rig.neck.rotation_euler = Quaternion(turn.normalized(), turn.length).to_euler("XYZ")
    bpy.context.view_layer.update()


def test_units_are_named_and_ranged(rig) -> None:
    keys = rig.mesh.data.shape_keys.key_blocks
    assert tuple(keys.keys()) == ("Basis", *UNITS)
    assert all((key.slider_min, key.slider_max) == (0, 1) for key in keys[1:])


def test_the_mesh_is_quads_with_uvs_and_smooth_shading(rig, face) -> None:
    mesh = rig.mesh.data
    assert len(mesh.polygons) == len(face.quads)
    assert all(len(polygon.vertices) == 4 and polygon.use_smooth for polygon in mesh.polygons)
    corner = mesh.uv_layers[0].uv[5].vector
    assert tuple(corner) == pytest.approx(tuple(face.uv[face.quad_uv.ravel()[5]]))
    assert [material.name for material in mesh.materials] == ["THUNDER skin", "THUNDER teeth"]


def test_bones_have_flames_axes(rig, face) -> None:
    assert tuple(rig.armature.data.bones.keys()) == face.joint_names
    rest = np.array(rig.armature.data.bones["neck"].matrix_local)[:3, :3]
    assert np.allclose(rest, [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-6)


def test_blender_shows_what_the_face_model_computes(rig, face, room) -> None:
    runtime = room("model_runtime.face")
    rng = np.random.default_rng(5)
    weights, neck = rng.random(52).astype(np.float32), np.array((0.2, -0.15, 0.1), np.float32)
    pose(rig, weights, neck)
    expected = runtime.evaluate(face, weights[None], neck[None])[0]
    assert np.abs(evaluated(rig) - expected).max() < 1e-5


def test_identity_is_baked_into_the_basis(room, empty_scene, face) -> None:
    head, runtime = room("thunder_blender.head"), room("model_runtime.face")
    tall = head.create_head(empty_scene.collection, head.HeadParams("tall"), face)
    expected = runtime.identity_vertices(face, "tall")
    assert np.abs(evaluated(tall) - expected).max() < 1e-6


def test_an_unknown_identity_is_refused_in_one_sentence(room, empty_scene, face) -> None:
    head, contract = room("thunder_blender.head"), room("model_runtime.contract")
    with pytest.raises(contract.RequestError, match="no identity 'round'"):
        head.create_head(empty_scene.collection, head.HeadParams("round"), face)
    assert not empty_scene.objects


def test_any_object_of_a_rig_leads_to_it(rig, room) -> None:
    lookup = room("thunder_blender.rig")
    assert lookup.find_rig(rig.mesh) == lookup.find_rig(rig.armature) == rig
    assert lookup.find_rig(None) is None


def test_the_bundled_head_moves_as_the_engine_says(room, empty_scene, bundled) -> None:
    head, runtime = room("thunder_blender.head"), room("model_runtime.face")
    rig = head.create_head(empty_scene.collection, head.HeadParams())
    weights, neck = np.zeros(52, np.float32), np.array((0.1, 0.2, -0.05), np.float32)
    weights[[UNITS.index("jawOpen"), UNITS.index("mouthSmileLeft")]] = 0.6, 0.8
    pose(rig, weights, neck)
    expected = runtime.evaluate(bundled, weights[None], neck[None])[0]
    assert np.abs(evaluated(rig) - expected).max() < 1e-4


def test_correctives_follow_the_jaw_bone(room, empty_scene, bundled) -> None:
    from mathutils import Quaternion, Vector

    head, runtime = room("thunder_blender.head"), room("model_runtime.face")
    rig = head.create_head(empty_scene.collection, head.HeadParams())
    turn = Vector((0.3, 0.05, -0.08))
    jaw = rig.armature.pose.bones["jaw"]
    jaw.rotation_euler = Quaternion(turn.normalized(), turn.length).to_euler("XYZ")
    bpy.context.view_layer.update()
    rest = runtime.identity_vertices(bundled, None)
    angles = np.zeros((1, len(bundled.joint_names), 3), np.float32)
    angles[0, bundled.joint("jaw")] = turn
    joints = runtime.joint_positions(bundled, rest)
    expected = runtime.apply_pose(bundled, rest[None], joints, angles)[0]
    assert np.abs(evaluated(rig) - expected).max() < 1e-4


def test_everyone_wears_the_skin_that_was_painted_for_them(room, bundled) -> None:
    from tools.open_head.palette import WORN

    skins = room("thunder_blender.head_materials").SKINS
    assert {name: skins.get(name, "skin") for name in bundled.identity_names} == WORN


def test_an_identity_brings_its_texture(room, empty_scene, bundled) -> None:
    head = room("thunder_blender.head")
    rig = head.create_head(empty_scene.collection, head.HeadParams("Amara"))
    nodes = rig.mesh.data.materials["THUNDER skin_dark"].node_tree.nodes
    assert nodes.active.image.name == "open_head_skin_dark.jpg"


def test_eyes_look_at_you_in_solid_mode(room, empty_scene, bundled) -> None:
    head = room("thunder_blender.head")
    mesh = head.create_head(empty_scene.collection, head.HeadParams(), bundled).mesh.data
    names = [material.name for material in mesh.materials]
    used = [names[polygon.material_index] for polygon in mesh.polygons]
    assert 0 < used.count("THUNDER eyes pupil") < used.count("THUNDER eyes iris")
    assert used.count("THUNDER eyes iris") < used.count("THUNDER eyes")
    images = {
        next(
            node.image for node in mesh.materials[name].node_tree.nodes if node.type == "TEX_IMAGE"
        )
        for name in ("THUNDER eyes", "THUNDER eyes iris", "THUNDER eyes pupil")
    }
    assert len(images) == 1
    pupil = mesh.materials["THUNDER eyes pupil"].diffuse_color
    assert max(pupil[:3]) < 0.1 < min(mesh.materials["THUNDER eyes"].diffuse_color[:3])


def test_lips_stay_sealed_when_subdivided(room, empty_scene, bundled) -> None:
    head = room("thunder_blender.head")
    body = head.create_head(empty_scene.collection, head.HeadParams(), bundled).mesh
    body.modifiers["Subdivision"].levels = 1
    smooth = body.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    inner = [int(i) for i in bundled.vertex_sets["lip_rings"][:, 4:8].ravel()]
    assert len(smooth.vertices) > len(body.data.vertices)
    moved = [(smooth.vertices[i].co - body.data.vertices[i].co).length for i in inner]
    assert max(moved) < 1e-5
