# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's printed figures are all there and meet what the meter is to reach.

Whoever prints them anew (docs/meter.md, docs/repair.md name the commands) is told here when one of
them no longer does.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

RESULTS = json.loads(
    (Path(__file__).parents[2] / "docs" / "results" / "meter.json").read_text("utf-8")
)
AT_LEAST = {
    "auc_shift4": 0.95,
    "auc_shuffled": 0.98,
    "auc_frame": 0.85,
    "lag_within_1": 0.95,
    "mean_truth": 0.9,
}
AT_MOST = {"mean_face": 0.2, "mean_shuffled": 0.2, "ms_per_10s": 500.0, "redraw_ms_5000": 1.0}


@pytest.mark.parametrize("name", AT_LEAST)
def test_what_is_to_be_high_is(name):
    assert RESULTS[name] >= AT_LEAST[name]


@pytest.mark.parametrize("name", AT_MOST)
def test_what_is_to_be_low_is(name):
    assert 0.0 <= RESULTS[name] <= AT_MOST[name]


def test_the_meter_beats_loudness_and_jaw_in_every_kind_of_motion():
    assert len(RESULTS["kinds"]) >= 4
    for kind, row in RESULTS["kinds"].items():
        for name in ("auc_shift4", "auc_shuffled", "auc_frame"):
            assert row[name] > row[f"plain_{name}"], kind


def test_repair_fixes_half_and_touches_nothing_else():
    repair = RESULTS["repair"]
    assert repair["errors"] >= 50 and repair["fixed_share"] >= 0.5
    assert repair["outside_change"] == 0.0
    assert {"fixed", "meter", "pbm", "jitter"} <= repair["longer"].keys()


def test_opened_closures_are_lowered_and_little_else_is():
    for kind, row in RESULTS["closures"].items():
        assert row["closures"] >= 100 and row["lowered"] > 0.9 and row["flagged"] > 0.9, kind
        assert row["frames_elsewhere"] < 0.01, kind


def test_what_the_best_of_eight_adds_is_told():
    assert all(math.isfinite(RESULTS["best_of_8"][name]) for name in ("pbm_gain", "fv_gain"))
