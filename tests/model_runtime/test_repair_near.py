# SPDX-License-Identifier: GPL-3.0-or-later
"""Closures that were opened wide, and spans in which nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from model_runtime.contract import CHANNELS, MOTION_FPS, UNITS, Meter
from model_runtime.face import load_face
from model_runtime.features import MEL_BANDS
from model_runtime.lips import lip_probe
from model_runtime.mesh_to_speech import M2SConfig, MeshToSpeech
from model_runtime.repair import Mender, RepairConfig, mend
from model_runtime.repair_limits import JAW_OPEN, Limits, pace, room
from model_runtime.repair_near import NEAR, OPENERS, near
from model_runtime.repair_target import SoundTarget
from model_runtime.repair_verdict import Standing, refusal, says_it, standing

FRAMES, SPAN = 120, range(40, 80)
TINY = M2SConfig(width=16, layers=1, heads=2, kernel=5, voice=8)


@pytest.fixture(scope="module")
def probe():
    return lip_probe(load_face())


@pytest.fixture(scope="module")
def target():
    """A p b m in frames 58 to 61, and nothing else for the lips."""
    contacts = np.zeros((FRAMES, 4), np.float32)
    contacts[58:62, 0] = 1.0
    mel = np.zeros((2 * FRAMES, MEL_BANDS), np.float32)
    return SoundTarget(np.zeros(FRAMES, np.int64), mel, np.zeros(160, np.float32), contacts)


@pytest.fixture
def wide():
    """A jaw that falls very far in the middle of the line, in a quarter of a second."""
    motion = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    away = np.abs(np.arange(FRAMES) - 59.5) / 12
    motion[:, JAW_OPEN] = 0.15 + 0.55 * (0.5 + 0.5 * np.cos(np.pi * np.minimum(away, 1.0)))
    return motion


@pytest.fixture(scope="module")
def mender(probe):
    torch.manual_seed(2)
    return Mender(MeshToSpeech(TINY).eval().requires_grad_(False), probe)


def closes(probe, motion) -> bool:
    return bool((probe.aperture(motion)[56:64] <= 0.3).any())


def test_a_closure_that_was_opened_wide_is_shut_within_the_span(mender, target, wide):
    probe = mender.probe
    assert probe.aperture(wide)[58:62].min() > 18.0
    plain = replace(mender, config=RepairConfig(near=False))
    assert not closes(probe, mend(plain, target, wide, SPAN))
    found = mend(mender, target, wide, SPAN)
    assert closes(probe, found)
    inside = np.s_[SPAN.start : SPAN.stop]
    assert (np.delete(found, inside, 0) == np.delete(wide, inside, 0)).all()
    assert pace(probe, found).keeps(Limits(), pace(probe, wide))


def test_only_what_opens_lips_that_are_far_apart_is_weakened(probe, target, wide):
    wide[:, UNITS.index("mouthSmileLeft")] = 0.3
    free = room(SPAN, FRAMES, None, Limits())
    found, here = near(probe, wide, target, SPAN, free), wide[SPAN.start : SPAN.stop, : len(UNITS)]
    assert 0.0 < probe.aperture(found)[18:22].min() < NEAR + 0.5
    rest = [column for column in range(len(UNITS)) if column not in OPENERS]
    assert (found[:, rest] == here[:, rest]).all()
    assert (found[:10] == here[:10]).all() and (found[-10:] == here[-10:]).all()
    kept = np.zeros_like(wide)
    kept[:, JAW_OPEN] = 1.0
    locked = near(probe, wide, target, SPAN, room(SPAN, FRAMES, kept, Limits()))
    assert (locked == here).all()
    wide[:, JAW_OPEN] = 0.15  # as far as a vowel: the steps close that
    assert (near(probe, wide, target, SPAN, free) == wide[SPAN.start : SPAN.stop, :52]).all()


@pytest.mark.parametrize(
    ("score", "worst", "made", "expected"),
    [
        (0.95, None, 1, True),
        (0.95, 0.6, 1, False),  # a bad half second in a good span
        (0.90, None, 1, False),
        (0.95, None, 0, False),  # a contact is missed
        (0.98, None, 0, True),  # and was hardly one, since the meter does not fall
    ],
)
def test_a_span_that_says_its_words_is_left_alone(score, worst, made, expected):
    found = Standing(score, {"p b m": made}, worst=worst)
    assert says_it(found, {"p b m": 1}) is expected
    assert ("says the words here" in refusal(found, found, {"p b m": 1})) is expected


def test_the_worst_half_second_of_a_long_span_is_seen():
    frames = np.full(400, 0.98, np.float32)
    frames[200:225] = 0.2
    meter = Meter(0.98, frames, np.ones(400, np.float32), float(MOTION_FPS), 0.0)
    found = standing(meter, {}, range(400))
    assert found.score > 0.9 and found.worst == pytest.approx(0.2, abs=1e-4)
    assert not says_it(found, {})
    assert standing(meter, {}, range(20)).worst is None
