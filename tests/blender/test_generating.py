# SPDX-License-Identifier: GPL-3.0-or-later
"""The modal door's manners: whose Esc it is, whose hand is busy, what it tells."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture
def door(room, monkeypatch):
    """The operators' mixin, with jobs that only note what they are asked."""
    module = room("operators.generating")
    jobs = SimpleNamespace(
        asked=[],
        running=lambda: True,
        take_a_break=lambda context: jobs.asked.append("break"),
        cancel=lambda: jobs.asked.append("cancel"),
        tick=lambda: jobs.asked.append("tick") or room("thunder_blender.jobs").Tick(running=True),
    )
    monkeypatch.setattr(module, "jobs", jobs)
    return SimpleNamespace(kind=module.GeneratingOperator, jobs=jobs, told=[], watched=1.0)


def modal(door, event: str, value: str = "PRESS", playing: bool = False, hands: tuple = ()):
    window = SimpleNamespace(
        screen=SimpleNamespace(is_animation_playing=playing),
        modal_operators=[name and SimpleNamespace(bl_idname=name) for name in hands],
    )
    context = SimpleNamespace(
        window=window, window_manager=SimpleNamespace(windows=[window]), screen=window.screen
    )
    operator = SimpleNamespace(
        report=lambda level, text: door.told.append((level, text)), bl_label="Generate"
    )
    operator.after = lambda tick: door.kind.after(operator, tick)
    operator.since = time.monotonic() - door.watched
    return door.kind.modal(operator, context, SimpleNamespace(type=event, value=value))


def test_escape_cancels_and_is_used_up(door) -> None:
    assert modal(door, "ESC") == {"RUNNING_MODAL"}
    assert door.jobs.asked == ["cancel"]


def test_the_release_of_escape_does_nothing(door) -> None:
    assert modal(door, "ESC", "RELEASE") == {"PASS_THROUGH"}
    assert not door.jobs.asked


def test_during_playback_escape_stops_the_playback(door) -> None:
    assert modal(door, "ESC", playing=True) == {"PASS_THROUGH"}
    assert not door.jobs.asked


@pytest.mark.parametrize("event", ["MOUSEMOVE", "LEFTMOUSE", "G", "SPACE"])
def test_the_artist_goes_on_working(door, event) -> None:
    assert modal(door, event) == {"PASS_THROUGH"}
    assert not door.jobs.asked


def test_the_timer_ticks(door) -> None:
    assert modal(door, "TIMER") == {"PASS_THROUGH"}
    assert door.jobs.asked == ["tick"]


def test_a_long_job_changes_hands_so_that_blender_can_autosave(door) -> None:
    door.watched = 60.0
    assert modal(door, "TIMER") == {"CANCELLED", "PASS_THROUGH"}
    assert door.jobs.asked == ["tick", "break"]


def test_nothing_is_applied_under_a_moving_hand(door) -> None:
    modal(door, "TIMER", hands=("THUNDER_OT_generate", "TRANSFORM_OT_translate"))
    assert not door.jobs.asked
    modal(door, "TIMER", hands=("THUNDER_OT_generate", None, "VIEW3D_OT_rotate"))
    assert door.jobs.asked == ["tick"]


def test_it_ends_when_the_job_was_ended_elsewhere(door) -> None:
    door.jobs.running = lambda: False
    assert modal(door, "MOUSEMOVE") == {"CANCELLED", "PASS_THROUGH"}


@pytest.mark.parametrize(
    ("fields", "result", "level"),
    [
        ({"applied": "Done"}, "FINISHED", "INFO"),
        ({"failed": "No memory"}, "CANCELLED", "WARNING"),
        ({"cancelled": "Cancelled"}, "CANCELLED", "WARNING"),
    ],
)
def test_what_is_told_at_the_end(door, room, fields, result, level) -> None:
    door.jobs.tick = lambda: room("thunder_blender.jobs").Tick(running=False, **fields)
    door.jobs.running = iter([True, False]).__next__
    assert modal(door, "TIMER") == {result, "PASS_THROUGH"}
    assert door.told == [({level}, *fields.values())]
