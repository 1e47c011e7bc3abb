# SPDX-License-Identifier: GPL-3.0-or-later
"""How English words are said: CMUdict, and letter-to-sound rules for what it does not know.

Both files are built by `tools/build_lexicon.py`; CMUdict is Carnegie Mellon University's (BSD, see
NOTICE). A line is a word and its pronunciations, a character a phone. The lines stay one block of
bytes that is searched by halving, so that loading makes no object a word.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from .contract import WeightsError
from .letter_to_sound import LETTERS, sounds
from .phones import PHONES, SILENCE

DATA = Path(__file__).with_name("data")
LEXICON_FILE = DATA / "lexicon.txt.gz"
RULES_FILE = DATA / "lexicon_rules.txt.gz"
HEADER = "# CMUdict, Carnegie Mellon University, BSD licence: see NOTICE"
CODES = {phone: chr(ord("@") + index) for index, phone in enumerate(PHONES) if phone != SILENCE}
_PHONE_OF = {code: phone for phone, code in CODES.items()}
_VOICELESS, _HISSING = frozenset({"P", "T", "K", "F", "TH"}), frozenset("S Z SH ZH CH JH".split())

Pronunciation = tuple[str, ...]


def pronunciations(word: str) -> tuple[Pronunciation, ...]:
    """Every way a lower-case word is said, most usual first; by rule where nobody wrote it down.

    Empty for what holds no English letter. Raises WeightsError when the lexicon is missing.
    """
    return known(word) or _possessive(word) or guessed(word)


def known(word: str) -> tuple[Pronunciation, ...]:
    """The lexicon's pronunciations; empty when it does not have the word."""
    return tuple(_phones(said) for said in _find(_block(), word.encode("utf-8")))


def guessed(word: str) -> tuple[Pronunciation, ...]:
    """The rules' pronunciation of any letters."""
    plain = "".join(letter for letter in word if letter in LETTERS)
    said = _phones(sounds(plain, _rules()))
    return (said,) if said else ()


def _possessive(word: str) -> tuple[Pronunciation, ...]:
    """Of "Anna's" and "the boys'": the base with the ending that its last phone asks for."""
    base = word[:-2] if word.endswith("'s") else word[:-1] if word.endswith("s'") else ""
    return tuple(said + _ending(said[-1]) for said in known(base)) if base else ()


def _ending(last: str) -> Pronunciation:
    if last in _HISSING:
        return ("IH", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


def _phones(coded: str) -> Pronunciation:
    return tuple(_PHONE_OF[code] for code in coded)


def _find(block: bytes, word: bytes) -> list[str]:
    """The fields behind `word` in sorted lines, by halving."""
    low, high = 0, len(block)  # both at a line's start
    while low < high:
        middle = block.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = block.index(b"\n", middle)
        name, *fields = block[middle:end].split(b" ")
        if name == word:
            return [field.decode("ascii") for field in fields]
        if name < word:
            low = end + 1
        else:
            high = middle
    return []


@cache
def _block() -> bytes:
    return _read(LEXICON_FILE)


@cache
def _rules() -> dict[str, str]:
    lines = _read(RULES_FILE).decode("ascii").splitlines()[1:]
    return dict(line.split(" ") for line in lines)


def _read(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise WeightsError(
            f"The lexicon '{path.name}' is missing or damaged. Install the extension again."
        ) from error
