# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the meter lies on the timeline, what is told of a frame, jumps, the report, reasons."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.fake_layout import FakeLayout, draw  # noqa: E402
from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402
from tests.blender.take_helpers import move, ramp, set_range  # noqa: E402

RATE = 25


@pytest.fixture
def engine(room):
    contract = room("model_runtime.contract")

    def answer(_request):
        frames = np.full(100, 0.9, np.float32)
        frames[20:30], frames[60:70] = 0.1, 0.3
        spoken = np.ones(100, np.float32)
        spoken[80:] = 0.0
        advice = (contract.Advice("open", 0.4, 0.6, 0.1, "Lips stay open on p", "p"),)
        return contract.Meter(0.7, frames, spoken, 50.0, 80.0, advice)

    yield use_fake_engine(room, answers={contract.MeasureRequest: answer})
    put_engine_away(room)


@pytest.fixture
def stage(room, engine, rig, tmp_path, empty_scene, monkeypatch):
    """A small head with a unit key that moves, a strip on frame 11, both measured."""
    empty_scene.render.fps = RATE
    strip = add_strip(room, tmp_path / "line.wav", 11)
    bpy.context.view_layer.objects.active = rig.mesh
    block = rig.keys.key_blocks["jawOpen"]
    for frame, value in ((11, 0.0), (30, 0.5), (61, 0.0)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    return strip


def measure():
    return bpy.ops.thunder.measure("EXEC_DEFAULT")


def only_place(room):
    (place,) = room("thunder_blender.meter_places").places(bpy.context)
    return place


def test_the_strip_follows_the_sound(room, stage) -> None:
    assert measure() == {"FINISHED"}
    place = only_place(room)
    assert (place.frame, place.rate, place.shown) == (11, RATE, (0.0, 2.0))
    move(stage, 101)
    assert only_place(room).frame == 101
    set_range(stage, 111, 126)
    place = only_place(room)
    assert place.frame == 101
    assert place.shown == pytest.approx((0.4, 1.0)), "only what is heard is drawn"


def test_a_move_of_the_strip_makes_unmoved_animation_stale(room, stage) -> None:
    measure()
    assert only_place(room).stale == ()
    move(stage, 15)
    room("thunder_blender.meter_store").look_again()
    assert only_place(room).stale, "the words come at another time than the motion now"


def test_the_frame_under_the_pointer_is_told(room, stage) -> None:
    measure()
    hover = room("thunder_blender.meter_hover")
    place = only_place(room)
    assert hover.text_at([place], 11 + 0.5 * RATE).endswith("0.10   Lips stay open on p")
    assert hover.text_at([place], 11 + 0.1 * RATE).split() == ["Frame", "14", "0.90"]
    assert "silence" in hover.text_at([place], 11 + 1.8 * RATE)
    assert hover.text_at([place], 5) == ""


def test_jumps_go_from_weak_span_to_weak_span(room, stage) -> None:
    scene = bpy.context.scene
    assert not bpy.ops.thunder.next_weak_span.poll()
    measure()
    scene.frame_set(1)
    seen = []
    for _ in range(3):
        bpy.ops.thunder.next_weak_span()
        seen.append(scene.frame_current)
    assert seen == [21, 41, 41], "the first frame of each, and then no more"
    bpy.ops.thunder.previous_weak_span()
    assert scene.frame_current == 21


def test_the_report_lists_the_worst_first_and_goes_there(room, stage, rig) -> None:
    measure()
    takes, store = room("thunder_blender.takes"), room("thunder_blender.meter_store")
    line = room("thunder_blender.lines").line_of_strip(bpy.context.scene, stage)
    action = takes.add_take(rig, line, ramp(room, seconds=2.0))
    meter = store.meter_of(rig, line.line_id)
    store.keep_for_take(action, line, meter.__class__(0.2, *list(vars(meter).values())[1:]))
    rows = store.report(rig)
    assert [(row.take, row.score) for row in rows] == [(action.name, 0.2), ("", 0.7)]
    assert rows[0].spans[0].sentence == "Lips stay open on p"
    assert [round(span.start, 2) for span in rows[0].spans] == [0.4, 1.2]
    bpy.ops.thunder.jump_to_span(line=line.line_id, take=action.name, second=1.2)
    assert bpy.context.scene.frame_current == 41
    assert takes.chosen_take(rig, line.line_id) == action
    assert takes.take_info(action, rig).meter == pytest.approx(0.2), "the list of takes shows it"


def test_each_take_has_its_own_record(room, stage, rig) -> None:
    measure()
    takes, store = room("thunder_blender.takes"), room("thunder_blender.meter_store")
    line = room("thunder_blender.lines").line_of_strip(bpy.context.scene, stage)
    takes.choose_take(rig, takes.add_take(rig, line, ramp(room, seconds=2.0)))
    store.look_again()
    assert store.record_of(rig, line.line_id) is None, "that take was not measured"
    assert measure() == {"FINISHED"}
    record = store.record_of(rig, line.line_id)
    assert store.stale_spans(rig, line, record) == ()
    move(stage, 51)
    room("thunder_blender.take_sync").sync_with_strips()
    store.look_again()
    line = room("thunder_blender.lines").line_of_strip(bpy.context.scene, stage)
    assert store.stale_spans(rig, line, record) == (), "the take moved with its sound"


def test_editing_a_take_makes_it_stale_there_only(room, stage, rig) -> None:
    takes, store = room("thunder_blender.takes"), room("thunder_blender.meter_store")
    edits = room("thunder_blender.take_edits")
    line = room("thunder_blender.lines").line_of_strip(bpy.context.scene, stage)
    action = takes.add_take(rig, line, ramp(room, seconds=2.0))
    takes.choose_take(rig, action)
    measure()
    record = store.record_of(rig, line.line_id)
    edits.edit_take(rig, action)
    store.look_again()
    assert store.stale_spans(rig, line, record) == (), "to open it changes nothing"
    curve = next(
        c for c in room("thunder_blender.compat").action_curves(action) if "jaw" in c.data_path
    )
    curve.keyframe_points[20].co.y += 0.3
    store.look_again()
    ((start, end),) = store.stale_spans(rig, line, record)
    assert (start, end) == pytest.approx((19 / RATE, 21 / RATE), abs=0.01)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda strip, rig: setattr(strip, "mute", True), "is muted; unmute it"),
        (lambda strip, rig: rig.keys.animation_data_clear(), "Nothing moves"),
        (lambda strip, rig: setattr(strip.sound, "filepath", "//gone.wav"), "is missing"),
        (lambda strip, rig: rename_units(rig), "Map the rig first"),
    ],
    ids=["muted", "still", "missing", "unmapped"],
)
def test_reasons_are_given(room, stage, rig, spoil, reason) -> None:
    reasons = room("thunder_blender.meter_reasons")
    assert reasons.disabled_reason(bpy.context) == ""
    spoil(stage, rig)
    assert reason in reasons.disabled_reason(bpy.context)
    with pytest.raises(RuntimeError):
        measure()


def rename_units(rig) -> None:
    for block in rig.keys.key_blocks:
        block.name = f"x{block.name}"


def test_no_strip_is_a_reason(room, stage) -> None:
    strips = room("thunder_blender.compat").sequences(bpy.context.scene)
    strips.remove(stage)
    reason = room("thunder_blender.meter_reasons").disabled_reason(bpy.context)
    assert reason.startswith("Select a sound strip")
    assert not bpy.ops.thunder.measure.poll()


def test_silence_and_short_animation_are_told(room, stage, engine, rig) -> None:
    reasons = room("thunder_blender.meter_reasons")
    contract = room("model_runtime.contract")
    measure()
    assert reasons.hint(bpy.context) == ""
    for curve in room("thunder_blender.compat").action_curves(rig.keys.animation_data.action):
        curve.keyframe_points.remove(curve.keyframe_points[2])
    assert "covers 0.8 of the strip's 2.0 seconds" in reasons.hint(bpy.context)
    nothing = np.zeros(100, np.float32)
    engine.answers[contract.MeasureRequest] = lambda _request: contract.Meter(
        float("nan"), nothing, nothing, 50.0, float("nan")
    )
    assert measure() == {"FINISHED"}
    assert "Nothing is said in 'line'" in reasons.hint(bpy.context)
    assert room("thunder_blender.meter_jumps").spans(bpy.context) == []


def test_a_measured_line_whose_sound_goes_missing_is_no_error_in_any_panel(
    room, stage, rig
) -> None:
    measure()
    kinds = [bpy.types.THUNDER_PT_meter_view3d, bpy.types.THUNDER_PT_report_view3d]
    path, stage.sound.filepath = stage.sound.filepath, "//gone.wav"
    room("thunder_blender.meter_store").look_again()
    shown = [draw(kind, bpy.context).drawn for kind in kinds]
    assert "is missing" in " ".join(text for kind, text in shown[0] if kind == "label")
    assert ("operator", "thunder.jump_to_span") in shown[1], "what was measured is listed still"
    assert room("thunder_blender.meter_places").places(bpy.context) == []
    stage.sound.filepath = path
    room("thunder_blender.meter_store").look_again()
    assert only_place(room).record.meter.score == pytest.approx(0.7)


def test_an_error_of_the_engine_keeps_what_was_there(room, stage, engine, rig) -> None:
    measure()
    engine.fail_with = room("model_runtime.contract").EngineError("The engine is gone.")
    with pytest.raises(RuntimeError, match="The engine is gone"):
        measure()
    assert only_place(room).record.meter.score == pytest.approx(0.7)


def test_undo_and_redo_bring_the_measurement_back(room, stage, rig) -> None:
    bpy.ops.ed.undo_push(message="before")
    measure()
    bpy.ops.ed.undo_push(message="Measure")
    rigs, store = room("thunder_blender.rig"), room("thunder_blender.meter_store")
    line_id = room("thunder_blender.lines").line_id(stage)
    bpy.ops.ed.undo()
    again = rigs.find_rig(bpy.data.objects["Head"])
    assert store.record_of(again, line_id) is None
    bpy.ops.ed.redo()
    again = rigs.find_rig(bpy.data.objects["Head"])
    assert store.record_of(again, line_id) is not None


def test_live_is_a_toggle(stage) -> None:
    for on in (True, False):
        bpy.ops.thunder.meter_live()
        assert bpy.context.scene.thunder_meter.live is on


def test_the_panels_show_buttons_reasons_and_the_report(room, stage) -> None:
    kinds = [bpy.types.THUNDER_PT_meter_view3d, bpy.types.THUNDER_PT_report_view3d]
    before = [draw(kind, bpy.context).drawn for kind in kinds]
    assert ("operator", "thunder.measure") in before[0]
    assert ("label", "Nothing is measured yet") in before[1]
    measure()
    report = draw(kinds[1], bpy.context).drawn
    assert report.count(("operator", "thunder.jump_to_span")) >= 2
    stage.mute = True
    shown = " ".join(text for kind, text in draw(kinds[0], bpy.context).drawn if kind == "label")
    assert "is muted" in shown


@pytest.mark.parametrize("wide", [180, 240, 600])
def test_no_sentence_of_the_report_is_cut(room, stage, rig, monkeypatch, wide) -> None:
    measure()
    panel = room("panels.meter")
    monkeypatch.setattr(room("thunder_blender.text"), "width", lambda _context: wide)
    shown, buttons = [], []

    def operator(self, _idname, text="", **_options):
        shown.append(text)
        buttons.append(SimpleNamespace())
        return buttons[-1]

    monkeypatch.setattr(FakeLayout, "operator", operator)
    draw(bpy.types.THUNDER_PT_report_view3d, bpy.context)
    (row,) = room("thunder_blender.meter_store").report(rig)
    store = room("thunder_blender.meter_store")
    line = store.line_named(bpy.context, row.line_id)
    said = [f"{s.score:.2f} {store.sentence_of(line, row.record, s)}." for s in row.spans]
    assert " ".join(" ".join(shown).split()) == " ".join(said), "every word is there"
    text = room("thunder_blender.text")
    room_for = max(text.NARROWEST, int((wide - text.MARGIN) / text.LETTER) - panel.INDENT)
    assert all(len(line.strip()) <= room_for for line in shown)
    cls = bpy.types.THUNDER_OT_jump_to_span
    told = [cls.description(bpy.context, each) for each in buttons]
    assert any("Lips stay open on p" in each for each in told) and all(told)


@pytest.mark.parametrize("kind", ["DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR"])
def test_each_editor_has_a_switch_of_its_own(room, stage, kind) -> None:
    draws = room("thunder_blender.meter_draw")
    space = SimpleNamespace(type=kind, mode="DOPESHEET")
    setting = draws.setting_of(space)
    assert setting in bpy.context.scene.thunder_meter.bl_rna.properties
    region = SimpleNamespace(width=500, height=300)
    context = SimpleNamespace(
        space_data=space,
        region=region,
        scene=bpy.context.scene,
        preferences=bpy.context.preferences,
    )
    assert draws.shown_here(context)
    setattr(bpy.context.scene.thunder_meter, setting, False)
    assert not draws.shown_here(context)


def test_the_strip_fits_regions_of_every_height(room) -> None:
    draws = room("thunder_blender.meter_draw")
    for scale in (1.0, 2.0):
        for height in (44, 60, 120, 900):
            box = draws.box_of(height * scale, scale, markers=True)
            ruler = height * scale - draws.RULER * scale
            assert 0 <= box.words <= box.bottom < box.top <= ruler
            assert box.top - box.bottom >= 9 * scale, "high enough to be read"


def test_in_the_lowest_regions_neither_scroll_bar_nor_numbers_and_strip_overlap(room) -> None:
    draws = room("thunder_blender.meter_draw")
    for scale in (1.0, 2.0):
        for height in (35.5, 37, 41, 43):  # 35.5: 4.3's Timeline at 2x
            box = draws.box_of(height * scale, scale, markers=True)
            assert box.words == box.bottom >= draws.BARS_EDGE * scale
            assert box.top <= (height - draws.NUMBERS) * scale
            assert box.top - box.bottom >= 6 * scale
        for height in (draws.SHORTEST, 31.7):  # 31.7: 5.2's, with a scroll bar one sees through
            box = draws.box_of(height * scale, scale, markers=True)
            assert 0 <= box.words == box.bottom
            assert box.top <= (height - draws.NUMBERS) * scale
            assert box.top - box.bottom >= 6 * scale


def test_an_edit_is_noticed_however_late_the_timer_comes(room) -> None:
    watch, store = room("thunder_blender.meter_watch"), room("thunder_blender.meter_store")
    before = store.version()
    watch._Watch.edited = time.monotonic() - 60.0
    assert watch._look() is not None, "it comes again, for Live"
    assert store.version() > before
    assert watch._look() is None
    assert store.version() == before + 1, "the same edit is looked at once"


def sculpt(rig) -> None:
    rig.keys.key_blocks["mouthFunnel"].data[3].co.z += 0.01


def set_a_still_key(rig) -> None:
    rig.keys.key_blocks["mouthPucker"].value = 0.4


def bend_the_lattice(rig) -> None:
    rig.mesh.modifiers["Lattice"].object.data.points[0].co_deform.z += 0.2


def move_the_lattice(rig) -> None:
    rig.mesh.modifiers["Lattice"].object.location.z += 0.2


def limit_the_jaw(rig) -> None:
    rig.armature.pose.bones["jaw"].constraints["Limit"].max_x = 0.7


def pose_the_jaw(rig) -> None:
    rig.armature.pose.bones["jaw"].location.z += 0.01


EDITS = (sculpt, set_a_still_key, bend_the_lattice, move_the_lattice, limit_the_jaw, pose_the_jaw)


@pytest.fixture
def deformed(rig) -> None:
    """A lattice and a jaw bone with a constraint move the mouth, too."""
    cage = bpy.data.objects.new("Cage", bpy.data.lattices.new("Cage"))
    bpy.context.scene.collection.objects.link(cage)
    rig.mesh.modifiers.new("Lattice", "LATTICE").object = cage
    groups = rig.mesh.vertex_groups
    (groups.get("jaw") or groups.new(name="jaw")).add([0, 1, 2], 0.5, "REPLACE")
    bone = rig.armature.pose.bones["jaw"]
    bone.constraints.new("LIMIT_ROTATION").name = "Limit"


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_what_is_no_keyframe_makes_stale_too(room, stage, deformed, rig, edit) -> None:
    measure()
    bpy.context.view_layer.update()
    assert only_place(room).stale == ()
    edit(rig)
    bpy.context.view_layer.update()
    assert only_place(room).stale == ((0.0, 2.0),)


def test_unrelated_edits_leave_it_fresh(room, stage, deformed, rig) -> None:
    measure()
    scene = bpy.context.scene
    other = bpy.data.objects.new("Other", bpy.data.meshes.new("Other"))
    scene.collection.objects.link(other)
    other.location.x = 3.0
    other.keyframe_insert("location", frame=5)
    other.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    rig.armature.location.x += 1.0
    rig.armature.pose.bones["neck"].rotation_euler.z = 0.3
    rig.mesh.data.materials.append(bpy.data.materials.new("Paint"))
    for frame in (12, 20, 35):
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        assert only_place(room).stale == (), frame
