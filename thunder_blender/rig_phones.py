# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names of a list are visemes: tables of known sets, and the phones that other names spell.

A pose's name is short, so it counts only in company: as many different ones as its set needs, with
the same words in front and behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .rig_grammar import words

DEEPEST, LAST = 8, 2  # words in front of a pose's name and behind it
COMPANY = 5
OF_TABLE, OF_PHONES = 0.95, 0.85

# Phones and the pose of `rig_visemes.POSES` that says them.
PHONES: dict[str, str] = {
    "PP": "p b m pp bb mm",
    "FF": "f v ff vv",
    "TH": "th dh",
    "DD": "t d dd tt etc consonant consonants cons",
    "nn": "n l nn ll",
    "kk": "k g ng kk gg nk hk",
    "CH": "ch j sh zh jh tch dj",
    "SS": "s z ss zz ts",
    "RR": "r er rr ur axr",
    "aa": "a aa ai aaa aah ahh bigaah ar",
    "ah": "ah ax uh schwa",
    "ao": "ao or",
    "E": "e eh ey ae ei eu",
    "I": "i iy ee ie iii eee",
    "ih": "ih y ix",
    "O": "o oh ow oa",
    "U": "u uw w ou oo ooo q wq uq ooh uu",
    "aw": "aw au",
    "oy": "oy oi",
    "ay": "ay",
    "h": "h hh",
    "sil": "sil rest neutral silence silent closed x idle",
}
MARKERS = frozenset(  # words that say that a mouth is meant
    "viseme visemes phone phones vis phoneme phonemes phon pho mouth mth lip lips lipsync sync vrc "
    "v vowel vowels say speak speech talk mouthshape ph vsm 口 口型 口形 입모양 mund bouche "
    "boca".split()
)
NAMED = frozenset("viseme visemes phoneme phonemes phone phones".split())  # and nothing else
META = {
    **{name.casefold(): name for name in "sil PP FF TH DD kk CH SS nn RR aa E I O U".split()},
    "ih": "I",
    "oh": "O",
    "ou": "U",
}
MICROSOFT = {
    "sil00": "sil", "aaahax01": "ah", "aa02": "aa", "ao03": "ao", "eyehuh04": "E",
    "er05": "RR", "yiyihix06": "I", "wuw07": "U", "ow08": "O", "aw09": "aw",
    "oy10": "oy", "ay11": "ay", "h12": "h", "r13": "RR", "l14": "nn",
    "sz15": "SS", "shchjhzh16": "CH", "thdh17": "TH", "fv18": "FF", "dtn19": "DD",
    "kgng20": "kk", "pbm21": "PP",
}  # fmt: skip
ACCULIPS = {
    "ae": "E", "ah": "ah", "bmp": "PP", "chj": "CH", "ee": "I", "er": "RR", "fv": "FF",
    "ih": "ih", "kghng": "kk", "oh": "O", "r": "RR", "sz": "SS", "tldn": "DD", "th": "TH",
    "woo": "U",
}  # fmt: skip
READER = {  # Character Creator's eight older ones
    "vopen": "aa", "vexplosive": "PP", "vdentallip": "FF", "vtighto": "O", "vtight": "U",
    "vwide": "I", "vaffricate": "CH", "vlipopen": "ih", "vnone": "sil",
}  # fmt: skip
VOWELS = {  # VRoid, VRM 0 and 1, MikuMikuDance, and the letters of other languages
    "a": "aa", "i": "I", "u": "U", "e": "E", "o": "O",
    "aa": "aa", "ih": "I", "ou": "U", "ee": "E", "oh": "O",
    "あ": "aa", "い": "I", "う": "U", "え": "E", "お": "O", "ん": "sil",
    "ア": "aa", "イ": "I", "ウ": "U", "エ": "E", "オ": "O", "ン": "sil",
    "아": "aa", "이": "I", "우": "U", "에": "E", "오": "O",
}  # fmt: skip
RHUBARB = {  # nine shapes by letters; A is the closed mouth
    "a": "PP", "b": "ih", "c": "E", "d": "aa", "e": "O", "f": "U", "g": "FF", "h": "nn",
    "x": "sil",
}  # fmt: skip
FACEFX = {
    "open": "aa", "wide": "I", "w": "U", "shch": "CH", "pbm": "PP", "fv": "FF", "tback": "kk",
    "troof": "nn", "tteeth": "TH",
}  # fmt: skip
LARGE = frozenset(("big", "small"))  # of the same phone
GLUED = ("vsm", "viseme", "phoneme", "vis", "mouth")  # markers that are written with the phone
LATIN = frozenset(("ii", "iii", "uu", "uuu"))  # where long vowels are their letters: ee is no I
TABLES: dict[str, tuple[dict[str, str], int]] = {  # names, and how many poses must be there
    "meta": (META, 9),
    "microsoft": (MICROSOFT, 8),
    "acculips": (ACCULIPS, 9),
    "reader": (READER, 5),
    "facefx": (FACEFX, 5),
    "vowels": (VOWELS, 4),
    "rhubarb": (RHUBARB, 6),
}
SPELT, SPELT_MARKED, SPELT_NAMED = 8, 5, 3  # poses of a set: unmarked, marked, named as one

Hit = tuple[str, str, float]  # name, pose, confidence
Around = tuple[tuple[str, ...], tuple[str, ...]]


def visemes(names: Sequence[str]) -> tuple[str, list[Hit]]:
    """The set that most of the names belong to ("" where there is none), and what they mean."""
    best: tuple[tuple[int, int], str, list[Hit]] = ((0, 0), "", [])
    for which, (table, least) in TABLES.items():
        for around, hits in _grouped(names, table).items():
            poses = len({pose for _, pose in hits})
            if poses >= least and _may_stand(around, len(hits)) and _fits(which, around, hits):
                found = [(name, pose, OF_TABLE) for name, pose in hits]
                best = max(best, ((len(hits), 1), which, found), key=lambda one: one[0])
    for around, hits in _grouped(names, None).items():
        if _spells(around, hits):
            found = [(name, pose, OF_PHONES) for name, pose in hits]
            said = sum(pose != "sil" for _, pose in hits)
            best = max(best, ((said, 0), "phones", found), key=lambda one: one[0])
    return best[1], best[2]


def _grouped(
    names: Sequence[str], table: dict[str, str] | None
) -> dict[Around, list[tuple[str, str]]]:
    """Names with a pose, by the words around it. A name may stand in several groups."""
    groups: dict[Around, list[tuple[str, str]]] = defaultdict(list)
    spelt = {name: _taken_apart(words(name)) for name in names}
    latin = any(LATIN & set(whole) for whole in spelt.values())
    for name, whole in spelt.items():
        for front, core, back in _spans(whole):
            pose = table.get("".join(core)) if table else _spelt(_single(core) if latin else core)
            if pose:
                groups[_numberless(front), _numberless(back)].append((name, pose))
    return groups


def _taken_apart(whole: tuple[str, ...]) -> tuple[str, ...]:
    """With a space behind a marker that is written together with a phone: `VSMAA`."""
    found: list[str] = []
    for word in whole:
        marker = next((m for m in GLUED if word.startswith(m) and word[len(m) :] in _pose_of()), "")
        found += [marker, word[len(marker) :]] if marker else [word]
    return tuple(found)


def _single(core: Sequence[str]) -> list[str]:
    """`eee` as e."""
    return [word[0] if set(word) == {word[0]} and word[0] in "aeiou" else word for word in core]


def _spans(
    whole: tuple[str, ...],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    for ahead in range(min(len(whole), DEEPEST)):
        for behind in range(min(len(whole) - ahead, LAST + 1)):
            end = len(whole) - behind
            yield whole[:ahead], whole[ahead:end], whole[end:]


def _numberless(part: Sequence[str]) -> tuple[str, ...]:
    return tuple("0" if word.isdigit() else word for word in part)


def _may_stand(around: Around, count: int) -> bool:
    """Whether these words may stand about the names of a set."""
    return not any(around) or count >= COMPANY or _marked(around)


def _marked(around: Around) -> bool:
    return any(word in MARKERS for part in around for word in part)


def _fits(which: str, around: Around, hits: Sequence[tuple[str, str]]) -> bool:
    """Letters from A on are mouths only where a word says so, or all nine are there."""
    return which != "rhubarb" or (
        (_marked(around) or len(hits) == len(RHUBARB)) and {"FF", "U", "aa"} <= {p for _, p in hits}
    )


def _spells(around: Around, hits: Sequence[tuple[str, str]]) -> bool:
    marked = _marked(around)
    poses = {pose for _, pose in hits}
    named = any(word in NAMED for part in around for word in part)
    least = SPELT_NAMED if named else SPELT_MARKED if marked else SPELT
    vowels = marked and {"aa", "O", "U"} <= poses and poses & {"I", "E"}
    if len(poses) < least or not (poses & {"PP", "FF"} or vowels):
        return False
    beside = len("".join(word for part in around for word in part))
    longer = sum(len("".join(words(name))) > beside + 1 for name, _ in hits)
    return _may_stand(around, len(hits)) and (marked or longer >= COMPANY)


def _spelt(core: Sequence[str]) -> str | None:
    """The pose of the phones that the words spell; of the most of them where they are several."""
    phones: list[str] = []
    for word in core:
        if word.isdigit() or word in LARGE:
            continue
        found = _phones(word)
        if found is None:
            return None
        phones += found
    return max(phones, key=phones.count) if phones else None


@lru_cache(maxsize=4096)
def _phones(word: str) -> tuple[str, ...] | None:
    """The poses of a word's phones; words of vowels or consonants only are taken apart."""
    table = _pose_of()
    if word in table:
        return (table[word],)
    vowels = set(word) & set("aeiou")
    if not word.isascii() or (vowels and len(word) > 4) or (vowels and set(word) - set("aeiou")):
        return None
    best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(max(end - 2, 0), end):
            before, piece = best[start], word[start:end]
            piece, now = "k" if piece == "c" and len(word) > 1 else piece, best[end]
            if before is None or piece not in table:
                continue
            if now is None or len(before) + 1 < len(now):
                best[end] = (*before, table[piece])
    return best[-1]


@lru_cache(maxsize=1)
def _pose_of() -> dict[str, str]:
    return {phone: pose for pose, listed in PHONES.items() for phone in listed.split()}
