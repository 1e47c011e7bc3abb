# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes are written in short steps: whole or not at all, whatever the artist does meanwhile."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.take_helpers import line_without_strip, ramp  # noqa: E402

RATE = 25.0


@pytest.fixture
def takes(room):
    return room("thunder_blender.takes")


@pytest.fixture
def marks(room):
    return room("thunder_blender.take_marks")


@pytest.fixture
def steps(takes, rig, room):
    """A take on its way; how to make it go on is the test's business."""
    return takes.add_take_steps(rig, line_without_strip(room), ramp(room))


def go(steps, count: int) -> None:
    for _ in range(count):
        next(steps)


def drafts() -> list:
    return [action for action in bpy.data.actions if "thunder_draft" in action]


def test_the_same_take_comes_in_steps_and_at_once(steps, takes, rig, room, marks) -> None:
    whole = takes.add_take(rig, line_without_strip(room), ramp(room))
    bit_by_bit = room("thunder_blender.steps").finish(steps)
    assert marks.content_hash(whole) == marks.content_hash(bit_by_bit)
    assert bit_by_bit[marks.CONTENT] == marks.content_hash(bit_by_bit)
    known = [dict(action.items()) for action in (whole, bit_by_bit)]
    for values in known:
        values.pop(marks.NECK_ACTION, None)
    assert known[0] == known[1]
    assert bit_by_bit.use_fake_user and not drafts()


def test_a_take_appears_only_when_it_is_whole(steps, takes, rig, tmp_path) -> None:
    go(steps, 30)
    assert drafts() and not takes.list_takes(rig)
    path = str(tmp_path / "middle.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    with bpy.data.libraries.load(path) as (there, _):
        assert not there.actions, "no file keeps half a take"
    while not takes.list_takes(rig):
        next(steps, None)
    assert not drafts()


def test_stopped_it_leaves_nothing(steps) -> None:
    go(steps, 30)
    steps.close()
    assert not bpy.data.actions


def test_undo_in_the_middle_writes_it_anew(steps, takes, rig, room, marks) -> None:
    wanted = takes.add_take(rig, line_without_strip(room), ramp(room))
    content = marks.content_hash(wanted)
    bpy.data.actions.remove(wanted)
    bpy.ops.ed.undo_push(message="Before")
    bpy.context.scene.cursor.location.x = 1
    bpy.ops.ed.undo_push(message="Cursor")
    go(steps, 20)
    bpy.context.scene.cursor.location.x = 2
    bpy.ops.ed.undo_push(message="In the middle")
    go(steps, 20)
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    action = room("thunder_blender.steps").finish(steps)
    assert marks.content_hash(action) == content
    assert not drafts()
    bpy.ops.ed.redo()
    bpy.ops.ed.redo()
    assert not drafts(), "what undo has kept of a draft goes, too"


def test_a_draft_that_the_artist_deletes_is_written_anew(steps, room) -> None:
    go(steps, 20)
    for action in drafts():
        bpy.data.actions.remove(action)
    assert room("thunder_blender.steps").finish(steps)


def test_stints_end_in_time(room) -> None:
    stepped = room("thunder_blender.steps").Stepped

    def work():
        for _ in range(10):
            time.sleep(0.002)
            yield False
        yield True
        return "done"

    working = stepped(work())
    assert not working.go_on(0.003)
    assert not working.go_on(10.0), "a pause is a pause"
    assert working.go_on(10.0)
    assert working.result == "done"


def test_no_stint_is_long_for_a_line_of_ten_minutes(rig, room, takes) -> None:
    """Of this thread's own computing, 30 ms; tools/bench_keys.py has the figures.

    What the machine does beside it comes on top, so the shortest of three counts: a long stint of
    ours is in all of them.
    """
    fitting = room("thunder_blender.fit_take").start_fitting(rig, ramp(room, seconds=600.0), RATE)
    fitted = fitting.result()
    longest = min(longest_stint(rig, room, takes, fitted) for _ in range(3))
    assert longest < 0.06, f"{1000 * longest:.0f} ms"  # twice, for slow machines


def longest_stint(rig, room, takes, fitted) -> float:
    """Seconds of computing in one go while a take of ten minutes is written."""
    line = line_without_strip(room, duration=600.0)
    longest, done = 0.0, False
    working = room("thunder_blender.steps").Stepped(takes.add_take_steps(rig, line, fitted))
    while not done:
        start = time.thread_time()
        done = working.go_on()
        longest = max(longest, time.thread_time() - start)
    assert room("thunder_blender.take_marks").key_count(working.result) > 15_000 * 52
    return longest


@pytest.fixture
def unhurried(room, monkeypatch):
    """`hand_edits` as with a window: a timer finds out what drawing asks for."""
    module, waiting = room("thunder_blender.hand_edits"), []
    timers = SimpleNamespace(
        is_registered=lambda function: function in waiting,
        register=lambda function, **_: waiting.append(function),
        unregister=waiting.remove,
    )
    app = SimpleNamespace(background=False, timers=timers)
    monkeypatch.setattr(module, "bpy", SimpleNamespace(app=app, data=bpy.data, context=bpy.context))
    module.forget()
    yield SimpleNamespace(module=module, waiting=waiting)
    module.forget()


def ticks(unhurried) -> int:
    count = 0
    while unhurried.waiting:
        count += 1
        (function,) = unhurried.waiting
        if function() is None:
            unhurried.waiting.clear()
    return count


def test_drawing_does_not_wait_for_all_keys_to_be_compared(unhurried, takes, rig, room) -> None:
    action = takes.add_take(rig, line_without_strip(room), ramp(room))
    assert not takes.take_info(action, rig).hand_edited and not unhurried.waiting
    curve = room("thunder_blender.compat").action_curves(action)[0]
    curve.keyframe_points[3].co.y += 0.5
    unhurried.module.forget(action.name)
    assert not takes.take_info(action, rig).hand_edited, "as last known"
    ticks(unhurried)
    assert takes.take_info(action, rig).hand_edited


def test_a_take_that_goes_meanwhile_does_not_stop_the_others(unhurried, takes, rig, room) -> None:
    gone, edited = (
        takes.add_take(rig, line_without_strip(room), ramp(room, seed=seed)) for seed in (1, 2)
    )
    curve = room("thunder_blender.compat").action_curves(edited)[0]
    curve.keyframe_points[3].co.y += 0.5
    unhurried.module.forget()
    for action in (gone, edited):
        takes.take_info(action, rig)
    bpy.data.actions.remove(gone)
    ticks(unhurried)
    assert takes.take_info(edited, rig).hand_edited


def test_the_ramp_is_what_was_written(steps, room) -> None:
    action = room("thunder_blender.steps").finish(steps)
    curves = room("thunder_blender.compat").action_curves(action)
    jaw = next(curve for curve in curves if '"jawOpen"' in curve.data_path)
    values = np.array([jaw.evaluate(frame) for frame in range(11, 110)])
    assert np.allclose(values, np.arange(99) / 250, atol=2e-3)
