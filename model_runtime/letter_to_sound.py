# SPDX-License-Identifier: GPL-3.0-or-later
"""How a word that no lexicon knows is probably said: rules from letters in their surroundings.

Each letter sounds as it did in the longest stretch of letters around it that the rules know; the
stretch grows by a letter to the right, then one to the left, and so on (an IGTree: Daelemans, van
den Bosch and Weijters 1997). `tools/build_lexicon.py` derives the rules from the lexicon.
"""

from __future__ import annotations

from collections.abc import Mapping

EDGE = "_"  # stands where a word has no more letters
LONGEST = 9  # letters of a stretch
LETTERS = "abcdefghijklmnopqrstuvwxyz'"


def stretch(padded: str, place: int, length: int) -> str:
    """`length` letters around the one at `place`, the right side first."""
    left = (length - 1) // 2
    return padded[place - left : place - left + length]


def padded(word: str) -> str:
    return EDGE * LONGEST + word + EDGE * LONGEST


def sounds(word: str, rules: Mapping[str, str]) -> str:
    """Phones of a lower-case word, coded as in the lexicon; letters without a rule are mute."""
    text = padded(word)
    return "".join(_sound(text, LONGEST + place, rules) for place in range(len(word)))


def _sound(text: str, place: int, rules: Mapping[str, str]) -> str:
    for length in range(LONGEST, 0, -1):
        found = rules.get(stretch(text, place, length))
        if found is not None:
            return found
    return ""
