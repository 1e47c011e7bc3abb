# SPDX-License-Identifier: GPL-3.0-or-later
"""What is built in steps is whole or not there, whatever happens between two steps."""

from __future__ import annotations

import shutil
import time
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

UNDO = ("undo_pre", "redo_pre", "save_pre")


@pytest.fixture
def building(room, monkeypatch):
    monkeypatch.setattr(room("thunder_blender.timers"), "add", lambda window, seconds: None)
    yield room("thunder_blender.building")
    room("thunder_blender.building").unregister()


@pytest.fixture
def begin(room, face):
    """Begins a head of which each step takes a stint."""
    head = room("thunder_blender.head")

    def slowly():
        steps = head.create_head_steps(bpy.context.scene.collection, head.HeadParams(), face)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return done.value
            except GeneratorExit:
                steps.close()
                raise
            try:
                yield True
            except GeneratorExit:
                steps.close()
                raise

    return slowly


@pytest.fixture
def half(building, begin):
    """A head of which there is an armature, a mesh and some keys."""
    work = building.Building(begin, None, 0.1)
    for _ in range(8):
        assert not work.go_on()
    assert bpy.data.armatures and bpy.data.shape_keys
    return work


def everything() -> list[object]:
    kinds = ("objects", "meshes", "armatures", "shape_keys", "actions")
    return [block for kind in kinds for block in getattr(bpy.data, kind)]


def heard(room) -> list[object]:
    module = room("thunder_blender.building").__name__
    listed = (function for name in UNDO for function in getattr(bpy.app.handlers, name))
    return [function for function in listed if function.__module__ == module]


def finish(work) -> None:
    for _ in range(1000):
        if work.go_on():
            return
    raise AssertionError("it does not end")


def test_it_is_seen_once_it_is_whole(half, room) -> None:
    assert not [item for item in bpy.data.objects if room("thunder_blender.rig").find_rig(item)]
    assert len(heard(room)) == 3
    finish(half)
    rig = half.result
    assert rig.mesh.users_collection and rig.armature.users_collection
    assert rig.mesh.parent == rig.armature and rig.keys.key_blocks["jawOpen"]
    assert not heard(room) and not half.running


def test_what_is_cancelled_leaves_nothing(half, room) -> None:
    half.end()
    assert not everything() and not heard(room) and not half.running
    half.end()


def test_undo_in_the_middle_begins_it_anew(building, begin, room) -> None:
    bpy.ops.ed.undo_push(message="empty")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    work = building.Building(begin, None, 0.1)
    for _ in range(8):
        work.go_on()
    bpy.ops.ed.undo()
    assert not everything(), "neither the cube nor half of a head"
    finish(work)
    assert [item.name for item in bpy.data.meshes] == ["Head"]
    assert len(bpy.data.armatures) == 1


def test_a_file_that_is_saved_meanwhile_holds_no_half(half, tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "half.blend"))
    path = shutil.copy(tmp_path / "half.blend", tmp_path / "copy.blend")
    with bpy.data.libraries.load(str(path)) as (found, _wanted):
        assert not found.objects and not found.meshes
    finish(half)
    assert half.result.mesh.name == "Head"


def test_a_part_that_is_deleted_is_made_anew(half) -> None:
    bpy.data.armatures.remove(bpy.data.armatures[0])
    finish(half)
    assert half.result.armature and len(bpy.data.meshes) == 1


def test_what_always_fails_ends(building, room) -> None:
    def gone():
        yield True
        raise ReferenceError("StructRNA has been removed")

    work = building.Building(gone, None, 0.1)
    with pytest.raises(ReferenceError):
        finish(work)
    assert not work.running and not heard(room)


def test_disabling_takes_it_away(half, room) -> None:
    room("thunder_blender.building").unregister()
    assert not everything() and not half.running


def test_the_window_gives_the_same_head_as_a_script(building, room, monkeypatch) -> None:
    """Create Head's modal door, by hand: there is no window in the background."""
    kind = room("operators.create_head").THUNDER_OT_create_head
    window = SimpleNamespace(modal_operators=[], screen=SimpleNamespace(is_animation_playing=False))
    operator = SimpleNamespace(identity="Amara", bl_label="Create Head", told=[])
    operator.report = lambda level, text: operator.told.append(text)
    operator.waits = lambda context: kind.waits(operator, context)
    operator.building = building.Building(lambda: kind.build(operator, bpy.context), window, 0.1)
    context = SimpleNamespace(
        window=window, mode="OBJECT", window_manager=SimpleNamespace(windows=[window])
    )
    timer, looks = SimpleNamespace(type="TIMER", value="NOTHING"), 0
    while (result := kind.modal(operator, context, timer)) == {"PASS_THROUGH"}:
        looks += 1
    assert result == {"FINISHED", "PASS_THROUGH"} and operator.told == ["Created Head"]
    first = bpy.context.object
    bpy.ops.thunder.create_head(identity="Amara")
    second = bpy.context.object
    assert first != second
    for one, two in zip(
        first.data.shape_keys.key_blocks, second.data.shape_keys.key_blocks, strict=True
    ):
        assert one.name == two.name
    assert [group.name for group in first.vertex_groups] == [g.name for g in second.vertex_groups]
    assert [slot.name for slot in first.material_slots] == [s.name for s in second.material_slots]


def test_escape_ends_it(half, room) -> None:
    kind = room("operators.create_head").THUNDER_OT_create_head
    window = SimpleNamespace(screen=SimpleNamespace(is_animation_playing=False))
    context = SimpleNamespace(window_manager=SimpleNamespace(windows=[window]))
    operator = SimpleNamespace(building=half, bl_label="Create Head", report=lambda *_: None)
    escape = SimpleNamespace(type="ESC", value="PRESS")
    assert kind.modal(operator, context, escape) == {"CANCELLED"}
    assert not everything()
    assert kind.modal(operator, context, escape) == {"CANCELLED", "PASS_THROUGH"}


def longest_step(steps) -> float:
    """Seconds that this thread itself computed in one step."""
    bpy.context.view_layer.update()  # of what was built before
    longest, start = 0.0, time.thread_time()
    for _ in steps:
        longest = max(longest, time.thread_time() - start)
        start = time.thread_time()
    return max(longest, time.thread_time() - start)


def test_no_step_keeps_the_window_waiting(room, bundled, flame_file, building) -> None:
    """30 ms, and half of that again for a machine that others use, too."""
    head, flames = room("thunder_blender.head"), room("thunder_blender.flame_rig")
    here = bpy.context.scene.collection
    plan = flames.plan_flame(
        room("model_runtime.flame").load_flame(flame_file), flames.FlameParams()
    )
    for begin in (
        lambda: head.create_head_steps(here, head.HeadParams(), bundled),
        lambda: flames.create_flame_steps(here, plan, building.Made()),
    ):
        assert min(longest_step(begin()) for _ in range(3)) < 0.045
