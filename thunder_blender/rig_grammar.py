# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of one shape key's name say of a face: a small grammar over `rig_spellings`.

Every word of a name has to be explained: by a concept (brow, upper, raise), by a side, or as a
word that says nothing of the shape. The concepts together are looked up; a name with one word more
than that is another shape and means nothing here. Words in front and behind that are not known are
handed back, for the whole list to judge whether they are its prefix and its ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, product

from ..model_runtime.contract import UNITS
from . import rig_spellings as spellings

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
DEEPEST = 8  # words of a prefix
LAST = 3  # words of an ending
READINGS = 64  # of one name, where words mean several things
OWN, SURE, BY_NUMBER, SAID_TWICE, GLANCE = 0.98, 0.9, 0.88, 0.82, 0.6
BOTH_SIDES = {0.82: 0.78, 0.7: 0.7}  # how sure a key of both sides is, by that of one side; or
BOTH = 0.8
TYPO = 6  # letters from which on a word may be misspelt by one
REGIONS = frozenset("brow eye lid cheek nose mouth lip jaw chin tongue".split())
CENTRED = frozenset("mouth jaw chin tongue nose".split())  # whose middle is the whole
SHORT = frozenset(("up", "in"))  # of two letters, and still found within a longer word

ONE_SIDED = (  # of both sides they are another thing: all of the mouth, or how wide it is
    frozenset(("lip", "up")),
    frozenset(("lip", "down")),
    frozenset(("mouth", "narrow")),
)
LIPS_OWN = (
    *ONE_SIDED[:2],
    frozenset(("lip", "open")),
    frozenset(("lip", "lower", "close")),
    frozenset(("lip", "upper", "close")),
)

Sources = tuple[tuple[str, float], ...]
Item = tuple[str, str]  # ("part", concept) or ("side", left or right)


@dataclass(frozen=True)
class Reading:
    """What a name says, and the words about it that were left out."""

    sources: Sources = ()
    confidence: float = 0.0
    front: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    bare: bool = False  # a single word that may be an emotion as well


NOTHING = Reading()


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, without accents: `A25_Jaw_Open` -> a, 25, jaw, open."""
    joined = unicodedata.normalize("NFKC", name).replace("œ", "oe").replace("Œ", "Oe")
    plain = "".join(map(_unaccented, joined))
    return tuple(word.casefold() for word in WORD.findall(plain))


def _unaccented(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


def reading(name: str) -> Reading:
    """What a name means with as few of its words left out as possible."""
    if name in UNITS:
        return Reading(((name, 1.0),), 1.0)
    whole = _without_tail(words(name))
    stopped = bool(spellings.STOP & set(whole))
    if not stopped and (number := _action_unit(whole)) is not None:
        return number
    idioms = _idioms()
    for front, core, back in _spans(whole):
        if found := idioms.get(_bag(core)):
            return Reading(*found, numberless(front), numberless(back))
    if stopped:
        return NOTHING
    for front, core, back in _spans(whole):
        if found := _of_words(core):
            return Reading(*found, numberless(front), numberless(back), _is_bare(core))
    return NOTHING


def of_manga(name: str) -> Reading | None:
    """The same for a short name of MikuMikuDance's, with 左 or 右 behind it for one side."""
    whole = "".join(words(name))
    stem = whole if whole in spellings.MANGA else whole.rstrip("左右")
    if stem not in spellings.MANGA:
        return None
    side = {"左": "left", "右": "right"}.get(whole[len(stem) :], "")
    unit, _, sure = spellings.MANGA[stem].partition("@")
    return Reading(*_sourced((unit, float(sure or SURE), 1.0), side))


def _without_tail(whole: tuple[str, ...]) -> tuple[str, ...]:
    """Without Blender's .001 and Daz Studio's div2."""
    if len(whole) > 1 and re.fullmatch(r"\d{3}", whole[-1]):
        whole = whole[:-1]
    return whole[:-2] if whole[-2:] == ("div", "2") else whole


def _spans(
    whole: tuple[str, ...],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """(front, core, back) of a name, the longest cores first."""
    for left_out in range(min(len(whole), DEEPEST + LAST)):
        for behind in range(min(left_out, LAST) + 1):
            ahead = left_out - behind
            front, back = whole[:ahead], whole[len(whole) - behind :]
            core = whole[ahead : len(whole) - behind]
            if ahead <= DEEPEST and not any(map(_acts, (*front, *back))) and _names(core, front):
                yield front, core, back


def _names(core: Sequence[str], front: Sequence[str]) -> bool:
    """Whether the words stand without those in front of them: an eye's scrunch is no nose's."""
    before = [word for word in front if _is_region(word)]
    return not before or (any(map(_is_region, core)) and not set(before) & set(core))


@lru_cache(maxsize=4096)
def _is_region(word: str) -> bool:
    return any(item[1] in REGIONS for row in _alternatives(word) for item in row)


def numberless(part: Sequence[str]) -> tuple[str, ...]:
    """With 0 for any number: `AK_09_`, `AK_10_` are of one company."""
    return tuple("0" if word.isdigit() else word for word in part)


@lru_cache(maxsize=4096)
def _acts(word: str) -> bool:
    """Whether the word says what a part does, so that it must not be left out."""
    if len(word) < 2 and word.isascii():
        return False
    if word in spellings.NOISE:
        return False
    found = _alternatives(word)
    concepts = {item[1] for other in found or () for item in other if item[0] == "part"}
    sides = {item[1] for other in found or () for item in other if item[0] == "side"}
    return bool(concepts - REGIONS - {"pupil"}) or (bool(sides) and len(word) > 2)


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, tuple[tuple[Item, ...], ...]]:
    """Word -> what it can mean, each a row of items."""
    table: dict[str, list[tuple[Item, ...]]] = {}
    for concept, listed in spellings.WORDS.items():
        for word in dict.fromkeys("".join(map(_unaccented, w)) for w in listed.split()):
            table.setdefault(word.casefold(), []).append((("part", concept),))
    for side, listed in spellings.SIDES.items():
        for word in listed.split():
            table[word] = [(("side", side),)]
    for word, meant in {**spellings.QUARTERS, **spellings.QUARTERS_AMBIGUOUS}.items():
        row = tuple(("side" if w in spellings.SIDES else "part", w) for w in meant.split())
        table.setdefault(word, []).append(row)
    for word in spellings.NOISE:
        table.setdefault(word, []).append(())
    return {word: tuple(rows) for word, rows in table.items()}


@lru_cache(maxsize=4096)
def _alternatives(word: str) -> tuple[tuple[Item, ...], ...]:
    """What one word can mean; words that are written together are taken apart. () if unknown."""
    table = _vocabulary()
    if word in table:
        return table[word]
    pieces = _pieces(word)
    if pieces is None:
        meant = _misspelt(word)
        return table[meant] if meant else ()
    rows = islice(product(*(table[piece] for piece in pieces)), READINGS)
    return tuple(tuple(item for part in row for item in part) for row in rows)


def _misspelt(word: str) -> str:
    """The word that was meant, where exactly one is a letter away; "" otherwise."""
    if len(word) < TYPO or not word.isascii():
        return ""
    near = [
        other
        for other in _vocabulary()
        if abs(len(other) - len(word)) < 2 and len(other) >= TYPO and _one_away(word, other)
    ]
    return near[0] if len({_vocabulary()[other] for other in near}) == 1 else ""


def _one_away(one: str, other: str) -> bool:
    """Whether a letter changed, left out, added, or swapped with the next makes one the other."""
    pairs = enumerate(zip(one, other, strict=False))
    start = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _pieces(word: str) -> tuple[str, ...] | None:
    """The fewest known words that the word is made of; None where there are none."""
    table = _vocabulary()
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, piece = best[start], word[start:end]
            if before is None or piece not in table or not _may_be_piece(piece):
                continue
            if len(piece) < 2 and piece.isascii() and start > 0 and end < len(word):
                continue
            now = best[end]
            if now is None or len(before) + 1 < len(now):
                best[end] = (*before, piece)
    return best[-1]


def _may_be_piece(piece: str) -> bool:
    if not piece.isascii() or len(piece) > 2 or piece in SHORT:
        return piece not in spellings.NOISE or not piece.isascii() or len(piece) > 3
    return piece in ("l", "r")


def _one_way(core: Sequence[str]) -> list[str]:
    """Without the second of two opposites: `Up-Down` goes up."""
    pairs = {pair for way in spellings.OPPOSITES for pair in (way, way[::-1])}
    return [word for n, word in enumerate(core) if not n or (core[n - 1], word) not in pairs]


def _which_lip(core: Sequence[str]) -> list[str]:
    """With upper for the up of `UpLipDown`: in front of a lip or lid it says which one."""
    below = [*core[1:], ""][: len(core)]
    return [
        "upper" if word == "up" and after in ("lip", "lips", "lid") else word
        for word, after in zip(core, below, strict=True)
    ]


def _of_words(core: Sequence[str]) -> tuple[Sources, float] | None:
    """The best of what the words together can mean; None where one of them is not known."""
    core = _which_lip(_one_way(core))
    each, again = [_alternatives(word) for word in core], _says_twice(core)
    if not core or not all(each) or not all(map(_is_region, again)):
        return None
    rows = islice(product(*each), READINGS)
    found = [hit for row in rows if (hit := _understood([item for part in row for item in part]))]
    if not found:
        return None
    sources, confidence = max(found, key=lambda hit: hit[1])
    if again:  # `mouth_leftMouth_smile`
        return sources, min(confidence, SAID_TWICE)
    said = [word for word in core if word not in spellings.NOISE]
    return sources, OWN if _bag(said) in _own() else confidence


def _says_twice(core: Sequence[str]) -> tuple[str, ...]:
    """Words that are there again; sides may be."""
    longer = [word for word in core if len(word) > 2 and word not in ("left", "right")]
    return tuple(word for n, word in enumerate(longer) if word in longer[:n])


def _is_bare(core: Sequence[str]) -> bool:
    """Whether nothing but a word like smile is said, without a side."""
    meant = {item for word in core for row in _alternatives(word) for item in row}
    return len(meant) == 1 and next(iter(meant))[1] in spellings.BARE


def _understood(items: Sequence[Item]) -> tuple[Sources, float] | None:
    parts = _plain(frozenset(what for kind, what in items if kind == "part"))
    sides = [what for kind, what in items if kind == "side"]
    stem = _table().get(parts) or _table().get(parts - {"move"})
    if not sides:
        return _sourced(stem, "") if stem and parts not in ONE_SIDED else None
    if stem and len(set(sides)) == 1:
        sources, confidence = _sourced(stem, sides[0])
        return sources, min(confidence, SAID_TWICE) if len(sides) > 1 else confidence
    if len(sides) == 1:
        return _directed(parts, sides[0])
    if len(sides) == 2 and parts and parts <= {"eye", "look"}:
        return _one_eye(items, sides)
    return None


def _plain(parts: frozenset[str]) -> frozenset[str]:
    """Without what says no more: the eye of an eyebrow, lips as a mouth, the middle of a jaw.

    Open lips are no open mouth, and lips that close by one are drawn in.
    """
    if "brow" in parts:
        parts -= {"eye"}
    if "lip" in parts and parts - {"mouth"} not in LIPS_OWN:
        parts = parts - {"lip"} | {"mouth"}
    return parts - {"middle"} if parts & CENTRED else parts


def _directed(parts: frozenset[str], way: str) -> tuple[Sources, float] | None:
    """Jaw left, mouth right, and both eyes."""
    if parts and parts <= {"eye", "look", "turn"} and parts != {"turn"}:
        other = "right" if way == "left" else "left"
        both = (_looks(way, way), 0.5), (_looks(other, way), 0.5)
        return both, BOTH if parts != {"eye"} else GLANCE
    stem = _table().get(parts | {way})
    return _sourced(stem, "") if stem else None


def _one_eye(items: Sequence[Item], sides: Sequence[str]) -> tuple[Sources, float]:
    """`Eye_L_Look_R` and `Eye_Look_Right_L`: behind the look stands where to."""
    kinds = [what if what == "look" else kind for kind, what in items]
    way_first = "look" in kinds and kinds.index("look") < kinds.index("side")
    way, eye = sides if way_first else reversed(sides)
    return ((_looks(eye, way), 1.0),), SURE


def turned(name: str, hit: Reading) -> Reading:
    """`eye_left_R` where a list writes an eye's side last: the right eye looks left."""
    said = [
        word for word in words(name) for row in _alternatives(word) if row[:1] and _is_side(row)
    ]
    if len(said) != 2 or "look" in name.casefold() or len(hit.sources) != 1:
        return hit
    (source, gain), other = hit.sources[0], {"eyeLookInLeft": "Right", "eyeLookInRight": "Left"}
    if source not in other:
        return hit
    return replace(hit, sources=((f"eyeLookIn{other[source]}", gain),))


def ends_with_side(name: str) -> bool:
    """Whether the side of a name stands behind everything else."""
    return any(_is_side(row) for word in words(name)[-1:] for row in _alternatives(word))


def _is_side(row: Sequence[Item]) -> bool:
    return len(row) == 1 and row[0][0] == "side"


def _looks(eye: str, way: str) -> str:
    return f"eyeLook{'Out' if eye == way else 'In'}{eye.title()}"


def _sourced(stem: tuple[str, float, float], side: str) -> tuple[Sources, float]:
    """A unit of the table with the side that was said, or for both sides where none was."""
    names, confidence, gain = stem
    sources: list[tuple[str, float]] = []
    for name in names.split("+"):
        if name not in spellings.SIDED:
            sources.append((name, gain))
        elif side:
            sources.append((name + side.title(), gain))
        else:
            sources += [(f"{name}{each}", gain / 2) for each in ("Left", "Right")]
            confidence = BOTH_SIDES.get(confidence, min(confidence, BOTH))
    return tuple(sources), confidence


@lru_cache(maxsize=1)
def _table() -> dict[frozenset[str], tuple[str, float, float]]:
    """Concepts -> (units' stem, confidence, gain)."""
    table: dict[frozenset[str], tuple[str, float, float]] = {}
    for stem, patterns in spellings.PATTERNS.items():
        for pattern in patterns.split(";"):
            confidence, gain = SURE, 1.0
            needed: list[str] = []
            choices: list[tuple[str, ...]] = []
            for entry in pattern.split():
                if entry[0] == "@":
                    confidence = float(entry[1:])
                elif entry[0] == "*":
                    gain = float(entry[1:])
                elif entry.endswith("?"):
                    choices.append(("", entry[:-1]))
                elif "/" in entry:
                    choices.append(tuple(entry.split("/")))
                else:
                    needed.append(entry)
            for chosen in product(*choices):
                table.setdefault(
                    frozenset((*needed, *filter(None, chosen))), (stem, confidence, gain)
                )
    return table


def _bag(core: Sequence[str]) -> str:
    """Words without their order, with one way to write a side."""
    sides = {word: side for side, listed in spellings.SIDES.items() for word in listed.split()}
    return " ".join(sorted(sides.get(word, word) for word in core))


@lru_cache(maxsize=1)
def _own() -> frozenset[str]:
    """The units' own words, also where they are written as one."""
    whole = {_bag(words(unit)) for unit in UNITS} | {unit.casefold() for unit in UNITS}
    return frozenset(whole)


@lru_cache(maxsize=1)
def _idioms() -> dict[str, tuple[Sources, float]]:
    table: dict[str, tuple[Sources, float]] = {}
    for unit, listed in spellings.IDIOMS.items():
        for entry in listed.split():
            name, _, gain = entry.partition("*")
            for side in ("left", "right") if "{S}" in name else ("",):
                stem = unit.replace("{S}", ""), SURE, float(gain or 1.0)
                table[_bag(words(name.replace("{S}", side)))] = _sourced(stem, side)
    return table


def _action_unit(whole: Sequence[str]) -> Reading | None:
    """A name with an action unit's number; None where it has none.

    Where its words say a unit, they do; where they say something else, it means nothing.
    """
    place = next((n for n, word in enumerate(whole[:-1]) if _numbers(whole, n)), None)
    if place is None:
        return None
    front, rest = tuple(whole[:place]), tuple(whole[place + 2 :])
    if any(word.isdigit() for word in rest):
        return NOTHING
    if found := _idioms().get(_bag(rest)) or _of_words(rest):
        return Reading(*found, numberless(front))
    if found := _idioms().get(_bag(front)) or _of_words(front):  # `InnerBrowRaiserL_AU1_L`
        return Reading(*found)
    known = [_alternatives(word) for word in rest]
    sides = [item[1] for rows in known for row in rows[:1] for item in row if item[0] == "side"]
    if any(item[0] == "part" for rows in known for row in rows for item in row) or len(sides) > 1:
        return NOTHING
    said = _numbered_unit(int(whole[place + 1]), sides[0] if sides else "")
    return Reading(*said, numberless(front)) if said else NOTHING


def _numbers(whole: Sequence[str], place: int) -> bool:
    return whole[place + 1].isdigit() and (
        whole[place] == "au" or tuple(whole[max(place - 1, 0) : place + 1]) == ("action", "unit")
    )


def _numbered_unit(number: int, side: str) -> tuple[Sources, float] | None:
    stem = spellings.ACTION_UNITS.get(number)
    if stem in ("eyesLeft", "eyesRight"):
        found = _directed(frozenset(("look",)), stem.removeprefix("eyes").casefold())
    elif stem == "jaw":
        found = _directed(frozenset(("jaw",)), side) if side else None
    else:
        found = _sourced((stem, BY_NUMBER, 1.0), side) if stem else None
    return found
