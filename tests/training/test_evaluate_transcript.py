# SPDX-License-Identifier: GPL-3.0-or-later
"""The measure of transcripts counts what it says: right words find contacts, other words do not."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contacts import OperatingPoint
from model_runtime.phones import BILABIAL
from tests.model_runtime.test_align import FRAMES, LINE, hearing, phones_of
from training.corpus import Clip, Segment
from training.evaluate_transcript import Case, by_sound, by_words, evaluate, figures, spoilt

OTHER = "a thousand lights were shining on the water that night"


@pytest.fixture(scope="module")
def case() -> Case:
    """A line of whose contacts the ear hears nothing, but all of its phones."""
    heard = hearing(LINE)
    deaf = heard._replace(contacts=heard.contacts * np.array([0.0, 0.0, 1.0, 1.0], np.float32))
    length = FRAMES / 50
    spans = [
        Segment(phone, place * length, (place + 1) * length)
        for place, phone in enumerate(phones_of(LINE))
    ]
    samples = round(len(spans) * length * 16_000)
    clip = Clip("a", "made", "synthetic", "nobody", "test", LINE, tuple(spans), "s", 0, samples)
    return Case(clip, deaf, OTHER)


def test_words_find_contacts_that_the_sound_does_not_tell(case):
    point = OperatingPoint()
    alone, told = by_sound(case, point), by_words(case, LINE, point)
    assert figures([alone])["pbm"]["recall"] == 0.0
    row = figures([told])
    assert row["used"] == 1 and row["pbm"]["recall"] == row["pbm"]["precision"] == 1.0
    assert row["pbm"]["events"] == sum(phone in BILABIAL for phone in phones_of(LINE))
    assert row["start_error_ms"]["median"] <= 20


def test_words_of_another_line_are_refused_and_counted(case):
    found = evaluate([case], [], OperatingPoint(), seed=0)
    assert found["scores"]["right_refused"] == 0.0
    assert found["scores"]["shuffled_accepted"] == 0.0
    assert found["kinds"]["synthetic"]["as said"]["fv"]["recall"] == 1.0
    assert "aligner again" not in found["sources"]["made"]


@pytest.mark.parametrize(("how", "more"), [("one wrong", 0), ("one missing", -1), ("one extra", 1)])
def test_one_word_is_spoilt(how, more):
    words = spoilt(LINE, OTHER, how, np.random.default_rng(3)).split()
    assert len(words) == len(LINE.split()) + more
    kept = sum(word in LINE.split() for word in words)
    assert kept >= len(LINE.split()) - 1 and " ".join(words) != LINE
