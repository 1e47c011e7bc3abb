# SPDX-License-Identifier: GPL-3.0-or-later
"""A pack in 8 bits, for machines that accept only tens of megabytes; `Pack` opens it as any other.

Log-mel in steps of `step` nepers, differences in time modulo 256, LZMA; phones as their durations
in milliseconds. A folder holds small.json (settings and checksums) and pairs of part files.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from model_runtime.contract import ThunderError
from model_runtime.features import MEL_BANDS, MELS_PER_MOTION_FRAME
from model_runtime.files import sha256_of
from model_runtime.phones import PHONE_INDEX, PHONES
from training.pack_parts import Bytes, quantise

if TYPE_CHECKING:
    from training.pack import Item, Pack

INDEX = "small.json"
PART_BYTES = 24_000_000  # of 8-bit log-mel before compression: 50 minutes
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 4, "lp": 0, "pb": 0}]


@dataclass(frozen=True)
class SmallConfig:
    step: float = 0.8  # nepers of power, 3.5 dB: costs 0.002 of phone accuracy
    megabytes: float = 60.0
    real_share: float = 0.5  # of the seconds, as long as there are recordings
    splits: tuple[str, ...] = ("train", "dev")
    seed: int = 0


def write_small(pack: Pack, folder: Path, config: SmallConfig) -> float:
    """Write as much of a pack as fits into `config.megabytes`; returns its hours."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Any]] = []
    limit = config.megabytes * 1e6
    for items in _groups(_order(pack, config)):
        row = _write_part(pack, items, folder, len(parts), config.step)
        if sum(part["bytes"] for part in parts) + row["bytes"] > limit:
            for name in row["sha256"]:
                (folder / name).unlink()
            break
        parts.append(row)
    content = {"config": asdict(config), "parts": parts}
    (folder / INDEX).write_text(json.dumps(content, indent=1) + "\n")
    return float(sum(part["hours"] for part in parts))


def read_small(folder: Path) -> tuple[list[dict[str, Any]], Bytes, float]:
    """(rows of items, 8-bit log-mel (rows, bands), step).

    Raises ThunderError when a part is missing or damaged.
    """
    content = json.loads((folder / INDEX).read_text())
    rows: list[dict[str, Any]] = []
    mels: list[Bytes] = []
    start = 0
    for part in content["parts"]:
        mel_name, items_name = _checked(folder, part["sha256"])
        delta = np.frombuffer(lzma.decompress((folder / mel_name).read_bytes()), np.uint8)
        delta = delta.reshape(-1, MEL_BANDS)
        first = 0
        for line in lzma.decompress((folder / items_name).read_bytes()).decode().splitlines():
            row = _read_item(json.loads(line), start)
            count = MELS_PER_MOTION_FRAME * row["frames"]
            mels.append(np.cumsum(delta[first : first + count], 0, dtype=np.uint8))
            rows.append(row)
            first += count
            start += row["frames"]
    return rows, np.concatenate(mels), float(content["config"]["step"])


def _order(pack: Pack, config: SmallConfig) -> Iterator[Item]:
    """Clips as recorded in a drawn order in which the share of recordings stays as asked."""
    items = [i for i in pack.items if i.copy == 0 and i.split in config.splits]
    order = np.random.default_rng(config.seed).permutation(len(items))
    made = ("espeak", "flite", "festival", "silence", "noises")
    queues: dict[bool, list[Item]] = {True: [], False: []}
    for place in order[::-1]:
        queues[not items[place].source.startswith(made)].append(items[place])
    taken = {True: 0, False: 0}
    while queues[True] or queues[False]:
        wants = taken[True] <= config.real_share * (taken[True] + taken[False])
        real = bool(queues[True]) and (wants or not queues[False])
        item = queues[real].pop()
        taken[real] += item.frames
        yield item


def _groups(items: Iterator[Item]) -> Iterator[list[Item]]:
    group: list[Item] = []
    size = 0
    for item in items:
        group.append(item)
        size += MELS_PER_MOTION_FRAME * item.frames * MEL_BANDS
        if size >= PART_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _write_part(
    pack: Pack, items: Sequence[Item], folder: Path, number: int, step: float
) -> dict[str, Any]:
    deltas = []
    for item in items:
        coded = quantise(pack.mel(item), step)
        deltas.append(np.diff(coded, axis=0, prepend=np.zeros((1, MEL_BANDS), np.uint8)))
    lines = "".join(json.dumps(_item_row(item)) + "\n" for item in items)
    names = (f"mel-{number:03d}.xz", f"items-{number:03d}.xz")
    for name, data in zip(names, (np.concatenate(deltas).tobytes(), lines.encode()), strict=True):
        (folder / name).write_bytes(lzma.compress(data, filters=FILTERS))
    return {
        "sha256": {name: sha256_of(folder / name) for name in names},
        "bytes": sum((folder / name).stat().st_size for name in names),
        "hours": sum(item.frames for item in items) / 50 / 3600,
    }


def _item_row(item: Item) -> list[Any]:
    """clip, copy, source, split, frames, phone indices, their ends as steps in milliseconds."""
    ends = [round(1000 * end) for _, _, end in item.segments]
    steps = np.diff(ends, prepend=0).tolist()
    phones = [PHONE_INDEX[phone] for phone, _, _ in item.segments]
    return [item.clip, item.copy, item.source, item.split, item.frames, phones, steps]


def _read_item(row: list[Any], start: int) -> dict[str, Any]:
    clip, copy, source, split, frames, phones, steps = row
    ends = (np.cumsum(steps) / 1000).tolist()
    spans = zip(phones, [0.0, *ends], ends, strict=False)
    segments = [[PHONES[phone], first, last] for phone, first, last in spans]
    head = {"clip": clip, "copy": copy, "source": source, "split": split}
    return {**head, "start": start, "frames": frames, "segments": segments}


def _checked(folder: Path, sums: dict[str, str]) -> list[str]:
    for name, expected in sums.items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise ThunderError(
                f"The part {path} of the small pack is missing or damaged. Copy it again."
            )
    return list(sums)
