# SPDX-License-Identifier: GPL-3.0-or-later
"""Words find their place in the sound; a wrong one spoils only itself, a wrong text is left."""

from __future__ import annotations

import time

import numpy as np
import pytest

from model_runtime import align as module
from model_runtime.align import UNKNOWN_PHONE, AlignConfig, align, sayable
from model_runtime.contacts import OperatingPoint, runs
from model_runtime.denoiser import UNKNOWN_PHONE as DENOISERS_UNKNOWN
from model_runtime.hearing import Heard
from model_runtime.phones import BILABIAL, LABIODENTAL, PHONE_INDEX, PHONES, ROUNDED, SILENCE
from model_runtime.spoken import spoken_words
from model_runtime.transcript import tell

LINE = "Bob may move five big pumpkins over the river"
FRAMES = 4  # a phone


def phones_of(text: str) -> list[str]:
    said = [SILENCE] * 3
    for word in sayable(spoken_words(text)):
        said += module.variants(word)[0]
    return [*said, *[SILENCE] * 3]


def hearing(text: str, sureness: float = 0.7, seed: int = 0) -> Heard:
    """What an encoder hears that is right with some doubt: each phone FRAMES long."""
    labels = np.repeat([PHONE_INDEX[phone] for phone in phones_of(text)], FRAMES)
    rng = np.random.default_rng(seed)
    doubt = rng.dirichlet(np.full(len(PHONES), 0.2), len(labels))
    posteriors = sureness * np.eye(len(PHONES))[labels] + (1 - sureness) * doubt
    groups = (BILABIAL, LABIODENTAL, ROUNDED, frozenset({SILENCE}))
    contacts = [posteriors[:, [PHONE_INDEX[p] for p in sorted(g)]].sum(1) for g in groups]
    return Heard(
        posteriors.astype(np.float32),
        np.stack(contacts, 1).astype(np.float32),
        np.ones(len(labels), np.float32),
    )


def laid(text: str, heard: Heard, **config: float) -> module.Alignment:
    return align(heard.phones, sayable(spoken_words(text)), AlignConfig(**config))


def test_right_words_lie_where_they_are_said():
    heard = hearing(LINE)
    found = laid(LINE, heard)
    truth = np.repeat([PHONE_INDEX[phone] for phone in phones_of(LINE)], FRAMES)
    assert (found.phones == truth).mean() > 0.97
    assert [word.text for word in found.words] == LINE.split()
    starts = [word.start for word in found.words]
    assert starts == sorted(starts) and found.words[0].start == pytest.approx(0.24, abs=0.041)
    assert min(word.score for word in found.words) > 0.5 and found.score > 0.7
    assert found.segments[0].start == 0.0 and found.segments[-1].end == len(truth) / 50


@pytest.mark.parametrize(
    "text",
    [
        LINE.replace("five", "orange"),
        LINE.replace("five ", ""),
        LINE.replace("five", "five really strange"),
    ],
    ids=["wrong", "missing", "extra"],
)
def test_one_wrong_word_spoils_only_itself(text):
    heard = hearing(LINE)
    truth = np.repeat([PHONE_INDEX[phone] for phone in phones_of(LINE)], FRAMES)
    found = laid(text, heard)
    last = len(truth) - FRAMES * (len(phones_of("big pumpkins over the river")) - 3)
    assert (found.phones[last + 8 :] == truth[last + 8 :]).mean() > 0.95
    assert (found.phones[:40] == truth[:40]).mean() > 0.9
    weakest = min(found.words, key=lambda word: word.score)
    if "five " not in text or "orange" in text:
        assert weakest.text in (*text.split(),)
    assert found.score < laid(LINE, heard).score


def test_silence_between_words_is_found():
    first, second = hearing("Bob may"), hearing("move five")
    both = Heard(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
    found = laid("Bob may move five", both)
    assert found.words[2].start - found.words[1].end > 0.3


def test_other_words_are_refused_with_a_sentence(caplog):
    heard = hearing(LINE)
    point = OperatingPoint()
    alone = tell(heard, "", point)
    told = tell(heard, "A thousand lights were shining on the water that night", point)
    assert told.report["used"] is False and "does not fit" in told.report["note"]
    assert told.report["note"] in caplog.text
    assert np.array_equal(told.contacts, alone.contacts) and (told.phones == UNKNOWN_PHONE).all()


def test_nothing_readable_is_told(caplog):
    told = tell(hearing(LINE), "Привет", OperatingPoint())
    assert "no word that can be read" in told.report["note"] and not told.report["used"]


def test_no_transcript_leaves_everything_to_the_sound():
    told = tell(hearing(LINE), "  \n", OperatingPoint())
    assert told.report == {} and (told.phones == UNKNOWN_PHONE).all()


def test_words_close_lips_that_the_sound_leaves_open():
    heard = hearing(LINE)
    deaf = heard._replace(contacts=heard.contacts * np.array([0.0, 0.0, 1.0, 1.0], np.float32))
    told = tell(deaf, LINE, OperatingPoint())
    assert told.report["used"]
    wanted = runs(np.array([phone in BILABIAL for phone in phones_of(LINE)]))
    shut = runs(told.contacts[:, 0] > 0.99)
    assert len(shut) == len(wanted)
    assert tell(deaf, "", OperatingPoint()).contacts[:, 0].max() == 0.0


def test_what_the_transcript_lacks_is_left_to_the_sound():
    heard = hearing(LINE)
    told = tell(heard, "Bob may move five", OperatingPoint())
    if told.report["used"]:
        unknown = told.phones == UNKNOWN_PHONE
        assert unknown.any()
        alone = tell(heard, "", OperatingPoint()).contacts
        inside = np.flatnonzero(unknown)[4:-4]
        assert np.allclose(told.contacts[inside, 0], alone[inside, 0], atol=0.5)


def test_words_and_phones_are_plain_data():
    report = tell(hearing(LINE), LINE, OperatingPoint()).report
    assert [row[0] for row in report["words"]] == LINE.split()
    assert {type(value) for row in report["words"] for value in row[1:]} == {float}
    assert all(
        a[2] <= b[1] + 1e-6 for a, b in zip(report["phones"], report["phones"][1:], strict=False)
    )


def test_a_narrow_band_and_a_short_buffer_find_the_same():
    text = " ".join([LINE] * 12)
    heard = hearing(text)
    exact = laid(text, heard, band=100_000, buffer=100_000)
    banded = laid(text, heard, band=256, buffer=500)
    assert np.array_equal(exact.phones, banded.phones)


def test_a_minute_takes_well_under_a_second_of_work():
    text = " ".join([LINE] * 24)
    heard = hearing(text)
    assert len(heard.phones) >= 2900
    words = sayable(spoken_words(text))
    start = time.process_time()
    align(heard.phones, words)
    assert time.process_time() - start < 2.0  # a loaded machine; 0.3 s on a free one


def test_both_ends_mean_the_same_unknown():
    assert UNKNOWN_PHONE == DENOISERS_UNKNOWN
