# SPDX-License-Identifier: GPL-3.0-or-later
"""The feature pack: log-mel and phone labels of every clip, computed once, read as memory maps.

`python -m training.pack --corpus DIR --out DIR [--copies N] [--real-copies N] [--jobs N]`
`python -m training.pack --small PACK_DIR --out DIR [--megabytes N] [--step S] [--real-share R]`
`python -m training.pack --check PACK_DIR`
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, FloatArray, ThunderError
from model_runtime.features import MELS_PER_MOTION_FRAME, log_mel
from model_runtime.phones import PHONE_INDEX, SILENCE
from training import pack_parts, small_pack
from training.corpus import open_corpus
from training.corpus.augment import augment
from training.pack_parts import Bytes, PackConfig

if TYPE_CHECKING:
    from training.corpus import Clip
    from training.corpus.store import Corpus

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
    """A folder with the parts of `pack_parts`, read as memory maps,

    or with mel.npy (2 * frames, bands) float16, phones.npy (frames,) uint8 and items.jsonl, or with
    the parts of a small pack, which are read into memory.
    """

    def __init__(self, folder: Path) -> None:
        self._parts = pack_parts.Parts(folder) if _in_parts(folder) else None
        self._step: float | None = None
        if self._parts is not None:
            self.items = [_item(dict(row)) for row in self._parts.rows()]
            return
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
        if self._parts is not None:
            return self._parts.mel(start, count)
        rows = slice(MELS_PER_MOTION_FRAME * start, MELS_PER_MOTION_FRAME * (start + count))
        if self._step is not None:
            return pack_parts.restore(self._mel[rows], self._step)
        return np.asarray(self._mel[rows], np.float32)

    def phones(self, item: Item, first: int = 0, frames: int | None = None) -> npt.NDArray[Any]:
        """Phone indices: (frames,) int64."""
        start = item.start + first
        count = item.frames - first if frames is None else frames
        if self._parts is not None:
            return np.asarray(self._parts.phones(start, count), np.int64)
        return np.asarray(self._phones[start : start + count], np.int64)

    def select(self, split: str) -> list[Item]:
        return [item for item in self.items if item.split == split]


def _in_parts(folder: Path) -> bool:
    """Whether a pack in parts lies there. Raises ThunderError when its build was stopped."""
    if (folder / pack_parts.INDEX).is_file():
        return True
    if (folder / pack_parts.SETTINGS).is_file():
        raise ThunderError(
            f"The pack in {folder} is not finished. Run the python -m training.pack that began it."
        )
    return False


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


def build_pack(
    corpus_dir: Path,
    folder: Path,
    copies: int,
    jobs: int,
    seed: int = 0,
    real_copies: int = 0,
    step: float = 0.1,
) -> Pack:
    """Compute the pack: every clip as recorded, training clips with `copies` augmented copies.

    Recordings of the training split have `real_copies` more. What an earlier build of the same
    settings finished stays. Raises ThunderError.
    """
    config = PackConfig(copies, real_copies, step, seed)
    pack_parts.begin(folder, config)
    names = sorted({clip.shard for clip in _corpus(corpus_dir).all_clips})
    tasks = [
        (corpus_dir, folder, name, config)
        for name in names
        if not pack_parts.is_whole(folder, name)
    ]
    _make(tasks, jobs, len(names) - len(tasks))
    pack_parts.finish(folder, config, names)
    return Pack(folder)


Task = tuple[Path, Path, str, PackConfig]  # corpus, pack, the shard of both, settings


def _make(tasks: list[Task], jobs: int, found: int) -> None:
    if not tasks:
        return
    began = time.monotonic()
    with multiprocessing.Pool(jobs) as pool:
        for count, name in enumerate(pool.imap_unordered(_make_part, tasks), 1):
            spent = time.monotonic() - began
            log.info("%s: %d of %d, %.0f s", name, found + count, found + len(tasks), spent)


def _make_part(task: Task) -> str:
    corpus_dir, folder, name, config = task
    corpus = _corpus(corpus_dir)
    clips = [clip for clip in corpus.all_clips if clip.shard == name]
    pack_parts.write_part(folder, name, _features(corpus, clips, config))
    return name


def _features(
    corpus: Corpus, clips: Sequence[Clip], config: PackConfig
) -> Iterator[tuple[dict[str, Any], Bytes, Bytes]]:
    """The item, log-mel and phones of every clip and of its copies."""
    for clip in clips:
        for copy in range(1 + _copies(clip, config)):
            yield _feature(corpus, clip, copy, config)


def _copies(clip: Clip, config: PackConfig) -> int:
    if clip.split != "train":
        return 0
    return config.copies + (config.real_copies if clip.kind == "real" else 0)


def _feature(
    corpus: Corpus, clip: Clip, copy: int, config: PackConfig
) -> tuple[dict[str, Any], Bytes, Bytes]:
    samples, segments = corpus.samples(clip), tuple(clip.segments)
    if copy:
        key = int.from_bytes(clip.id.encode()[-8:], "little")
        rng = np.random.default_rng([config.seed, copy, key])
        samples, segments = augment(samples, segments, rng)
    mel = log_mel(samples)
    frames = len(mel) // MELS_PER_MOTION_FRAME
    rows = tuple((part.phone, part.start, part.end) for part in segments)
    head = {"clip": clip.id, "copy": copy, "source": clip.source, "split": clip.split}
    item = {**head, "frames": frames, "segments": rows}
    return item, pack_parts.quantise(mel, config.step), frame_phones(rows, frames)


@cache
def _corpus(folder: Path) -> Corpus:
    """A corpus stays open in each worker process."""
    return open_corpus(folder)


def main() -> int:
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work: Callable[[argparse.Namespace], int] = _build
    if options.check:
        work = _check
    elif options.small:
        work = _shrink
    try:
        return work(options)
    except ThunderError as error:
        print(error, file=sys.stderr)
        return 1


def _build(options: argparse.Namespace) -> int:
    if options.out is None:
        raise ThunderError("Give the folder of the pack with --out.")
    pack = build_pack(
        options.corpus,
        options.out,
        options.copies,
        options.jobs,
        options.seed,
        options.real_copies,
        0.1 if options.step is None else options.step,
    )
    _tell(pack, options.out)
    return 0


def _tell(pack: Pack, folder: Path) -> None:
    """Hours as recorded and of copies, and the folder's size."""
    hours = dict.fromkeys((False, True), 0)
    for item in pack.items:
        hours[item.copy > 0] += item.frames
    plain, copied = (hours[key] / MOTION_FPS / 3600 for key in (False, True))
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6
    print(f"{plain:.2f} hours as recorded, {copied:.2f} of augmented copies, {size:.0f} MB")


def _check(options: argparse.Namespace) -> int:
    _in_parts(options.check)
    damaged = pack_parts.damaged(options.check)
    _tell(Pack(options.check), options.check)
    print(f"{len(damaged)} damaged files {damaged}")
    return 1 if damaged else 0


def _shrink(options: argparse.Namespace) -> int:
    if options.out is None:
        raise ThunderError("Give the folder of the small pack with --out.")
    names = ("megabytes", "real_share", "seed")
    values = {name: getattr(options, name) for name in names}
    config = small_pack.SmallConfig(step=0.8 if options.step is None else options.step, **values)
    hours = small_pack.write_small(Pack(options.small), options.out, config)
    print(f"{hours:.2f} hours in {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--corpus", type=Path)
    source.add_argument("--small", type=Path, metavar="PACK", help="write this pack for a machine")
    source.add_argument("--check", type=Path, metavar="PACK", help="compare its checksums")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--copies", type=int, default=1, help="augmented copies a training clip")
    parser.add_argument("--real-copies", type=int, default=0, help="more of them a recording")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--step", type=float, help="of the log-mel, in nepers: 0.1, and 0.8 in a small pack"
    )
    parser.add_argument("--megabytes", type=float, default=60.0, help="of the small pack, at most")
    parser.add_argument("--real-share", type=float, default=0.5, help="of its seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
