# SPDX-License-Identifier: GPL-3.0-or-later
"""What the synthetic voices say: read sentences, short orders, and lines full of p b m and f v."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_runtime.contract import ThunderError

from .splits import SPLITS, split_of_sentence

STRIDE = 131  # sentences a shard may use before it meets those of the next
OPENING = 5  # words by which a sentence is looked up
LONGEST = 190  # characters; longer ones are cut at a comma

LABIAL_WORDS = (
    "baby back bad bag ball bamboo banana bank barn beam bear beat bed bee before begin behind "
    "bell big bill bird black blame blue boat bob body bomb book boom both bottle bottom box boy "
    "bread bright bring brown bubble bump burn busy but buy cable camp cap club come cup dump "
    "empty problem remember hamper happy harbour help hip home hope jump keep lamp lip made make "
    "mama man map march may maybe me meal men middle mile mill mime mind mob mom money month moon "
    "more move much mumble my number nimble pack paint pair palm pamper papa paper park pat people "
    "pepper perhaps pie pig pipe place plum pond pop pope pumpkin put rabbit ripe robe sample "
    "ship sleep soap spam spoon stamp steam stop sum swamp sweep symbol tap temple thumb time top "
    "tribe tumble up"
).split()
DENTAL_WORDS = (
    "above alive arrive beef brave brief calf cave cliff cough difficult drive effort enough even "
    "ever every evil face fact fair fall family far fast father fauna favour fear feather feel "
    "few field fifty fight fine finger fire first five flat flavour fly foam fog follow food fool "
    "for forever forty four free fresh friend from front fruit full fun funny give half have "
    "heavy if knife laugh leaf leave life live love move never of off often over prove river roof "
    "rough safe save seven shave stiff stuff tough valley value van vase verse very vest view "
    "village vine visit voice vote wave wife wolf"
).split()
LINKS = ("and", "or", "then", "with", "near", "under", "for", "to", "by", "in", "from", "of")
ORDERS = (
    "yes",
    "no",
    "maybe",
    "stop",
    "help me",
    "come back",
    "go away",
    "what",
    "why not",
    "oh my",
    "move",
    "wait",
    "good morning",
    "thank you",
    "please",
    "hello",
    "bye bye",
    "my name is Bob",
    "turn it off",
    "pick it up",
    "put it down",
    "five more",
    "never mind",
    "of course",
    "who is it",
    "over there",
    "I love you",
    "that's enough",
    "leave me alone",
    "oh wow",
)


@dataclass(frozen=True)
class Texts:
    """Sentences that each split's synthetic voices may read."""

    sentences: dict[str, tuple[str, ...]]

    def draw(self, split: str, ordinal: int, count: int, rng: np.random.Generator) -> list[str]:
        """`count` texts for shard number `ordinal` of a split; each shard goes on from the last."""
        pool = self.sentences[split]
        return [
            _one(pool[(ordinal * STRIDE + position) % len(pool)], rng) for position in range(count)
        ]


def normalise(text: str) -> str:
    """Lower case words without punctuation, for comparing sentences."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower().replace("'", "").replace("\u2019", "")))


def load_texts(path: Path, held_out: Iterable[str], seed: int) -> Texts:
    """Sentences of `path`, one a line, without those in `held_out` (normalised comparison).

    Raises ThunderError when the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ThunderError(f"The sentences {path} cannot be read. Check --speech.") from error
    barred = _by_opening(normalise(text) for text in held_out)
    pools: dict[str, list[str]] = {split: [] for split in SPLITS}
    for line in lines:
        key = normalise(line)
        if key and not _stands_in(key, barred):
            pools[split_of_sentence(key)].append(clean(line))
    return Texts({split: _shuffled(pool, seed) for split, pool in pools.items()})


def clean(line: str) -> str:
    """A sentence the engines can read: no quotes or brackets, cut at a comma when very long."""
    plain = re.sub(r"[\"\u201c\u201d()\[\]*_/\\<>|{}]", " ", line)
    plain = re.sub(r"\s*--+\s*", ", ", plain)
    plain = re.sub(r"\s+", " ", plain).strip(" ,;:")
    cut = plain.rfind(",", 40, LONGEST)
    return plain[:cut] if len(plain) > LONGEST and cut > 0 else plain[: LONGEST + 60]


def labial_line(rng: np.random.Generator) -> str:
    """Words full of p b m (or, a third of the time, f v), linked by small words."""
    words = DENTAL_WORDS if rng.random() < 0.35 else LABIAL_WORDS
    chosen = [str(word) for word in rng.choice(words, int(rng.integers(4, 9)), replace=False)]
    line = chosen[0]
    for word in chosen[1:]:
        link = f" {rng.choice(LINKS)} " if rng.random() < 0.6 else " "
        line += link + word
    return line


def _one(sentence: str, rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.76:
        return sentence
    if kind < 0.88:
        return labial_line(rng)
    if kind < 0.94:
        return _fragment(sentence, rng)
    if kind < 0.97:
        return str(rng.choice(ORDERS))
    return " ".join(str(n) for n in rng.integers(0, 100, int(rng.integers(1, 6))))


def _fragment(sentence: str, rng: np.random.Generator) -> str:
    words = sentence.split()
    count = int(rng.integers(1, 4))
    start = int(rng.integers(0, max(1, len(words) - count)))
    return " ".join(words[start : start + count]).strip(" ,.;:-")


def _by_opening(keys: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    """Normalised sentences under their first words, to find them inside longer ones."""
    table: dict[tuple[str, ...], list[str]] = {}
    for key in keys:
        table.setdefault(tuple(key.split()[:OPENING]), []).append(key)
    return table


def _stands_in(key: str, barred: dict[tuple[str, ...], list[str]]) -> bool:
    """Whether the sentence is a barred one, or holds a barred one of five words or more."""
    words = key.split()
    if key in barred.get(tuple(words[:OPENING]), []):
        return True
    openings = (tuple(words[k : k + OPENING]) for k in range(len(words) - OPENING + 1))
    return any(other in key for opening in openings for other in barred.get(opening, []))


def _shuffled(pool: Sequence[str], seed: int) -> tuple[str, ...]:
    order = np.random.default_rng([seed, 77]).permutation(len(pool))
    return tuple(pool[index] for index in order)
