# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist does to takes, through bpy.ops: nothing of his is lost, all of it undoable."""

from __future__ import annotations

import numpy as np
import pytest

from tests.blender.take_helpers import (
    jaw,
    jaw_at,
    line_without_strip,
    link_character,
    own_key,
    ramp,
)

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture
def takes(room):
    return room("thunder_blender.takes")


@pytest.fixture
def edits(room):
    return room("thunder_blender.take_edits")


@pytest.fixture
def add(rig, room, takes, empty_scene):
    """Adds a take of a line that begins on a frame; it plays."""
    empty_scene.render.fps = 25

    def add(line_id="line-1", frame=11.0, play=True, **changes):
        line = line_without_strip(room, line_id, frame)
        action = takes.add_take(rig, line, ramp(room, **changes))
        if play:
            takes.choose_take(rig, action)
        return action

    return add


def key_by_hand(rig, frame: int, value: float) -> None:
    bpy.context.scene.frame_set(frame)
    rig.keys.key_blocks["jawOpen"].value = value
    rig.keys.key_blocks["jawOpen"].keyframe_insert("value", frame=frame)


def state(rig) -> dict:
    """How the artist's own animation is assigned."""
    found = {}
    for block in (rig.keys, rig.armature):
        data = block.animation_data
        if data is None or not (data.action or len(data.nla_tracks)):
            continue
        slot = getattr(data, "action_slot", None)
        found[block.name] = (
            data.action,
            slot.identifier if slot else None,
            data.action_blend_type,
            round(data.action_influence, 6),
            data.action_extrapolation,
            data.action and data.action.use_fake_user,
            [(track.name, track.mute, len(track.strips)) for track in data.nla_tracks],
        )
    return found


def test_between_the_lines_the_face_rests(rig, add) -> None:
    add("a", 11)
    add("b", 161)
    for frame in (1, 5, 117, 150, 155, 300):
        assert jaw_at(rig, frame) == pytest.approx(0), frame
        assert tuple(rig.neck.rotation_euler) == pytest.approx((0, 0, 0))
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)
    assert jaw_at(rig, 211) == pytest.approx(0.2, abs=1e-3)
    assert rig.neck.rotation_euler.y == pytest.approx(0.3, abs=1e-3)


def test_between_the_lines_the_artists_own_values_stand(rig, add) -> None:
    rig.keys.key_blocks["jawOpen"].value = 0.4
    add("a", 11, offset=0.1)
    assert jaw_at(rig, 61) == pytest.approx(0.3, abs=1e-3)
    assert jaw_at(rig, 300) == pytest.approx(0.4)
    bpy.ops.thunder.restore_mine()
    assert jaw_at(rig, 61) == pytest.approx(0.4)


def test_between_the_lines_the_artists_own_action_plays(rig, add) -> None:
    mine = own_key(rig, 0.6, 1)
    own_key(rig, 0.8, 301)
    add("a", 11)
    assert rig.keys.animation_data.action is None
    assert mine.use_fake_user
    assert jaw_at(rig, 1) == pytest.approx(0.6)
    assert jaw_at(rig, 301) == pytest.approx(0.8)
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)


def test_the_face_fades_in_and_out_outside_of_the_line(rig, add) -> None:
    add("a", 11, offset=0.4)
    assert jaw_at(rig, 11) == pytest.approx(0.4, abs=1e-3)
    assert 0.1 < jaw_at(rig, 8) < 0.35
    assert jaw_at(rig, 110) > 0.75
    assert 0.1 < jaw_at(rig, 113) < 0.75


def test_neighbouring_lines_play_in_full_to_their_border(rig, add) -> None:
    add("a", 11, seconds=2.0, offset=0.4)
    add("b", 62, seconds=2.0)
    assert jaw_at(rig, 60) == pytest.approx(0.4 + 49 / 250, abs=2e-3)
    for frame in (62, 64, 70):
        assert jaw_at(rig, frame) == pytest.approx((frame - 62) / 250, abs=2e-3)


# Blender 5.0 takes 1 for the default of a shape key's value and multiplies where it should add.
BLENDS = ["ADD"] if (5, 0) <= bpy.app.version < (5, 1) else ["ADD", "COMBINE"]


@pytest.mark.parametrize("blend", BLENDS)
def test_additive_work_of_the_artist_stays_on_top(rig, add, blend) -> None:
    mine = own_key(rig, 0.1, 1)
    rig.keys.animation_data.action_blend_type = blend
    add("a", 11)
    assert rig.keys.animation_data.action == mine
    assert jaw_at(rig, 61) == pytest.approx(0.3, abs=1e-3)


def test_own_animation_on_other_channels_is_left_alone(rig, add) -> None:
    rig.armature.location.x = 2
    rig.armature.keyframe_insert("location", frame=1)
    mine = rig.armature.animation_data.action
    add("a", 11)
    assert rig.armature.animation_data.action == mine
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)
    bpy.ops.thunder.restore_mine()
    assert rig.armature.animation_data.action == mine


def test_restore_mine_brings_everything_back_as_it_was(rig, add) -> None:
    mine = own_key(rig, 0.25, 10)
    rig.neck.keyframe_insert("rotation_euler", frame=10)
    own = rig.keys.animation_data.nla_tracks.new()
    other = bpy.data.actions.new("walk")
    own.name, own.mute = "mine too", True
    if not hasattr(other, "slots"):
        other.id_root = "KEY"
    rig.keys.animation_data.action_extrapolation = "HOLD_FORWARD"
    before, curves = state(rig), [round(v, 5) for v in (jaw_at(rig, 1), jaw_at(rig, 40))]
    for line in "abc":
        add(line, 11)
    bpy.ops.thunder.restore_mine()
    assert state(rig) == before
    assert [round(v, 5) for v in (jaw_at(rig, 1), jaw_at(rig, 40))] == curves
    assert rig.keys.animation_data.action == mine
    assert not [key for key in list(rig.keys.keys()) if key.startswith("thunder_")]
    assert not [action for action in bpy.data.actions if "Rest" in action.name]


def test_a_deleted_rest_track_comes_back_under_the_takes(rig, add, takes) -> None:
    first = add("a", 11)
    for block in (rig.keys, rig.armature):
        tracks = block.animation_data.nla_tracks
        tracks.remove(tracks["Rest"])
    second = add("b", 200)
    assert rig.keys.animation_data.nla_tracks[0].name == "Rest"
    assert (takes.chosen_take(rig, "a"), takes.chosen_take(rig, "b")) == (first, second)
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)
    assert jaw_at(rig, 150) == pytest.approx(0)


def test_what_the_artist_keys_over_the_takes_is_set_aside_and_kept(rig, add, takes) -> None:
    first = own_key(rig, 0.25, 10)
    action = add("a", 11)
    later = own_key(rig, 0.5, 20)
    assert later != first
    bpy.ops.thunder.switch_take(take=action.name)
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)
    assert takes.made_since(rig) == [later.name]
    bpy.ops.thunder.restore_mine()
    assert rig.keys.animation_data.action == first
    assert later.use_fake_user
    assert not rig.keys.animation_data.nla_tracks


def test_an_action_that_the_artist_plays_in_the_nla_too_stays_there(rig, add) -> None:
    mine = own_key(rig, 0.25, 10)
    track = rig.keys.animation_data.nla_tracks.new()
    strip = track.strips.new("again", 300, mine)
    if hasattr(strip, "action_slot"):
        strip.action_slot = strip.action_suitable_slots[0]
    before = state(rig)
    add("a", 11)
    bpy.ops.thunder.restore_mine()
    assert state(rig) == before


def test_whatever_is_done_with_takes_the_artists_state_comes_back(rig, add, takes, edits) -> None:
    own_key(rig, 0.25, 10)
    rig.neck.keyframe_insert("rotation_euler", frame=10)
    before = state(rig)
    rng = np.random.default_rng(5)
    for step in range(60):
        found = takes.list_takes(rig)
        chosen = found[rng.integers(len(found))] if found else None
        kind = rng.integers(7)
        if kind == 0 or chosen is None:
            add(f"line {rng.integers(4)}", int(rng.integers(1, 400)), seed=step, seconds=1.0)
        elif kind == 1:
            takes.choose_take(rig, chosen)
        elif kind == 2:
            edits.edit_take(rig, chosen)
        elif kind == 3 and edits.editing_take(rig):
            key_by_hand(rig, int(rng.integers(400)), 0.3)
        elif kind == 4:
            edits.finish_editing(rig)
        elif kind == 5:
            edits.remove_take(rig, chosen, force=True)
        elif rng.random() < 0.3:
            takes.restore_mine(rig)
            assert state(rig) == before
        playing = [strip.action for _, strip in takes.take_strips(rig)]
        lines = [takes.line_of(action) for action in playing]
        assert len(lines) == len(set(lines))
    takes.restore_mine(rig)
    assert state(rig) == before


def test_switching_keeps_one_take_for_each_line(rig, add, takes) -> None:
    first, second, other = add("a", 11), add("a", 11, seed=8), add("b", 200)
    assert takes.chosen_take(rig, "a") == second
    bpy.ops.thunder.switch_take(take=first.name)
    assert takes.chosen_take(rig, "a") == first
    assert takes.chosen_take(rig, "b") == other
    assert len(takes.take_strips(rig)) == 2


def test_a_take_is_edited_where_it_plays(rig, add, takes, edits) -> None:
    action = add("a", 211)
    action_2 = add("b", 11)
    bpy.ops.thunder.edit_take(take=action.name)
    assert edits.editing_take(rig) == action
    assert rig.keys.animation_data.action == action
    key_by_hand(rig, 261, 0.9)
    assert jaw_at(rig, 261) == pytest.approx(0.9, abs=1e-4)
    assert not takes.place_takes(rig)
    bpy.ops.thunder.finish_editing()
    assert rig.keys.animation_data.action is None
    assert jaw_at(rig, 261) == pytest.approx(0.9, abs=1e-4)
    assert jaw_at(rig, 262) == pytest.approx(51 / 250, abs=1e-3)
    assert takes.is_hand_edited(action)
    assert takes.take_info(action, rig).hand_edited
    assert not takes.is_hand_edited(action_2)
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)


def test_editing_keeps_an_additive_action_of_the_artist(rig, add, edits) -> None:
    mine = own_key(rig, 0.1, 1)
    rig.keys.animation_data.action_blend_type = "ADD"
    action = add("a", 11)
    edits.edit_take(rig, action)
    edits.finish_editing(rig)
    assert rig.keys.animation_data.action == mine


def test_a_moved_take_is_edited_where_it_plays_now(rig, add, takes, edits) -> None:
    action = add("a", 11)
    _, strip = takes.take_strips(rig)[0]
    strip.frame_start_raw, strip.frame_end_raw = strip.frame_start + 50, strip.frame_end + 50
    assert jaw_at(rig, 111) == pytest.approx(0.2, abs=1e-3)
    edits.edit_take(rig, action)
    key_by_hand(rig, 111, 0.7)
    edits.finish_editing(rig)
    assert jaw_at(rig, 111) == pytest.approx(0.7, abs=1e-4)


def test_hand_edited_takes_are_not_deleted_without_asking(rig, add, takes, edits) -> None:
    action = add("a", 11)
    name = action.name
    edits.edit_take(rig, action)
    key_by_hand(rig, 50, 0.9)
    edits.finish_editing(rig)
    with pytest.raises(RuntimeError, match="edited by hand"):
        bpy.ops.thunder.delete_take(take=name)
    assert name in bpy.data.actions
    bpy.ops.thunder.delete_take(take=name, force=True)
    assert name not in bpy.data.actions
    assert jaw_at(rig, 61) == pytest.approx(0)


def test_deleting_the_last_take_brings_the_artists_action_back(rig, add) -> None:
    mine = own_key(rig, 0.25, 10)
    first, second = add("a", 11), add("b", 200)
    bpy.ops.thunder.delete_take(take=first.name)
    assert rig.keys.animation_data.action is None
    bpy.ops.thunder.delete_take(take=second.name)
    assert rig.keys.animation_data.action == mine
    assert list(bpy.data.actions) == [mine]


def test_takes_are_renamed_and_starred(rig, add, takes) -> None:
    action = add("a", 11)
    bpy.ops.thunder.rename_take(take=action.name, new_name="best so far")
    assert [a.name for a in takes.list_takes(rig)] == ["best so far"]
    bpy.ops.thunder.star_take(take="best so far")
    assert takes.take_info(action, rig).star
    bpy.ops.thunder.star_take(take="best so far")
    assert not takes.take_info(action, rig).star
    with pytest.raises(RuntimeError, match="needs a name"):
        bpy.ops.thunder.rename_take(take="best so far", new_name=" ")
    assert not takes.is_hand_edited(action)


def test_long_names_keep_their_seed(rig, room, takes) -> None:
    rig.mesh.name = "A character with a very long name indeed"
    line = line_without_strip(room, strip_name="and a strip with a name as long as that: ßöü")
    assert takes.add_take(rig, line, ramp(room, seed=123456)).name.endswith(".s123456")


def test_settings_of_a_take_become_the_characters(rig, add) -> None:
    action = add("a", 11, seed=42)
    bpy.ops.thunder.copy_settings(take=action.name)
    own = rig.mesh.thunder
    assert (own.seed, own.emotion) == (42, "happy")
    assert own.intensity == pytest.approx(0.8)


def test_baking_gives_one_plain_action_of_all_lines(rig, add, takes, room) -> None:
    action = add("a", 11)
    add("b", 161)
    seen = {frame: jaw_at(rig, frame) for frame in (1, 8, 61, 130, 211, 300)}
    bpy.context.scene.frame_set(33)
    bpy.ops.thunder.bake_take(take=action.name)
    assert bpy.context.scene.frame_current == 33
    baked = bpy.data.actions[f"{rig.mesh.name} baked"]
    assert baked.use_fake_user
    assert baked not in takes.list_takes(rig)
    compat = room("thunder_blender.compat")
    bpy.ops.thunder.restore_mine()
    compat.assign_part(rig.keys, compat.find_part(baked, "KEY"))
    for frame, value in seen.items():
        assert jaw_at(rig, frame) == pytest.approx(value, abs=1e-4), frame
    curve = compat.fcurves(compat.find_part(baked, "KEY"))[0]
    frames = np.array([point.co.x for point in curve.keyframe_points])
    assert (np.diff(frames) == 1).all()


def test_a_take_in_the_file_survives_saving(rig, add, room, takes, tmp_path) -> None:
    own_key(rig, 0.25, 10)
    name = add("a", 11).name
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    found = room("thunder_blender.rig").find_scene_rig(bpy.context.scene, None)
    action = takes.chosen_take(found, "a")
    assert action.name == name
    assert not takes.is_hand_edited(action)
    assert jaw_at(found, 61) == pytest.approx(0.2, abs=1e-3)
    takes.restore_mine(found)
    assert jaw_at(found, 10) == pytest.approx(0.25)


def test_undo_and_redo_leave_nothing_dangling(rig, room, takes, empty_scene) -> None:
    empty_scene.render.fps = 25
    own_key(rig, 0.25, 10)
    find = room("thunder_blender.rig").find_scene_rig
    line = line_without_strip(room, "a", 11)
    names = [takes.add_take(rig, line, ramp(room, seed=seed)).name for seed in (1, 2)]
    bpy.ops.ed.undo_push(message="Start")
    for name in names:
        bpy.ops.thunder.switch_take("EXEC_DEFAULT", True, take=name)
    bpy.ops.thunder.delete_take("EXEC_DEFAULT", True, take=names[1])
    chosen = []
    for step in (bpy.ops.ed.undo,) * 3 + (bpy.ops.ed.redo,) * 3:
        step()
        now = find(bpy.context.scene, None)
        action = takes.chosen_take(now, "a")
        chosen.append(action and action.name)
        bpy.context.scene.frame_set(61)
        assert jaw(now) == pytest.approx(0.2 if action else 0.25, abs=1e-3)
    assert chosen == [names[1], names[0], None, names[0], names[1], None]


@pytest.fixture
def linked(rig, room, tmp_path):
    """A collection with the head, linked into a new file."""
    return link_character(rig, tmp_path)


def test_a_linked_head_says_what_to_do(linked, room, takes) -> None:
    found = room("thunder_blender.rig").find_scene_rig(bpy.context.scene, None)
    action = takes.add_take(found, line_without_strip(room), ramp(room))
    with pytest.raises(room("thunder_blender.rig").RigError, match=r"linked from library\.blend"):
        takes.choose_take(found, action)


def test_an_overridden_head_performs_once_its_mesh_is_overridden_too(
    linked, room, takes, tmp_path
) -> None:
    find, diagnose = room("thunder_blender.rig").find_rig, room("thunder_blender.diagnose")
    scene, layer = bpy.context.scene, bpy.context.view_layer
    linked.override_hierarchy_create(scene, layer, do_fully_editable=True)
    found = find(next(i for i in bpy.data.objects if i.type == "MESH" and not i.library))
    action = takes.add_take(found, line_without_strip(room), ramp(room))
    with pytest.raises(room("thunder_blender.rig").RigError, match="is a library override"):
        takes.choose_take(found, action)
    (finding,) = diagnose.why_not_moving(found, bpy.context)
    diagnose.apply_fix(finding)
    takes.choose_take(found, action)
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    found = find(next(i for i in bpy.data.objects if i.type == "MESH" and not i.library))
    assert jaw_at(found, 61) == pytest.approx(0.2, abs=1e-3)
    assert found.neck.rotation_euler.y == pytest.approx(0.3, abs=1e-3)
    takes.restore_mine(found)
    assert jaw_at(found, 61) == pytest.approx(0)


def test_many_characters_play_their_own_takes(rig, room, takes, face, add) -> None:
    head = room("thunder_blender.head")
    other = head.create_head(bpy.context.scene.collection, head.HeadParams(), face)
    action = add("a", 11)
    theirs = takes.add_take(other, line_without_strip(room, "a", 11), ramp(room, offset=0.3))
    takes.choose_take(other, theirs)
    assert jaw_at(rig, 61) == pytest.approx(0.2, abs=1e-3)
    assert jaw_at(other, 61) == pytest.approx(0.5, abs=1e-3)
    assert takes.list_takes(rig) == [action]
    with pytest.raises(room("thunder_blender.rig").RigError, match="no take of"):
        takes.choose_take(rig, theirs)
