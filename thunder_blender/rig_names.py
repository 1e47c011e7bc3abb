# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rig's shape keys mean, by their names alone: units, visemes, FLAME's and SMPL-X's numbers.

`rig_grammar` reads each name by itself, `rig_phones` finds the set of visemes. What could be chance
is settled here, by the company that a name keeps: words in front count as a prefix where several
names share them, `smile` is a mouth only where no emotions stand beside it, a closed mouth is a
unit only where the jaw opens, and one lucky name on an unrelated mesh is no face.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..model_runtime.contract import UNITS
from . import rig_grammar, rig_phones
from . import rig_spellings as spellings
from .rig_grammar import Reading, words

__all__ = [
    "EXPRESSION", "MOUTH_UNITS", "NUMBERED", "VISEME", "Match", "Recognition", "covers_mouth",
    "recognise", "spare", "words",
]  # fmt: skip

VISEME = "viseme:"  # a source that is computed from the units, see `rig_visemes`
EXPRESSION = "expression:"  # a coefficient of FLAME or SMPL-X, counted from 0

NUMBERED = re.compile(r"(?:exp|expression|expr)_?(\d+)", re.IGNORECASE)
ORDINAL = re.compile(r"[a-z]?0", re.IGNORECASE)  # numbers are read as 0
FEW_EXPRESSIONS = 10  # numbered keys that make a FLAME
FEW_UNITS = 4  # different units that make a face, unless spelt as ARKit does
FEW_EYES = 2  # that tell where a list writes their sides
FEW_EMOTIONS = 2  # that make smile one of them
LOOSE = 0.85  # confidence under which a name only stands where nothing better does
MOST = 0.5  # of a short list that names units, which makes it a face as well
GLANCE = 0.65  # under it a name is a look only beside others of its kind
COMPANY = 5  # names that share an unknown prefix
RANKS = (
    0.75,
    0.79,
    0.81,
    0.85,
    0.87,
    0.95,
)  # confidences between words for a unit, from vague to its own name
EMOTIONS = frozenset(
    "happy happiness joy angry anger sad sadness sorrow fun surprised surprise fear afraid scared "
    "disgust disgusted contempt neutral relaxed excited bored confused annoyed serious laugh cry "
    "crying".split()
)
MOUTH_UNITS = tuple(unit for unit in UNITS if unit.startswith(("jaw", "mouth")))
MANGA_VOWELS = frozenset("あいうえお")
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
    readings = _without_glances(_in_company(names))
    which, hits = rig_phones.visemes([name for name in names if name not in readings])
    face = bool(which) or bool(_spelt_out(names))
    units = _matches(readings if face else _of_a_face(readings, len(names)))
    visemes = [Match(name, VISEME + pose, 1.0, sure) for name, pose, sure in hits]
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
    """The higher the better: a unit's own name, other words for it, a key of both sides, vague."""
    return float(sum(match.confidence > rank for rank in RANKS))


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


def _in_company(names: Sequence[str]) -> dict[str, Reading]:
    """What the names say of units, without what the other names speak against."""
    spelt = _spelt_out(names)
    found = {name: rig_grammar.reading(spelt.get(name, name)) for name in names} | _manga(names)
    found = _eyes_turned({name: hit for name, hit in found.items() if hit.sources})
    fronts, backs = _shared(found)
    kept = {
        name: hit
        for name, hit in found.items()
        if (_may_stand(hit.front, fronts) or _is_own(hit)) and _may_end(hit.back, backs)
    }
    kept = _without_loose(_one_of_each_number(_without_emotions(kept, names)))
    if len(kept) > FEW_UNITS and "jawOpen" not in _sources(kept):
        kept = {name: hit for name, hit in kept.items() if not _shuts(hit)}
    return kept


def _shared(found: dict[str, Reading]) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """How many names begin, and how many end, with each run of words."""
    spelt = [rig_grammar.numberless(words(name)) for name in found]
    starts = Counter(whole[:n] for whole in spelt for n in range(1, len(whole)))
    ends = Counter(whole[n:] for whole in spelt for n in range(1, len(whole)))
    return starts, ends


def _eyes_turned(found: dict[str, Reading]) -> dict[str, Reading]:
    """With `eye_left_R` read as the right eye where all other eyes' sides stand last."""
    eyes = [
        name
        for name, hit in found.items()
        if len(hit.sources) == 1 and re.match("eye(?!LookIn|LookOut)", hit.sources[0][0])
    ]
    if len(eyes) < FEW_EYES or not all(map(rig_grammar.ends_with_side, eyes)):
        return found
    return {name: rig_grammar.turned(name, hit) for name, hit in found.items()}


def _without_glances(found: dict[str, Reading]) -> dict[str, Reading]:
    """`eyeLeft` is a look beside `eyeUp`, and a part of the face where that is not there."""
    if any(len(hit.sources) > 1 and hit.sources[0][0] == "eyeLookUpLeft" for hit in found.values()):
        return found
    return {name: hit for name, hit in found.items() if hit.confidence > GLANCE}


def _of_a_face(found: dict[str, Reading], count: int) -> dict[str, Reading]:
    """Without chance hits where too few different units are there for a face."""
    different = len({re.sub("(Left|Right)$", "", source) for source in _sources(found)})
    if different >= FEW_UNITS or (different == FEW_UNITS - 1 and len(found) >= MOST * count):
        return found
    return {name: hit for name, hit in found.items() if hit.confidence >= 0.97}


def _sources(found: dict[str, Reading]) -> set[str]:
    return {source for hit in found.values() for source, _ in hit.sources}


def _matches(found: dict[str, Reading]) -> list[Match]:
    return [
        Match(name, source, gain, hit.confidence - 0.01 * bool(hit.front or hit.back))
        for name, hit in found.items()
        for source, gain in hit.sources
    ]


def _spelt_out(names: Sequence[str]) -> dict[str, str]:
    """Names that begin with a letter for brow, eye or mouth, where all three are in use."""
    first = {name: words(name)[:1] for name in names}
    begun = Counter(first.values())
    if any(begun[letter,] < 2 for letter in spellings.INITIALS):
        return {}
    return {
        name: f"{spellings.INITIALS[letter[0]]}{name[1:]}"
        for name, letter in first.items()
        if letter and letter[0] in spellings.INITIALS and not name[1:2].isalpha()
    }


def _is_own(hit: Reading) -> bool:
    """A unit's own words with one word in front, which will be the maker's."""
    return len(hit.front) < 2 and not hit.back and hit.confidence >= rig_grammar.OWN


def _manga(names: Sequence[str]) -> dict[str, Reading]:
    """MikuMikuDance's brows and winks, where its vowels are; a smile there is of the eyes."""
    if not set(names) >= MANGA_VOWELS:
        return {}
    found = {name: rig_grammar.NOTHING for name in names if rig_grammar.reading(name).bare}
    return found | {name: hit for name in names if (hit := rig_grammar.of_manga(name))}


def _without_emotions(found: dict[str, Reading], names: Sequence[str]) -> dict[str, Reading]:
    """Without smiles and frowns of a whole face: those that stand among emotions."""
    emotions = sum(bool(EMOTIONS & set(words(name))) for name in names)
    if emotions < FEW_EMOTIONS and len(found) > FEW_UNITS:
        return found
    return {name: hit for name, hit in found.items() if not hit.bare}


def _one_of_each_number(found: dict[str, Reading]) -> dict[str, Reading]:
    """Of keys that differ by a number behind them only the first: they are variants."""
    kept: dict[str, Reading] = {}
    backs = Counter(hit.back for hit in found.values())
    variants = {back for back, count in backs.items() if "0" in back and 2 * count < len(found)}
    taken = {hit.sources for hit in found.values() if hit.back not in variants}
    for name, hit in found.items():
        if hit.back in variants:
            if hit.sources in taken:
                continue
            taken.add(hit.sources)
        kept[name] = hit
    return kept


def _without_loose(found: dict[str, Reading]) -> dict[str, Reading]:
    """Without what may mean a unit where other names mean it for certain."""
    best: dict[str, float] = {}
    for hit in found.values():
        for source, _ in hit.sources:
            best[source] = max(best.get(source, 0.0), hit.confidence)
    return {
        name: hit
        for name, hit in found.items()
        if hit.confidence >= LOOSE
        or hit.confidence == rig_grammar.BOTH
        or hit.confidence >= max(best[s] for s, _ in hit.sources)
    }


def _shuts(hit: Reading) -> bool:
    return hit.sources[0][0] == "mouthClose" and hit.confidence < 1.0


def _may_stand(front: tuple[str, ...], fronts: Counter[tuple[str, ...]]) -> bool:
    """Whether these words may stand in front of a key's own name."""
    if not front or fronts[front] >= COMPANY:
        return True
    known = all(_says_nothing(word) for word in front)
    return known or bool(ORDINAL.fullmatch("".join(front)))


def _may_end(back: tuple[str, ...], backs: Counter[tuple[str, ...]]) -> bool:
    return not back or backs[back] >= COMPANY or all(_says_nothing(word) for word in back)


def _says_nothing(word: str) -> bool:
    bare = re.sub(r"\d+$", "", word)
    return not bare or bare in spellings.NOISE
