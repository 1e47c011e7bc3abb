# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m training.corpus.verify --corpus DIR`: hours by kind, source and split; checksums.

With `--add` shards without checksums get them. Exit code 1 when a shard is damaged.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from model_runtime.contract import ThunderError

from .store import SHARDS, Clip, add_checksums, check_shard, open_corpus


def hours_by(clips: Iterable[Clip], *names: str) -> dict[tuple[str, ...], float]:
    """Hours of sound for every combination of the named fields of a clip."""
    total: Counter[tuple[str, ...]] = Counter()
    for clip in clips:
        total[tuple(str(getattr(clip, name)) for name in names)] += clip.seconds / 3600  # type: ignore[assignment]
    return dict(sorted(total.items()))


def damaged_shards(folder: Path, add: bool) -> tuple[list[str], list[str]]:
    """Names of damaged shards and of those without checksums, which `add` writes."""
    damaged, unsigned = [], []
    for index in sorted((folder / SHARDS).glob("*.jsonl")):
        whole = check_shard(folder, index.stem)
        if whole is None:
            unsigned.append(index.stem)
            if add:
                add_checksums(folder, index.stem)
        elif not whole:
            damaged.append(index.stem)
    return damaged, unsigned


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--add", action="store_true", help="write missing checksums")
    options = parser.parse_args()
    try:
        clips = open_corpus(options.corpus).all_clips
    except ThunderError as error:
        print(error, file=sys.stderr)
        return 1
    for names in (("kind",), ("kind", "split"), ("source", "split")):
        for key, hours in hours_by(clips, *names).items():
            print(f"{' '.join(key):28s} {hours:7.2f} h")
        print()
    damaged, unsigned = damaged_shards(options.corpus, options.add)
    added = ", added" if options.add else ""
    print(f"{len(damaged)} damaged shards {damaged}, {len(unsigned)} without checksums{added}")
    return 1 if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
