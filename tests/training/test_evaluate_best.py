# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of Best of N and of borders, on motions whose answer is known."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from training.evaluate_best import Trial, bent, followed, gain, performances, pooled, write
from training.metrics.ratio import Ratio


def trial(closed: list[float], best: int) -> Trial:
    """Takes that close so many of 10 lip contacts each; `best` is the meter's."""
    rows = [{name: Ratio(value, 10.0) for name in ("pbm_closed", "fv_contact")} for value in closed]
    scores = np.zeros(len(closed), np.float32)
    counts = {"one seed": rows, "best by preview": [rows[best]]}
    return Trial(scores, scores, counts, {})


def test_a_gain_is_over_the_mean_of_all_seeds(tmp_path: Path):
    trials = [trial([5, 7], 1), trial([6, 8], 0)]
    assert pooled(trials, "one seed", "pbm_closed") == pytest.approx(0.65)
    path = tmp_path / "results" / "meter.json"
    write({1.0: trials}, 8, path)
    found = json.loads(path.read_text())["best_of_8"]
    assert (found["pbm_gain"], found["fv_gain"]) == (0.0, 0.0)
    assert found["pbm_interval"] == [-0.1, 0.1]  # either of the two lines may be all there is
    path.write_text('{"auc_frame": 0.9}')
    better = {1.5: [trial([5, 7], 1)], 1.0: trials}
    assert write(better, 8, path)["intensity 1.5"]["pbm_gain"] == pytest.approx(0.1)
    assert json.loads(path.read_text())["auc_frame"] == 0.9


def test_a_gain_without_any_contact_is_unknown_and_lines_without_one_do_not_spoil_it():
    none = Trial(np.zeros(2), np.zeros(2), {}, {})
    for choice in ("one seed", "best by preview"):
        none.counts[choice] = [{"pbm_closed": Ratio(0.0, 0.0)}]
    assert math.isnan(gain([none], "best by preview", "pbm_closed")["mean"])
    some = gain([none, trial([5, 7], 1)], "best by preview", "pbm_closed")
    assert some["mean"] == pytest.approx(0.1) and some["low"] == pytest.approx(0.1)


def test_strong_lines_are_performed_in_emotions_in_turn_and_others_neutrally():
    calm = performances(1.0, ("happy", "sad"), 2)
    assert {one.emotion for one in calm} == {"neutral"}
    strong = performances(1.5, ("happy", "sad"), 3)
    assert [one.emotion for one in strong] == ["happy", "sad", "happy"]
    assert {one.intensity for one in strong} == {1.5}


def test_a_step_at_a_border_is_found_and_only_there():
    motion = np.linspace(0, 1, 50, dtype=np.float32)[:, None].repeat(2, 1)
    motion[20:, 1] += 0.5
    step, bend = bent(motion, (20, 35))
    assert step.shape == bend.shape == (2, 2)
    assert bend[0, 1] == pytest.approx(0.5, abs=1e-5) and bend[0, 0] < 1e-5
    assert step[1].max() < 0.03 and bend[1].max() < 1e-5


def test_how_far_a_motion_follows():
    low, high = np.zeros((200, 3), np.float32), np.ones((200, 3), np.float32)
    rising = low + np.linspace(0, 1, 200, dtype=np.float32)[:, None]
    share = followed(rising, low, high)
    assert np.abs(share[20:180] - np.linspace(0, 1, 200)[20:180]).max() < 0.01
