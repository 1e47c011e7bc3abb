# SPDX-License-Identifier: GPL-3.0-or-later
"""Build model_runtime/data/words.npz from pocketsphinx's language model and the project's lexicon.

`python tools/build_word_model.py --pack DIR [--words N] [--bigrams N]`; the pack gives how long
phones last and how common they are (training clips only). Bigrams that tell little beyond their
words' own frequency are left out (after Stolcke 1998) and what backs off is made whole again.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime import lexicon  # noqa: E402
from model_runtime.phones import PHONE_INDEX, PHONES  # noqa: E402
from model_runtime.words import STEP, WORDS_FILE, WordConfig  # noqa: E402

Arrays = dict[str, npt.NDArray[np.generic]]
LN10 = math.log(10)
MOST_VARIANTS = 3  # pronunciations of a word
VARIANT_COST = -0.5  # of all but the first
BEGIN = "<s>"
ENGLISH = ("devclean", "librispeech", "train100", "so762", "espeak", "festival", "flite")
WRITE = """
import sys
from pocketsphinx import Config, LogMath, NGramModel, get_model_path
logs = LogMath()  # the model does not keep it alive
model = NGramModel(Config(lw=1.0, wip=1.0), logs, get_model_path("en-us/en-us.lm.bin"))
model.write(sys.argv[1], NGramModel.str_to_type("arpa"))
"""


def write_arpa(path: Path) -> None:
    """Unigrams and bigrams of pocketsphinx's English model as ARPA text.

    pocketsphinx 5.1.1 crashes when it comes to the trigrams, which are not wanted here: so it
    runs in a process of its own. Raises ValueError where bigrams are missing.
    """
    subprocess.run([sys.executable, "-c", WRITE, str(path)], check=False)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    promised = next(int(line.split("=")[1]) for line in lines if line.startswith("ngram 2="))
    found = len(lines) - lines.index("\\2-grams:")
    if found < 0.999 * promised:
        raise ValueError(f"Only {found} of {promised} bigrams could be read from the model.")


def read_unigrams(lines: Iterable[str]) -> dict[str, float]:
    """Word -> natural log probability, of an ARPA text up to its bigrams.

    Raises ValueError where the probabilities do not add up.
    """
    found = {}
    for line in lines:
        if line.startswith("\\2-grams"):
            break
        fields = line.split()
        if len(fields) == 3 and not line.startswith(("\\", "ngram")):
            found[fields[1]] = float(fields[0]) * LN10
    whole = sum(math.exp(value) for value in found.values())
    if not 0.9 < whole < 1.1:
        raise ValueError(f"The model's words add up to {whole:.3f}, not 1.")
    return found


def read_bigrams(
    lines: Iterable[str], numbers: dict[str, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Pairs of known words (n, 2) and their natural log probabilities (n,)."""
    pairs, logs = [], []
    for line in lines:
        if line.startswith("\\3-grams"):
            break
        fields = line.split()
        known = len(fields) == 4 and fields[1] in numbers and fields[2] in numbers
        if known and fields[2] != BEGIN:
            pairs.append((numbers[fields[1]], numbers[fields[2]]))
            logs.append(float(fields[0]) * LN10)
    return np.array(pairs, np.int64), np.array(logs)


def likeliest(unigrams: dict[str, float], count: int) -> list[str]:
    """The likeliest words that the lexicon can say."""
    ordered = sorted(unigrams, key=lambda word: (-unigrams[word], word))
    said = (w for w in ordered if re.fullmatch(r"[a-z'.]+", w) and lexicon.known(w))
    return [word for word, _ in zip(said, range(count), strict=False)]


def language(
    unigrams: dict[str, float], lines: Iterable[str], words: list[str], keep: int
) -> Arrays:
    """The pruned bigrams, ordered by first word, and the back-off that makes them whole."""
    numbers = {word: number for number, word in enumerate([*words, BEGIN])}
    unigram = np.array([unigrams[word] for word in words])
    unigram -= np.log(np.exp(unigram).sum())
    pairs, logs = read_bigrams(lines, numbers)
    first, second = pairs.T
    own = np.append(np.exp(unigram), 0.05)  # one sentence in twenty words
    worth = own[first] * np.exp(logs) * np.abs(logs - unigram[second])
    chosen = np.sort(np.argsort(-worth, kind="stable")[:keep])
    chosen = chosen[np.lexsort((second[chosen], first[chosen]))]
    first, second = first[chosen], second[chosen]
    cost = np.clip(np.round(-logs[chosen] / STEP), 0, 255)
    rows = len(words) + 1
    told = np.bincount(first, np.exp(-STEP * cost), rows)
    same = np.bincount(first, np.exp(unigram[second]), rows)
    backoff = np.log(np.maximum(1 - told, 0.01) / np.maximum(1 - same, 0.01))
    return {
        "unigram": unigram.astype(np.float16),
        "backoff": backoff.astype(np.float16),
        "followers": np.bincount(first, minlength=rows).astype(np.uint16),
        "follower": second.astype(np.uint16),
        "cost": cost.astype(np.uint8),
    }


def tree(words: list[str]) -> Arrays:
    """Pronunciations as a prefix tree: a parent and a phone each node, words where they end."""
    below: list[dict[str, int]] = [{}]
    parent, phone, ends = [0], [0], []
    for number, word in enumerate(words):
        for variant, said in enumerate(lexicon.known(word)[:MOST_VARIANTS]):
            node = 0
            for sound in said:
                if sound not in below[node]:
                    below[node][sound] = len(below)
                    below.append({})
                    parent.append(node)
                    phone.append(PHONE_INDEX[sound])
                node = below[node][sound]
            ends.append((node, number, VARIANT_COST if variant else 0.0))
    ends.sort()
    node_of, word_of, cost_of = zip(*ends, strict=True)
    return {
        "parent": np.array(parent, np.int32),
        "phone": np.array(phone, np.uint8),
        "node": np.array(node_of, np.int32),
        "word": np.array(word_of, np.uint16),
        "variant": np.array(cost_of, np.float16),
    }


def durations(items: Path) -> Arrays:
    """How long phones last and how common they are, in the English training clips of a pack."""
    count, frames = np.zeros(len(PHONES)), np.zeros(len(PHONES))
    for line in items.open(encoding="utf-8"):
        row = json.loads(line)
        if row["split"] == "train" and not row["copy"] and row["source"] in ENGLISH:
            for phone, start, end in row["segments"]:
                count[PHONE_INDEX[phone]] += 1
                frames[PHONE_INDEX[phone]] += 50 * (end - start)
    usual = count / count[1:].sum()
    return {
        "stay": np.maximum(0.3, 1 - count / frames).astype(np.float32),
        "prior": (frames / frames.sum()).astype(np.float32),
        "usual": np.log(np.maximum(usual, 1e-9)).astype(np.float32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--bigrams", type=int, default=500_000)
    parser.add_argument("--out", type=Path, default=WORDS_FILE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        arpa = Path(folder) / "english.arpa"
        write_arpa(arpa)
        with arpa.open(encoding="utf-8", errors="replace") as lines:
            unigrams = read_unigrams(lines)
            words = likeliest(unigrams, options.words)
            arrays = language(unigrams, lines, words, options.bigrams)
    arrays |= {**tree(words), **durations(options.pack / "items.jsonl")}
    arrays["config"] = np.array(json.dumps(asdict(WordConfig())))
    np.savez_compressed(options.out, **arrays)
    size = options.out.stat().st_size / 1e6
    print(f"{len(words)} words, {len(arrays['phone'])} nodes, {len(arrays['cost'])} bigrams")
    print(f"{size:.2f} MB in {options.out.name}")


if __name__ == "__main__":
    main()
