# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of Best of N and of borders, on motions whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training.evaluate_best import Trial, bent, followed, pooled, write
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
    write(trials, 8, path)
    assert json.loads(path.read_text()) == {"best_of_8": {"pbm_gain": 0.0, "fv_gain": 0.0}}
    path.write_text('{"auc_frame": 0.9}')
    assert write([trial([5, 7], 1)], 8, path)["pbm_gain"] == pytest.approx(0.1)
    assert json.loads(path.read_text())["auc_frame"] == 0.9


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
