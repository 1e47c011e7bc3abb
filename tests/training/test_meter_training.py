# SPDX-License-Identifier: GPL-3.0-or-later
"""What the meter is fitted to and judged by: altered motions, other rules, areas, reliability."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from model_runtime.contract import UNITS
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.meter_config import MeterConfig, MeterNet
from model_runtime.meter_evidence import lag_features
from model_runtime.meter_lips import CUES, LIP_SHAPES, LipMatch, lip_shapes, tapped
from model_runtime.meter_motion import Mouth
from model_runtime.phones import VOWELS
from training.corpus.alignment import Segment
from training.evaluate_meter import auc, calibration_error, figures, reliability
from training.fit_lips import fit_lips
from training.meter_alter import keyed_at, opened, other_words, performed, shut, slipped
from training.meter_data import Pair, Watched, flawed
from training.meter_other import hand_keys, other_rules, warped
from training.meter_trials import Trial, correlation, correlation_lag
from training.meter_uncertain import Event, drawn, opinion, reached

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
    taps = (-8, 0, 4)
    cues = torch.arange(30.0)[:, None].expand(-1, CUES)
    seen = tapped(cues, taps)[15].reshape(len(taps), CUES)[:, 0]
    assert seen.tolist() == [15.0 + tap for tap in taps]


def test_a_slip_is_late_inside_and_nothing_outside():
    ramp = np.arange(100, dtype=np.float32)[:, None]
    late = slipped(ramp, 30, 70, 3)
    np.testing.assert_array_equal(late[:30], ramp[:30])
    np.testing.assert_array_equal(late[70:], ramp[70:])
    np.testing.assert_allclose(late[40:60], ramp[37:57])
    np.testing.assert_allclose(slipped(ramp, 30, 70, -3)[40:60], ramp[43:63])


def test_how_strongly_lips_move_is_left_out_but_not_whether_they_touch():
    time = np.linspace(0, 12, 200)
    wide = 4 + 4 * np.sin(time)
    mouth = Mouth(wide, wide + 8, 50 + np.cos(time))
    half = Mouth(2 + wide / 2, wide / 2 + 10, 50 + np.cos(time))
    one, other = lip_shapes(mouth), lip_shapes(half)
    assert one.shape == (200, LIP_SHAPES)
    assert np.corrcoef(one[:, 0], other[:, 0])[0, 1] > 0.95
    shut = mouth.aperture < 0.3
    assert one[shut, 3].min() > 0.7 and other[:, 3].max() < 0.1


def test_lips_are_fitted_to_the_sound_they_go_with():
    match = fit_lips([_pair(seed) for seed in range(6)], steps=150)
    pair = _pair(99)
    cues, shapes = torch.from_numpy(pair.heard.cues), lip_shapes(pair.watched.mouth)
    product = match.of_sound(cues) @ match.of_lips(torch.from_numpy(shapes)).T
    own = product.diagonal()
    late = product.diagonal(12)
    assert isinstance(match, LipMatch) and own.mean() > late.mean() + 0.5


def _pair(seed: int) -> Pair:
    """A sound whose first cue is how far the lips are open."""
    rng = np.random.default_rng(seed)
    curve = np.convolve(rng.normal(size=340), np.hanning(15), "valid")[:300]
    cues = np.zeros((300, CUES), np.float32)
    cues[:, 0] = curve / 4
    mouth = Mouth(4 + curve, 12 + curve, 50 + 0 * curve)
    heard = SimpleNamespace(cues=cues, spoken=np.ones(300, bool))
    return Pair(heard, Watched(None, mouth), "truth", True)


def test_a_peak_that_stands_alone_tells_more_than_one_among_others():
    place = np.arange(41)
    alone = np.exp(-(((place - 23) / 2.0) ** 2))
    twice = alone + 0.9 * np.exp(-(((place - 8) / 2.0) ** 2))
    one, other = lag_features(alone, 100), lag_features(twice, 100)
    assert one[1] > other[1] + 0.5 and one[2] == pytest.approx(1.0)
    assert lag_features(alone, 200)[0] > one[0]


def _events(rng: np.random.Generator, telling: float) -> list[Event]:
    """Half of the closures are real; the judge sees `telling` nats more of the sound in those."""
    return [
        Event(line, 0.4, (0,) if line % 2 else (), float(rng.normal(telling * (line % 2))), 0.0)
        for line in rng.permutation(40)
    ]


def test_a_judge_that_sees_real_closures_would_choose_them():
    found = _events(np.random.default_rng(0), telling=6.0)
    one, eight = (drawn(found, 0.3, 20, seeds) for seeds in (1, 8))
    assert eight[0] > one[0] + 0.3 and eight[1] > one[1] + 0.05
    real = np.array([bool(event.phones) for event in found])
    heard, seen = (opinion(found, too) for too in (False, True))
    assert auc(seen[real], seen[~real]) > 0.95 > auc(heard[real], heard[~real])


def test_every_phone_counts_once_and_every_closure_by_itself():
    found = [
        Event(0, 0.9, (0, 1), 0.0, 0.0),
        Event(0, 0.9, (1,), 0.0, 0.0),
        Event(1, 0.5, (), 0, 0),
    ]
    assert reached(found, np.array([True, True, False]), 4) == (0.5, 1.0)
    assert reached(found, np.array([False, True, True]), 4) == (0.25, 0.5)
