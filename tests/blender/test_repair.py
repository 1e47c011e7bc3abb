# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair in Blender: which span, what comes back into the keys, what stays, undo, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.blender.lines_fixture import put_engine_away, use_fake_engine
from tests.blender.take_helpers import JAW, line_without_strip, ramp

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

NOTE = "Repaired: meter 0.20 before, 0.80 now."


@pytest.fixture
def asked(room):
    """The questions that came; every jaw is closed by 0.1 between the span's ends."""
    contract = room("model_runtime.contract")
    meter = contract.Meter(0.5, np.zeros(1, np.float32), np.zeros(1, np.float32), 50.0, 0.0)
    questions = []

    def mend(question):
        questions.append(question)
        first, last = (round(second * 50) for second in question.span)
        after = question.weights.copy()
        after[first : last + 1, JAW] -= 0.1
        return contract.Repaired(after, True, NOTE, meter, meter)

    use_fake_engine(room, answers={contract.RepairRequest: mend})
    yield questions
    put_engine_away(room)


@pytest.fixture(params=[24.0, 25.0, 50.0])
def rate(request):
    return request.param


@pytest.fixture
def take(room, rig, empty_scene, rate, monkeypatch, tmp_path):
    """A take of four seconds that plays from frame 11 on; its line has no strip in this file."""
    room("thunder_blender.sound").set_scene_rate(empty_scene, rate)
    line = line_without_strip(room, rate=rate, path=tmp_path / "line.wav")
    takes, span = room("thunder_blender.takes"), room("thunder_blender.take_span")
    action = takes.add_take(rig, line, ramp(room, offset=0.3))
    takes.choose_take(rig, action)
    monkeypatch.setattr(span, "line_of", lambda *_: line)
    monkeypatch.setattr(span, "playing", lambda *_: action)
    monkeypatch.setattr(room("thunder_blender.request"), "strip_reason", lambda _context: "")
    return action


def jaw_curve(room, action):
    return room("thunder_blender.repair_curves").unit_columns(action)[JAW]


def values(room, action) -> dict[float, float]:
    return {p.co[0]: p.co[1] for p in jaw_curve(room, action).keyframe_points}


def all_keys(room, action) -> dict:
    marks = room("thunder_blender.take_marks")
    return {
        (curve.data_path, curve.array_index): [
            (*p.co, *p.handle_left) for p in curve.keyframe_points
        ]
        for curve in marks.curves(action)
    }


def test_the_keys_of_the_span_are_mended_and_no_others(room, take, asked, rate) -> None:
    before, others = values(room, take), all_keys(room, take)
    assert bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate) == {"FINISHED"}
    after = values(room, take)
    assert after.keys() == before.keys()
    inside = [frame for frame in after if 11 + rate < frame < 11 + 2 * rate]
    for frame in inside[3:-3]:
        assert after[frame] == pytest.approx(before[frame] - 0.1, abs=4e-3), frame
    outside = [frame for frame in after if not 11 + rate <= frame <= 11 + 2 * rate]
    assert [after[f] for f in outside] == [before[f] for f in outside]  # bit for bit
    jaw = (jaw_curve(room, take).data_path, 0)
    assert {k: v for k, v in all_keys(room, take).items() if k != jaw} == {
        k: v for k, v in others.items() if k != jaw
    }


def test_the_engine_is_asked_about_the_take_as_its_keys_are_now(room, take, asked, rate) -> None:
    jaw_curve(room, take).keyframe_points[30].co[1] = 0.9
    bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate)
    (question,) = asked
    assert question.span == pytest.approx((1.0, 2.0))
    assert question.weights.shape == (200, 55)
    assert question.weights[round(30 * 50 / rate), JAW] == pytest.approx(0.9, abs=0.2)
    assert question.weights[150, JAW] == pytest.approx(0.6, abs=2e-3)


def test_a_repair_is_one_undo_step_and_the_take_remembers_it(room, take, asked, rate) -> None:
    bpy.ops.ed.undo_push(message="before")
    before, name = values(room, take), take.name
    bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate)
    (known,) = json.loads(take["thunder_provenance"])["repairs"]
    assert known["sentence"] == NOTE and known["span"] == [1.0, 2.0]
    bpy.ops.ed.undo_push(message="Repair")
    bpy.ops.ed.undo()
    assert values(room, bpy.data.actions[name]) == before


def test_the_selected_keys_are_the_span(room, take, asked, rate) -> None:
    for curve in room("thunder_blender.repair_curves").unit_columns(take).values():
        for point in curve.keyframe_points:
            point.select_control_point = 11 + rate <= point.co[0] <= 11 + 2 * rate
    bpy.ops.thunder.repair()
    assert asked[0].span == pytest.approx((1.0, 2.0), abs=1 / rate)


def test_the_weak_span_at_the_current_frame_is_repaired(room, take, asked, monkeypatch) -> None:
    for curve in room("thunder_blender.repair_curves").unit_columns(take).values():
        for point in curve.keyframe_points:
            point.select_control_point = False
    repair = room("thunder_blender.repair")
    monkeypatch.setattr(repair, "_weak", lambda *_: [(20.0, 30.0), (60.0, 90.0)])
    bpy.context.scene.frame_set(75)
    bpy.ops.thunder.repair()
    rate = room("thunder_blender.sound").scene_rate(bpy.context.scene)
    assert asked[0].span == pytest.approx(((60 - 11) / rate, (90 - 11) / rate))
    bpy.context.scene.frame_set(45)
    with pytest.raises(RuntimeError, match="no span to repair"):
        bpy.ops.thunder.repair()


def test_a_short_span_is_widened_and_one_outside_of_the_line_refused(room, take, asked) -> None:
    rate = room("thunder_blender.sound").scene_rate(bpy.context.scene)
    bpy.ops.thunder.repair(start=11 + rate, end=12 + rate)
    first, last = asked[0].span
    assert last - first == pytest.approx(0.5)
    with pytest.raises(RuntimeError, match="lie outside"):
        bpy.ops.thunder.repair(start=5000, end=5100)


def test_a_take_that_is_fine_stays_as_it_is(room, take, rig) -> None:
    contract = room("model_runtime.contract")
    meter = contract.Meter(0.95, np.zeros(1, np.float32), np.zeros(1, np.float32), 50.0, 0.0)

    def refuse(question):
        return contract.Repaired(
            question.weights, False, "Nothing was changed: fine.", meter, meter
        )

    use_fake_engine(room, answers={contract.RepairRequest: refuse})
    try:
        before = all_keys(room, take)
        bpy.ops.thunder.repair(start=20, end=40)
        assert all_keys(room, take) == before and "repairs" not in take["thunder_provenance"]
    finally:
        put_engine_away(room)


def pull(room, take, second: float) -> int:
    """The artist opens the jaw on one frame; the number of its key."""
    rate = room("thunder_blender.sound").scene_rate(bpy.context.scene)
    place = round(second * rate)
    jaw_curve(room, take).keyframe_points[place].co[1] = 0.9
    room("thunder_blender.hand_edits").forget(take.name)
    return place


def test_the_artists_own_keys_stay_unless_he_says_so(room, take, asked, rate) -> None:
    place = pull(room, take, 1.5)
    bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate)
    motion_frame = round(place / rate * 50)
    assert asked[0].kept[motion_frame, JAW] == 1.0
    assert asked[0].kept[motion_frame + 10, JAW] == 0.0
    assert values(room, take)[11 + place] == pytest.approx(0.9)
    bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate, my_keys=True)
    assert asked[1].kept[:, JAW].max() == 0.0
    assert values(room, take)[11 + place] == pytest.approx(0.8, abs=0.02)
    assert not room("thunder_blender.hand_edits").artist_keys(take)


def test_locked_channels_are_kept(room, take, asked, rate, rig) -> None:
    jaw_curve(room, take).lock = True
    before = values(room, take)
    bpy.ops.thunder.repair(start=11 + rate, end=11 + 2 * rate, my_keys=True)
    assert asked[0].kept[:, JAW].min() == 1.0
    assert before.keys() == values(room, take).keys()


def test_a_take_that_was_changed_meanwhile_is_left_alone(room, take, asked) -> None:
    repair = room("thunder_blender.repair")
    asking = repair.repairing(bpy.context, repair.Choice("", 20.0, 40.0))
    engine = room("thunder_blender.engine").get_engine()
    answer = engine.wait(engine.submit(asking.question))
    jaw_curve(room, take).keyframe_points[20].co[1] = 0.9
    with pytest.raises(room("model_runtime.contract").ThunderError, match="was changed while"):
        asking.land(answer)


def test_deleted_keys_come_back_in_the_span_and_the_frames_beside_it_stay(room, take, rate) -> None:
    curves = room("thunder_blender.repair_curves")
    curve = jaw_curve(room, take)
    for index in range(70, 10, -1):
        curve.keyframe_points.remove(curve.keyframe_points[index])
    line = line_without_strip(room, rate=rate, path=Path("x"))
    before = curves.sampled(take, line)
    after = before.copy()
    after[round(1.0 * 50) : round(1.6 * 50) + 1, JAW] += 0.1
    frames = np.arange(11, 11 + int(3.9 * rate))
    was = np.array([curve.evaluate(f) for f in frames])
    rig = SimpleNamespace(mesh=SimpleNamespace(get=lambda *_: ()), keys=None)
    mended = curves.Mended(before, after, (1.0, 1.6))
    assert room("thunder_blender.steps").finish(curves.write_steps(rig, take, line, mended)) > 0
    now = np.array([jaw_curve(room, take).evaluate(f) for f in frames])
    seconds = (frames - 11) / rate
    out = (seconds < 1.0) | (seconds > 1.6)
    assert np.abs(now - was)[out].max() < 1e-5
    assert (now - was)[(seconds > 1.1) & (seconds < 1.5)] == pytest.approx(0.1, abs=5e-3)


def test_why_it_is_greyed_out(room, rig) -> None:
    assert "sound strip" in room("thunder_blender.repair").disabled_reason(bpy.context)
    assert not bpy.ops.thunder.repair.poll()
