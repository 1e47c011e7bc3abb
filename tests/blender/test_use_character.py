# SPDX-License-Identifier: GPL-3.0-or-later
"""Any character of the artist's performs: recognised, mapped, and given takes like our own head."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import UNITS
from tests.blender import foreign_rigs
from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine
from tests.blender.take_helpers import line_without_strip, ramp

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture
def use(room):
    def use(*chosen):
        foreign_rigs.select(*chosen)
        assert bpy.ops.thunder.use_character() == {"FINISHED"}
        return room("thunder_blender.rig").find_rig(chosen[0])

    return use


@pytest.fixture
def arkit(empty_scene):
    def arkit(spelling="live link"):
        body = foreign_rigs.quads("Hero")
        foreign_rigs.add_keys(body, foreign_rigs.arkit_names(spelling))
        return body

    return arkit


def perform(room, rig):
    takes = room("thunder_blender.takes")
    bpy.context.scene.render.fps = 25
    action = takes.add_take(rig, line_without_strip(room), ramp(room))
    takes.choose_take(rig, action)
    return action


@pytest.mark.parametrize("spelling", ["live link", "suffix", "plain"])
def test_an_arkit_rig_performs_on_its_own_keys(room, use, arkit, spelling):
    body = arkit(spelling)
    rig = use(body)
    action = perform(room, rig)
    bpy.context.scene.frame_set(36)
    name = foreign_rigs.arkit_names(spelling)[UNITS.index("jawOpen")]
    assert rig.keys.key_blocks[name].value == pytest.approx(0.1, abs=0.02)
    curves = room("thunder_blender.take_marks").curves(action)
    assert len(curves) == len(UNITS)


def test_every_mesh_of_the_character_moves_and_comes_back(room, use, arkit):
    face, beard = arkit(), foreign_rigs.quads("Beard", 0.1)
    foreign_rigs.add_keys(beard, ["JawOpen", "MouthClose"])
    beard.data.shape_keys.key_blocks["JawOpen"].value = 0.6
    rig = use(face, beard)
    assert room("thunder_blender.rig").find_rig(beard) == rig
    perform(room, rig)
    bpy.context.scene.frame_set(36)
    moved = beard.data.shape_keys.key_blocks["JawOpen"].value
    assert moved == pytest.approx(rig.keys.key_blocks["JawOpen"].value)
    assert moved == pytest.approx(0.1, abs=0.02)
    room("thunder_blender.takes").restore_mine(rig)
    assert beard.data.shape_keys.key_blocks["JawOpen"].value == pytest.approx(0.6)


def test_a_mesh_performs_in_one_character_only(room, use, arkit):
    face, beard = arkit(), foreign_rigs.quads("Beard", 0.1)
    foreign_rigs.add_keys(beard, ["JawOpen", "MouthClose"])
    rig = use(face, beard)
    assert len(rig.parts) == 2
    alone = use(beard)
    assert alone.mesh == beard
    assert len(rig.parts) == 1
    again = use(face, beard)
    assert again == rig
    assert room("thunder_blender.rig").MARK not in beard


def test_a_driven_key_leaves_its_driver_alone_and_its_control_is_keyed(room, use, arkit):
    body = arkit()
    body["jaw"] = 0.0
    body.id_properties_ui("jaw").update(min=0.0, max=10.0)
    curve = body.data.shape_keys.driver_add('key_blocks["JawOpen"].value')
    variable = curve.driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = body, '["jaw"]'
    curve.driver.type = "SCRIPTED"
    curve.driver.expression = f"{variable.name} / 10"
    rig = use(body)
    perform(room, rig)
    bpy.context.scene.frame_set(36)
    assert body["jaw"] == pytest.approx(1.0, abs=0.2)
    assert rig.keys.key_blocks["JawOpen"].value == pytest.approx(0.1, abs=0.02)


def test_using_a_character_can_be_undone_and_stopped(room, use, arkit):
    body = arkit()
    rig = use(body)
    perform(room, rig)
    assert bpy.ops.thunder.stop_using_character() == {"FINISHED"}
    assert not [name for name in list(body.keys()) if name.startswith("thunder_")]
    assert room("thunder_blender.rig").find_rig(body) is None
    np.testing.assert_allclose([key.value for key in body.data.shape_keys.key_blocks[1:]], 0.0)


def test_a_mesh_that_is_no_face_is_told(use):
    body = foreign_rigs.quads("Chair")
    foreign_rigs.add_keys(body, ["Tall", "Wide"])
    rig = use(body)
    assert rig is not None


def test_generate_performs_on_every_mesh_of_the_character(room, use, arkit, tmp_path):
    bpy.context.scene.render.fps = 25
    add_strip(room, tmp_path / "hello.wav", 10)
    face, beard = arkit(), foreign_rigs.quads("Beard", 0.1)
    foreign_rigs.add_keys(beard, ["JawOpen", "MouthClose"])
    rig = use(face, beard)
    use_fake_engine(room)
    try:
        assert bpy.ops.thunder.generate(strip="hello", rig="Beard", seed=3) == {"FINISHED"}
    finally:
        put_engine_away(room)
    takes = room("thunder_blender.takes")
    assert len(takes.list_takes(rig)) == 1
    moved = set()
    for frame in (12, 30, 50):
        bpy.context.scene.frame_set(frame)
        value = rig.keys.key_blocks["JawOpen"].value
        assert beard.data.shape_keys.key_blocks["JawOpen"].value == pytest.approx(value)
        moved.add(round(value, 3))
    assert len(moved) == 3
    room("thunder_blender.take_edits").remove_take(rig, takes.list_takes(rig)[0], force=True)
    assert not [action for action in bpy.data.actions if not action.name.startswith("Rest")]


def test_a_copied_character_is_one_of_its_own_with_its_own_meshes(room, use, arkit):
    face, beard = arkit(), foreign_rigs.quads("Beard", 0.1)
    foreign_rigs.add_keys(beard, ["JawOpen", "MouthClose"])
    use(face, beard)
    foreign_rigs.select(face, beard)
    bpy.ops.object.duplicate(linked=False)
    room("thunder_blender.rig_copies").separate()
    copy = room("thunder_blender.rig").find_rig(bpy.data.objects["Hero.001"])
    assert copy.meshes == [bpy.data.objects["Hero.001"], bpy.data.objects["Beard.001"]]
    assert copy.identifier != room("thunder_blender.rig").Rig(face).identifier


def test_an_artists_own_animation_of_other_meshes_comes_back(room, use, arkit):
    face, beard = arkit(), foreign_rigs.quads("Beard", 0.1)
    foreign_rigs.add_keys(beard, ["JawOpen"])
    block = beard.data.shape_keys.key_blocks["JawOpen"]
    block.value = 0.25
    block.keyframe_insert("value", frame=10)
    mine = beard.data.shape_keys.animation_data.action
    rig = use(face, beard)
    perform(room, rig)
    assert beard.data.shape_keys.animation_data.action != mine
    room("thunder_blender.takes").restore_mine(rig)
    assert beard.data.shape_keys.animation_data.action == mine
    assert not len(beard.data.shape_keys.animation_data.nla_tracks)
