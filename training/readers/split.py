# SPDX-License-Identifier: GPL-3.0-or-later
"""Which speakers train and which are held out, written down beside the data."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.corpus.splits import SHARES, SPLITS

from .record import DataError


def split_speakers(speakers: Sequence[str], salt: str = "thunder") -> dict[str, str]:
    """Split of each speaker: shares as the project's own corpus, held out by whole speakers.

    The order is a hash of the names, so it does not change when the data are read again. With two
    speakers one trains and one is for development; a single one cannot be held out.
    """
    order = sorted(
        set(speakers), key=lambda name: hashlib.sha256(f"{salt}:{name}".encode()).digest()
    )
    count = len(order)
    dev = max(1, math.floor(SHARES[1] * count)) if count > 1 else 0
    test = max(1, math.floor(SHARES[2] * count)) if count > 2 else 0
    kinds = ["dev"] * dev + ["test"] * test
    return {
        name: kinds[place] if place < len(kinds) else "train" for place, name in enumerate(order)
    }


def split_recordings(names: Sequence[str]) -> dict[str, str]:
    """For data of one speaker: the last tenth of the recordings is for development.

    Raises DataError when there are fewer than two.
    """
    if len(names) < 2:
        raise DataError(
            "There is one recording only, and training needs another to check itself on. "
            "Cut it into lines of 5 to 20 seconds, each with its own sound."
        )
    held = max(1, len(names) // 10)
    return {
        name: "dev" if place >= len(names) - held else "train" for place, name in enumerate(names)
    }


def read_split(path: Path) -> dict[str, str]:
    """A split of one's own: JSON {speaker: train, dev or test}. Raises DataError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        table = dict(content.get("speakers", content))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"'{path}' is no list of splits ({error}).") from error
    if not set(table.values()) <= set(SPLITS):
        raise DataError(f"'{path}': each speaker is {', '.join(SPLITS[:-1])} or {SPLITS[-1]}.")
    return table


def assign(
    recordings: Sequence[tuple[str, str]], given: Mapping[str, str] | None
) -> tuple[dict[str, str], str]:
    """Split of each recording by id, and what was held out ("speakers" or "recordings").

    `recordings` are (id, speaker). Raises DataError when a speaker is not in the given list or
    nothing is left to train or to check on.
    """
    speakers = [speaker for _, speaker in recordings]
    missing = sorted(set(speakers) - set(given or speakers))
    if missing:
        raise DataError(f"The list of splits does not name {', '.join(missing[:5])}.")
    if given is None and len(set(speakers)) < 2:
        return split_recordings([name for name, _ in recordings]), "recordings"
    table = dict(given or split_speakers(speakers))
    splits = {name: table[speaker] for name, speaker in recordings}
    if not {"train", "dev"} <= set(splits.values()):
        raise DataError("The split leaves nobody to train on or nobody to check on (dev).")
    return splits, "speakers"
