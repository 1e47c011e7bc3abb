# SPDX-License-Identifier: GPL-3.0-or-later
"""Regenerate Range: new motion within, every bit of the old one beside it, and locks respected."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS  # noqa: E402
from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402
from tests.blender.take_helpers import line_without_strip, ramp  # noqa: E402

FIRST, LAST = 25, 40  # scene frames of the range; the line is heard on 10 to 60


@pytest.fixture
def engine(room):
    yield use_fake_engine(room)
    put_engine_away(room)


@pytest.fixture
def take(engine, room, rig, empty_scene, tmp_path):
    """A take of two seconds, seed 7, that plays at frame 10 of a scene of 25 frames a second."""
    empty_scene.render.fps = 25
    add_strip(room, tmp_path / "hello.wav", 10)
    bpy.ops.thunder.generate(seed=7, name="Old")
    return bpy.data.actions["Old"]


def keys_of(room, action) -> dict[tuple[str, int], np.ndarray]:
    """Curve -> (keys, 7): place, interpolation and, where they matter, the handles of each."""
    found = {}
    for curve in room("thunder_blender.take_marks").curves(action):
        rows = [(*p.co, p.interpolation == "BEZIER", *handles(p)) for p in curve.keyframe_points]
        found[curve.data_path, curve.array_index] = np.array(rows)
    return found


def handles(point) -> tuple[float, ...]:
    if point.interpolation != "BEZIER":
        return (0.0,) * 4
    return (*point.handle_left, *point.handle_right)


def split(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inside = (rows[:, 0] >= FIRST) & (rows[:, 0] <= LAST)
    return rows[inside], rows[~inside]


def regenerate(**options) -> None:
    settings = {"start": FIRST, "end": LAST, "seed": 3} | options
    assert bpy.ops.thunder.regenerate_range(**settings) == {"FINISHED"}


def jaw_path(name: str = "jawOpen") -> tuple[str, int]:
    return f'key_blocks["{name}"].value', 0


def test_only_the_range_changes_and_in_a_take_of_its_own(take, rig, room) -> None:
    before = keys_of(room, take)
    regenerate()
    after = keys_of(room, take)
    assert all((before[name] == after[name]).all() for name in before), "the old take is as it was"
    (new,) = [a for a in room("thunder_blender.takes").list_takes(rig) if a.name != "Old"]
    changed = keys_of(room, new)
    assert changed.keys() == before.keys()
    for name in before:
        (_, old), (_, now) = split(before[name]), split(changed[name])
        assert old.tobytes() == now.tobytes(), name
    jaw = jaw_path()
    assert np.abs(split(before[jaw])[0] - split(changed[jaw])[0]).max() > 0.05
    assert room("thunder_blender.takes").chosen_take(rig, new["thunder_line"]) == new
    assert rig.mesh.thunder.take == new


def test_in_place_is_one_undo_step(take, rig, room) -> None:
    before = keys_of(room, take)
    bpy.ops.ed.undo_push(message="Start")
    bpy.ops.thunder.regenerate_range("EXEC_DEFAULT", True, start=FIRST, end=LAST, in_place=True)
    assert len(bpy.data.actions) == len({a.name for a in bpy.data.actions})
    jaw = jaw_path()
    assert (keys_of(room, bpy.data.actions["Old"])[jaw] != before[jaw]).any()
    bpy.ops.ed.undo()
    after = keys_of(room, bpy.data.actions["Old"])
    assert all((before[name] == after[name]).all() for name in before)


def test_locked_groups_and_locked_curves_stay(take, rig, room) -> None:
    rig.mesh.thunder.lock_mouth = True
    for curve in room("thunder_blender.take_marks").curves(take):
        curve.lock = "browInnerUp" in curve.data_path
    before = keys_of(room, take)
    regenerate(in_place=True)
    after = keys_of(room, take)
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp"):
        if jaw_path(name) in before:
            assert (before[jaw_path(name)] == after[jaw_path(name)]).all(), name
    changed = [name for name in before if (before[name] != after[name]).any()]
    locked = room("thunder_blender.channel_locks").GROUPS["mouth"]
    mouth = {jaw_path(CHANNELS[place]) for place in locked}
    assert not mouth & set(changed)


def test_the_artists_own_keys_keep_every_bit(take, rig, room) -> None:
    curve = next(
        c for c in room("thunder_blender.take_marks").curves(take) if c.data_path == jaw_path()[0]
    )
    moved = [p for p in curve.keyframe_points if p.co.x in (30.0, 31.0)]
    for point in moved:
        point.co.y += 0.15
    curve.keyframe_points.insert(33.5, 0.66)
    curve.update()
    own = room("thunder_blender.hand_edits").artist_keys(take)
    assert sorted(own[jaw_path()].tolist()) == [30.0, 31.0, 33.5] and len(own) == 1
    before = keys_of(room, take)[jaw_path()]
    regenerate(in_place=True)
    after = keys_of(room, take)[jaw_path()]
    mine = [row for row in before if row[0] in (30.0, 31.0, 33.5)]
    kept = {row[0]: row for row in after}
    for row in mine:
        assert (kept[row[0]] == row).all()
    assert (before[:, :2] != after[:, :2]).any(), "and the others are new"
    again = room("thunder_blender.hand_edits").artist_keys(take)
    assert sorted(again[jaw_path()].tolist()) == [30.0, 31.0, 33.5], "they stay the artist's"


def test_what_is_not_edited_has_no_keys_of_the_artist(take, room) -> None:
    hand_edits = room("thunder_blender.hand_edits")
    assert hand_edits.artist_keys(take) == {}
    regenerate(in_place=True)
    assert hand_edits.artist_keys(take) == {} and not hand_edits.is_hand_edited(take)


def test_the_engine_is_told_what_to_keep(take, engine) -> None:
    regenerate(seed=11)
    request = engine.requests[-1]
    assert request.settings.seed == 11
    free = np.flatnonzero((request.hold.kept == 0).any(1))
    assert free[0] == 30 and free[-1] == 60  # 50 a second, from frame 10 on
    assert request.hold.weights.shape == request.hold.kept.shape == (100, len(CHANNELS))


def test_the_neck_comes_back_as_it_was_read(room) -> None:
    euler = np.random.default_rng(0).uniform(-0.5, 0.5, (20, 3)).astype(np.float32)
    turned = room("thunder_blender.range_motion").axis_angle_from_euler(euler)
    back = room("thunder_blender.keys").euler_from_axis_angle(turned)
    assert np.abs(back - euler).max() < 1e-5


def test_the_preview_range_is_meant_where_none_is_given(take, engine, empty_scene) -> None:
    empty_scene.use_preview_range = True
    empty_scene.frame_preview_start, empty_scene.frame_preview_end = 20, 30
    bpy.ops.thunder.regenerate_range()
    free = np.flatnonzero((engine.requests[-1].hold.kept == 0).any(1))
    assert (free[0], free[-1]) == (20, 40)


def test_selected_keys_are_meant_else(take, engine, room) -> None:
    for curve in room("thunder_blender.take_marks").curves(take):
        for point in curve.keyframe_points:
            point.select_control_point = 20 <= point.co.x <= 30
    bpy.ops.thunder.regenerate_range()
    free = np.flatnonzero((engine.requests[-1].hold.kept == 0).any(1))
    assert (free[0], free[-1]) == (20, 40)


def test_what_cannot_be_is_a_sentence(take, rig) -> None:
    for options, words in (
        ({"start": 200, "end": 220}, "outside"),
        ({"take": "Nobody's", "start": 20, "end": 30}, "no take"),
    ):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.thunder.regenerate_range(**options)
    for group in ("mouth", "brows", "eyes", "head"):
        setattr(rig.mesh.thunder, f"lock_{group}", True)
    with pytest.raises(RuntimeError, match="locked"):
        regenerate()


def test_without_a_range_the_reason_names_what_to_do(take, room) -> None:
    for curve in room("thunder_blender.take_marks").curves(take):
        for point in curve.keyframe_points:
            point.select_control_point = False
    with pytest.raises(RuntimeError, match="preview range"):
        bpy.ops.thunder.regenerate_range()


def test_generate_and_variants_keep_what_is_locked(take, rig, room, engine) -> None:
    rig.mesh.thunder.lock_mouth = True
    bpy.ops.thunder.generate(seed=9, name="New")
    bpy.ops.thunder.variants(count=2)
    before, after = keys_of(room, take), keys_of(room, bpy.data.actions["New"])
    assert np.abs(before[jaw_path()] - after[jaw_path()])[:, 1].max() < 1e-6
    assert all(request.hold is not None for request in engine.requests[1:])
    rig.mesh.thunder.lock_mouth = False
    bpy.ops.thunder.generate(seed=10)
    assert engine.requests[-1].hold is None


def test_a_copy_has_actions_of_its_own_and_takes_the_range_alone(rig, room) -> None:
    """Without a sound strip, for Blenders without sound, and with the bones' curves."""
    takes, marks = room("thunder_blender.takes"), room("thunder_blender.take_marks")
    write, motion = room("thunder_blender.range_write"), room("thunder_blender.range_motion")
    line = line_without_strip(room)
    action = takes.add_take(rig, line, ramp(room))
    before, old = motion.sampled(rig, action, line), keys_of(room, action)
    after = before.copy()
    after[60:90, CHANNELS.index("jawOpen")] += 0.1
    after[60:90, CHANNELS.index("neckYaw")] += 0.1
    twin = write.copied(action, "Twin")
    assert not set(marks.all_actions(twin)) & set(marks.all_actions(action))
    mended = room("thunder_blender.repair_curves").Mended(before, after, (1.2, 1.8))
    assert write.write(rig, twin, line, mended) > 0
    assert all((old[name] == now).all() for name, now in keys_of(room, action).items())
    new = keys_of(room, twin)
    low, high = line.first_frame + 1.2 * 25 - 1e-3, line.first_frame + 1.8 * 25 + 1e-3
    moved = set()
    for name in old:
        outside = (old[name][:, 0] < low) | (old[name][:, 0] > high)
        assert (old[name][outside] == new[name][outside]).all(), name
        if (old[name] != new[name]).any():
            moved.add(name[0])
    assert jaw_path()[0] in moved and any("rotation_euler" in name for name in moved)


@pytest.fixture
def measured(engine, take, room):
    """The take is measured, 0.9 throughout; each question is answered so."""
    contract = room("model_runtime.contract")

    def answer(question):
        seconds = np.arange(100) / 50
        values = np.full(100, 0.9, np.float32)
        if question.span:
            values[(seconds < question.span[0]) | (seconds > question.span[1])] = np.nan
        return contract.Meter(0.9, values, np.ones(100, np.float32), 50.0, 0.0)

    engine.answers[contract.MeasureRequest] = answer
    bpy.ops.thunder.measure("EXEC_DEFAULT")
    return room("thunder_blender.meter_store")


@pytest.mark.parametrize("in_place", [False, True])
def test_a_new_range_is_not_measured_anywhere_until_it_is(
    measured, engine, take, rig, room, in_place
) -> None:
    takes, marks = room("thunder_blender.takes"), room("thunder_blender.take_marks")
    assert [row.take for row in measured.report(rig)] == ["Old"]
    regenerate(in_place=in_place)
    new = takes.chosen_take(rig, take["thunder_line"])
    assert takes.take_info(new, rig).meter is None
    rows = [row.take for row in measured.report(rig)]
    assert rows == ([] if in_place else ["Old"]), "as in the list of takes"
    ((first, last),) = only_place(room).stale
    assert (FIRST - 11.1) / 25 < first < last < (LAST - 8.9) / 25, "the strip is stale there only"
    watch = room("thunder_blender.meter_watch")
    assert not bpy.context.scene.thunder_meter.live
    assert watch._begin_in(bpy.context), "measured again although Live is off"
    while room("thunder_blender.meter_task").running():
        watch._go_on()
    asked = engine.requests[-1].span
    assert asked[0] == pytest.approx(first - 0.4) and asked[1] == pytest.approx(last + 0.4)
    assert only_place(room).stale == ()
    assert new.name in [row.take for row in measured.report(rig)] and marks.METER in new


def test_a_range_of_a_take_that_best_of_n_measured_is_not_taken_for_fresh(
    engine, take, rig, room
) -> None:
    contract, store = room("model_runtime.contract"), room("thunder_blender.meter_store")
    meter = contract.Meter(0.9, np.full(100, 0.9, np.float32), np.ones(100, np.float32), 50.0, 0.0)
    strip = room("thunder_blender.lines").sound_strips(bpy.context.scene)[0]
    store.keep_for_take(
        take, room("thunder_blender.lines").line_of_strip(bpy.context.scene, strip), meter
    )
    regenerate()
    assert only_place(room).stale, "nobody had looked at it before"


def only_place(room):
    (place,) = room("thunder_blender.meter_places").places(bpy.context)
    return place
