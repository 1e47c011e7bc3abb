# SPDX-License-Identifier: GPL-3.0-or-later
"""Words mend what the ear mishears in English, and keep out of what is not English."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model_runtime import lexicon
from model_runtime.contract import FloatArray, WeightsError
from model_runtime.phones import PHONE_INDEX, PHONES
from model_runtime.words import WordModel, load_words, trust, weigh_contacts, weigh_phones

FRAMES = 5  # a phone


@pytest.fixture(scope="module")
def model() -> WordModel:
    return load_words()


def heard(phones: list[str], sure: float = 0.9) -> FloatArray:
    """Posteriors of phones, one after the other, with silence around them."""
    order = ["SIL", *phones, "SIL"]
    rows = np.full((len(order) * FRAMES, len(PHONES)), (1 - sure) / (len(PHONES) - 1), np.float32)
    for index, phone in enumerate(order):
        rows[index * FRAMES : (index + 1) * FRAMES, PHONE_INDEX[phone]] = sure
    return rows


def phones_of(text: str) -> list[str]:
    return [phone for word in text.split() for phone in lexicon.known(word)[0]]


def doubt(rows: FloatArray, place: int, one: str, other: str, share: float) -> None:
    """The ear hears `one` with `share` at a place and `other` otherwise."""
    span = slice(place * FRAMES, (place + 1) * FRAMES)
    rows[span] = 0.1 / (len(PHONES) - 2)
    rows[span, PHONE_INDEX[one]] = 0.9 * share
    rows[span, PHONE_INDEX[other]] = 0.9 * (1 - share)


def test_rows_are_posteriors(model: WordModel) -> None:
    said = weigh_phones(model, heard(phones_of("the morning was cold")))
    assert said.shape[1] == len(PHONES)
    np.testing.assert_allclose(said.sum(1), 1.0, atol=1e-5)


@pytest.mark.parametrize(("true", "false"), [("M", "N"), ("N", "M")])
def test_words_settle_a_doubt(model: WordModel, true: str, false: str) -> None:
    text = "in the morning" if true == "M" else "all night long"
    phones = phones_of(text)
    rows = heard(phones)
    place = phones.index(true) + 1 if true == "N" else phones.index("M") + 1
    doubt(rows, place, true, false, 0.4)
    said = weigh_phones(model, rows)[place * FRAMES + FRAMES // 2]
    assert said[PHONE_INDEX[true]] > 0.8


def test_contacts_move_towards_the_words(model: WordModel) -> None:
    phones = phones_of("in the morning all of the people went home again")
    rows = heard(phones)
    place = phones.index("M") + 1
    doubt(rows, place, "M", "N", 0.3)
    said = weigh_phones(model, rows)
    contacts = np.full((len(rows), 4), 0.3, np.float32)
    mixed = weigh_contacts(model, contacts, rows, said)
    middle = place * FRAMES + FRAMES // 2
    assert mixed[middle, 0] > 0.5
    assert mixed[FRAMES // 2, 0] < 0.2  # silence
    np.testing.assert_array_equal(mixed[:, 2:], contacts[:, 2:])


def test_what_is_not_english_is_left_alone(model: WordModel) -> None:
    foreign = "ZH M AH V ZH P UH SH M Y AO ZH V AH P ZH UW M F SH AH ZH".split()
    rows = heard(foreign, 0.98)
    english = heard(phones_of("in the morning all of the people went home again"), 0.98)
    strange = trust(model, rows, weigh_phones(model, rows))
    assert strange.mean() < 0.3
    assert trust(model, english, weigh_phones(model, english)).mean() > 0.6
    contacts = np.full((len(rows), 4), 0.3, np.float32)
    moved = weigh_contacts(model, contacts, rows, weigh_phones(model, rows)) - contacts
    assert np.abs(moved[strange == 0]).max(initial=0.0) == 0.0


def test_pieces_join_without_a_seam(model: WordModel) -> None:
    rows = np.concatenate([heard(phones_of("in the morning we went home"), 0.7)] * 6)
    whole = weigh_phones(model, rows)
    short = object.__new__(WordModel)
    short.__dict__.update(model.__dict__)
    short.config = replace(model.config, piece=150, ahead=100)
    np.testing.assert_allclose(weigh_phones(short, rows), whole, atol=0.02)


def test_nothing_heard_gives_nothing(model: WordModel) -> None:
    empty = np.zeros((0, len(PHONES)), np.float32)
    assert weigh_phones(model, empty).shape == empty.shape
    assert trust(model, empty, empty).shape == (0,)


def test_a_damaged_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "words.npz"
    with pytest.raises(WeightsError, match="missing or damaged"):
        load_words(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(WeightsError, match="missing or damaged"):
        load_words(path)
