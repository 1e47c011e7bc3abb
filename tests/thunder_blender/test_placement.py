# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the timeline a take plays, from seconds of the file."""

from __future__ import annotations

import pytest

from thunder_blender.placement import (
    EASE,
    Heard,
    Recording,
    joined,
    place,
    place_as_recorded,
    with_fades,
)

RATE = 25.0
TAKE = Recording(first_frame=11, last_frame=111, rate=RATE, start=1.0, seconds=4.0)


def test_a_strip_that_shows_all_plays_all() -> None:
    found = place(TAKE, Heard(200, 1.0, 5.0, RATE))
    assert (found.frame_start, found.frame_end) == (200, 300)
    assert (found.action_start, found.action_end) == (11, 111)


def test_a_trim_plays_the_seconds_that_are_heard() -> None:
    found = place(TAKE, Heard(200, 2.0, 3.0, RATE))
    assert (found.frame_start, found.frame_end) == (200, 225)
    assert (found.action_start, found.action_end) == (36, 61)


def test_what_is_heard_beyond_the_take_is_silent() -> None:
    found = place(TAKE, Heard(200, 0.0, 9.0, RATE))
    assert (found.frame_start, found.frame_end) == (225, 325)
    assert place(TAKE, Heard(200, 6.0, 9.0, RATE)) is None
    assert place(TAKE, Heard(200, 4.999, 9.0, RATE)) is None


@pytest.mark.parametrize("speed", [0.5, 1.25, 2.0])
def test_speed_scales_the_strip_and_not_the_keys(speed) -> None:
    found = place(TAKE, Heard(200, 1.0, 5.0, RATE / speed))
    assert found.scale == pytest.approx(1 / speed)
    assert found.frame_end == pytest.approx(200 + 100 / speed)
    assert (found.action_start, found.action_end) == (11, 111)


def test_another_rate_of_the_scene_keeps_real_time() -> None:
    found = place_as_recorded(TAKE, 50.0, frame=21)
    assert (found.frame_start, found.frame_end, found.scale) == (21, 221, 2.0)


def test_fades_lie_outside_and_leave_the_keys_where_they_are() -> None:
    core = place(TAKE, Heard(200, 1.0, 5.0, RATE / 2))
    faded = with_fades(core, RATE, [core.core])
    ease = EASE * RATE
    assert faded.core == pytest.approx((200, 250))
    assert (faded.blend_in, faded.blend_out) == (ease, ease)
    assert faded.scale == pytest.approx(core.scale)
    assert faded.frame_start == 200 - ease


def test_fades_end_where_neighbours_begin() -> None:
    core = place(TAKE, Heard(200, 1.0, 5.0, RATE))
    faded = with_fades(core, RATE, [(100, 198), core.core, (300, 400)])
    assert (faded.blend_in, faded.blend_out) == (2, 0)
    overlapping = with_fades(core, RATE, [(150, 250)])
    assert overlapping.blend_in == EASE * RATE


def test_parts_of_a_cut_strip_are_one() -> None:
    left, right = Heard(200, 1.0, 3.0, RATE), Heard(250, 3.0, 5.0, RATE)
    whole = Heard(200, 1.0, 5.0, RATE)
    assert joined(left, right) == joined(right, left) == whole
    assert joined(left, Heard(260, 3.0, 5.0, RATE)) == left
    assert joined(left, Heard(250, 3.0, 5.0, 2 * RATE)) == left
