# SPDX-License-Identifier: GPL-3.0-or-later
"""What the meter is fitted to and judged by: altered motions, other rules, areas, reliability."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from model_runtime.contract import UNITS
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.meter_config import CUES, TAPS, MeterConfig, MeterNet, tapped
from model_runtime.meter_motion import Mouth
from model_runtime.phones import VOWELS
from training.corpus.alignment import Segment
from training.evaluate_meter import auc, calibration_error, figures, reliability
from training.meter_alter import keyed_at, opened, other_words, performed, shut
from training.meter_data import flawed
from training.meter_other import hand_keys, other_rules, warped
from training.meter_trials import Trial, correlation, correlation_lag

LINE = [
    Segment("SIL", 0.0, 0.4),
    Segment("P", 0.4, 0.5),
    Segment("AA", 0.5, 0.8),
    Segment("F", 0.8, 0.9),
    Segment("IY", 0.9, 1.2),
    Segment("SIL", 1.2, 1.6),
]
FRAMES = 80
JAW = UNITS.index("jawOpen")


@pytest.fixture(scope="module")
def probe():
    return lip_probe(load_face())


@pytest.mark.parametrize("kind", ["rules", "hand"])
def test_other_motions_open_on_vowels_and_close_on_p(probe, kind):
    motion = other_rules(LINE, np.ones(FRAMES, np.float32)) if kind == "rules" else None
    motion = hand_keys(LINE, FRAMES) if motion is None else motion
    aperture = probe.aperture(motion)
    assert motion.shape == (FRAMES, len(UNITS)) and motion.min() >= 0 and motion.max() <= 1
    assert aperture[21:25].min() < 0.3 and aperture[5] < 0.3 and aperture[32] > 3.0


def test_other_words_keep_the_rhythm():
    donor = [Segment("UW", 0.0, 0.1), Segment("K", 0.1, 0.2), Segment("M", 0.2, 0.3)]
    made = other_words(LINE, donor)
    assert [s.phone for s in made] == ["SIL", "K", "UW", "M", "UW", "SIL"]
    assert [(s.start, s.end) for s in made] == [(s.start, s.end) for s in LINE]
    assert [s.phone in VOWELS for s in made] == [s.phone in VOWELS for s in LINE]


def test_opened_and_shut_contacts_are_found_flawed_where_they_are(probe):
    motion = hand_keys(LINE, FRAMES)
    assert not flawed(LINE, _mouth(probe, motion))[20:26].any()
    wrong = flawed(LINE, _mouth(probe, opened(motion, LINE[1])))
    assert wrong[20:26].all() and not wrong[34:38].any() and not wrong[:16].any()
    assert flawed(LINE, _mouth(probe, shut(motion, LINE[2])))[32]


def _mouth(probe, motion):
    return Mouth(probe.aperture(motion), probe.labiodental_gap(motion), probe.width(motion))


def test_a_warped_motion_has_our_length_and_loudness():
    ours = np.sin(np.linspace(0, 9, 90)).astype(np.float32) ** 2
    theirs = np.sin(np.linspace(0, 9, 70)).astype(np.float32) ** 2
    made = warped(theirs[:, None], theirs, ours)[:, 0]
    assert len(made) == 90 and correlation(made, ours) > 0.95


def test_keys_are_joined_by_straight_lines_and_performances_differ():
    motion = np.zeros((20, len(UNITS)), np.float32)
    motion[10, JAW] = 1.0
    joined = keyed_at(motion, np.array([0, 10, 19]))
    assert joined[5, JAW] == pytest.approx(0.5)
    motion[:, JAW] = 0.5
    one, other = (performed(motion, np.random.default_rng(seed), LINE) for seed in (1, 2))
    assert one.shape == motion.shape and not np.allclose(one, other)
    again = performed(motion, np.random.default_rng(1), LINE)
    np.testing.assert_array_equal(one, again)


def test_the_baseline_finds_a_lag():
    curve = np.sin(np.linspace(0, 20, 200)).astype(np.float32)
    late = np.roll(curve, 5)
    assert correlation_lag(curve, late, 20) == 100.0


def test_the_area_counts_right_above_wrong():
    assert auc([3, 4], [1, 2]) == 1.0
    assert auc([1.0], [1.0]) == 0.5
    assert auc([float("nan"), 3], [2, 1]) == 0.5
    assert np.isnan(auc([], [1]))


def _trial(test: str, score: float, lag: float = 0.0) -> Trial:
    frames = np.full(4, score, np.float32)
    return Trial("rules", test, "a", score, lag, frames, 0.5, 0.0, frames)


def test_figures_of_a_perfect_and_a_blind_meter():
    tests = ("shift+4", "shuffled", "other words", "mean face")
    good = [_trial("truth", 0.9), *(_trial(t, 0.1) for t in tests)]
    lags = [_trial("lag+3", 0.1, 125.0), _trial("lag-6", 0.1, float("nan"))]
    row = figures([*good, *lags])
    assert row["auc_shift4"] == row["auc_shuffled"] == row["auc_frame"] == 1.0
    assert row["plain_auc_shift4"] == 0.5 and row["lag_within_1"] == 0.5
    assert row["mean_truth"] == pytest.approx(0.9) and row["mean_face"] == pytest.approx(0.1)


def test_reliability_tells_a_meter_that_is_too_sure():
    fair = [_trial("truth", 0.95)] * 19 + [_trial("truth", 0.05)]
    fair += [_trial("shuffled", 0.05)] * 19 + [_trial("shuffled", 0.95)]
    assert calibration_error(reliability(fair)["lines"]) < 0.01
    vain = [_trial("truth", 0.99)] * 10 + [_trial("shuffled", 0.99)] * 10
    assert calibration_error(reliability(vain)["lines"]) > 0.4


def test_contacts_can_only_lower_the_meter():
    torch.manual_seed(0)
    net = MeterNet(MeterConfig())
    evidence = torch.randn(5, net.enter.in_features)
    none, some = torch.zeros(5, 4), torch.rand(5, 4)
    assert (net.frames(evidence, some) < net.frames(evidence, none)).all()


def test_cues_of_frames_about_each_are_seen_from_it():
    cues = torch.arange(30.0)[:, None].expand(-1, CUES)
    seen = tapped(cues)[15].reshape(len(TAPS), CUES)[:, 0]
    assert seen.tolist() == [15.0 + tap for tap in TAPS]
