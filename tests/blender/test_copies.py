# SPDX-License-Identifier: GPL-3.0-or-later
"""A copied head is a character of its own, and a take's animated settings come back."""

from __future__ import annotations

import json

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.take_helpers import jaw_at, line_without_strip, ramp  # noqa: E402


@pytest.fixture
def takes(room):
    return room("thunder_blender.takes")


@pytest.fixture
def played(rig, takes, room):
    """A take that plays on the head."""
    action = takes.add_take(rig, line_without_strip(room), ramp(room))
    takes.choose_take(rig, action)
    return action


def copy(mesh, linked: bool = False):
    for item in bpy.context.selected_objects:
        item.select_set(False)
    mesh.select_set(True)
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.duplicate(linked=linked)
    bpy.context.view_layer.update()
    return bpy.context.object


def test_a_copy_has_an_identity_and_takes_of_its_own(rig, played, takes, room) -> None:
    before = rig.identifier
    twin = room("thunder_blender.rig").find_rig(copy(rig.mesh))
    assert rig.identifier == before and twin.identifier != before
    assert takes.list_takes(rig) == [played] and takes.list_takes(twin) == []
    assert jaw_at(twin, 61) == pytest.approx(jaw_at(rig, 61)) and jaw_at(twin, 61) > 0.1
    own = takes.add_take(twin, line_without_strip(room), ramp(room, offset=0.2))
    takes.choose_take(twin, own)
    assert takes.list_takes(rig) == [played] and takes.list_takes(twin) == [own]
    assert jaw_at(twin, 61) == pytest.approx(jaw_at(rig, 61) + 0.2, abs=0.02)


def test_a_renamed_head_is_still_the_original(rig, played, takes, room) -> None:
    rig.mesh.name = "Anna"
    twin = copy(rig.mesh)
    twin.name = "Aaron"
    again = copy(twin)
    found = room("thunder_blender.rig").find_rig
    assert takes.list_takes(rig) == [played]
    identifiers = {found(mesh).identifier for mesh in (rig.mesh, twin, again)}
    assert len(identifiers) == 3


def test_undo_and_redo_of_a_copy(rig, played, takes, room) -> None:
    bpy.ops.ed.undo_push(message="Before")
    copy(rig.mesh)
    bpy.ops.ed.undo_push(message="Copy")
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    bpy.context.view_layer.update()
    marks = [item["thunder_rig"] for item in bpy.data.objects if "thunder_rig" in item]
    assert len(marks) == len(set(marks)) == 2


def test_a_linked_copy_is_the_same_character(rig, played, room) -> None:
    twin = copy(rig.mesh, linked=True)
    assert twin.data == rig.mesh.data
    assert twin["thunder_rig"] == rig.identifier


def test_a_script_need_not_wait_for_blender_to_notice(rig, room) -> None:
    twin = rig.mesh.copy()
    twin.data = rig.mesh.data.copy()
    bpy.context.collection.objects.link(twin)
    assert room("thunder_blender.rig_copies").separate() == [twin.name]
    assert twin["thunder_rig"] != rig.identifier


def animated(room, takes, rig, **settings):
    """A take whose settings were animated over its line, which begins on frame 11."""
    action = takes.add_take(rig, line_without_strip(room), ramp(room))
    marks = room("thunder_blender.take_marks")
    action[marks.SETTINGS] = json.dumps({"seed": 7, **settings})
    return action


def test_animated_settings_come_back_as_keys(rig, takes, room) -> None:
    intensity, emotion = [[0.0, 0.2], [2.0, 1.0]], [[0.0, "happy"], [1.0, "sad"]]
    action = animated(room, takes, rig, intensity=intensity, emotion=emotion)
    assert bpy.ops.thunder.copy_settings(take=action.name) == {"FINISHED"}
    scene, own = bpy.context.scene, rig.mesh.thunder
    seen = []
    for frame in (11, 36, 61):
        scene.frame_set(frame)
        seen.append((round(own.intensity, 3), own.emotion))
    assert seen == [(0.2, "happy"), (0.6, "sad"), (1.0, "sad")]
    settings = room("thunder_blender.request").settings_of(
        rig.mesh, line_without_strip(room, duration=2.0), {}
    )
    assert settings.intensity[0] == (0.0, 0.2) and settings.intensity[-1][1] == 1.0


def test_keys_beside_the_line_stay(rig, takes, room) -> None:
    own = rig.mesh.thunder
    for frame, value in ((1, 0.1), (30, 0.3), (500, 0.5)):
        own.intensity = value
        rig.mesh.keyframe_insert("thunder.intensity", frame=frame)
    action = animated(room, takes, rig, intensity=[[0.0, 1.5], [4.0, 1.0]])
    bpy.ops.thunder.copy_settings(take=action.name)
    curve = room("thunder_blender.compat_panels").object_curve(rig.mesh, "thunder.intensity")
    frames = [round(point.co.x) for point in curve.keyframe_points]
    assert frames == [1, 11, 111, 500]


def test_a_constant_setting_wins_over_the_characters_animation(rig, takes, room) -> None:
    own = rig.mesh.thunder
    rig.mesh.keyframe_insert("thunder.intensity", frame=30)
    action = animated(room, takes, rig, intensity=0.4)
    bpy.ops.thunder.copy_settings(take=action.name)
    for frame in (11, 60, 110):
        bpy.context.scene.frame_set(frame)
        assert own.intensity == pytest.approx(0.4)
