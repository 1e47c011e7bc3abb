# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter hears a line without a transcript with the words that were recognised in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from model_runtime.contract import FaceMotion
from model_runtime.meter import Meters
from model_runtime.meter_hearing import HeardLine, hear_line
from model_runtime.recognise import HeardPiece, RecognisedText, RecognisedWord
from training.corpus.alignment import Segment
from training.meter_alter import opened
from training.metrics.bench import target_motion

LINE = Path(__file__).parents[2] / "examples" / "line.flac"
PAM = (0.869, 0.947)  # seconds of the m of "Pam found", right before an f


@pytest.fixture(scope="module")
def plain(meters, samples):
    return meters.hear(samples)


def hear(meters: Meters, samples: Any, text: str, sure: float) -> HeardLine:
    words = [RecognisedWord(word, sure) for word in text.split()]
    parts = meters.encoder, meters.centroids, meters.net
    return hear_line(samples, *parts, recognised=lambda phones: words)


def closure(heard: HeardLine):
    """The m before the f, or what was heard of it."""
    near = (c for c in heard.contacts if c.phone == "M" and PAM[0] - 0.04 < c.start < PAM[1])
    return max(near, key=lambda contact: contact.sure, default=None)


def test_a_closure_that_is_hardly_heard_is_sure_in_its_word(meters, samples, told, plain):
    heard = hear(meters, samples, told["text"], 0.9)
    unsure = closure(plain)
    assert unsure is None or unsure.sure < 0.5
    assert 0.8 < closure(heard).sure < 0.95
    assert [word[0] for word in heard.words][:3] == ["Maybe", "Pam", "found"]
    np.testing.assert_array_equal(heard.units, plain.units)
    assert all(a[1] <= b[1] for a, b in zip(heard.phones, heard.phones[1:], strict=False))


def test_opened_it_is_told_as_its_own_and_not_as_the_fs(meters, samples, told):
    segments = [Segment(*row) for row in told["segments"]]
    truth = target_motion(segments, samples)[:, :52]
    spoilt = opened(truth, Segment("M", *PAM))
    heard = hear(meters, samples, told["text"], 0.9)
    advice = meters.measure(heard, FaceMotion(50.0, spoilt)).advice
    (own,) = [one for one in advice if one.kind == "open" and one.start < 1.0 and one.end > 0.8]
    assert own.sentence.startswith("Lips stay open on m") and abs(own.start - PAM[0]) < 0.05


def test_a_word_that_is_hardly_sure_leaves_what_was_heard_in_its_place(
    meters, samples, told, plain
):
    """With "tan" for "Pam" the p that was heard counts less the surer the wrong word is."""
    misheard = told["text"].replace("Pam", "tan")
    heard = {sure: hear(meters, samples, misheard, sure) for sure in (0.35, 0.95)}
    before, unsure, surely = (
        max((c.sure for c in line.contacts if c.phone == "P" and 0.5 < c.start < 0.7), default=0.0)
        for line in (plain, heard[0.35], heard[0.95])
    )
    assert before > unsure > 0.5 and unsure > surely


def test_words_that_do_not_fit_or_are_not_sure_are_left_unused(meters, samples, told, plain):
    other = hear(meters, samples, "completely other words that nobody ever said here", 0.9)
    doubtful = hear(meters, samples, told["text"], 0.05)
    for heard in (other, doubtful, hear(meters, samples, "", 0.9)):
        assert heard.words == () and heard.phones == plain.phones
        assert heard.contacts == plain.contacts


def test_the_recogniser_is_asked_only_where_nobody_wrote_down_the_words(meters, samples, told):
    asked: list[object] = []

    class Known:
        def texts(self, sound: Any, tell: object) -> tuple[HeardPiece, ...]:
            asked.append(sound)
            words = tuple(RecognisedWord(word, 0.9) for word in told["text"].split())
            other = tuple(RecognisedWord(word, 0.9) for word in "some other words".split())
            texts = RecognisedText(other, -1.0), RecognisedText(words, -2.0)
            return (HeardPiece(len(sound), texts),)

    with_words = replace(meters, recogniser=cast(Any, Known()))
    assert closure(with_words.hear(samples)).sure > 0.8
    assert len(asked) == 1 and asked[0] is samples
    assert with_words.hear(samples, told["text"]).words and len(asked) == 1
    meters.hear(samples)
    assert len(asked) == 1
