# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure, Repair, Regenerate Range, Hear the Mesh and Best of N in scenes as artists have them:
two characters on one strip, strips trimmed and sped up, muted channels, odd rates, padlocks."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import add_strip, put_engine_away, use_fake_engine  # noqa: E402
from tests.blender.take_helpers import JAW, link_character, set_range  # noqa: E402
from tests.blender.test_lines import speed_up  # noqa: E402

SPAN = (0.8, 1.4)  # seconds of the file that are mended
START = 10  # scene frame of the strip
VERBS = ("measure", "repair", "regenerate_range", "hear_mesh", "best_of")
SILENT = np.zeros(1, np.float32)


@pytest.fixture
def engine(room):
    """Repair closes the jaw by 0.1 over its span; every meter says 0.9."""
    contract = room("model_runtime.contract")
    motion = room("thunder_blender.engine_fake").fake_motion

    def meter(question=None):
        count = 1 if question is None else round(question.sound.duration * 50)
        values = np.full(count, 0.9, np.float32)
        if question and question.span:
            seconds = np.arange(count) / 50
            values[(seconds < question.span[0]) | (seconds > question.span[1])] = np.nan
        return contract.Meter(0.9, values, np.ones(count, np.float32), 50.0, 0.0)

    def mend(question):
        first, last = (round(second * 50) for second in question.span)
        after = question.weights.copy()
        after[first : last + 1, JAW] -= 0.1
        after[question.kept > 0] = question.weights[question.kept > 0]
        return contract.Repaired(after, True, "Repaired.", meter(), meter())

    def hum(question):
        count = int(16000 * question.motion.frames / question.motion.fps)
        return contract.HeardMesh(np.full(count, 0.1, np.float32), 16000)

    def rank(question):
        takes = tuple(
            contract.Take(motion(s, 2.0), provenance={"seed": s, "tried": []})
            for s in question.seeds[: question.keep]
        )
        return contract.Ranked(takes, tuple(meter() for _ in takes))

    kinds = ("MeasureRequest", "RepairRequest", "HearRequest", "BestRequest")
    answers = dict(
        zip((getattr(contract, k) for k in kinds), (meter, mend, hum, rank), strict=True)
    )
    yield use_fake_engine(room, answers=answers)
    put_engine_away(room)


@pytest.fixture
def strip(engine, room, rig, empty_scene, tmp_path):
    bpy.context.view_layer.objects.active = rig.mesh
    empty_scene.render.fps = 25
    return add_strip(room, tmp_path / "hello.wav", START, channel=2)


@pytest.fixture
def take(strip, room, rig):
    bpy.ops.thunder.generate(seed=7, name="Old")
    return bpy.data.actions["Old"]


def frames_of(room) -> tuple[float, float]:
    """Scene frames of SPAN where the strip lies now."""
    scene = bpy.context.scene
    (strip,) = room("thunder_blender.lines").sound_strips(scene)[:1]
    line = room("thunder_blender.lines").line_of_strip(scene, strip)
    return line.frame_of(SPAN[0]), line.frame_of(SPAN[1])


def press(verb: str, room) -> set[str]:
    first, last = frames_of(room)
    given = {"repair": {"start": first, "end": last}, "best_of": {"count": 2}}
    given["regenerate_range"] = {"start": first, "end": last, "seed": 3, "in_place": True}
    return getattr(bpy.ops.thunder, verb)(**given.get(verb, {}))


def motion(room, rig, action) -> np.ndarray:
    """The take's units over two seconds of the file, whatever plays it."""
    found = room("thunder_blender.repair_curves").unit_columns(action)
    marks = room("thunder_blender.take_marks")
    recording = marks.recording(action, 25.0)
    places = [recording.frame(n / 50) for n in range(100)]
    values = np.zeros((100, 52))
    for column, curve in found.items():
        values[:, column] = [curve.evaluate(place) for place in places]
    return values


def changed_seconds(before, after) -> tuple[float, float]:
    rows = np.flatnonzero(np.abs(after - before).max(1) > 1e-3)
    return rows[0] / 50, rows[-1] / 50


def trimmed(room, strip) -> None:
    set_range(strip, START + 8, START + 44)


def moved(room, strip) -> None:
    set_range(strip, START + 3, START + 47)
    strip.channel = 5


def muted_channel(room, strip) -> None:
    bpy.context.scene.sequence_editor.channels[strip.channel].mute = True


def sped_up(room, strip) -> None:
    """Set Speed, 125 %."""
    speed_up(strip, START + 40)


def film(room, strip) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1.001


def padlocked(room, strip) -> None:
    for curve in room("thunder_blender.take_marks").curves(bpy.data.actions["Old"]):
        curve.lock = "jawOpen" not in curve.data_path


SCENES = (trimmed, moved, film, sped_up, padlocked)


@pytest.mark.parametrize("odd", SCENES)
@pytest.mark.parametrize("verb", ["repair", "regenerate_range"])
def test_a_span_is_changed_where_it_is_heard_and_nowhere_else(
    take, strip, rig, room, odd, verb
) -> None:
    odd(room, strip)
    before = motion(room, rig, take)
    assert press(verb, room) == {"FINISHED"}
    first, last = changed_seconds(before, motion(room, rig, take))
    assert SPAN[0] - 0.045 <= first < last <= SPAN[1] + 0.045, "one frame of the take's keys"


@pytest.mark.parametrize("verb", ["repair", "regenerate_range"])
def test_curves_with_a_padlock_keep_every_bit(take, strip, rig, room, verb) -> None:
    padlocked(room, strip)
    before = motion(room, rig, take)
    press(verb, room)
    after = motion(room, rig, take)
    others = [n for n in range(52) if n != JAW]
    assert (before[:, others] == after[:, others]).all()
    assert np.abs(before[:, JAW] - after[:, JAW]).max() > 0.05


@pytest.mark.parametrize("odd", [trimmed, moved, film, sped_up])
@pytest.mark.parametrize("verb", VERBS)
def test_all_verbs_work_and_undo(take, strip, rig, room, odd, verb) -> None:
    odd(room, strip)
    marks, compat = room("thunder_blender.take_marks"), room("thunder_blender.compat")

    def state():
        every = compat.all_sequences(bpy.context.scene)
        strips = sorted((s.name, s.channel, compat.strip_range(s)) for s in every)
        hashes = {a.name: marks.content_hash(a) for a in bpy.data.actions if marks.is_take(a)}
        return strips, hashes, "thunder_measured" in bpy.data.actions["Old"]

    bpy.ops.ed.undo_push(message="Before")
    before = state()
    first, last = frames_of(room)
    given = {"repair": {"start": first, "end": last}, "best_of": {"count": 2}}
    given["regenerate_range"] = {"start": first, "end": last, "seed": 3}
    done = getattr(bpy.ops.thunder, verb)("EXEC_DEFAULT", True, **given.get(verb, {}))
    assert done == {"FINISHED"}
    after = state()
    assert after != before
    bpy.ops.ed.undo()
    assert state() == before
    bpy.ops.ed.redo()
    assert state() == after


@pytest.mark.parametrize("odd", [trimmed, moved, film, sped_up])
def test_the_heard_strip_lies_where_its_line_is_heard(take, strip, rig, room, odd) -> None:
    compat = room("thunder_blender.compat")
    odd(room, strip)
    bpy.ops.thunder.hear_mesh()
    (heard,) = [s for s in compat.all_sequences(bpy.context.scene) if "thunder_heard" in s]
    ends = zip(compat.strip_range(heard), compat.strip_range(strip), strict=True)
    assert all(abs(one - other) <= 1 for one, other in ends)


def test_two_characters_say_one_line_without_disturbing_each_other(
    take, strip, rig, room, engine
) -> None:
    takes, marks = room("thunder_blender.takes"), room("thunder_blender.take_marks")
    line_id = take["thunder_line"]
    bpy.ops.object.select_all(action="DESELECT")
    assert bpy.ops.thunder.create_head() == {"FINISHED"}
    find, compat = room("thunder_blender.rig").find_rig, room("thunder_blender.compat")
    other = find(bpy.context.view_layer.objects.active)
    assert other.identifier != rig.identifier
    bpy.ops.thunder.generate(seed=8, name="Hers")
    hers = bpy.data.actions["Hers"]
    for verb in VERBS:
        his = marks.content_hash(take)
        assert press(verb, room) == {"FINISHED"}, verb
        assert marks.content_hash(take) == his, verb
        assert takes.chosen_take(rig, line_id) == take
    assert "thunder_measured" not in take
    bpy.context.view_layer.objects.active = rig.mesh
    known = {a.name: marks.content_hash(a) for a in takes.list_takes(other)}
    for verb in VERBS:
        assert press(verb, room) == {"FINISHED"}, verb
    assert {a.name: marks.content_hash(a) for a in takes.list_takes(other)} == known
    assert hers.name in known
    heard = [s for s in compat.all_sequences(bpy.context.scene) if "thunder_heard" in s]
    assert len(heard) == 2 and len({s.channel for s in heard}) == 2, "each has a strip"


def test_a_muted_channel_is_told_as_a_muted_strip_is(take, strip, room) -> None:
    assert bpy.ops.thunder.measure.poll()
    muted_channel(room, strip)
    reasons = room("thunder_blender.meter_reasons")
    assert "channel 2 is muted" in reasons.disabled_reason(bpy.context).casefold()
    with pytest.raises(RuntimeError, match="muted"):
        bpy.ops.thunder.measure("EXEC_DEFAULT", strip=strip.name)


@pytest.fixture
def linked(take, strip, rig, tmp_path):
    """The character and its measured line in another file; here it is linked, the line is local."""
    character = link_character(rig, tmp_path)
    return next(item for item in character.objects if item.type == "MESH")


def test_a_linked_character_is_greyed_out_with_the_reason(linked, engine, room, tmp_path) -> None:
    add_strip(room, tmp_path / "hello.wav", START)
    bpy.context.view_layer.objects.active = linked
    for verb, module in (
        ("repair", "repair"),
        ("regenerate_range", "range_task"),
    ):
        assert not getattr(bpy.ops.thunder, verb).poll(), verb
        said = room(f"thunder_blender.{module}").disabled_reason(bpy.context)
        assert "linked from library.blend" in said
    with pytest.raises(RuntimeError, match=r"linked from library\.blend"):
        bpy.ops.thunder.best_of("EXEC_DEFAULT")  # to which a script may name another character
    for verb in ("measure", "hear_mesh"):  # which change nothing of the character's file
        assert getattr(bpy.ops.thunder, verb)("EXEC_DEFAULT") == {"FINISHED"}, verb
    rig = room("thunder_blender.rig").find_rig(linked)
    (row,) = room("thunder_blender.meter_store").report(rig)
    assert row.score == pytest.approx(0.9), "until the file is opened again"
