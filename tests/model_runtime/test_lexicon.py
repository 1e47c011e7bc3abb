# SPDX-License-Identifier: GPL-3.0-or-later
"""Words are read out as people read them, whatever stands in the transcript."""

from __future__ import annotations

import time

import pytest

from model_runtime import lexicon
from model_runtime.contract import WeightsError
from model_runtime.letter_to_sound import sounds
from model_runtime.phones import PHONES
from model_runtime.spoken import spoken_words


def said(text: str) -> list[str]:
    """The first reading of each word."""
    return [" ".join(word.readings[0]) for word in spoken_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Stop! Don't move...", ["stop", "don't", "move"]),
        (
            "\u201cIt\u2019s \u2018Bob\u2019,\u201d she said\u2014twice.",
            ["it's", "bob", "she", "said", "twice"],
        ),
        ("Dr. Smith & Mrs. Jones", ["doctor", "smith", "and", "missus", "jones"]),
        ("No, no. No. 5", ["no", "no", "no", "five"]),
        ("BOB: Hello (laughs) [off] there", ["hello", "there"]),
        ("café naïve", ["cafe", "naive"]),
        ("1,234 men", ["one thousand two hundred thirty four", "men"]),
        ("in 1984", ["in", "nineteen eighty four"]),
        ("the 1990s", ["the", "nineteen nineties"]),
        ("21st", ["twenty first"]),
        ("$3.50 at 10:05", ["three dollars fifty", "at", "ten oh five"]),
        ("50% of 3.14", ["fifty", "percent", "of", "three point one four"]),
        ("agent 007", ["agent", "zero zero seven"]),
        ("the U.S. and the XKCD", ["the", "u s", "and", "the", "x k c d"]),
        ("RUN FOR IT", ["run", "for", "it"]),
        ("Привет ... 你好", []),
        ("", []),
    ],
)
def test_a_line_becomes_the_words_that_are_said(text, words):
    assert said(text) == words


def test_words_are_shown_as_written_without_the_full_stop():
    text = "It is 5% of the U.S. market, Dr. Who."
    shown = [word.written for word in spoken_words(text)]
    assert shown == ["It", "is", "5", "%", "of", "the", "U.S.", "market", "Dr", "Who"]


def test_numbers_are_heard_in_every_usual_way():
    (word,) = spoken_words("1984")
    assert ("nineteen", "eighty", "four") in word.readings
    assert tuple("one thousand nine hundred and eighty four".split()) in word.readings


def test_the_lexicon_gives_every_pronunciation():
    assert lexicon.pronunciations("stop") == (("S", "T", "AA", "P"),)
    assert {("R", "EH", "D"), ("R", "IY", "D")} <= set(lexicon.pronunciations("read"))
    assert set(lexicon.pronunciations("the")) >= {("DH", "AH"), ("DH", "IY")}


@pytest.mark.parametrize("word", ["'bout", "a", "zywicki", "zzz", "abbreviation"])
def test_words_at_every_place_of_the_file_are_found_or_not(word):
    block = lexicon._block()
    assert bool(lexicon.known(word)) == (f"\n{word} ".encode() in block)


def test_possessives_follow_the_last_sound():
    for word, ending in (("kranich's", ("IH", "Z")), ("wizard's", ("Z",)), ("abacus'", None)):
        found = lexicon.pronunciations(word)
        assert found and (ending is None or found[0][-len(ending) :] == ending)


def test_unknown_words_are_spelt_out_by_rule():
    found = lexicon.pronunciations("blimpf")
    assert len(found) == 1 and set(found[0]) <= set(PHONES)
    assert found[0][:2] == ("B", "L") and "M" in found[0]
    assert lexicon.pronunciations("--") == ()


def test_the_longest_stretch_decides():
    rules = {"c": "K", "ch": "S", "_ch": "C", "h": "", "a": "A"}
    assert (
        sounds("cha", rules) == "CA"
        and sounds("ach", rules) == "AS"
        and sounds("ca", rules) == "KA"
    )


def test_rules_spell_out_words_of_the_lexicon():
    words = "paper number seventy forgive management bump shiver remove".split()
    right = sum(lexicon.guessed(word)[0] in lexicon.known(word) for word in words)
    assert right >= 6


def test_looking_up_is_quick():
    lexicon.pronunciations("warm")
    start = time.perf_counter()
    for _ in range(100):
        lexicon.pronunciations("message")
    assert time.perf_counter() - start < 1.0


def test_a_missing_lexicon_is_told_in_a_sentence(tmp_path):
    with pytest.raises(WeightsError, match="Install the extension again"):
        lexicon._read(tmp_path / "lexicon.txt.gz")
