# SPDX-License-Identifier: GPL-3.0-or-later
"""Phone times: alignments, engines' clocks, closures, and what augmentation does to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_runtime.phones import PHONE_INDEX
from training.corpus import augment, closure, espeak, festival, flite, quality, realign, russian
from training.corpus.alignment import Segment, frame_labels, scale_segments, tidy

RATE = 16000


def test_tidy_covers_the_clip_without_gaps() -> None:
    raw = [Segment("AA", 0.1, 0.3), Segment("B", 0.28, 0.4), Segment("SIL", 0.4, 0.41)]
    raw += [Segment("AA", 0.41, 0.6), Segment("SIL", 0.6, 0.7), Segment("SIL", 0.7, 0.8)]
    result = tidy(raw, 1.0)
    assert [s.phone for s in result] == ["SIL", "AA", "B", "AA", "SIL"]
    assert [s.start for s in result] == [0.0, *[s.end for s in result][:-1]]
    assert result[-1].end == 1.0
    assert result[2].start == 0.28


def test_tidy_cuts_what_lies_beyond_the_clip_and_refuses_unknown_phones() -> None:
    assert tidy([Segment("AA", -0.1, 2.0)], 1.0) == (Segment("AA", 0.0, 1.0),)
    with pytest.raises(ValueError, match="QQ"):
        tidy([Segment("QQ", 0.0, 1.0)], 1.0)


@pytest.mark.parametrize("rate", [50.0, 100.0, 23.976])
def test_frame_labels_take_the_phone_at_the_frame_centre(rate: float) -> None:
    segments = (Segment("SIL", 0.0, 0.25), Segment("P", 0.25, 0.31), Segment("AA", 0.31, 1.0))
    labels = frame_labels(segments, 200, rate)
    for frame, label in enumerate(labels):
        time = (frame + 0.5) / rate
        phone = next((s.phone for s in segments if s.start <= time < s.end), "SIL")
        assert label == PHONE_INDEX[phone]


def test_a_closure_moves_back_to_where_the_vowel_died() -> None:
    rate, vowel_end, burst = 22050, 0.30, 0.36
    samples = np.zeros(int(0.6 * rate), np.float32)
    time = np.arange(len(samples)) / rate
    voiced = (time < vowel_end) | (time > burst + 0.01)
    samples[voiced] = 0.3 * np.sin(2 * np.pi * 150 * time[voiced])
    samples[(time >= burst) & (time <= burst + 0.01)] = 0.1
    raw = [Segment("AA", 0.0, burst), Segment("B", burst, 0.38), Segment("AA", 0.38, 0.6)]
    repaired = closure.repair_closures(samples, rate, raw)
    assert abs(repaired[1].start - vowel_end) <= 0.011
    assert repaired[0].end == repaired[1].start
    assert repaired[1].end == raw[1].end


def test_a_stop_without_a_closure_stays() -> None:
    rate = 16000
    samples = (0.3 * np.sin(2 * np.pi * 150 * np.arange(rate) / rate)).astype(np.float32)
    raw = [Segment("AA", 0.0, 0.5), Segment("D", 0.5, 0.55), Segment("AA", 0.55, 1.0)]
    assert closure.repair_closures(samples, rate, raw) == raw


@pytest.mark.parametrize("seed", range(12))
def test_augmentation_moves_an_impulse_exactly_as_its_segment(seed: int) -> None:
    click = 0.7
    samples = np.zeros(int(1.5 * RATE), np.float32)
    samples[int(click * RATE)] = 1.0
    segments = (Segment("SIL", 0.0, click), Segment("P", click, 0.8), Segment("SIL", 0.8, 1.5))
    how = augment.Strength(noise_snr_db=(35.0, 45.0), codec_chance=0.0)
    changed, moved = augment.augment(samples, segments, np.random.default_rng(seed), how)
    found = np.argmax(np.abs(changed)) / RATE
    assert abs(found - moved[1].start) < 0.001
    assert abs(moved[-1].end - len(changed) / RATE) < 1e-9


def test_augmentation_is_its_generators() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    segments = (Segment("AA", 0.0, 1.0),)
    first, _ = augment.augment(samples, segments, np.random.default_rng(5))
    again, _ = augment.augment(samples, segments, np.random.default_rng(5))
    other, _ = augment.augment(samples, segments, np.random.default_rng(6))
    assert np.array_equal(first, again)
    assert len(first) != len(other)
    assert first.dtype == np.float32
    assert np.abs(first).max() <= 1.0


def test_scaling_keeps_everything_but_time() -> None:
    assert scale_segments([Segment("AA", 0.2, 0.4, 1)], 0.5) == (Segment("AA", 0.1, 0.2, 1),)


def test_espeak_events_become_phones() -> None:
    events = [(0.0, "h"), (0.1, "e@"), (0.3, "_:"), (0.4, ";"), (0.5, "t#"), (0.6, "@L")]
    rhotic = espeak.phones_of(events, 0.8, espeak.phonemes_of("en-us"))
    assert [s.phone for s in rhotic] == ["HH", "EH", "R", "SIL", "D", "AH", "L"]
    assert rhotic[1].end == pytest.approx(0.2)
    assert rhotic[-1].end == 0.8
    plain = espeak.phones_of(events, 0.8, espeak.phonemes_of("en+f3"))
    assert [s.phone for s in plain] == ["HH", "EH", "SIL", "D", "AH", "L"]


def test_espeak_stress_is_told_only_where_both_accounts_agree() -> None:
    events = [(0.0, "h"), (0.1, "a"), (0.2, "_:"), (0.3, "p"), (0.4, "i")]
    marks = espeak.stress_of(events, "h 'a p ,i")
    assert marks == [0, 1, None, 0, 2]
    phones = espeak.phones_of(events, 0.5, espeak.phonemes_of("en-us"), marks)
    assert [s.stress for s in phones] == [None, 1, None, None, 2]
    assert espeak.stress_of(events, "h 'a p") == [0, 1, None, 0, None]


def test_speech_under_a_silence_label_is_noticed() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 200 * np.arange(2 * RATE) / RATE)).astype(np.float32)
    said = [Segment("AA", 0.0, 1.0), Segment("SIL", 1.0, 2.0)]
    assert quality.speaks_in_silence(tone, said)
    tone[RATE:] *= 0.01
    assert not quality.speaks_in_silence(tone, said)


def test_engines_printed_times_are_read() -> None:
    assert flite.parse_durations("pau:0.1 ax:0.25 b:0.3 ") == [
        Segment("SIL", 0.0, 0.1),
        Segment("AH", 0.1, 0.25),
        Segment("B", 0.25, 0.3),
    ]
    assert festival.parse_labels("pau 0.2 0\niy 0.3 1\np 0.4 1\n")[1:] == [
        Segment("IY", 0.2, 0.3, 1),
        Segment("P", 0.3, 0.4),
    ]
    assert flite.one_utterance("Is it? Yes. No!") == "Is it, Yes, No"


def test_russian_labels_map_to_phones(tmp_path: Path) -> None:
    label = tmp_path / "a.lab"
    label.write_text("#\n0.1 125 pau\n0.2 125 pp\n0.3 125 aa\n0.5 125 c\n")
    result = russian.read_labels(label, 0.6)
    assert [s.phone for s in result] == ["SIL", "P", "AA", "T", "S", "SIL"]
    assert [s.stress for s in result] == [None, None, 1, None, None, None]


@pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")
def test_espeak_says_every_phone_in_order() -> None:
    engine = espeak.Espeak()
    samples, segments = engine.say("My big boat.", "en-us+f3", rate=150)
    spoken = [s.phone for s in segments if s.phone != "SIL"]
    assert spoken == ["M", "AY", "B", "IH", "G", "B", "OW", "T"]
    assert [s.stress for s in segments if s.phone in {"AY", "IH", "OW"}] == [0, 1, 1]
    level = closure.energy_db(samples, engine.rate)
    middle = [level[int((s.start + s.end) / 2 / closure.STEP)] for s in segments]
    vowels = [v for v, s in zip(middle, segments, strict=True) if s.phone in {"AY", "IH", "OW"}]
    assert min(vowels) > -40.0


@pytest.mark.skipif(not flite.is_installed(), reason="flite is not installed")
def test_flite_stretch_stretches_its_times() -> None:
    short, rate, quick = flite.say("My big boat", "kal16", 0.8, 110.0, 20.0)
    long, _, slow = flite.say("My big boat", "kal16", 1.3, 110.0, 20.0)
    assert len(long) > 1.3 * len(short)
    assert [s.phone for s in quick] == [s.phone for s in slow]
    level = closure.energy_db(long, rate)
    loud = np.flatnonzero(level > level.max() - 30.0) * closure.STEP
    assert abs(loud[0] - slow[1].start) < 0.05
    assert abs(loud[-1] - slow[-2].end) < 0.15


@pytest.mark.skipif(not espeak.is_installed(), reason="espeak-ng is not installed")
def test_forced_alignment_finds_the_phones_that_were_spoken() -> None:
    pytest.importorskip("pocketsphinx")
    import soxr

    engine = espeak.Espeak()
    samples, truth = engine.say("My brother bought a big paper boat.", "en-us", rate=150)
    sound = soxr.resample(samples, engine.rate, RATE).astype(np.float32)
    found = realign.align(sound, "My brother bought a big paper boat.")
    again = realign.align_again(sound, "My brother bought a big paper boat.")
    assert found is not None
    assert again is not None
    true_starts = [s.start for s in truth if s.phone in {"P", "B", "M"}]
    for segments in (found, again):
        starts = [s.start for s in segments if s.phone in {"P", "B", "M"}]
        assert len(starts) == len(true_starts)
        assert np.median(np.abs(np.subtract(starts, true_starts))) < 0.04
    assert realign.align(sound, "") is None
