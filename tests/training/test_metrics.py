# SPDX-License-Identifier: GPL-3.0-or-later
"""Each measure finds what it is for, and each can fail."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from model_runtime.contract import CHANNELS, MOTION_FPS, RequestError, WeightsError
from model_runtime.mesh_to_speech import Said
from training.metrics import (
    baselines,
    contacts,
    judge,
    lip_curves,
    mesh,
    motion,
    noise,
    resample,
    results,
    seeds,
    suite,
    timing,
)
from training.metrics.curves import MouthCurves, RestPose, mouth_curves, rest_pose
from training.metrics.figures import FIGURES, interval, measure, pool, worst
from training.metrics.ratio import Ratio

OPEN, SHUT = 8.0, -0.2  # mm


class Seg(NamedTuple):
    phone: str
    start: float
    end: float


LINE = (  # "map, five": 0.5 s of silence, the words, a pause of 0.6 s between them
    Seg("SIL", 0.0, 0.5),
    Seg("M", 0.5, 0.6),
    Seg("AE", 0.6, 0.8),
    Seg("P", 0.8, 0.9),
    Seg("SIL", 0.9, 1.5),
    Seg("F", 1.5, 1.62),
    Seg("AY", 1.62, 1.9),
    Seg("V", 1.9, 2.0),
    Seg("SIL", 2.0, 2.1),
)
FRAMES = round(LINE[-1].end * MOTION_FPS)
TIMES = np.arange(FRAMES) / MOTION_FPS
TIMES200 = np.arange(200) / MOTION_FPS


def spoken(phones: str, low: float, high: float, rest: float = SHUT) -> np.ndarray:
    """(FRAMES,) `low` in the named phones, `rest` in silence, `high` elsewhere."""
    curve = np.full(FRAMES, high, np.float32)
    for phone, start, end in LINE:
        inside = (start <= TIMES) & (end > TIMES)
        if phone in phones.split():
            curve[inside] = low
        elif phone == "SIL":
            curve[(start <= TIMES) & (end > TIMES)] = rest
    return curve


def mouth(aperture: np.ndarray, gap: np.ndarray | None = None) -> MouthCurves:
    aperture = aperture.astype(np.float32)
    gap = np.full_like(aperture, 5.0) if gap is None else gap
    return MouthCurves(aperture, gap, np.maximum(aperture, 0.0), np.maximum(-aperture, 0.0))


def good_mouth() -> MouthCurves:
    aperture = np.minimum(spoken("M P", SHUT, OPEN), spoken("F V", 1.5, OPEN))
    return mouth(aperture, gap=spoken("F V", 0.2, 5.0, rest=3.0))


def test_a_good_mouth_scores_full_marks() -> None:
    figures = pool([measure(good_mouth(), good_mouth(), LINE)])
    assert figures["pbm_closed"] == figures["fv_contact"] == figures["closure_precision"] == 1.0
    assert figures["vowel_shut"] == 0.0
    assert figures["rest"] == figures["jitter_ratio"] == 1.0
    assert figures["lag_ms"] == pytest.approx(0.0, abs=1e-6)
    assert figures["penetration_mm"] == pytest.approx(0.2)


def test_an_open_mean_face_closes_nothing_and_has_no_timing() -> None:
    figures = pool([measure(mouth(np.full(FRAMES, 3.0)), good_mouth(), LINE)])
    assert figures["pbm_closed"] == figures["fv_contact"] == figures["rest"] == 0.0
    assert figures["closure_precision"] is None  # no closure, so none was right
    assert figures["lag_ms"] is None
    assert figures["jitter_ratio"] == 0.0


def test_an_always_shut_mouth_fails_on_vowels() -> None:
    figures = pool([measure(mouth(np.full(FRAMES, SHUT)), good_mouth(), LINE)])
    assert figures["pbm_closed"] == figures["rest"] == 1.0
    assert figures["vowel_shut"] == 1.0
    assert figures["fv_contact"] == 0.0
    assert figures["closure_precision"] == 0.5  # one run over "map", one over "five"


def test_a_mouth_that_shuts_on_every_consonant_loses_precision() -> None:
    figures = pool([measure(mouth(spoken("M P F V", SHUT, OPEN)), good_mouth(), LINE)])
    assert figures["pbm_closed"] == 1.0
    assert figures["closure_precision"] == pytest.approx(0.5)  # M and P of M, P, F, V
    assert figures["vowel_shut"] == 0.0


def test_a_missed_closure_counts_as_missed() -> None:
    figures = pool([measure(mouth(spoken("M", SHUT, OPEN)), good_mouth(), LINE)])
    assert figures["pbm_closed"] == 1.0  # P is followed by silence: the lips rest shut in reach
    parted = mouth(spoken("M", SHUT, OPEN, rest=2.0))
    assert pool([measure(parted, good_mouth(), LINE)])["pbm_closed"] == 0.5


@pytest.mark.parametrize(("late", "met"), [(0.02, True), (0.04, True), (0.06, False)])
def test_a_closure_counts_up_to_40_ms_beside_its_phone(late: float, met: bool) -> None:
    segments = (Seg("AA", 0.0, 0.4), Seg("B", 0.4, 0.5), Seg("AA", 0.5, 1.0))
    aperture = np.full(50, OPEN)
    aperture[round((0.5 + late) * MOTION_FPS)] = SHUT
    curves = mouth(aperture)
    assert contacts.closed_at_bilabials(curves, segments) == Ratio(float(met), 1)
    assert contacts.closure_precision(curves, segments) == Ratio(float(met), 1)


@pytest.mark.parametrize(
    ("aperture", "gap", "met"),
    [(1.5, 0.2, True), (0.1, 0.2, False), (5.0, 0.2, False), (1.5, 1.4, False)],
)
def test_fv_needs_tooth_contact_with_lips_a_little_apart(
    aperture: float, gap: float, met: bool
) -> None:
    segments = (Seg("F", 0.4, 0.5),)
    curves = mouth(np.full(50, aperture), gap=np.full(50, gap))
    assert contacts.contact_at_labiodentals(curves, segments) == Ratio(float(met), 1)


def test_a_closure_that_lingers_after_silence_is_forgiven_only_by_the_margin() -> None:
    segments = (Seg("SIL", 0.0, 0.5), Seg("AA", 0.5, 1.0))
    aperture = np.full(50, OPEN)
    aperture[:27] = SHUT  # the last of them stands 20 ms inside the vowel
    assert contacts.closure_precision(mouth(aperture), segments) == Ratio(0, 1)
    assert contacts.closure_precision(mouth(aperture), segments, margin=0.04) == Ratio(0, 0)


def test_events_beyond_the_motion_are_not_counted() -> None:
    segments = (Seg("B", 0.4, 0.5), Seg("B", 7.0, 7.1), Seg("AA", 7.1, 7.3))
    curves = mouth(np.full(50, SHUT))
    assert contacts.closed_at_bilabials(curves, segments) == Ratio(1, 1)
    assert contacts.shut_vowels(curves, segments) == Ratio(0, 0)


def test_rest_needs_lips_and_jaw_and_ignores_short_silences() -> None:
    parted, dropped = mouth(np.full(FRAMES, 1.0)), mouth(np.full(FRAMES, SHUT))
    dropped = MouthCurves(dropped.aperture, dropped.aperture, dropped.jaw + 9.0, dropped.jaw)
    assert contacts.rest_in_silence(mouth(spoken("", 0, OPEN)), LINE).value == 1.0
    assert contacts.rest_in_silence(parted, LINE).value == 0.0
    assert contacts.rest_in_silence(dropped, LINE).value == 0.0
    short = (Seg("AA", 0.0, 1.0), Seg("SIL", 1.0, 1.25), Seg("AA", 1.25, 2.0))
    assert contacts.rest_in_silence(parted, short) == Ratio(0, 0)


def test_an_emotion_that_parts_the_lips_rests_parted() -> None:
    parted = mouth(np.full(FRAMES, 3.2))
    assert contacts.rest_in_silence(parted, LINE, RestPose(aperture=3.0, jaw=3.0)).value == 1.0
    assert contacts.rest_in_silence(parted, LINE, RestPose(aperture=1.0, jaw=3.0)).value == 0.0


def test_neighbouring_silences_are_one() -> None:
    segments = (Seg("SIL", 0.0, 0.2), Seg("SIL", 0.2, 0.5), Seg("AA", 0.5, 1.0))
    assert contacts.silences(segments) == [(0.0, 0.5)]


def syllables(shift: float = 0.0, seconds: float = 4.0) -> np.ndarray:
    """A jaw of about four syllables a second, none alike, `shift` seconds late."""
    at = np.arange(round(seconds * MOTION_FPS)) / MOTION_FPS - shift
    return 5 + 3 * np.sin(2 * np.pi * 4.1 * at) + 2 * np.sin(2 * np.pi * 1.3 * at + 1)


@pytest.mark.parametrize("late_ms", [-90.0, -13.0, 0.0, 7.0, 31.0, 120.0])
def test_lag_of_a_shifted_copy(late_ms: float) -> None:
    found = timing.lag_seconds(syllables(late_ms / 1000), syllables())
    assert found == pytest.approx(late_ms / 1000, abs=0.002)


def test_lag_is_blind_to_scale_and_offset_and_survives_a_clip_that_opens_at_its_edge() -> None:
    target = syllables()
    target[:60] += 20.0
    assert timing.lag_seconds(0.4 * target - 3.0, target) == pytest.approx(0.0, abs=1e-4)


def test_flat_or_short_curves_have_no_lag() -> None:
    assert timing.lag_seconds(np.full(200, 3.0), syllables()) is None
    assert timing.lag_seconds(syllables(seconds=0.8), syllables(seconds=0.8)) is None


def test_jitter_rises_with_noise_and_falls_when_smoothed() -> None:
    target = syllables()
    noisy = target + np.random.default_rng(0).normal(0, 0.5, target.shape)
    smooth = np.convolve(target, np.ones(9) / 9, mode="same")
    assert motion.jitter(target, target).value == pytest.approx(1.0)
    assert motion.jitter(noisy, target).value > 2.0
    assert motion.jitter(smooth[9:-9], target[9:-9]).value < 0.8


def test_spread_and_activity_in_millimetres() -> None:
    basis = np.zeros((52, 2, 3), np.float32)
    basis[3, :, 1] = 0.010  # unit 3 lifts both vertices by 10 mm
    still, raised = np.zeros((40, 55), np.float32), np.zeros((44, 55), np.float32)
    raised[:, 3] = 1.0
    moved = [motion.displacements(take, basis, range(52)) for take in (still, raised)]
    assert motion.spread(moved) == pytest.approx(5.0)
    assert motion.spread([moved[0], moved[0]]) == 0.0
    assert motion.activity(moved[1]) == 0.0
    raised[::2, 3] = 0.0
    assert motion.activity(motion.displacements(raised, basis, [3])) == pytest.approx(5.0)
    assert motion.activity(motion.displacements(raised, basis, [4])) == 0.0


class LinearProbe:
    """A stand-in for LipProbe: jawOpen parts the lips by 30 mm."""

    def aperture(self, weights: np.ndarray) -> np.ndarray:
        return 30 * weights[:, CHANNELS.index("jawOpen")] - 0.3

    def penetration(self, weights: np.ndarray) -> np.ndarray:
        return np.maximum(-self.aperture(weights), 0)

    def labiodental_gap(self, weights: np.ndarray) -> np.ndarray:
        return 4 + self.aperture(weights)

    def jaw_opening(self, weights: np.ndarray) -> np.ndarray:
        return 30 * weights[:, CHANNELS.index("jawOpen")]


def test_curves_and_rest_come_from_the_probe() -> None:
    poses = np.zeros((2, len(CHANNELS)), np.float32)
    poses[1, CHANNELS.index("jawOpen")] = 0.1
    assert mouth_curves(LinearProbe(), poses).aperture == pytest.approx([-0.3, 2.7])
    assert rest_pose(LinearProbe(), poses[0]) == RestPose(0.0, 0.0)
    assert rest_pose(LinearProbe(), poses[1]).aperture == pytest.approx(2.7)


def test_clips_pool_by_event_not_by_clip() -> None:
    many = Seg("B", 0.1, 0.2), Seg("B", 0.3, 0.4), Seg("B", 0.5, 0.6)
    shut = measure(mouth(np.full(50, SHUT)), mouth(np.full(50, SHUT)), many)
    missed = measure(mouth(np.full(50, OPEN)), mouth(np.full(50, SHUT)), many[:1])
    assert pool([shut, missed])["pbm_closed"] == 0.75


def test_the_interval_narrows_with_more_clips() -> None:
    segments = (Seg("B", 0.1, 0.2),)
    good = measure(mouth(np.full(50, SHUT)), mouth(np.full(50, SHUT)), segments)
    bad = measure(mouth(np.full(50, OPEN)), mouth(np.full(50, SHUT)), segments)
    low, high = interval([good, bad] * 5, "pbm_closed")
    assert low < 0.5 < high
    closer = interval([good, bad] * 50, "pbm_closed")
    assert low < closer[0] < 0.5 < closer[1] < high
    assert interval([good] * 5, "fv_contact") is None
    assert interval([], "fv_contact") is None


def test_no_events_means_no_figure_not_zero() -> None:
    silent = (Seg("SIL", 0.0, 0.2),)
    figures = pool([measure(mouth(np.full(10, SHUT)), mouth(np.full(10, SHUT)), silent)])
    assert all(figures[name] is None for name in FIGURES if name != "penetration_mm")
    assert pool([])["penetration_mm"] is None


def test_the_worst_source_counts_in_the_right_direction() -> None:
    one = {"pbm_closed": 0.9, "vowel_shut": 0.01, "lag_ms": 5.0, "fv_contact": None}
    two = {"pbm_closed": 0.8, "vowel_shut": 0.00, "lag_ms": 9.0, "fv_contact": 0.7}
    found = worst([one, two])
    assert (found["pbm_closed"], found["vowel_shut"], found["lag_ms"]) == (0.8, 0.01, 9.0)
    assert found["fv_contact"] == 0.7
    assert found["rest"] is None


def one_unit(millimetres: tuple[float, ...], axis: int = 1) -> mesh.Region:
    """A region whose vertices are moved by unit 0 alone, by these millimetres at weight 1."""
    basis = np.zeros((52, len(millimetres), 3), np.float32)
    basis[0, :, axis] = millimetres
    return mesh.Region(basis)


def weights(*values: float) -> np.ndarray:
    found = np.zeros((len(values), 55), np.float32)
    found[:, 0] = values
    return found


def test_lip_vertex_error_takes_the_worst_vertex_of_each_frame() -> None:
    lips = one_unit((4.0, -10.0))
    lve, squares = mesh.lip_vertex_error(lips, weights(0.0, 0.1, 0.4), weights(0.0, 0.0, 0.0))
    assert lve == pytest.approx((0 + 1 + 4) / 3, abs=1e-5)
    assert squares == pytest.approx(np.sqrt((0 + 1 + 16) / 3), abs=1e-5)
    assert mesh.lip_vertex_error(lips, weights(0.5, 0.5, 0.5)[:2], weights(0.5, 0.5, 0.9))[0] == 0


def test_fdd_is_positive_where_the_motion_has_less_life_than_the_truth() -> None:
    upper = one_unit((2.0, 4.0))
    truth = weights(0.0, 1.0, 0.0, 1.0)  # squared 0 or 4 and 0 or 16 mm^2: deviations 2 and 8
    assert mesh.dynamics_deviation(upper, weights(0, 0, 0, 0), truth) == pytest.approx(5.0)
    assert mesh.dynamics_deviation(upper, truth, weights(0, 0, 0, 0)) == pytest.approx(-5.0)
    assert mesh.dynamics_deviation(upper, truth, truth) == 0.0


def test_seeds_spread_and_their_nearest_to_the_truth() -> None:
    head = mesh.Mesh(lips=one_unit((10.0,)), upper=one_unit((10.0, 0.0)))
    takes = [weights(0.1, 0.1), weights(0.3, 0.3), weights(0.7, 0.7)]
    found = seeds.seed_values(head, takes, weights(0.2, 0.2))
    assert found["s_div_lips_mm"] == pytest.approx((2 + 6 + 4) / 3, abs=1e-5)
    assert found["s_div_upper_mm"] == pytest.approx((1 + 3 + 2) / 3, abs=1e-5)
    assert found["lve_best_mm"] == pytest.approx(1.0, abs=1e-5)
    assert found["lve_mean_mm"] == pytest.approx((1 + 1 + 5) / 3, abs=1e-5)
    assert found["lve_of_mean_mm"] == pytest.approx(10 * (1.1 / 3 - 0.2), abs=1e-4)
    assert found["upper_best_mm"] == pytest.approx(0.5, abs=1e-5)
    same = seeds.seed_values(head, [takes[0]] * 3, weights(0.2, 0.2))
    assert same["s_div_lips_mm"] == same["s_div_upper_mm"] == 0.0


def test_mod_takes_pressed_lips_as_an_opening_of_nothing() -> None:
    found = lip_curves.opening_difference(np.array([3.0, -2.0, 1.0]), np.array([1.0, -0.5, -1.0]))
    assert found == pytest.approx((2 + 0 + 1) / 3)


def test_correlation_forgives_scale_and_offset_concordance_does_not() -> None:
    truth = np.array([0.0, 1.0, 2.0])
    assert lip_curves.correlation(2 * truth + 3, truth) == pytest.approx(1.0)
    assert lip_curves.correlation(-truth, truth) == pytest.approx(-1.0)
    assert lip_curves.correlation(np.ones(3), truth) is None
    # covariance 4/3, variances 8/3 and 2/3, means 5 and 1
    assert lip_curves.concordance(2 * truth + 3, truth) == pytest.approx((8 / 3) / (10 / 3 + 16))
    assert lip_curves.concordance(truth, truth) == pytest.approx(1.0)
    assert lip_curves.concordance(np.ones(3), truth) == 0.0
    assert lip_curves.concordance(truth, np.ones(3)) is None


def test_warping_pays_only_for_what_no_warping_mends() -> None:
    truth = np.array([0.0, 0.0, 4.0, 0.0, 0.0])
    assert lip_curves.warped_distance(np.roll(truth, 1), truth) == 0.0
    assert lip_curves.warped_distance(truth + 1.0, truth) == pytest.approx(1.0)
    assert lip_curves.warped_distance(np.zeros(5), truth) == pytest.approx(4 / 5)


def test_the_cheapest_path_goes_through_the_cheap_cells() -> None:
    total = lip_curves.accumulated(np.array([[1.0, 9.0, 9.0], [1.0, 9.0, 9.0], [9.0, 1.0, 1.0]]))
    assert total[-1, -1] == 4.0  # down, across the corner, to the right
    assert lip_curves.warping_path(total).tolist() == [[0, 0], [1, 0], [2, 1], [2, 2]]


@pytest.mark.parametrize("frames", [-4, -2, 0, 1, 3])
def test_timing_misalignment_of_a_shifted_copy_is_its_shift(frames: int) -> None:
    truth = syllables()
    found, share = lip_curves.timing_misalignment(baselines.shifted(truth, frames), truth)
    assert found == pytest.approx(abs(frames) * 20.0, abs=4.0)
    assert share > 0.6
    assert lip_curves.timing_misalignment(np.ones(200), truth) == (None, 0.0)


def test_every_curve_figure_gets_worse_with_the_shift_and_worst_with_other_words() -> None:
    truth = syllables()
    other = 5 + 3 * np.sin(2 * np.pi * 3.3 * TIMES200 + 2) + 2 * np.sin(2 * np.pi * 0.7 * TIMES200)
    rows = [suite.curve_values(baselines.shifted(truth, k), truth) for k in range(5)]
    for name in ("mod_mm", "lip_dtw_mm", "mtm_ms"):
        values = [row[name] for row in rows]
        assert values == sorted(values) and values[0] < 0.01 < values[-1], name
    for name in ("lip_pcc", "lip_ccc"):
        values = [row[name] for row in rows]
        assert values == sorted(values, reverse=True) and values[0] > 0.999 > values[-1], name
    worst = suite.curve_values(other, truth)
    assert worst["mod_mm"] > rows[1]["mod_mm"] and worst["lip_pcc"] < rows[2]["lip_pcc"]
    assert worst["lip_dtw_mm"] > rows[4]["lip_dtw_mm"]


def test_shifted_motion_holds_its_ends() -> None:
    steps = np.arange(5.0)[:, None]
    assert baselines.shifted(steps, 2)[:, 0].tolist() == [0, 0, 0, 1, 2]
    assert baselines.shifted(steps, -1)[:, 0].tolist() == [1, 2, 3, 4, 4]
    assert baselines.fitted(steps, 7)[:, 0].tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_blinks_are_runs_of_shut_lids() -> None:
    take = np.zeros((3000, 55), np.float32)  # a minute
    lids = [i for i, name in enumerate(CHANNELS) if name.startswith("eyeBlink")]
    for start in (100, 900, 2000):
        take[start : start + 8, lids] = 0.9
    take[500:510, lids[0]] = 0.9  # a wink is none
    assert motion.blinks_per_minute(take) == pytest.approx(3.0)
    assert motion.blinks_per_minute(take[:0]) is None


def test_an_estimate_is_the_mean_with_the_range_of_its_resamples() -> None:
    one = resample.estimate([1.0, 3.0, None])
    assert (one.mean, one.low, one.high, one.clips) == (2.0, 1.0, 3.0, 2)
    many = resample.estimate([1.0, 3.0] * 200)
    assert 1.8 < many.low < 2.0 < many.high < 2.2
    assert many == resample.estimate([1.0, 3.0] * 200)
    assert resample.estimate([None]) is None
    assert resample.estimate([5.0, None]) == resample.Estimate(5.0, None, None, 1)


def test_noise_has_the_level_that_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, 16000).astype(np.float32)
    added = noise.with_noise(samples, rng.normal(0, 3.0, 16000), 10.0) - samples
    level = 10 * np.log10((samples**2).mean() / (added.astype(float) ** 2).mean())
    assert level == pytest.approx(10.0, abs=0.01)


def test_results_keep_the_parts_that_were_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "thunder.json"
    results.update_results(path, {"real": {"rest": 0.123456}, "steps": [1]})
    results.update_results(path, {"steps": [2]})
    assert results.read_results(path) == {"real": {"rest": 0.1235}, "steps": [2]}
    results.update_results(path, {"steps": [3], "made_with": {"steps": {"clips": 3}}})
    results.update_results(path, {"real": {}, "made_with": {"real": {"clips": 9}}})
    made = {"steps": {"clips": 3}, "real": {"clips": 9}}
    assert results.read_results(path) == {"real": {}, "steps": [3], "made_with": made}
    path.write_text("[1")
    with pytest.raises(RequestError, match="Move it away"):
        results.read_results(path)


class Parrot:
    """A stand-in for MeshToSpeech that says the unit which jawOpen's neighbour 0 spells."""

    def __call__(self, motion: torch.Tensor, keep: None, voice: torch.Tensor) -> Said:
        spelt = (motion[..., 0] * 10).round().long()
        mel = motion[..., :1].repeat_interleave(2, 1).expand(-1, -1, 80)
        return Said(motion, torch.nn.functional.one_hot(spelt, 11).float(), mel)


def test_the_judge_compares_units_and_mel() -> None:
    words = judge.Words(np.array([1, 2, 3, 4], np.uint8), np.zeros((8, 2)), np.zeros(160))
    mel = np.zeros((8, 2))
    mel[:4, 0] = 1.0
    found = judge.compared(np.array([1, 2, 0, 4]), mel, words)
    assert found == {"unit_accuracy": 0.75, "mel_l1": pytest.approx(4 / 16)}
    short = judge.compared(np.array([1, 0]), mel[:4], words)
    assert short == {"unit_accuracy": 0.5, "mel_l1": pytest.approx(0.5)}


def test_the_judge_hears_shifts_and_other_words() -> None:
    units = np.random.default_rng(0).integers(0, 11, 60).repeat(4)  # 80 ms each
    own = weights(*(units / 10))
    mel = np.repeat(own[:, :1], 2, axis=0).repeat(80, 1)
    ear = judge.Judge(Parrot(), None, None, None)
    ear.known["x"] = judge.Words(units.astype(np.uint8), mel, np.zeros(160, np.float32))
    named = type("Clip", (), {"id": "x"})
    rows = [ear.figures(named, baselines.shifted(own, k)) for k in range(5)]
    right = [row["unit_accuracy"] for row in rows]
    assert right[0] == 1.0 and right == sorted(right, reverse=True) and right[4] < 0.3
    wrong = [row["mel_l1"] for row in rows]
    assert wrong[0] == pytest.approx(0.0, abs=1e-6) and wrong == sorted(wrong)
    assert ear.figures(named, own[::-1])["unit_accuracy"] < 0.3
    assert ear.figures(named, own[:0]) == {"unit_accuracy": None, "mel_l1": None}


def test_a_judge_of_another_encoder_is_refused(tmp_path: Path) -> None:
    for name in ("m2s_judge", "encoder"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"x")
    units = tmp_path / "speech_units.safetensors"
    save_file({"centroids": np.zeros((2, 3), np.float32)}, units, {"encoder": "another"})
    with pytest.raises(WeightsError, match="another encoder"):
        judge.find_judge(tmp_path / "m2s_judge.safetensors", lambda clip: np.zeros(9))
    with pytest.raises(WeightsError, match="nowhere"):
        judge.find_judge(Path("nowhere.safetensors"), lambda clip: np.zeros(9))
