# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from thunder_blender.resample import Opening, frame_count, resample

RATES = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0)
LIPS = Opening(
    np.array(((30.0, -30.0, 0.0), (29.0, -28.0, 0.0)), np.float32),
    np.array((-0.3, 0.1), np.float32),
)


def sine(hertz: float, frames: int = 400) -> np.ndarray:
    curve = 0.5 + 0.4 * np.sin(2 * np.pi * hertz * np.arange(frames) / 50)
    return curve[:, None].astype(np.float32)


def speech(closed_at: tuple[int, ...], frames: int = 100, width: int = 0) -> np.ndarray:
    """jawOpen, mouthClose, brow: open at 0.3 but for closures of 2 * width + 1 frames."""
    motion = np.tile(np.array((0.3, 0.0, 0.5), np.float32), (frames, 1))
    for centre in closed_at:
        motion[centre - width : centre + width + 1, 1] = 0.3
    return motion


def test_the_same_rate_gives_the_same_numbers() -> None:
    motion = np.random.default_rng(0).random((77, 5), np.float32)
    assert np.array_equal(resample(motion, 50, 50.0), motion)


@pytest.mark.parametrize("rate", RATES)
def test_the_whole_take_is_covered_at_every_rate(rate: float) -> None:
    frames = len(resample(sine(1), 50, rate))
    assert frames == frame_count(400, 50, rate)
    assert (frames - 1) / rate >= 399 / 50 - 1e-6 > (frames - 2) / rate


@pytest.mark.parametrize("rate", RATES)
def test_slow_motion_passes_unchanged(rate: float) -> None:
    result = resample(sine(3), 50, rate)[:, 0]
    expected = 0.5 + 0.4 * np.sin(2 * np.pi * 3 * np.arange(len(result)) / rate)
    inside = slice(round(rate / 2), -round(rate / 2))
    assert np.abs(result - expected)[inside].max() < 0.01


def test_motion_too_fast_for_24_frames_is_removed_rather_than_aliased() -> None:
    result = resample(sine(19), 50, 24.0)[24:-24, 0]
    assert np.abs(result - 0.5).max() < 0.02


@pytest.mark.parametrize("rate", RATES)
def test_a_held_pose_stays_held_to_both_ends(rate: float) -> None:
    held = np.full((60, 2), 0.7, np.float32)
    assert resample(held, 50, rate) == pytest.approx(0.7, abs=1e-5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("width", [0, 1, 3])
def test_every_closure_survives(rate: float, width: int) -> None:
    centres = (17, 30, 44, 61, 83)
    motion = speech(centres, width=width)
    result = LIPS.of(resample(motion, 50, rate, LIPS))
    for centre in centres:
        frame = round(centre / 50 * rate)
        near = result[max(0, frame - 1) : frame + 2]
        assert near.min() <= LIPS.of(motion)[centre] + 1e-3


def test_without_care_24_frames_a_second_lose_short_closures() -> None:
    """The reason for `keep_closures`."""
    assert LIPS.of(resample(speech((30,)), 50, 24.0)).min() > 1.0


def test_closures_leave_the_rest_of_the_face_and_the_open_frames_alone() -> None:
    motion = speech((30,))
    limited, kept = resample(motion, 50, 24.0), resample(motion, 50, 24.0, LIPS)
    assert np.array_equal(limited[:, 2], kept[:, 2])
    assert np.flatnonzero(np.any(limited != kept, axis=1)).tolist() == [round(30 / 50 * 24)]


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_very_short_takes_pass(frames: int) -> None:
    motion = np.full((frames, 3), 0.4, np.float32)
    assert resample(motion, 50, 24.0, LIPS) == pytest.approx(0.4, abs=1e-5)
