# SPDX-License-Identifier: GPL-3.0-or-later
"""Measuring the open head's animation: what is read of the mouth, what is kept, what is told."""

from __future__ import annotations

import numpy as np
import pytest

from tests.blender import foreign_rigs

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import put_engine_away, use_fake_engine  # noqa: E402
from tests.blender.take_helpers import line_without_strip  # noqa: E402

FPS = 25
SECONDS = 1.2


@pytest.fixture
def meter(room):
    return room("thunder_blender.meter_mesh")


@pytest.fixture
def character(room, empty_scene, bundled):
    """The open head with its jaw opening and closing."""
    head = room("thunder_blender.head")
    rig = head.create_head(empty_scene.collection, head.HeadParams(), bundled)
    empty_scene.render.fps = FPS
    for frame, value in ((11, 0.0), (20, 0.6), (41, 0.0)):
        key_unit(rig, "jawOpen", frame, value)
    return rig


@pytest.fixture
def line(room):
    return line_without_strip(room, duration=SECONDS)


def key_unit(rig, unit: str, frame: int, value: float) -> None:
    block = rig.keys.key_blocks[unit]
    block.value = value
    block.keyframe_insert("value", frame=frame)


def gather(room, meter, rig, line, **options):
    return room("thunder_blender.steps").finish(meter.gather_steps(rig, line, **options))


def test_offsets_are_those_of_the_units(room, meter, character, line, bundled) -> None:
    found = gather(room, meter, character, line)
    region = bundled.vertex_sets["mouth_region"]
    basis = bundled.expression_basis[bundled.unit_names.index("jawOpen")][region]
    curve = room("thunder_blender.compat").action_curves(character.keys.animation_data.action)[0]
    wanted = [curve.evaluate(line.first_frame + k) for k in range(found.frames)]
    expected = np.asarray(wanted)[:, None, None] * basis
    assert found.offsets.shape == (30, len(region), 3) and found.fps == FPS
    np.testing.assert_allclose(found.offsets, expected, atol=2e-6)


def test_the_head_pose_and_the_identity_are_no_motion(room, meter, character, line) -> None:
    still = gather(room, meter, character, line)
    character.neck.rotation_euler = (0.3, 0.4, 0.1)
    character.neck.keyframe_insert("rotation_euler", frame=11)
    character.armature.location = (1.0, 2.0, 3.0)
    character.mesh.shape_key_add(name="Fat", from_mix=False)
    key = character.keys.key_blocks["Fat"]
    for point in key.data:
        point.co.x *= 1.1
    key.value = 1.0
    turned = gather(room, meter, character, line)
    np.testing.assert_allclose(turned.offsets, still.offsets, atol=5e-5)


def test_a_sculpted_key_a_bone_and_a_lattice_count(room, meter, character, line, bundled) -> None:
    before = gather(room, meter, character, line).offsets
    for add in (add_sculpt, add_jaw_bone, add_lattice):
        add(character)
        after = gather(room, meter, character, line).offsets
        moved = np.abs(after - before).max((1, 2))
        assert moved[20] > 1e-3, f"{add.__name__} is not seen"
        assert moved[0] < 1e-5, f"{add.__name__} is seen where it does nothing"
        before = after


def add_sculpt(rig) -> None:
    rig.mesh.shape_key_add(name="Sculpt", from_mix=False)
    key = rig.keys.key_blocks["Sculpt"]
    for point in key.data:
        point.co.z += 0.004
    for frame, value in ((11, 0.0), (31, 1.0), (41, 0.0)):
        key_unit(rig, "Sculpt", frame, value)


def add_jaw_bone(rig) -> None:
    bone = rig.armature.pose.bones["jaw"]
    for frame, angle in ((11, 0.0), (31, 0.2), (41, 0.0)):
        bone.rotation_euler = (angle, 0, 0)
        bone.keyframe_insert("rotation_euler", frame=frame)


def add_lattice(rig) -> None:
    lattice = bpy.data.objects.new("Cage", bpy.data.lattices.new("Cage"))
    bpy.context.scene.collection.objects.link(lattice)
    modifier = rig.mesh.modifiers.new("Cage", "LATTICE")
    modifier.object = lattice
    lattice.shape_key_add(name="Basis")
    key = lattice.shape_key_add(name="Up")
    for point in key.data:
        point.co.z += 0.01
    for frame, value in ((11, 0.0), (31, 1.0), (41, 0.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)


def test_a_span_is_read_alone(room, meter, character, line) -> None:
    known = gather(room, meter, character, line)
    key_unit(character, "jawOpen", 30, 0.9)
    every = gather(room, meter, character, line)
    part = gather(room, meter, character, line, known=known, span=(18, 22))
    np.testing.assert_array_equal(part.offsets[18:22], every.offsets[18:22])
    np.testing.assert_array_equal(part.offsets[:18], known.offsets[:18])
    assert np.abs(every.offsets - known.offsets)[18:22].max() > 1e-3


def test_nothing_is_left_and_nothing_is_touched(room, meter, character, line) -> None:
    told, scene = [], bpy.context.scene
    bpy.app.handlers.frame_change_post.append(lambda *_: told.append("frame"))
    before = inventory()
    scene.frame_set(17)
    told.clear()
    work = meter.gather_steps(character, line)
    for _ in range(6):
        next(work)
    assert inventory() != before
    work.close()  # as Esc does
    gather(room, meter, character, line)
    bpy.app.handlers.frame_change_post.pop()
    assert inventory() == before and scene.frame_current == 17 and not told


def inventory():
    data = bpy.data
    kinds = (data.objects, data.meshes, data.scenes, data.shape_keys, data.actions)
    return [sorted(item.name for item in kind) for kind in kinds]


def test_a_mapped_character_is_read_by_what_its_mesh_shows(room, meter, empty_scene, line) -> None:
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, foreign_rigs.arkit_names("suffix"))
    foreign_rigs.select(body)
    bpy.ops.thunder.use_character()
    hero = room("thunder_blender.rig").find_rig(body)
    for frame, value in ((11, 0.0), (21, 0.6), (41, 0.0)):
        key_unit(hero, "jawOpen", frame, value)
    found = gather(room, meter, hero, line)
    units = room("model_runtime.contract").UNITS
    assert found.weights.shape == (30, len(units))
    assert found.weights[[0, 10], units.index("jawOpen")] == pytest.approx((0.0, 0.6), abs=0.06)


def test_a_rig_without_units_says_so(room, meter, empty_scene) -> None:
    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    empty_scene.collection.objects.link(mesh)
    mesh[room("thunder_blender.rig").MARK] = "x"
    rig = room("thunder_blender.rig").Rig(mesh)
    assert "Map the rig first" in meter.unmapped_reason(rig)


@pytest.fixture
def engine(room):
    """Answers each question with a weak stretch and its advice."""
    contract = room("model_runtime.contract")

    def answer(request):
        frames = np.full(60, 0.9, np.float32)
        frames[20:30] = 0.1
        if request.span:
            outside = np.arange(60) / 50
            frames[(outside < request.span[0]) | (outside > request.span[1])] = np.nan
        advice = contract.Advice("open", 0.4, 0.6, 0.1, "Lips stay open on p", "p")
        return contract.Meter(0.8, frames, np.ones(60, np.float32), 50.0, 0.0, (advice,))

    yield use_fake_engine(room, answers={contract.MeasureRequest: answer})
    put_engine_away(room)


@pytest.fixture
def measured(room, engine, character, line, tmp_path):
    import dataclasses

    task = room("thunder_blender.meter_task")
    line = dataclasses.replace(line, path=tmp_path / "a.wav")
    return task.Measuring(character, line).wait(), line


def test_what_was_measured_is_kept_with_the_file(room, character, measured, tmp_path) -> None:
    sentence, line = measured
    assert sentence == f"{line.strip_name}: lip-sync 0.80, 1 weak span"
    store = room("thunder_blender.meter_store")
    path = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    store.forget()
    bpy.ops.wm.open_mainfile(filepath=str(path))
    rig = room("thunder_blender.rig").find_rig(bpy.data.objects["Head"])
    (span,) = store.weak_spans(rig, line)
    assert (span.start, span.end, span.sentence) == (0.4, 0.6, "Lips stay open on p")
    record = store.record_of(rig, line.line_id)
    np.testing.assert_allclose(record.meter.frames[[0, 25]], (0.9, 0.1), atol=0.01)
    assert store.stale_spans(rig, line, record) == ()
    key_unit(rig, "jawOpen", 20, 0.1)
    store.look_again()
    assert store.stale_spans(rig, line, record) == ((0.0, line.duration),), "nothing to compare to"


def test_edited_frames_are_stale_and_measured_alone(room, character, measured, engine) -> None:
    _, line = measured
    store, task = room("thunder_blender.meter_store"), room("thunder_blender.meter_task")
    record = store.record_of(character, line.line_id)
    assert store.stale_spans(character, line, record) == ()
    key_unit(character, "jawOpen", 30, 0.3)
    store.look_again()
    ((start, end),) = store.stale_spans(character, line, record)
    assert (start, end) == pytest.approx((9 / FPS, SECONDS)), "between the keys around"
    work = task.Measuring(character, line, (start, end))
    while not work.go_on():
        pass
    work.settle()
    request = engine.requests[-1]
    assert request.span[0] == pytest.approx(start - 0.4, abs=1e-6) or request.span[0] == 0.0
    fresh = store.record_of(character, line.line_id)
    assert fresh.digest != record.digest
    assert store.stale_spans(character, line, fresh) == ()


def test_undo_takes_a_measurement_back(room, character, measured) -> None:
    _, line = measured
    store = room("thunder_blender.meter_store")
    assert store.record_of(character, line.line_id)
    row = store.report(character)[0]
    assert (row.take, row.line_id, len(row.spans)) == ("", line.line_id, 1)
