# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME and SMPL-X rigs that other add-ons made: their own keys and bones perform."""

from __future__ import annotations

import numpy as np
import pytest

from tests.blender import foreign_rigs
from tests.blender.take_helpers import line_without_strip, ramp

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tools import rig_addons, rig_cast, rig_words  # noqa: E402


@pytest.fixture
def flame(room, empty_scene, flame_file):
    """A rig as the model's own add-on makes it: numbered keys, bones, nothing of ours."""

    def flame(first: int = 1, digits: int = 1, mode: str = "AXIS_ANGLE"):
        flame_rig = room("thunder_blender.flame_rig")
        loaded = room("model_runtime.flame").load_flame(flame_file)
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


def test_an_smplx_says_p_with_its_own_mouth_and_its_jaws_pose_keys(room, empty_scene):
    built = rig_addons.smplx(room("thunder_blender.head").bundled_face())
    rig = rig_cast.use(room, built)
    keys = rig.keys.key_blocks
    solved = room("thunder_blender.rig_flame").read(rig)
    lips = room("thunder_blender.flame_mapping").stored(rig.mesh).lips[:, 0]
    assert np.isin(lips, np.flatnonzero(_near(built))).all()  # of the whole body, not of its head
    assert [name for _, name in solved.correctives] == [f"Pose{n}" for n in range(189, 198)]
    plan, channels = (
        room("thunder_blender.mapping").plan_for(rig),
        room("model_runtime.contract").CHANNELS,
    )
    motion = np.zeros((3, len(channels)), np.float32)
    motion[0, channels.index("jawOpen")] = 0.6
    motion[1:, channels.index("jawOpen")] = 0.25
    motion[1:, channels.index("mouthClose")] = 0.25
    gaps = []
    for frame in range(2):
        for block, curves in zip((rig.keys, rig.armature), plan(motion, channels)[:2], strict=True):
            for curve in curves:
                holder, _, prop = curve.data_path.rpartition(".")
                owner = block.path_resolve(holder)
                value = float(curve.values[frame])
                if prop == "value":
                    owner.value = value
                else:
                    getattr(owner, prop)[curve.index] = value
        bpy.context.view_layer.update()
        gaps.append(rig_words.Probe(built).measure()[0])
    assert keys["Pose189"].slider_min < 0
    assert gaps[0] > 8 and gaps[1] < 0.5  # mm of the open head


def _near(built):
    """Vertices within 3 cm of the lips."""
    points = np.array([vertex.co for vertex in built.mesh.data.vertices])
    return ((points - points[built.upper].mean(0)) ** 2).sum(1) < 0.03**2
