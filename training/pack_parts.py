# SPDX-License-Identifier: GPL-3.0-or-later
"""A pack in parts, one for each shard of the corpus, in 8 bits and with checksums.

PART.mel.npy (2 * frames, bands) uint8, PART.phones.npy (frames,) uint8, PART.jsonl and PART.sha256,
which is written last: a part with one is whole, and a build goes on where it stopped. pack.json
lists the parts and is there once all of them are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import FloatArray, ThunderError
from model_runtime.features import MEL_BANDS, MELS_PER_MOTION_FRAME, POWER_FLOOR
from model_runtime.files import sha256_of, write_atomic

INDEX = "pack.json"
SETTINGS = "settings.json"
LOWEST = math.log(POWER_FLOOR)
KINDS = ("mel.npy", "phones.npy", "jsonl")

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class PackConfig:
    """What a pack holds beside every clip as recorded."""

    copies: int = 1  # augmented copies of a training clip
    real_copies: int = 0  # further ones of a recording
    step: float = 0.1  # of the log-mel, in nepers of power: 0.4 dB
    seed: int = 0


def quantise(mel: FloatArray, step: float) -> Bytes:
    """Log-mel (rows, bands) as multiples of `step` above the floor: uint8."""
    return np.clip(np.rint((mel - LOWEST) / step), 0, 255).astype(np.uint8)


def restore(coded: Bytes, step: float) -> FloatArray:
    """Log-mel (rows, bands) float32 from its 8 bits."""
    return coded.astype(np.float32) * np.float32(step) + np.float32(LOWEST)


def write_part(
    folder: Path, name: str, clips: Iterable[tuple[dict[str, Any], Bytes, Bytes]]
) -> None:
    """Write the part of (item, coded log-mel, phones) of each clip, its checksums last."""
    rows, mels, phones, start = [], [], [], 0
    for row, mel, labels in clips:
        rows.append(json.dumps({**row, "start": start}) + "\n")
        mels.append(mel)
        phones.append(labels)
        start += row["frames"]
    paths = [folder / f"{name}.{kind}" for kind in KINDS]
    np.save(paths[0], np.concatenate([np.zeros((0, MEL_BANDS), np.uint8), *mels]))
    np.save(paths[1], np.concatenate([np.zeros(0, np.uint8), *phones]))
    paths[2].write_text("".join(rows), encoding="utf-8")
    sums = "".join(f"{sha256_of(path)}  {path.name}\n" for path in paths)
    write_atomic(folder / f"{name}.sha256", sums.encode())


def is_whole(folder: Path, name: str) -> bool:
    """Whether the part was finished."""
    return (folder / f"{name}.sha256").is_file()


def begin(folder: Path, config: PackConfig) -> None:
    """Take up a folder for these settings. Raises ThunderError when it holds others' parts."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / SETTINGS
    wanted = asdict(config)
    if settings.is_file() and json.loads(settings.read_text()) != wanted:
        raise ThunderError(
            f"{folder} holds a pack made with other settings ({settings.read_text().strip()}). "
            "Give the same, or another folder."
        )
    write_atomic(settings, (json.dumps(wanted) + "\n").encode())
    (folder / INDEX).unlink(missing_ok=True)


def finish(folder: Path, config: PackConfig, names: Iterable[str]) -> None:
    """Write the list of parts, with which the pack can be opened."""
    parts = [{"name": name, "frames": len(_load(folder, name, KINDS[1]))} for name in names]
    content = {"config": asdict(config), "parts": parts}
    write_atomic(folder / INDEX, (json.dumps(content, indent=1) + "\n").encode())


class Parts:
    """The rows of a pack in parts; frames are counted through all of them."""

    def __init__(self, folder: Path) -> None:
        content = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        self._folder, self._step = folder, float(content["config"]["step"])
        self._names = [part["name"] for part in content["parts"]]
        self._first = np.cumsum([0, *(part["frames"] for part in content["parts"])])
        self._open: dict[tuple[int, str], Bytes] = {}

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Items as they were written, `start` counted through all parts."""
        for name, first in zip(self._names, self._first, strict=False):
            with (self._folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    yield {**row, "start": row["start"] + int(first)}

    def mel(self, start: int, count: int) -> FloatArray:
        """Log-mel of frames start..start + count of one item: (2 * count, bands)."""
        coded = self._cut(start, count, KINDS[0], MELS_PER_MOTION_FRAME)
        return restore(coded, self._step)

    def phones(self, start: int, count: int) -> Bytes:
        return self._cut(start, count, KINDS[1], 1)

    def _cut(self, start: int, count: int, kind: str, rate: int) -> Bytes:
        part = int(np.searchsorted(self._first, start, "right")) - 1
        if (part, kind) not in self._open:
            self._open[part, kind] = _load(self._folder, self._names[part], kind)
        first = start - int(self._first[part])
        return self._open[part, kind][rate * first : rate * (first + count)]

    def __getstate__(self) -> dict[str, Any]:  # maps must not travel to data-loading processes
        return {**self.__dict__, "_open": {}}


def damaged(folder: Path) -> list[str]:
    """Files of a pack that are missing or not what was written."""
    content = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    found = []
    for part in content["parts"]:
        sums = folder / f"{part['name']}.sha256"
        lines = sums.read_text().splitlines() if sums.is_file() else [f"-  {sums.name}"]
        for expected, name in (line.split("  ", 1) for line in lines):
            path = folder / name
            if not path.is_file() or sha256_of(path) != expected:
                found.append(name)
    return found


def _load(folder: Path, name: str, kind: str) -> Bytes:
    path = folder / f"{name}.{kind}"
    try:
        return np.asarray(np.load(path, mmap_mode="r"))
    except (OSError, ValueError) as error:
        raise ThunderError(
            f"{path} of the pack is missing or damaged. Make it again with python -m training.pack."
        ) from error
