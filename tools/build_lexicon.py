# SPDX-License-Identifier: GPL-3.0-or-later
"""Build model_runtime/data/lexicon.txt.gz and lexicon_rules.txt.gz from CMUdict.

`python tools/build_lexicon.py [--dictionary FILE]`; without FILE, the copy of CMUdict inside the
installed pocketsphinx (BSD). Prints how well the rules spell out words they were not made from.
The same dictionary gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.letter_to_sound import (  # noqa: E402
    EDGE,
    LETTERS,
    LONGEST,
    padded,
    sounds,
)
from model_runtime.lexicon import CODES, HEADER, LEXICON_FILE, RULES_FILE  # noqa: E402

HELD_OUT = 20  # one word in so many tests the rules
ROUNDS = 6  # of alignment; the counts stand still after four
MOST_VARIANTS = 4  # pronunciations of a word
ALPHABET = EDGE + LETTERS
RAREST = 2  # times a stretch must be seen to become a rule
Pairs = list[tuple[str, str]]
Lexicon = dict[str, list[str]]


def read_dictionary(path: Path) -> Lexicon:
    """Word -> its pronunciations, coded a character a phone, in the dictionary's order."""
    lexicon: Lexicon = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        word = re.sub(r"\(\d+\)$", "", word)
        if re.fullmatch(r"[a-z']+\.?", word):
            variants = lexicon.setdefault(word, [])
            coded = "".join(CODES[phone] for phone in phones)
            if coded not in variants and len(variants) < MOST_VARIANTS:
                variants.append(coded)
    return lexicon


def is_held_out(word: str) -> bool:
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % HELD_OUT == 0


class LetterAligner:
    """Which phones each letter of a word stands for: none, one or two, found by hard EM."""

    def __init__(self) -> None:
        count = len(CODES) + 1  # phone 0 is "none"
        self.letters = {letter: index for index, letter in enumerate(LETTERS)}
        self.codes = {code: index + 1 for index, code in enumerate(CODES.values())}
        # log probability of a letter standing for the phones (first, second)
        self.table = np.zeros((len(LETTERS), count, count))

    def fit(self, pairs: Pairs) -> None:
        batches = self._batches(pairs)
        self._learn(self._cooccurrence(pairs))
        for _ in range(ROUNDS):
            counts = np.zeros_like(self.table)
            for words, phones, _ in batches:
                self._count(words, phones, self._widths(words, phones), counts)
            self._learn(counts)

    def chunks(self, pairs: Pairs) -> dict[int, list[str]]:
        """Number of the pair -> what each of its letters stands for."""
        found: dict[int, list[str]] = {}
        for words, phones, numbers in self._batches(pairs):
            for number, widths in zip(numbers, self._widths(words, phones), strict=True):
                ends = np.cumsum(widths)
                said = pairs[number][1]
                found[number] = [
                    said[end - width : end] for end, width in zip(ends, widths, strict=True)
                ]
        return found

    def _cooccurrence(self, pairs: Pairs) -> np.ndarray:
        """How often a letter and a phone lie at about the same share of their words."""
        counts = np.zeros_like(self.table)
        for word, said in pairs:
            for place, letter in enumerate(word):
                near = min(len(said) - 1, int((place + 0.5) / len(word) * len(said)))
                counts[self.letters[letter], self.codes[said[near]], 0] += 1
        counts[:, 0, 0] = 0.2 * counts.sum((1, 2))
        counts[:, 1:, 1:] = 0.001
        return counts

    def _learn(self, counts: np.ndarray) -> None:
        smooth = counts + 1e-3
        smooth[:, 0, 1:] = 1e-30
        self.table = np.log(smooth / smooth.sum((1, 2), keepdims=True))

    def _batches(self, pairs: Pairs) -> list[tuple[np.ndarray, np.ndarray, list[int]]]:
        """Words of one length and phones of one length together."""
        shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, (word, said) in enumerate(pairs):
            if len(word) <= 24 and len(said) <= 2 * len(word):
                shapes[len(word), len(said)].append(number)
        return [
            (
                np.array([[self.letters[c] for c in pairs[n][0]] for n in numbers]),
                np.array([[self.codes[c] for c in pairs[n][1]] for n in numbers]),
                numbers,
            )
            for _, numbers in sorted(shapes.items())
        ]

    def _widths(self, words: np.ndarray, phones: np.ndarray) -> np.ndarray:
        """Phones of each letter by Viterbi, for a batch: (words, letters) of 0, 1, 2."""
        batch, letters = words.shape
        count = phones.shape[1]
        score = np.full((batch, count + 1), -np.inf)
        score[:, 0] = 0.0
        back = np.zeros((letters, batch, count + 1), np.int64)
        for place in range(letters):
            letter = words[:, place, None]
            options = np.full((3, batch, count + 1), -np.inf)
            options[0] = score + self.table[letter, 0, 0]
            options[1, :, 1:] = score[:, :-1] + self.table[letter, phones, 0]
            two = self.table[letter, phones[:, :-1], phones[:, 1:]]
            options[2, :, 2:] = score[:, :-2] + two
            back[place] = options.argmax(0)
            score = options.max(0)
        return self._trace(back, count)

    @staticmethod
    def _trace(back: np.ndarray, count: int) -> np.ndarray:
        letters, batch, _ = back.shape
        widths = np.zeros((batch, letters), np.int64)
        at = np.full(batch, count)
        for place in range(letters - 1, -1, -1):
            widths[:, place] = back[place, np.arange(batch), at]
            at = at - widths[:, place]
        return widths

    @staticmethod
    def _count(
        words: np.ndarray, phones: np.ndarray, widths: np.ndarray, counts: np.ndarray
    ) -> None:
        starts = np.cumsum(widths, 1) - widths
        row = np.arange(len(words))[:, None]
        last = phones.shape[1] - 1
        first = np.where(widths > 0, phones[row, np.minimum(starts, last)], 0)
        second = np.where(widths > 1, phones[row, np.minimum(starts + 1, last)], 0)
        np.add.at(counts, (words, first, second), 1)


def grow_rules(pairs: Pairs, chunks: dict[int, list[str]]) -> dict[str, str]:
    """Stretch of letters -> what its middle letter stands for; only where a shorter one errs."""
    names = sorted({part for parts in chunks.values() for part in parts})
    number_of = {name: number for number, name in enumerate(names)}
    texts = [(padded(pairs[number][0]), parts) for number, parts in chunks.items()]
    letters, centres = _letters(texts)
    parts = np.array([number_of[part] for _, said in texts for part in said])
    told = np.full(len(parts), -1)  # what the rules so far say at each place
    rules: dict[str, str] = {}
    keys = np.zeros(len(parts), np.int64)
    for length in range(1, LONGEST + 1):
        left = (length - 1) // 2
        grown = letters[centres - left] if length % 2 else letters[centres + length - 1 - left]
        # appended at whichever end it grows: one number a stretch all the same
        keys = keys * 32 + grown
        first, group, best, count = _majorities(keys, parts, len(names))
        makes = (best != told[first]) & ((count >= RAREST) | (length == 1))
        for place, part in zip(first[makes], best[makes], strict=True):
            rules[_spelt(letters, centres[place] - left, length)] = names[part]
        told = np.where(makes[group], best[group], told)
    return rules


def _letters(texts: list[tuple[str, list[str]]]) -> tuple[np.ndarray, np.ndarray]:
    """All padded words in one row as numbers under 32, and where their letters stand in it."""
    row = "".join(text for text, _ in texts)
    codes = np.array([ALPHABET.index(chr(code)) for code in range(128) if chr(code) in ALPHABET])
    table = np.zeros(128, np.int64)
    table[sorted(map(ord, ALPHABET))] = codes
    letters = table[np.frombuffer(row.encode("ascii"), np.uint8)]
    return letters, np.flatnonzero(letters != ALPHABET.index(EDGE))


def _spelt(letters: np.ndarray, start: int, length: int) -> str:
    return "".join(ALPHABET[code] for code in letters[start : start + length])


def _majorities(
    keys: np.ndarray, parts: np.ndarray, kinds: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of each stretch: one place, then the stretch of each place, its usual part, how often."""
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    pairs, count = np.unique(group * kinds + parts, return_counts=True)
    order = np.lexsort((pairs, -count, pairs // kinds))  # the most frequent first, then by name
    owner = pairs[order] // kinds
    top = order[np.flatnonzero(np.diff(owner, prepend=-1))]
    return first, group, pairs[top] % kinds, count[top]


def edits(one: str, other: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def error_rates(
    lexicon: Lexicon, words: Iterable[str], rules: dict[str, str]
) -> tuple[float, float]:
    """Phone and word error rate against the nearest pronunciation of each word."""
    wrong = total = words_wrong = count = 0
    for word in words:
        said = sounds(word, rules)
        distance, length = min((edits(said, true), len(true)) for true in lexicon[word])
        wrong, total = wrong + distance, total + length
        words_wrong, count = words_wrong + (distance > 0), count + 1
    return wrong / total, words_wrong / count


def packed(lines: Iterable[str]) -> bytes:
    """A gzip file of lines in byte order, the same bytes for the same lines."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0, filename="") as file:
        file.write("".join(f"{line}\n" for line in (HEADER, *sorted(lines))).encode("ascii"))
    return out.getvalue()


def default_dictionary() -> Path:
    import pocketsphinx

    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dictionary", type=Path, help="CMUdict in pocketsphinx's format")
    parser.add_argument("--out", type=Path, default=LEXICON_FILE.parent)
    options = parser.parse_args()
    lexicon = read_dictionary(options.dictionary or default_dictionary())
    pairs = [(word, said[0]) for word, said in lexicon.items() if set(word) <= set(LETTERS)]
    held = [word for word, _ in pairs if is_held_out(word)]
    kept = [pair for pair in pairs if not is_held_out(pair[0])]
    aligner = LetterAligner()
    aligner.fit(kept)
    trial = grow_rules(kept, aligner.chunks(kept))
    phone_error, word_error = error_rates(lexicon, held, trial)
    print(f"{len(held)} held-out words: phones wrong {phone_error:.3f}, words {word_error:.3f}")
    rules = grow_rules(pairs, aligner.chunks(pairs))
    words = packed(f"{word} {' '.join(said)}" for word, said in lexicon.items())
    contexts = packed(f"{key} {part}" for key, part in rules.items())
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / LEXICON_FILE.name).write_bytes(words)
    (options.out / RULES_FILE.name).write_bytes(contexts)
    print(f"{len(lexicon)} words, {len(words)} bytes; {len(rules)} rules, {len(contexts)} bytes")


if __name__ == "__main__":
    main()
