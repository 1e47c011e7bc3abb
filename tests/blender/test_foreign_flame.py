# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME and SMPL-X rigs that other add-ons made: their own keys and bones perform."""

from __future__ import annotations

import numpy as np
import pytest

from tests.blender import foreign_rigs
from tests.blender.take_helpers import line_without_strip, ramp
from tools import make_test_flame

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    make_test_flame.write_2020(path, make_test_flame.stand_in())
    return path


@pytest.fixture
def flame(room, empty_scene, file):
    """A rig as the model's own add-on makes it: numbered keys, bones, nothing of ours."""

    def flame(first: int = 1, digits: int = 1, mode: str = "AXIS_ANGLE"):
        flame_rig = room("thunder_blender.flame_rig")
        loaded = room("model_runtime.flame").load_flame(file)
        made = flame_rig.create_flame(
            empty_scene.collection, loaded, flame_rig.FlameParams(shape_keys=3)
        )
        body = made.mesh
        for name in [name for name in list(body.keys()) if name.startswith("thunder")]:
            del body[name]
        for block in (body.data.shape_keys, made.armature):
            for driver in list(block.animation_data.drivers if block.animation_data else ()):
                block.driver_remove(driver.data_path, driver.array_index)
        for bone in made.armature.pose.bones:
            bone.rotation_mode = mode
            for constraint in list(bone.constraints):
                bone.constraints.remove(constraint)
        renamed = 0
        for key in list(body.data.shape_keys.key_blocks)[1:]:
            if key.name.startswith("Exp"):
                key.name = f"Exp{int(key.name[3:]) - 1 + first:0{digits}d}"
            elif key.name.startswith("pose"):
                renamed += 1
                key.name = f"Pose{renamed}"
            key.slider_min, key.slider_max = 0.0, 1.0
        return body, made.armature

    return flame


def test_a_flame_of_its_own_add_on_opens_its_jaw_in_every_rotation_mode(room, flame):
    body, armature = flame()
    foreign_rigs.select(body)
    assert bpy.ops.thunder.use_character() == {"FINISHED"}
    rig = room("thunder_blender.rig").find_rig(body)
    takes = room("thunder_blender.takes")
    bpy.context.scene.render.fps = 25
    action = takes.add_take(rig, line_without_strip(room), ramp(room, offset=0.3))
    takes.choose_take(rig, action)
    bpy.context.scene.frame_set(40)
    turned = armature.pose.bones["jaw"].matrix_basis.to_quaternion().angle
    assert 0.05 < turned < 0.6
    moved = [key.value for key in body.data.shape_keys.key_blocks if key.name.startswith("Exp")]
    assert np.abs(moved).max() > 0.05
    assert min(moved) < -0.02
    takes.restore_mine(rig)
    assert armature.pose.bones["jaw"].matrix_basis.to_quaternion().angle < 1e-3
    for mode in ("QUATERNION", "XYZ"):
        armature.pose.bones["jaw"].rotation_mode = mode
        action = takes.add_take(rig, line_without_strip(room), ramp(room, offset=0.3))
        takes.choose_take(rig, action)
        bpy.context.scene.frame_set(40)
        again = armature.pose.bones["jaw"].matrix_basis.to_quaternion().angle
        assert again == pytest.approx(turned, abs=0.01)
        takes.restore_mine(rig)
    corrected = [curve.data_path for curve in room("thunder_blender.take_marks").curves(action)]
    assert 'key_blocks["Pose10"].value' in corrected


def test_a_rig_that_counts_from_zero_is_smplx(room, flame):
    body, _ = flame(first=0, digits=3, mode="QUATERNION")
    use = room("thunder_blender.rig_use")
    rig = room("thunder_blender.rig").Rig(body, body.find_armature())
    mapping = use.automatic(rig, use.recognise(rig))
    assert mapping.kind == "smplx"
    first = next(link for link in mapping.links if link.source == "expression:0")
    assert first.target.label == "Exp000"
