# SPDX-License-Identifier: GPL-3.0-or-later
"""Which speaker trains and which one tests: a hash decided once, a committed list ever since.

`python -m training.corpus.splits --speech DIR` wrote splits.json; it refuses to write it again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from model_runtime.contract import OutputError, ThunderError

SPLITS = ("train", "dev", "test")
SHARES = (0.78, 0.07, 0.15)
SPLITS_FILE = Path(__file__).with_name("splits.json")


def hashed_split(key: str, salt: str) -> str:
    """Split of `key` by sha256(salt:key), in the proportions of SHARES."""
    digest = hashlib.sha256(f"{salt}:{key}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < SHARES[0]:
        return "train"
    return "dev" if point < SHARES[0] + SHARES[1] else "test"


@cache
def load_splits(path: Path = SPLITS_FILE) -> tuple[str, Mapping[str, str]]:
    """(salt, speaker -> split) as committed. Raises ThunderError when the list is missing."""
    if not path.is_file():
        raise ThunderError(f"The list of splits {path} is missing. Restore it with: git checkout")
    content = json.loads(path.read_text())
    return content["salt"], content["speakers"]


def split_of(speaker: str) -> str:
    """Split of a speaker: as listed, or by the same hash when the list does not know it."""
    salt, speakers = load_splits()
    return speakers.get(speaker) or hashed_split(speaker, salt)


def split_of_sentence(normalised: str) -> str:
    """Split whose synthetic voices may read this sentence, so that no test sentence trains."""
    return hashed_split("sentence " + normalised, load_splits()[0])


def write_splits(salt: str, speakers: Iterable[str], path: Path = SPLITS_FILE) -> None:
    """Write the list. Raises OutputError if there is one: changing it would spoil every figure."""
    if path.exists():
        raise OutputError(
            f"{path} exists and is never written again, because speakers held out so far "
            "would become training material. Keep it."
        )
    table = {speaker: hashed_split(speaker, salt) for speaker in sorted(set(speakers))}
    content = {"salt": salt, "shares": dict(zip(SPLITS, SHARES, strict=True)), "speakers": table}
    path.write_text(json.dumps(content, indent=1) + "\n")


def choose_salt(speakers: Mapping[str, set[str]]) -> str:
    """First of 'thunder-0', 'thunder-1', ... that `salt_fits`. `speakers`: source -> ids."""
    for number in range(1_000_000):
        salt = f"thunder-{number}"
        if salt_fits(speakers, salt):
            return salt
    raise ThunderError("No salt satisfies the conditions for the splits.")


def salt_fits(speakers: Mapping[str, set[str]], salt: str) -> bool:
    """Whether every kind of source is tested on enough speakers and none loses its only one."""
    count = {
        source: Counter(hashed_split(speaker, salt) for speaker in ids)
        for source, ids in speakers.items()
    }
    alone = ("pico", "ljspeech", "russian")  # their one speaker trains
    held = ("dev", "test")
    return (
        all(count[source]["train"] == 1 for source in alone)
        and hashed_split("festival:ked", salt) == "test"
        and count["flite"]["test"] == 1
        and count["flite"]["train"] == 3
        and count["festival"]["test"] == 1
        and sum(count["train100"][split] for split in held) == 1
        and 3 <= count["devclean"]["test"] <= 4
        and 1 <= count["devclean"]["dev"] <= 2
        and count["espeak"]["test"] >= 8
        and count["espeak"]["dev"] >= 3
        and all(count[source]["test"] >= 25 for source in ("librispeech", "so762"))
        and all(count[source]["dev"] >= 10 for source in ("librispeech", "so762"))
    )


def main() -> None:
    from . import espeak, festival, flite, real, russian

    parser = argparse.ArgumentParser(description="Write the list of splits, once.")
    parser.add_argument("--speech", type=Path, required=True)
    speech = parser.parse_args().speech
    speakers = real.speakers_by_source(speech)
    speakers["espeak"] = {espeak.speaker_of(variant) for variant in espeak.VARIANTS}
    speakers["flite"] = set(flite.SPEAKERS.values())
    speakers["festival"] = set(festival.SPEAKERS.values())
    speakers["russian"] = {russian.SPEAKER}
    salt = choose_salt(speakers)
    write_splits(salt, set().union(*speakers.values()))
    for source, ids in sorted(speakers.items()):
        print(source, dict(Counter(hashed_split(speaker, salt) for speaker in ids)))


if __name__ == "__main__":
    main()
