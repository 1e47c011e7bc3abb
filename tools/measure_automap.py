# SPDX-License-Identifier: GPL-3.0-or-later
"""How many shape-key names Auto Map reads as their makers mean them: today and at first sight.

python tools/measure_automap.py [--first-sight] [--json docs/results/rigs.json]

A name is right where it is mapped to exactly what it means, or left alone where it means nothing
here; a wrong guess is one that is mapped to something else. Every batch of lists was labelled
before the matcher read it. `--first-sight` takes the matcher that was there before each batch out
of the history (git has to know it) and gives it the batch, with the matcher by single words beside
it. The interval is that of the share over lists, drawn anew 5,000 times.
"""

from __future__ import annotations

import argparse
import importlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from tests.as_extension import room
from tools import (
    rig_lists,
    rig_lists_fifth,
    rig_lists_found,
    rig_lists_fourth,
    rig_lists_fresh,
    rig_lists_learned,
    rig_lists_sealed_more,
    rig_lists_sixth,
    rig_lists_unrelated,
)
from training.metrics.results import update_results

ROOT = Path(__file__).resolve().parent.parent
NAMES = "thunder_blender.rig_names"
NEEDED = ("thunder_blender", "model_runtime/__init__.py", "model_runtime/contract.py")
DRAWS = 5000
Errors = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]  # as `rig_lists.wrong` gives them
BATCHES: dict[str, Mapping[str, rig_lists.Meaning]] = {
    "known": rig_lists.KNOWN,
    "found": rig_lists_found.FOUND,
    "learned": rig_lists_learned.LEARNED,
    "sealed": rig_lists_sealed_more.SEALED,
    "third": rig_lists_fresh.FRESH,
    "fourth": rig_lists_fourth.FOURTH,
    "fifth": rig_lists_fifth.FIFTH,
    "sixth": rig_lists_sixth.SIXTH,
}
BEFORE = {"sealed": "d312749", "third": "bdb847b", "fourth": "fb362d0", "fifth": "4d92ea1"}
BY_WORDS = "fe21e56"  # the last matcher that knew whole names and single words only
BESIDE = ("ARKit", "CC extended", "VRoid", "Meta with prefix")  # rigs unrelated names stand among


def main() -> None:
    options = _options()
    rows: dict[str, Any] = {"automap": counted(room(NAMES))}
    if options.first_sight:
        rows["automap_first_sight"] = first_sight()
    for row in rows.values():
        for key, value in row.items():
            print(f"{key}: {value}", flush=True)
    if options.json:
        update_results(options.json, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first-sight", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def counted(names: ModuleType) -> dict[str, Any]:
    """What the matcher makes of every batch, and of names that mean nothing."""
    return {
        **{batch: share(names, lists) for batch, lists in BATCHES.items()},
        "unrelated": unrelated(names),
    }


def first_sight() -> dict[str, Any]:
    """Each batch, given to the matcher that had never been shown it.

    The first three searches and the sixth batch were counted by hand when they were made.
    """
    rows: dict[str, Any] = dict(rig_lists.FIRST_SIGHT)
    by_words = matcher(BY_WORDS)
    for batch, commit in BEFORE.items():
        rows[batch] = {
            "matcher": commit,
            **share(matcher(commit), BATCHES[batch]),
            "by_words": share(by_words, BATCHES[batch]),
        }
    return rows


def matcher(commit: str) -> ModuleType:
    """The matcher as it was at a commit of this repository."""
    package = f"extension_at_{commit}"
    if package not in sys.modules:
        archive = subprocess.run(
            ["git", "archive", commit, *NEEDED], cwd=ROOT, check=True, capture_output=True
        ).stdout
        folder = tempfile.mkdtemp(prefix="thunder-automap-")
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder, filter="data")
        sys.modules[package] = ModuleType(package)
        sys.modules[package].__path__ = [folder]
    return importlib.import_module(f"{package}.{NAMES}")


def share(names: ModuleType, lists: Mapping[str, rig_lists.Meaning]) -> dict[str, Any]:
    """How many names are right, the share with its interval (%) over lists, wrong guesses."""
    errors = [rig_lists.wrong(names, meaning) for meaning in lists.values()]
    total = np.array([len(meaning) for meaning in lists.values()])
    right = total - [len(wrong) for wrong in errors]
    low, high = _interval(right, total)
    return {
        "lists": len(lists), "names": int(total.sum()), "right": int(right.sum()),
        "percent": round(100 * float(right.sum() / total.sum()), 1), "from": low, "to": high,
        **_meant(lists, errors), "wrong_guesses": sum(map(_guesses, errors)),
    }  # fmt: skip


def _meant(lists: Mapping[str, rig_lists.Meaning], errors: list[Errors]) -> dict[str, int]:
    """Of the names that do mean a unit or a viseme: how many, and how many are right."""
    pairs = zip(lists.values(), errors, strict=True)
    right = [
        name not in wrong
        for meaning, wrong in pairs
        for name, sources in meaning.items()
        if any("" not in source.split("|") for source in sources)
    ]
    return {"meant": len(right), "meant_right": sum(right)}


def _guesses(errors: Errors) -> int:
    """Names that were mapped to something they do not mean, at least in part."""
    meant = {name: {s for each in row[0] for s in each.split("|")} for name, row in errors.items()}
    return sum(bool(set(row[1]) - meant[name]) for name, row in errors.items())


def _interval(right: np.ndarray, total: np.ndarray) -> tuple[float, float]:
    """The share's 95 % interval (%), with lists drawn anew: names of a list stand together."""
    drawn = np.random.default_rng(1).integers(len(total), size=(DRAWS, len(total)))
    shares = 100 * right[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return round(float(low), 1), round(float(high), 1)


def unrelated(names: ModuleType) -> dict[str, Any]:
    """What is guessed of names that mean nothing, alone and beside a rig's own names."""
    listed = tuple(dict.fromkeys(rig_lists_unrelated.UNRELATED))
    found = {"alone": _guessed(names, listed, ())}
    for rig in BESIDE:
        found[f"beside {rig}"] = _guessed(names, listed, tuple(rig_lists.KNOWN[rig]))
    return {"names": len(listed), "guessed": found}


def _guessed(names: ModuleType, listed: tuple[str, ...], rig: tuple[str, ...]) -> list[str]:
    matches = names.recognise((*rig, *listed)).matches
    spare = names.spare(matches)
    return [m.name for m in matches if m.name not in rig and m.name not in spare]


if __name__ == "__main__":
    main()
