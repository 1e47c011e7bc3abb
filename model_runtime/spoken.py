# SPDX-License-Identifier: GPL-3.0-or-later
"""From a written line to the words that are said: numbers, abbreviations, capitals, directions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from .lexicon import known

Reading = tuple[str, ...]  # lower-case words

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
ABBREVIATIONS = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "prof": "professor",
    "st": "saint",
    "jr": "junior",
    "sr": "senior",
    "vs": "versus",
    "etc": "et cetera",
    "e.g": "for example",
    "i.e": "that is",
    "no": "number",
    "approx": "approximately",
    "dept": "department",
    "lt": "lieutenant",
    "sgt": "sergeant",
    "capt": "captain",
    "gen": "general",
    "ok": "okay",
}
ONLY_WITH_STOP = frozenset({"no", "st", "gen", "e.g", "i.e", "capt"})  # words by themselves, else
SIGNS = {"&": "and", "%": "percent", "@": "at", "+": "plus", "=": "equals", "#": "number"}
COINS = {"$": "dollars", "£": "pounds", "€": "euros"}
_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u02bc`"), "'")
_PLAIN = _APOSTROPHES | {0xDF: "ss", 0xF8: "o", 0xE6: "ae"}  # what has no accent to lose
MOST_DIGITS = 12  # of a number that is read as one

_DIRECTIONS = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>|\{[^}]*\}")
_SPEAKER = re.compile(r"^\s*[A-Z][A-Z0-9 .'-]{0,30}:(?=\s)", re.MULTILINE)
_TOKEN = re.compile(
    r"[$£€]?\d[\d,]*(?:[.:]\d+)?(?:st|nd|rd|th|s)?\b"
    r"|(?:[A-Za-z]\.){2,}"
    r"|'?[^\W\d_]+(?:'[^\W\d_]+)*'?\.?"
    r"|[&%@+=#]"
)
_NUMBER = re.compile(r"([$£€]?)(\d[\d,]*)(?:([.:])(\d+))?(st|nd|rd|th|s)?")


@dataclass(frozen=True)
class Spoken:
    """One written word and every way it may be read out."""

    written: str
    readings: tuple[Reading, ...]


def spoken_words(text: str) -> list[Spoken]:
    """The words of a line in the order they are said; empty when none of it can be read.

    Stage directions in brackets and a speaker's NAME: before a line are left out. Letters lose
    their accents; other scripts than Latin are left out.
    """
    plain = _SPEAKER.sub(" ", _DIRECTIONS.sub(" ", _latin(text)))
    shouted = not re.search(r"[a-z]", plain)  # capitals tell nothing then
    words = (
        Spoken(_shown(token), tuple(_readings(token, shouted))) for token in _TOKEN.findall(plain)
    )
    return [word for word in words if word.readings]


def _latin(text: str) -> str:
    """Plain letters: accents fall away, other scripts and signs become gaps."""
    split = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(_gap(c) for c in split)


def _gap(character: str) -> str:
    if ord(character) < 128 or character in COINS:
        return character
    return "" if unicodedata.combining(character) else " "


def _shown(token: str) -> str:
    """The word without its sentence's full stop."""
    bare = token.removesuffix(".")
    return token if "." in bare else bare


def _readings(token: str, shouted: bool) -> Iterator[Reading]:
    if token in SIGNS:
        yield (SIGNS[token],)
    elif found := _NUMBER.fullmatch(token):
        yield from dict.fromkeys(_numbers(*found.groups(default="")))
    else:
        yield from dict.fromkeys(_words(token, shouted))


def _words(token: str, shouted: bool) -> Iterator[Reading]:
    """Readings of a token of letters."""
    stopped = token.endswith(".")
    bare = token.rstrip(".")
    word = bare.lower()
    if word in ABBREVIATIONS and (stopped or word not in ONLY_WITH_STOP):
        forms = [tuple(ABBREVIATIONS[word].split()), *([(word,)] if known(word) else [])]
        yield from reversed(forms) if word in ONLY_WITH_STOP else forms  # "No." is mostly no number
        return
    letters = bare.replace(".", "")
    initials = "." in bare or (bare.isupper() and not shouted and 1 < len(letters) <= 5)
    if initials and (not known(word) or "." in bare):
        yield tuple(letters.lower())
    if "." not in bare and (found := _with_apostrophes(word)):
        yield (found,)


def _with_apostrophes(word: str) -> str:
    """The word with the apostrophes that belong to it, without quotation marks."""
    inner = word.strip("'")
    candidates = (word, word.removeprefix("'"), word.removesuffix("'"))
    return next((form for form in candidates if form != inner and known(form)), inner)


def _numbers(coin: str, digits: str, mark: str, rest: str, ending: str) -> Iterator[Reading]:
    """Readings of a number, of the parts of `_NUMBER`."""
    plain = digits.replace(",", "")
    value = int(plain)
    after = _after(mark, rest, coin)
    unit = (COINS[coin],) if coin and not after else ()
    if len(plain) > MOST_DIGITS or (plain[0] == "0" and len(plain) > 1):
        yield tuple(ONES[int(d)] for d in plain) + after
        yield tuple("oh" if d == "0" else ONES[int(d)] for d in plain) + after
        return
    forms = [cardinal(value), _with_and(value)]
    if 1100 <= value < 2100 and "," not in digits and not mark and not coin:
        forms = [year(value), *forms]
    if len(plain) >= 3 and not ending and "," not in digits:
        forms.append(tuple(ONES[int(d)] for d in plain))
    for form in forms:
        yield _ended(form, ending) + unit + after


def _after(mark: str, rest: str, coin: str) -> Reading:
    """What is said behind the point or the colon of a number."""
    if not rest:
        return ()
    if mark == ":":
        minutes = int(rest)
        if minutes == 0:
            return ()
        return (
            (("oh", ONES[minutes]) if minutes < 10 else cardinal(minutes)) if minutes < 60 else ()
        )
    if coin:
        return (COINS[coin], *(cardinal(int(rest)) if int(rest) else ()))
    return ("point", *(ONES[int(digit)] for digit in rest))


def cardinal(value: int) -> Reading:
    """253 -> two hundred fifty three."""
    for size, name in SCALES:
        if value >= size:
            head = (*cardinal(value // size), name)
            return head + (cardinal(value % size) if value % size else ())
    if value < 20:
        return (ONES[value],)
    return (TENS[value // 10], *((ONES[value % 10],) if value % 10 else ()))


def _with_and(value: int) -> Reading:
    """253 -> two hundred and fifty three."""
    said = list(cardinal(value))
    last = value % 100
    if value > 100 and last:
        said.insert(len(said) - len(cardinal(last)), "and")
    return tuple(said)


def year(value: int) -> Reading:
    """1984 -> nineteen eighty four; 1905 -> nineteen oh five; 2000 as a number."""
    century, rest = divmod(value, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(value)
    tail = ("hundred",) if not rest else ("oh", ONES[rest]) if rest < 10 else cardinal(rest)
    return cardinal(century) + tail


def _ended(said: Reading, ending: str) -> Reading:
    if not ending:
        return said
    last = said[-1]
    if ending == "s":  # the nineties
        plural = last[:-1] + "ies" if last.endswith("y") else last + "s"
    else:
        plural = ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return (*said[:-1], plural)
