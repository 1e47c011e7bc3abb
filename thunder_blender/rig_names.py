# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig's shape keys mean, by their names alone: units, visemes, FLAME's and SMPL-X's numbers.

A name is cut into words (`Mouth_Smile_L`, `mouthSmileLeft`, `blendShape1.MouthSmile_L`), its side
is found and its words are looked up. What could be chance is settled by its company: single letters
are visemes only where the set is there, and one lucky name on an unrelated mesh is no face.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..model_runtime.contract import UNITS
from . import rig_spellings as spellings

VISEME = "viseme:"  # a source that is computed from the units, see `rig_visemes`
EXPRESSION = "expression:"  # a coefficient of FLAME or SMPL-X, counted from 0

SIDES = {"l": "left", "r": "right", "left": "left", "right": "right", "lft": "left", "rgt": "right"}
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
NUMBERED = re.compile(r"(?:exp|expression|expr)_?(\d+)", re.IGNORECASE)
ORDINAL = re.compile(r"(?:[at]\d{1,2}|\d{1,3})", re.IGNORECASE)
FEW_EXPRESSIONS = 10  # numbered keys that make a FLAME
FEW_UNITS = 4  # different units that make a face, unless spelt as ARKit does
COMPANY = 5  # names that share an unknown prefix
RANKS = (0.85, 0.95)  # confidences between a key for both sides, another word, and the own name
DEEPEST = 8  # words of a prefix: blendShape1.AA_VI_10_aa has six
MOUTH_UNITS = tuple(unit for unit in UNITS if unit.startswith(("jaw", "mouth")))
ENOUGH_MOUTH = 0.5  # of the mouth's units, for visemes to be left alone


@dataclass(frozen=True)
class Match:
    """One key of a rig and what moves it."""

    name: str
    source: str  # a unit, VISEME + pose, or EXPRESSION + number
    gain: float = 1.0
    confidence: float = 1.0


@dataclass(frozen=True)
class Recognition:
    """What a list of names is."""

    kind: str  # "arkit", "visemes", "flame", "smplx", "mixed" or "" where nothing is known
    matches: tuple[Match, ...] = ()
    visemes: str = ""  # which set of `rig_spellings.VISEME_SETS`

    @property
    def confidence(self) -> float:
        """Mean over the matches; 0 where there are none."""
        return sum(m.confidence for m in self.matches) / max(len(self.matches), 1)


def recognise(names: Iterable[str]) -> Recognition:
    """What the keys with these names mean. Empty where that would be guessing."""
    names = tuple(dict.fromkeys(names))
    if numbered := _numbered(names):
        return numbered
    units = _units(names)
    taken = {match.name for match in units}
    which, visemes = _visemes([name for name in names if name not in taken])
    if not units and not visemes:
        return Recognition("")
    kind = "mixed" if units and visemes else "visemes" if visemes else "arkit"
    return Recognition(kind, (*units, *visemes), which)


def covers_mouth(matches: Iterable[Match]) -> bool:
    """Whether the units among `matches` say enough of the mouth, so that no viseme is needed."""
    found = {match.source for match in matches}
    return len(found & set(MOUTH_UNITS)) >= ENOUGH_MOUTH * len(MOUTH_UNITS)


def spare(matches: Sequence[Match]) -> frozenset[str]:
    """Names whose units other keys say better, so that both together would go twice as far.

    VRoid has a key for each eye's blink and one for both; Rocketbox has the units and, beside them,
    action units and older shapes of the same. Keys with a unit's own name win over other words for
    it, and keys of a side over keys for both.
    """
    best: dict[str, float] = {}
    for match in matches:
        best[match.source] = max(best.get(match.source, 0.0), _rank(match))
    worse: dict[str, bool] = {}
    for match in matches:
        worse[match.name] = worse.get(match.name, True) and _rank(match) < best[match.source]
    return frozenset(name for name, each in worse.items() if each)


def _rank(match: Match) -> float:
    """2 for a unit's own name, 1 for another word for it, 0 for a key of both sides."""
    return float(sum(match.confidence > rank for rank in RANKS))


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters: `A25_Jaw_Open` -> a, 25, jaw, open."""
    plain = unicodedata.normalize("NFKC", name)
    return tuple(word.casefold() for word in WORD.findall(plain))


def meaning(name: str) -> tuple[tuple[tuple[str, float], ...], float, tuple[str, ...]]:
    """((source, gain), ...), confidence, and the words in front that had to be left out."""
    if name in UNITS:
        return ((name, 1.0),), 1.0, ()
    whole = words(name)
    if len(whole) > 1 and re.fullmatch(r"\d{3}", whole[-1]):
        whole = whole[:-1]  # Blender's .001
    if whole[-2:] == ("div", "2"):
        whole = whole[:-2]  # Daz Studio's
    for skip in range(min(len(whole), DEEPEST)):
        if found := _lookup().get(_key(whole[skip:])):
            sources, confidence = found
            return sources, confidence - 0.01 * bool(skip), _without_numbers(whole[:skip])
    return (), 0.0, ()


def _without_numbers(front: Sequence[str]) -> tuple[str, ...]:
    """Words in front of a name, with 0 for any number: `AK_09_`, `AK_10_` are of one company."""
    return tuple("0" if word.isdigit() else word for word in front)


def _numbered(names: Sequence[str]) -> Recognition | None:
    found = {name: int(hit[1]) for name in names if (hit := NUMBERED.fullmatch(name.strip()))}
    if len(found) < FEW_EXPRESSIONS:
        return None
    first = min(found.values())
    if first not in (0, 1):
        return None
    matches = tuple(
        Match(name, f"{EXPRESSION}{number - first}")
        for name, number in sorted(found.items(), key=lambda item: item[1])
    )
    return Recognition("smplx" if first == 0 else "flame", matches)


def _units(names: Sequence[str]) -> list[Match]:
    found = {name: meaning(name) for name in names}
    found = {name: hit for name, hit in found.items() if hit[0]}
    fronts = Counter(hit[2] for hit in found.values())
    kept = {name: hit for name, hit in found.items() if _is_prefix(hit[2], fronts)}
    different = {source for hit in kept.values() for source, _ in hit[0]}
    if len(different) < FEW_UNITS:
        kept = {name: hit for name, hit in kept.items() if hit[1] >= 0.97}
    return [
        Match(name, source, gain, hit[1]) for name, hit in kept.items() for source, gain in hit[0]
    ]


def _is_prefix(front: tuple[str, ...], fronts: Counter[tuple[str, ...]]) -> bool:
    """Whether these words may stand in front of a key's own name."""
    if not front or fronts[front] >= COMPANY:
        return True
    joined = "".join(front)
    bare = [re.sub(r"\d+$", "", word) for word in front]
    known = all(not word or word in spellings.PREFIXES for word in bare)
    return known or bool(ORDINAL.fullmatch(joined))


def _key(parts: Sequence[str]) -> str:
    """Words without their order and their order of side: `left mouth smile`, `smile mouth l` and
    `smile lips left` are one."""
    sides = [SIDES[word] for word in parts if word in SIDES]
    if len(sides) > 1 or any(word.isdigit() for word in parts):
        return "".join(parts)
    plain = {spellings.SAME.get(word, word) for word in parts if word not in SIDES}
    return " ".join(sorted(plain)) + "|".join(["", *sides])


@lru_cache(maxsize=1)
def _lookup() -> dict[str, tuple[tuple[tuple[str, float], ...], float]]:
    """Key of a name -> its sources and the confidence. The units' own words win."""
    table: dict[str, tuple[tuple[tuple[str, float], ...], float]] = {}
    for unit in UNITS:
        both = ((unit, 1.0),)
        table[_key(words(unit))] = both, 0.98
        table[_key((unit.casefold(),))] = both, 0.97
    for unit, name, gain in _aliases():
        table.setdefault(_key(words(name)), (((unit, gain),), 0.9))
    for unit in UNITS:  # halves of what we have as one
        for side in ("left", "right"):
            if not unit.endswith(("Left", "Right")):
                table.setdefault(f"{_key(words(unit))}|{side}", (((unit, 1.0),), 0.9))
    for stem, listed in spellings.BOTH.items():
        pair = ((f"{stem}Left", 0.5), (f"{stem}Right", 0.5))
        for name in listed.split():
            table.setdefault(_key(words(name)), (pair, 0.8))
    for unit, name in spellings.LOOSE.items():
        table.setdefault(_key(words(name)), (((unit, 1.0),), 0.8))
    for name, unit in spellings.WINKS.items():
        table.setdefault(_key(words(name)), (((unit, 1.0),), 0.9))
    return table


def _aliases() -> Iterator[tuple[str, str, float]]:
    for unit, listed in {**spellings.ALIASES, **spellings.LOOKS}.items():
        for entry in listed.split():
            name, _, gain = entry.partition("*")
            sided = "{S}" in name or "{S}" in unit
            for side in ("Left", "Right") if sided else ("",):
                yield unit.replace("{S}", side), name.replace("{S}", side), float(gain or 1.0)


def _visemes(names: Sequence[str]) -> tuple[str, list[Match]]:
    """The set of visemes that most of the names belong to, and its matches."""
    best: tuple[float, str, list[Match]] = (0.0, "", [])
    for which, (table, least) in spellings.VISEME_SETS.items():
        for prefix in spellings.VISEME_PREFIXES:
            matches = _of_set(names, table, prefix)
            poses = {match.source for match in matches}
            if len(poses) >= min(least, len(set(table.values()))) and len(poses) > best[0]:
                best = len(poses), which, matches
    return best[1], best[2]


def _of_set(names: Sequence[str], table: dict[str, str], prefix: str) -> list[Match]:
    """Names that belong to a set, spelt with `prefix`; what stands in front of that must be known
    or shared by some, since the poses' own names are short."""
    found = [(name, hit) for name in names if (hit := _pose(words(name), table, prefix))]
    fronts = Counter(front for _, (_, front) in found)
    return [
        Match(name, VISEME + pose, 1.0, 0.95)
        for name, (pose, front) in found
        if not front or fronts[front] >= COMPANY or (prefix and len(front) < 3)
    ]


def _pose(
    parts: Sequence[str], table: dict[str, str], prefix: str
) -> tuple[str, tuple[str, ...]] | None:
    """The pose that the words from some place on mean, and the words in front of them."""
    for skip in range(min(len(parts), DEEPEST)):
        tail = "".join(parts[skip:])
        pose = table.get(tail.removeprefix(prefix)) if tail.startswith(prefix) else None
        if pose:
            return pose, _without_numbers(parts[:skip])
    return None
