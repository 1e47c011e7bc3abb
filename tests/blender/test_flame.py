# SPDX-License-Identifier: GPL-3.0-or-later
"""An imported FLAME moves as FLAME's own function says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools import make_test_flame

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

NEAR = 1e-4  # metres
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    make_test_flame.write_2020(path, make_test_flame.stand_in())
    return path


@pytest.fixture
def flame(room, file):
    return room("model_runtime.flame").load_flame(file)


@pytest.fixture
def person() -> np.ndarray:
    return np.random.default_rng(3).normal(size=300).astype(np.float32)


@pytest.fixture
def rig(room, empty_scene, flame, person):
    builder = room("thunder_blender.flame_rig")
    params = builder.FlameParams(tuple(person.tolist()), shape_keys=40)
    return builder.create_flame(empty_scene.collection, flame, params)


def evaluated(rig) -> np.ndarray:
    """Vertices as Blender shows them, in FLAME's axes: (V, 3)."""
    shown = rig.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(len(shown.data.vertices) * 3, np.float32)
    shown.data.vertices.foreach_get("co", points)
    x, y, z = points.reshape(-1, 3).T
    return np.stack((x, z, -y), axis=1)


def pose(rig, expression: np.ndarray, turns: np.ndarray) -> None:
    from mathutils import Quaternion, Vector

    for index, value in enumerate(expression):
        rig.keys.key_blocks[f"Exp{index + 1}"].value = float(value)
    for name, turn in zip(JOINTS, turns, strict=True):
        axis = Vector(turn.tolist())
        bone = rig.armature.pose.bones[name]
        bone.rotation_euler = Quaternion(axis.normalized(), axis.length).to_euler("XYZ")
    bpy.context.view_layer.update()


def test_blender_shows_what_flame_computes(rig, flame, person, room, capfd) -> None:
    runtime = room("model_runtime.flame")
    rng = np.random.default_rng(8)
    for _ in range(8):
        expression, turns = rng.normal(size=100), rng.normal(0, 0.3, (5, 3))
        pose(rig, expression, turns)
        wanted = runtime.forward(flame, person, expression[None], turns[None])[0]
        assert np.abs(evaluated(rig) - wanted).max() < NEAR
    said = capfd.readouterr()
    assert "ependency cycle" not in said.out + said.err


def test_keys_bones_and_ranges_are_those_that_flames_users_know(rig, flame) -> None:
    blocks = rig.keys.key_blocks
    assert {f"Exp{i}" for i in range(1, 101)} | {f"Shape{i}" for i in range(1, 41)} <= set(
        blocks.keys()
    )
    assert "Shape41" not in blocks
    assert (blocks["Exp100"].slider_min, blocks["Exp100"].slider_max) == (-10, 10)
    blocks["Exp1"].value = 4.5
    assert blocks["Exp1"].value == 4.5
    assert {bone.name for bone in rig.armature.data.bones if bone.use_deform} == set(JOINTS)
    assert len(rig.mesh.data.polygons) == len(flame.face.triangles)


def test_every_driver_works_without_permission_to_run_python(rig) -> None:
    for owner in (rig.keys, rig.armature):
        for curve in owner.animation_data.drivers:
            assert curve.driver.is_valid, curve.data_path
            assert curve.driver.is_simple_expression, curve.driver.expression


def test_the_jaw_can_be_keyed_and_its_correctives_follow_at_playback(rig) -> None:
    jaw = rig.armature.pose.bones["jaw"]
    for frame, angle in ((1, 0.0), (11, 0.4)):
        jaw.rotation_euler[0] = angle
        jaw.keyframe_insert("rotation_euler", frame=frame)
    opened = []
    for frame in (1, 6, 11):
        bpy.context.scene.frame_set(frame)
        shown = rig.keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
        opened.append(shown.key_blocks["pose jaw 7"].value)
    assert opened == pytest.approx([0, np.sin(0.2), np.sin(0.4)], abs=1e-3)


def test_uvs_come_along(room, empty_scene, tmp_path) -> None:
    parts = make_test_flame.tiny()
    uv = {"vt": np.random.default_rng(0).random((150, 2)), "ft": parts["f"]}
    make_test_flame.write_npz(tmp_path / "f.npz", {**parts, **uv})
    loaded = room("model_runtime.flame").load_flame(tmp_path / "f.npz")
    builder = room("thunder_blender.flame_rig")
    made = builder.create_flame(empty_scene.collection, loaded, builder.FlameParams())
    assert len(made.mesh.data.uv_layers) == 1
