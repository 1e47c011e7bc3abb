# SPDX-License-Identifier: GPL-3.0-or-later
"""The feature pack: log-mel and phone labels of every clip, computed once, read as memory maps.

`python -m training.pack --corpus DIR --out DIR [--copies N] [--jobs N]`
`python -m training.pack --small PACK_DIR --out DIR [--megabytes N] [--step S] [--real-share R]`
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.features import MEL_BANDS, MELS_PER_MOTION_FRAME, log_mel
from model_runtime.phones import PHONE_INDEX, SILENCE
from training import small_pack
from training.corpus import open_corpus
from training.corpus.augment import augment

if TYPE_CHECKING:
    from training.corpus import Clip

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item:
    """One clip, or an augmented copy of one: where its frames lie in the pack."""

    clip: str
    copy: int  # 0 as recorded, 1.. augmented
    source: str
    split: str
    start: int  # motion frames
    frames: int
    segments: tuple[tuple[str, float, float], ...]


class Pack:
    """A folder with mel.npy (2 * frames, bands) float16, phones.npy (frames,) uint8, items.jsonl

    or with the parts of a small pack, which are read into memory.
    """

    def __init__(self, folder: Path) -> None:
        self._step: float | None = None
        if (folder / small_pack.INDEX).is_file():
            rows, self._mel, self._step = small_pack.read_small(folder)
            self.items = [_item(row) for row in rows]
            labels = [frame_phones(item.segments, item.frames) for item in self.items]
            self._phones = np.concatenate(labels)
            return
        self.items = [_item(json.loads(line)) for line in (folder / "items.jsonl").open()]
        self._mel = np.load(folder / "mel.npy", mmap_mode="r")
        self._phones = np.load(folder / "phones.npy", mmap_mode="r")

    def mel(self, item: Item, first: int = 0, frames: int | None = None) -> FloatArray:
        """Log-mel of motion frames first..first + frames of an item: (2 * frames, bands)."""
        start = item.start + first
        count = item.frames - first if frames is None else frames
        rows = slice(MELS_PER_MOTION_FRAME * start, MELS_PER_MOTION_FRAME * (start + count))
        if self._step is not None:
            return small_pack.restore(self._mel[rows], self._step)
        return np.asarray(self._mel[rows], np.float32)

    def phones(self, item: Item, first: int = 0, frames: int | None = None) -> npt.NDArray[Any]:
        """Phone indices: (frames,) int64."""
        start = item.start + first
        count = item.frames - first if frames is None else frames
        return np.asarray(self._phones[start : start + count], np.int64)

    def select(self, split: str) -> list[Item]:
        return [item for item in self.items if item.split == split]


def _item(row: dict[str, Any]) -> Item:
    segments = tuple((phone, float(start), float(end)) for phone, start, end in row["segments"])
    return Item(**{**row, "segments": segments})


def frame_phones(
    segments: tuple[tuple[str, float, float], ...], frames: int
) -> npt.NDArray[np.uint8]:
    """Phone index at the centre of each motion frame: (frames,)."""
    labels = np.full(frames, PHONE_INDEX[SILENCE], np.uint8)
    for phone, start, end in segments:
        first = max(0, int(np.ceil(start * MOTION_FPS - 0.5)))
        last = max(first, int(np.ceil(end * MOTION_FPS - 0.5)))
        labels[first:last] = PHONE_INDEX[phone]
    return labels


def build_pack(corpus_dir: Path, folder: Path, copies: int, jobs: int, seed: int = 0) -> Pack:
    """Compute the pack: every clip as recorded, training clips with `copies` augmented copies."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = list(open_corpus(corpus_dir).clips())
    tasks = [
        (corpus_dir, clip, copy, seed)
        for clip in clips
        for copy in range(1 + (copies if clip.split == "train" else 0))
    ]
    _write(folder, _features_of(tasks, jobs), len(tasks))
    return Pack(folder)


def _features_of(
    tasks: list[tuple[Path, Clip, int, int]], jobs: int
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float16], npt.NDArray[np.uint8]]]:
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap(_features, tasks, chunksize=16)


def _features(
    task: tuple[Path, Clip, int, int],
) -> tuple[dict[str, Any], npt.NDArray[np.float16], npt.NDArray[np.uint8]]:
    corpus_dir, clip, copy, seed = task
    samples = _corpus(corpus_dir).samples(clip)
    segments = tuple(clip.segments)
    if copy:
        key = int.from_bytes(clip.id.encode()[-8:], "little")
        rng = np.random.default_rng([seed, copy, key])
        samples, segments = augment(samples, segments, rng)
    mel = log_mel(samples)
    frames = len(mel) // MELS_PER_MOTION_FRAME
    rows = tuple((part.phone, part.start, part.end) for part in segments)
    head = {"clip": clip.id, "copy": copy, "source": clip.source, "split": clip.split}
    return (
        {**head, "frames": frames, "segments": rows},
        mel.astype(np.float16),
        frame_phones(rows, frames),
    )


_OPEN: dict[Path, Any] = {}  # a corpus stays open in each worker process


def _corpus(folder: Path) -> Any:
    if folder not in _OPEN:
        _OPEN[folder] = open_corpus(folder)
    return _OPEN[folder]


def _write(
    folder: Path,
    results: Iterator[tuple[dict[str, Any], npt.NDArray[np.float16], npt.NDArray[np.uint8]]],
    total: int,
) -> None:
    start, began, phones = 0, time.monotonic(), []
    with (folder / "mel.raw").open("wb") as mel_file, (folder / "items.tmp").open("w") as items:
        for count, (head, mel, labels) in enumerate(results, 1):
            mel.tofile(mel_file)
            phones.append(labels)
            items.write(json.dumps(asdict(_item({**head, "start": start}))) + "\n")
            start += head["frames"]
            if count % 1000 == 0:
                log.info("pack: %d of %d clips, %.0f s", count, total, time.monotonic() - began)
    _finish(folder, start, np.concatenate(phones))


def _finish(folder: Path, frames: int, phones: npt.NDArray[np.uint8]) -> None:
    raw = folder / "mel.raw"
    shape = (MELS_PER_MOTION_FRAME * frames, MEL_BANDS)
    source = np.memmap(raw, np.float16, "r", shape=shape)
    np.save(folder / "mel.npy", source)
    del source
    raw.unlink()
    np.save(folder / "phones.npy", phones)
    (folder / "items.tmp").replace(folder / "items.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--corpus", type=Path)
    source.add_argument("--small", type=Path, metavar="PACK", help="write this pack in 8 bits")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=1, help="augmented copies a training clip")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--megabytes", type=float, default=60.0, help="of the small pack, at most")
    parser.add_argument("--step", type=float, default=0.8, help="of its log-mel, in nepers")
    parser.add_argument("--real-share", type=float, default=0.5, help="of its seconds")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.small:
        names = ("step", "megabytes", "real_share", "seed")
        config = small_pack.SmallConfig(**{name: getattr(options, name) for name in names})
        hours = small_pack.write_small(Pack(options.small), options.out, config)
        print(f"{hours:.2f} hours in {options.out}")
    else:
        build_pack(options.corpus, options.out, options.copies, options.jobs, options.seed)


if __name__ == "__main__":
    main()
