# SPDX-License-Identifier: GPL-3.0-or-later
"""Why does it not move: each cause is found, and after its fix the face really moves."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.blender.take_helpers import jaw_at, line_without_strip, own_key, ramp

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

FRAME, OPEN = 61, 0.2  # where the jaw is how far open


@pytest.fixture
def diagnose(room):
    return room("thunder_blender.diagnose")


@pytest.fixture
def playing(rig, room, empty_scene):
    """A take that plays."""
    empty_scene.render.fps = 25
    takes = room("thunder_blender.takes")
    action = takes.add_take(rig, line_without_strip(room, "a", 11), ramp(room, neck=0.0))
    takes.choose_take(rig, action)
    return action


def seen(rig, frame: int = FRAME) -> float:
    """Opening of the mesh that the depsgraph gives, as a share of the jaw's full opening."""
    bpy.context.scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = rig.mesh.evaluated_get(graph).to_mesh()
    rest, opened = (
        np.array([point.co for point in rig.keys.key_blocks[name].data])
        for name in (rig.keys.key_blocks[0].name, "jawOpen")
    )
    moved = np.array([vertex.co for vertex in mesh.vertices]) - rest
    return float((moved * (opened - rest)).sum() / ((opened - rest) ** 2).sum())


def track_and_strip(rig):
    track = rig.keys.animation_data.nla_tracks[-1]
    return track, track.strips[0]


def key_again(rig, _playing) -> None:
    own_key(rig, 0.0, 1)


def nla_off(rig, _playing) -> None:
    rig.keys.animation_data.use_nla = False


def track_muted(rig, _playing) -> None:
    track_and_strip(rig)[0].mute = True


def strip_muted(rig, _playing) -> None:
    track_and_strip(rig)[1].mute = True


def influence(rig, _playing) -> None:
    strip = track_and_strip(rig)[1]
    strip.use_animated_influence = True
    strip.influence = 0.0
    strip.fcurves[0].keyframe_points.insert(1, 0.0)


def solo(rig, _playing) -> None:
    rig.keys.animation_data.nla_tracks[0].is_solo = True


def own_track(rig, _playing) -> None:
    action = own_key(rig, 0.0, 1)
    data = rig.keys.animation_data
    slot = getattr(data, "action_slot", None)
    data.action = None
    strip = data.nla_tracks.new().strips.new("mine", 1, action)
    if slot:
        strip.action_slot = slot


def slot_lost(rig, _playing) -> None:
    track_and_strip(rig)[1].action_slot = None


def driver(rig, _playing) -> None:
    rig.keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.0"


def key_muted(rig, _playing) -> None:
    rig.keys.key_blocks["jawOpen"].mute = True


def pinned(rig, _playing) -> None:
    rig.mesh.active_shape_key_index = 0
    rig.mesh.show_only_shape_key = True


def narrow(rig, _playing) -> None:
    rig.keys.key_blocks["jawOpen"].slider_max = 0.05


def curves_muted(rig, playing) -> None:
    curves = playing.fcurves if not hasattr(playing, "layers") else None
    if curves is None:
        curves = playing.layers[0].strips[0].channelbag(playing.slots[0]).fcurves
    for curve in curves:
        curve.mute = True


CAUSES = [
    (key_again, "active Action"),
    (nla_off, "switched off"),
    (track_muted, "track .* is muted"),
    (strip_muted, "strip .* is muted"),
    (influence, "influence of 0"),
    (solo, "plays solo"),
    (own_track, "lies over the takes"),
    (driver, "Drivers"),
    (key_muted, "Shape keys are muted: jawOpen"),
    (pinned, "the pin"),
    (narrow, "narrower"),
    (curves_muted, "muted in the Graph Editor"),
]
if bpy.app.version >= (4, 4):
    CAUSES.append((slot_lost, "no slot"))


def test_a_take_that_moves_gives_no_cause(rig, playing, diagnose) -> None:
    assert seen(rig) == pytest.approx(OPEN, abs=0.01)
    assert diagnose.why_not_moving(rig, bpy.context) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"), CAUSES, ids=lambda item: getattr(item, "__name__", "")
)
def test_the_fix_makes_the_face_move(rig, playing, diagnose, spoil, sentence) -> None:
    spoil(rig, playing)
    assert abs(seen(rig) - OPEN) > 0.05
    findings = diagnose.why_not_moving(rig, bpy.context)
    found = [finding for finding in findings if re.search(sentence, finding.sentence)]
    assert len(found) == 1, [finding.sentence for finding in findings]
    diagnose.apply_fix(found[0])
    assert seen(rig) == pytest.approx(OPEN, abs=0.01)
    assert diagnose.why_not_moving(rig, bpy.context) == []


def test_the_button_fixes_all_it_can(rig, playing, diagnose) -> None:
    for spoil in (key_again, nla_off, key_muted, narrow):
        spoil(rig, playing)
    bpy.ops.thunder.why_not_moving(fix=True)
    assert seen(rig) == pytest.approx(OPEN, abs=0.01)


def test_one_cause_can_be_fixed_by_its_sentence(rig, playing, diagnose) -> None:
    nla_off(rig, playing)
    key_muted(rig, playing)
    bpy.ops.thunder.fix_movement(cause=diagnose.why_not_moving(rig, bpy.context)[0].sentence)
    assert rig.keys.animation_data.use_nla
    assert len(diagnose.why_not_moving(rig, bpy.context)) == 1


def test_bones_and_range_and_modifiers_are_looked_at(rig, playing, diagnose, room) -> None:
    takes = room("thunder_blender.takes")
    turned = takes.add_take(rig, line_without_strip(room, "a", 11), ramp(room, neck=0.3))
    takes.choose_take(rig, turned)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 400, 500
    rig.armature.data.pose_position = "REST"
    rig.neck.rotation_mode = "QUATERNION"
    modifier = next(item for item in rig.mesh.modifiers if item.type == "ARMATURE")
    modifier.show_viewport = False
    findings = diagnose.why_not_moving(rig, bpy.context)
    assert len(findings) == 4
    for finding in findings:
        diagnose.apply_fix(finding)
    assert diagnose.why_not_moving(rig, bpy.context) == []
    jaw_at(rig, FRAME)
    assert rig.neck.rotation_euler.y == pytest.approx(0.3, abs=1e-3)
    assert scene.frame_start <= FRAME <= scene.frame_end


def test_without_a_take_it_says_what_to_do(rig, room, diagnose) -> None:
    (finding,) = diagnose.why_not_moving(rig, bpy.context)
    assert "no takes yet" in finding.sentence
    takes = room("thunder_blender.takes")
    bpy.context.scene.render.fps = 25
    action = takes.add_take(rig, line_without_strip(room, "a", 11), ramp(room))
    (finding,) = diagnose.why_not_moving(rig, bpy.context)
    assert finding.fix == f"Switch to {action.name}"
    diagnose.apply_fix(finding)
    assert jaw_at(rig, FRAME) == pytest.approx(OPEN, abs=1e-3)


def test_a_take_of_another_head_is_found(rig, playing, diagnose) -> None:
    playing["thunder_take"] = "someone else"
    findings = diagnose.why_not_moving(rig, bpy.context)
    assert any("no takes yet" in finding.sentence for finding in findings)


def test_editing_is_told(rig, playing, diagnose, room) -> None:
    room("thunder_blender.take_edits").edit_take(rig, playing)
    (finding,) = diagnose.why_not_moving(rig, bpy.context)
    assert finding.fix == "Finish Editing"
    diagnose.apply_fix(finding)
    assert diagnose.why_not_moving(rig, bpy.context) == []
