# SPDX-License-Identifier: GPL-3.0-or-later
"""The training targets: contacts hold, speeds are human, and styles differ where they should."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, EMOTIONS, RequestError
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.phones import BILABIAL, LABIODENTAL, PHONES, VOWELS
from training.articulation import (
    ArticulationSettings,
    Style,
    articulate,
    contact_curves,
    loudness_curve,
    rest_weights,
)
from training.corpus.alignment import Segment
from training.metrics.contacts import frames_in
from training.metrics.curves import mouth_curves, rest_pose
from training.metrics.figures import contact_counts
from training.metrics.motion import LIP_UNITS, UPPER_UNITS

LINE = "SIL M AY B EY B IY SIL B AO T F AY V W AY T P AE M F L EH T S SIL".split()
COLUMN = {name: index for index, name in enumerate(CHANNELS)}


def line(phones=LINE, seconds=0.08, silence=0.5):
    """Segments one after the other."""
    lengths = [silence if phone == "SIL" else seconds for phone in phones]
    ends = list(itertools.accumulate(lengths))
    return tuple(Segment(p, e - n, e) for p, e, n in zip(phones, ends, lengths, strict=True))


def loudness(segments):
    times = np.arange(int(np.ceil(segments[-1].end * 50))) / 50
    loud = np.zeros(len(times), np.float32)
    for segment in segments:
        level = 0.0 if segment.phone == "SIL" else 0.9 if segment.phone in VOWELS else 0.6
        loud[(times >= segment.start) & (times < segment.end)] = level
    return loud


def perform(segments, emotion="neutral", intensity=1.0, seed=0, style=None):
    settings = ArticulationSettings(emotion, intensity, style)
    return articulate(segments, loudness(segments), np.random.default_rng(seed), settings)


@pytest.fixture(scope="module")
def probe():
    return lip_probe(load_face())


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("intensity", [0.0, 0.75, 1.5])
def test_contacts_hold_in_every_emotion(probe, emotion, intensity):
    segments = line()
    motion = perform(segments, emotion, intensity)
    curves = mouth_curves(probe, motion)
    rest = rest_pose(probe, rest_weights(emotion, intensity))
    counts = contact_counts(curves, segments, rest)
    for name in ("pbm_closed", "fv_contact", "closure_precision", "rest"):
        assert counts[name].value == 1.0, name
    assert counts["vowel_shut"].value == 0.0
    assert curves.penetration.max() < 2.0


@pytest.mark.parametrize("seconds", [0.03, 0.05, 0.12])
def test_lips_shut_on_short_and_long_closures_over_their_whole_width(probe, seconds):
    segments = line(seconds=seconds)
    widest = probe.column_apertures(perform(segments, "happy", 1.5)).max(axis=1)
    for segment in segments:
        if segment.phone in BILABIAL:
            assert (
                widest[frames_in(segment.start - 0.04, segment.end + 0.04, len(widest))].min() <= 0
            )


def test_lips_are_shut_from_soon_after_the_onset_to_the_release(probe):
    segments = line(["SIL", "AA", "P", "AA", "SIL"], seconds=0.14)
    aperture = probe.aperture(perform(segments))
    closure = segments[2]
    assert (aperture[frames_in(closure.start + 0.02, closure.end - 0.01, len(aperture))] <= 0).all()


def test_every_phone_keeps_to_the_ranges_and_only_pbm_shut():
    for phone in PHONES[1:]:
        segments = line(["SIL", "AH", phone, "AH", "SIL"])
        motion = perform(segments, "disgusted", 1.5)
        assert motion.shape == (int(np.ceil(segments[-1].end * 50)), 55)
        assert motion.dtype == np.float32
        assert 0 <= motion[:, :52].min() <= motion[:, :52].max() <= 1
        assert np.abs(motion[:, 52:]).max() <= 0.12
        assert (motion[:, COLUMN["mouthClose"]] <= motion[:, COLUMN["jawOpen"]]).all()


def test_only_pbm_shut_the_lips(probe):
    for phone in PHONES[1:]:
        segments = line(["SIL", "AH", phone, "AH", "SIL"])
        middle = round((segments[2].start + segments[2].end) * 25)
        aperture = probe.aperture(perform(segments))[middle]
        assert aperture <= 0 if phone in BILABIAL else aperture > 0.8, phone


def test_phones_look_like_themselves(probe):
    def middle(phone):
        segments = line(["SIL", "AH", phone, "AH", "SIL"], seconds=0.12)
        motion = perform(segments, style=Style(side=0.0))
        return motion[round((segments[2].start + segments[2].end) * 25)]

    def value(phone, unit):
        return float(middle(phone)[COLUMN[unit]])

    for phone in ("W", "UW", "UH"):
        assert value(phone, "mouthPucker") > 0.25 > 0.15 > value("IY", "mouthPucker")
    assert value("TH", "tongueOut") > 0.15 > value("T", "tongueOut")
    for phone in ("S", "Z", "SH", "CH"):
        assert probe.jaw_opening(middle(phone)[None])[0] < 3.0
    assert value("AA", "jawOpen") > 1.6 * value("IH", "jawOpen")
    assert value("IY", "mouthStretchLeft") > value("UW", "mouthStretchLeft") + 0.1


def test_vowels_open_with_loudness_and_stress(probe):
    def widest(level, stress):
        segments = (
            Segment("SIL", 0, 0.4),
            Segment("AA", 0.4, 0.55, stress),
            Segment("SIL", 0.55, 1),
        )
        loud = loudness(segments) * level
        motion = articulate(
            segments, loud, np.random.default_rng(0), ArticulationSettings(style=Style())
        )
        return probe.aperture(motion).max()

    assert widest(1.0, 1) > widest(1.0, 0) + 0.5
    assert widest(1.0, 1) > widest(0.5, 1) + 2.0


def test_rounding_is_anticipated():
    segments = line(["SIL", "IY", "S", "T", "UW", "SIL"])
    pucker = perform(segments)[:, COLUMN["mouthPucker"]]
    at_s = pucker[round(segments[2].end * 50)]
    peak = pucker.max()
    assert 0.15 * peak < at_s < 0.8 * peak


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_speeds_are_human(probe, emotion):
    """Lips 300 mm/s (Loefqvist & Gracco 1997), jaw 250 mm/s (Kuehn & Moll 1976)."""
    segments = line(LINE * 4, seconds=0.07, silence=0.3)
    motion = perform(segments, emotion, 1.5)
    fastest = np.abs(np.diff(motion, axis=0)).max(axis=0) * 50
    assert np.abs(np.diff(probe.aperture(motion))).max() * 50 <= 330
    assert np.abs(np.diff(probe.jaw_opening(motion))).max() * 50 <= 250
    assert fastest[COLUMN["eyeBlinkLeft"]] < 25  # a lid shuts in no less than 0.08 s
    assert fastest[52:].max() < 1.8  # rad/s


def test_nothing_jitters():
    motion = perform(line(LINE * 6), "afraid", 1.0)
    spectrum = np.abs(np.fft.rfft(motion[:, LIP_UNITS] - motion[:, LIP_UNITS].mean(0), axis=0)) ** 2
    assert spectrum[int(0.72 * len(spectrum)) :].sum() < 0.01 * spectrum.sum()  # over 18 Hz


def test_upper_face_grows_with_intensity_and_lips_stay():
    segments = line(LINE * 3)
    style = Style()
    upper, lips = [], []
    blinks = [COLUMN["eyeBlinkLeft"], COLUMN["eyeBlinkRight"]]
    moving = [unit for unit in UPPER_UNITS if unit not in blinks]
    for intensity in (0.0, 0.5, 1.0, 1.5):
        motion = perform(segments, "happy", intensity, style=style)
        upper.append(motion[:, moving].std(axis=0).mean())
        lips.append(motion[:, COLUMN["jawOpen"]].std())
    assert all(low < high for low, high in itertools.pairwise(upper))
    assert upper[0] < 0.15 * upper[-1]
    assert max(lips) < 1.02 * min(lips)


def test_seeds_differ_above_the_mouth_and_hardly_below():
    segments = line(LINE * 3)
    takes = np.stack([perform(segments, "neutral", 1.0, seed) for seed in range(8)])
    spread = takes.std(axis=0).mean(axis=0)
    moved = takes.std(axis=(0, 1))
    lips = [c for c in LIP_UNITS if moved[c] > 0.02]
    assert (spread[lips] / moved[lips]).max() < 0.25
    assert (spread[52:] / moved[52:]).min() > 0.6


def test_the_same_seed_gives_the_same_motion():
    segments = line()
    assert np.array_equal(perform(segments, "sad", 1.2, 5), perform(segments, "sad", 1.2, 5))


def test_intensity_curves_rise_without_a_pop():
    segments = line(LINE * 2)
    frames = int(np.ceil(segments[-1].end * 50))
    curve = np.where(np.arange(frames) < frames // 2, 0.0, 1.5).astype(np.float32)
    cheek = perform(segments, "happy", curve)[:, COLUMN["cheekSquintLeft"]]
    assert cheek[: frames // 4].max() < 0.05 < 0.5 < cheek[-frames // 4 :].min()
    assert np.abs(np.diff(cheek)).max() * 50 < 5.0


def test_blinks_come_at_a_human_rate():
    segments = line(LINE * 40)
    lids = perform(segments, style=Style(blink_rate=17.0))[:, COLUMN["eyeBlinkLeft"]]
    count = int(((lids[1:] > 0.5) & (lids[:-1] <= 0.5)).sum())
    assert 9 < count / (segments[-1].end / 60) < 30


def test_gates_are_full_inside_contacts_and_off_elsewhere():
    segments = line()
    gates = contact_curves(segments, int(np.ceil(segments[-1].end * 50)))
    assert gates.dtype == np.float32
    assert 0 <= gates.min() <= gates.max() <= 1
    for column, group in enumerate((BILABIAL, LABIODENTAL)):
        for segment in segments:
            inside = gates[frames_in(segment.start, segment.end, len(gates)), column]
            if segment.phone in group:
                assert inside.max() == 1.0
            elif segment.phone in VOWELS:
                assert inside.min() < 0.5


def test_loudness_ignores_gain_and_knows_silence():
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, 16000).astype(np.float32)
    sound[:4800] *= 1e-3
    curve = loudness_curve(sound)
    assert curve.shape == (50,)
    assert curve[:13].max() < 0.1 < 0.9 < curve[17:].mean()
    assert np.allclose(curve, loudness_curve(sound * 0.1), atol=0.02)
    assert loudness_curve(np.zeros(321, np.float32)).tolist() == [0.0, 0.0]
    assert loudness_curve(np.zeros(0, np.float32)).shape == (0,)


def test_odd_input():
    assert perform_empty().shape == (0, 55)
    assert perform((Segment("SIL", 0, 0.02),)).shape == (1, 55)
    with pytest.raises(RequestError):
        ArticulationSettings("furious")
    with pytest.raises(RequestError):
        ArticulationSettings("happy", 1.6)
    with pytest.raises(RequestError):
        rest_weights("furious")


def perform_empty():
    return articulate((), np.zeros(0, np.float32), np.random.default_rng(0), ArticulationSettings())
