# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted errors are errors, where they are said to be, and the figures tell when they are gone."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, MOTION_FPS
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.repair_limits import MOUTH
from training.articulation import ArticulationSettings, Style, articulate
from training.corpus.alignment import Segment
from training.evaluate_repair import markdown, same_cases, summary
from training.repair_errors import (
    OFF,
    WIDE,
    closes,
    closures_beside,
    opened_closures,
    shifted_stretches,
    wide_closures,
)

WORDS = (
    *(("SIL", 0.0, 0.3), ("M", 0.3, 0.38), ("AA", 0.38, 0.6), ("T", 0.6, 0.66), ("AH", 0.66, 0.9)),
    *(("S", 0.9, 1.0), ("IY", 1.0, 1.2), ("P", 1.2, 1.28), ("AE", 1.28, 1.6), ("SIL", 1.6, 2.0)),
)
SEGMENTS = tuple(Segment(*word) for word in WORDS)


@pytest.fixture(scope="module")
def probe():
    return lip_probe(load_face())


@pytest.fixture(scope="module")
def motion():
    loud = np.full(100, 0.8, np.float32)
    settings = ArticulationSettings("neutral", 1.0, Style())
    return articulate(SEGMENTS, loud, np.random.default_rng(0), settings)


def test_an_opened_closure_is_open_there_and_the_rest_is_the_truth(probe, motion):
    first, second = opened_closures(motion, SEGMENTS, probe)
    assert (first.phone, second.phone) == ((0.3, 0.38), (1.2, 1.28))
    assert closes(probe, motion, second) and not closes(probe, second.motion, second)
    frames = np.flatnonzero((second.motion != motion).any(1)) / MOTION_FPS
    assert second.span[0] <= frames.min() and frames.max() <= second.span[1]
    assert probe.aperture(second.motion).max() < 25.0
    assert (second.motion >= motion.min()).all() and (second.motion <= 1.0).all()


def test_a_closure_is_opened_wide_or_where_another_contact_is_near(probe, motion):
    (wide,) = wide_closures(motion, SEGMENTS, probe)
    first = round(wide.phone[0] * MOTION_FPS)
    assert wide.kind == "wide" and probe.aperture(wide.motion)[first] == pytest.approx(WIDE, abs=2)
    assert closures_beside(motion, SEGMENTS, probe) == []  # the m and the p stand alone
    words = tuple(
        Segment("F", one.start, one.end) if one.phone == "AE" else one for one in SEGMENTS
    )
    (near,) = closures_beside(motion, words, probe)
    assert (near.kind, near.phone) == ("beside", (1.2, 1.28))


def test_a_shifted_stretch_is_off_in_its_middle_and_right_at_its_ends(motion):
    planted = shifted_stretches(motion, SEGMENTS, np.random.default_rng(3))
    assert planted
    for one in planted:
        first, last = (round(second * MOTION_FPS) for second in one.span)
        middle = (first + last) // 2
        moved = {way: motion[middle - way * OFF, MOUTH] for way in (-1, 1)}
        off = min(np.abs(one.motion[middle, MOUTH] - pose).max() for pose in moved.values())
        assert off < 1e-5
        outside = np.delete(one.motion, np.s_[first : last + 1], 0)
        assert (outside == np.delete(motion, np.s_[first : last + 1], 0)).all()
        rest = [column for column in range(len(CHANNELS)) if column not in MOUTH]
        assert (one.motion[:, rest] == motion[:, rest]).all()


def test_the_summary_counts_all_errors_and_takes_the_worst_change_outside():
    row = dict.fromkeys(
        ("told", "meter", "to_truth_mm", "pbm", "fv", "jitter", "lip_speed", "largest_change"), 0.5
    )
    good, bad = {**row, "fixed": 1.0, "outside": 0.0}, {**row, "fixed": 0.0, "outside": 0.2}
    rows = {
        "closure": {"repair": [good, good, good], "10 x longer": [bad]},
        "shift": {"repair": [bad], "10 x longer": []},
        "beside": {"repair": [bad], "spoilt": [bad]},  # told apart, not counted among the errors
    }
    found = summary(rows, {"changed": 0.1, "moved_mm": 0.0}, [1.0])
    assert (found["fixed_share"], found["outside_change"], found["errors"]) == (0.75, 0.2, 4)
    assert found["closure_fixed"] == 1.0 and found["longer"]["fixed"] == 0.0
    assert found["beside_fixed"] == 0.0 and found["beside_told"] == 0.5
    assert found["longer_cases"] == 1 and found["same_cases"]["repair"]["fixed"] == 1.0
    (same,) = same_cases(rows).items()
    assert same == ("closure", {"repair": [good], "10 x longer": [bad]}), "the first of its kind"
    assert "| repair | 3 | 1.00 [1.00, 1.00] |" in markdown(rows)
