# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: what the keys say, and that the artist's own animation stays as it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model_runtime.contract import CHANNELS

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

JAW = CHANNELS.index("jawOpen")
RATES = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0)


@pytest.fixture
def takes(room):
    return room("thunder_blender.takes")


@pytest.fixture
def make_take(room):
    def make(frames: int = 100, **provenance):
        rng = np.random.default_rng(3)
        weights = rng.random((frames, len(CHANNELS)), np.float32)
        weights[:, -3:] = (weights[:, -3:] - 0.5) * 0.4
        weights[:, CHANNELS.index("mouthClose")] *= weights[:, JAW]
        contract = room("model_runtime.contract")
        return contract.Take(weights, CHANNELS, 50.0, provenance)

    return make


def value(rig, unit: str) -> float:
    return rig.mesh.data.shape_keys.key_blocks[unit].value


def test_keys_are_the_take_at_50_frames_a_second(rig, takes, make_take) -> None:
    bpy.context.scene.render.fps = 50
    take = make_take()
    takes.choose_take(rig, takes.create_take(rig, "seed 7", take, 50.0, 11))
    scene = bpy.context.scene
    for frame in (0, 40, 99):
        scene.frame_set(11 + frame)
        for unit in ("jawOpen", "mouthClose", "browInnerUp", "tongueOut"):
            assert value(rig, unit) == pytest.approx(take.channel(unit)[frame], abs=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_there_is_one_key_per_scene_frame_at_every_rate(rig, takes, make_take, rate) -> None:
    action = takes.create_take(rig, "take", make_take(), rate, 5)
    first, last = takes.take_frames(action)
    assert first == 5
    assert last == 5 + int(np.ceil(99 * rate / 50 - 1e-6))


def test_the_neck_turns_as_the_take_says(rig, takes, make_take) -> None:
    from mathutils import Quaternion, Vector

    bpy.context.scene.render.fps = 50
    take = make_take()
    takes.choose_take(rig, takes.create_take(rig, "take", take, 50.0, 1))
    bpy.context.scene.frame_set(31)
    rotation = Vector(take.weights[30, -3:].tolist())
    expected = Quaternion(rotation.normalized(), rotation.length)
    found = rig.neck.rotation_euler.to_quaternion()
    assert abs(found.dot(expected)) == pytest.approx(1.0, abs=1e-6)


def test_values_stay_in_range_where_the_kernel_overshoots(rig, room, make_take) -> None:
    keys = room("thunder_blender.keys")
    take = make_take()
    take.weights[:, :52] = np.round(take.weights[:, :52])
    take.weights[:, CHANNELS.index("mouthClose")] = take.weights[:, JAW]
    motion = keys.scene_motion(rig, take, 60.0)
    assert motion[:, :52].min() >= 0
    assert motion[:, :52].max() <= 1
    assert (motion[:, CHANNELS.index("mouthClose")] <= motion[:, JAW]).all()


def test_takes_are_listed_and_switched(rig, takes, make_take) -> None:
    first = takes.create_take(rig, "a", make_take(), 25.0, 1)
    second = takes.create_take(rig, "b", make_take(), 25.0, 1)
    assert takes.list_takes(rig) == [first, second]
    assert takes.active_take(rig) is None
    for action in (first, second, first):
        takes.choose_take(rig, action)
        assert takes.active_take(rig) == action
    assert first.use_fake_user
    assert second.use_fake_user


def test_a_take_tells_what_made_it(rig, takes, make_take) -> None:
    action = takes.create_take(rig, "a", make_take(settings={"seed": 7}, model="abc"), 25.0, 1)
    assert action["thunder_seed"] == 7
    assert json.loads(action["thunder_provenance"])["model"] == "abc"


def test_the_artists_own_action_is_untouched_and_comes_back(rig, takes, make_take) -> None:
    keys = rig.mesh.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.25
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    rig.neck.keyframe_insert("rotation_euler", frame=10)
    mine, mine_neck = keys.animation_data.action, rig.armature.animation_data.action
    users = mine.use_fake_user
    for name in ("a", "b"):
        takes.choose_take(rig, takes.create_take(rig, name, make_take(), 25.0, 1))
    assert keys.animation_data.action not in (mine, mine_neck)
    takes.restore_mine(rig)
    assert keys.animation_data.action == mine
    assert rig.armature.animation_data.action == mine_neck
    bpy.context.scene.frame_set(10)
    assert value(rig, "jawOpen") == pytest.approx(0.25)
    assert mine.use_fake_user == users


def test_without_own_animation_restore_leaves_the_head_still(rig, takes, make_take) -> None:
    takes.choose_take(rig, takes.create_take(rig, "a", make_take(), 25.0, 1))
    takes.restore_mine(rig)
    assert takes.active_take(rig) is None
    takes.restore_mine(rig)


def test_takes_survive_saving(rig, takes, make_take, room, tmp_path) -> None:
    takes.create_take(rig, "unplayed", make_take(), 25.0, 1)
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    found = room("thunder_blender.rig").find_scene_rig(bpy.context.scene, None)
    assert [action.name for action in takes.list_takes(found)] == ["unplayed"]


def test_a_mesh_without_units_is_refused_in_one_sentence(rig, takes, make_take, room) -> None:
    for key in rig.mesh.data.shape_keys.key_blocks[1:]:
        key.name = f"other {key.name}"
    with pytest.raises(room("thunder_blender.rig").RigError, match="no shape key"):
        takes.create_take(rig, "a", make_take(), 25.0, 1)
    assert not bpy.data.actions
