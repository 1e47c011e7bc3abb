# SPDX-License-Identifier: GPL-3.0-or-later
"""How the corpus lies on disk: NAME.npy (int16 samples, 16 kHz) and NAME.jsonl (its clips) a shard.

NAME.sha256 holds the checksums of both, as sha256sum prints them. The .jsonl is renamed into place
last, so a shard with one is whole; everything else is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import ThunderError
from model_runtime.files import sha256_of

from .alignment import Segment, Segments
from .splits import split_of

RATE = 16000
SHARDS = "shards"


@dataclass(frozen=True)
class Draft:
    """A clip before it has a place in a shard. `kind`: real, synthetic or silence."""

    id: str
    source: str
    kind: str
    speaker: str
    transcript: str
    segments: Segments
    note: str = ""  # voice settings that made it


@dataclass(frozen=True)
class Clip:
    """One clip of the corpus; `offset` and `length` in samples of its shard."""

    id: str
    source: str
    kind: str
    speaker: str
    split: str
    transcript: str
    segments: Segments
    shard: str
    offset: int
    length: int
    note: str = ""

    @property
    def seconds(self) -> float:
        return self.length / RATE


@dataclass
class Corpus:
    """All whole shards under a folder; samples are read through memory maps."""

    folder: Path
    all_clips: tuple[Clip, ...]
    _maps: dict[str, npt.NDArray[np.int16]] = field(default_factory=dict, repr=False)

    def clips(self, split: str | None = None, kind: str | None = None) -> tuple[Clip, ...]:
        """Clips of a split (train, dev, test) and a kind (real, synthetic, silence) or source."""
        return tuple(
            clip
            for clip in self.all_clips
            if split in (None, clip.split) and kind in (None, clip.kind, clip.source)
        )

    def samples(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Sound of a clip at 16 kHz: (n,) in [-1, 1]."""
        if clip.shard not in self._maps:
            path = self.folder / SHARDS / f"{clip.shard}.npy"
            self._maps[clip.shard] = np.load(path, mmap_mode="r")
        raw = self._maps[clip.shard][clip.offset : clip.offset + clip.length]
        return raw.astype(np.float32) / 32768.0

    def __getstate__(self) -> dict[str, Any]:  # maps must not travel to data-loading processes
        return {"folder": self.folder, "all_clips": self.all_clips, "_maps": {}}


def open_corpus(folder: str | Path) -> Corpus:
    """Corpus under `folder`. Raises ThunderError when there is no whole shard."""
    shards = Path(folder) / SHARDS
    indices = sorted(shards.glob("*.jsonl"))
    clips = [clip for index in indices for clip in _read_index(index)]
    if not clips:
        raise ThunderError(
            f"There is no speech corpus in {folder}. Build it with: "
            f"python -m training.corpus --out {folder} --speech SPEECH_DIR --hours 10"
        )
    return Corpus(Path(folder), tuple(clips))


def is_whole(folder: Path, name: str) -> bool:
    """Whether the shard was finished."""
    return (folder / SHARDS / f"{name}.jsonl").is_file()


def shard_seconds(folder: Path, name: str) -> float:
    """Seconds of sound in a finished shard."""
    return sum(clip.seconds for clip in _read_index(folder / SHARDS / f"{name}.jsonl"))


def write_shard(
    folder: Path, name: str, split: str, clips: Iterable[tuple[Draft, npt.NDArray[np.float32]]]
) -> float:
    """Write a shard atomically; returns its seconds. With `split` '' each speaker has its own."""
    lines: list[str] = []
    pieces: list[npt.NDArray[np.int16]] = []
    offset = 0
    for draft, samples in clips:
        pieces.append(to_int16(samples))
        place = {"split": split or split_of(draft.speaker), "offset": offset}
        lines.append(_line(draft, place, len(samples)))
        offset += len(samples)
    shards = folder / SHARDS
    shards.mkdir(parents=True, exist_ok=True)
    sound = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    partial = shards / f".{name}.partial.npy"
    np.save(partial, sound)
    partial.replace(shards / f"{name}.npy")
    partial = shards / f".{name}.partial"
    partial.write_text("".join(lines), encoding="utf-8")
    (shards / f"{name}.sha256").write_text(_sums(shards / f"{name}.npy", partial))
    partial.replace(shards / f"{name}.jsonl")
    return offset / RATE


def check_shard(folder: Path, name: str) -> bool | None:
    """Whether a finished shard's files are those that were written; None without checksums."""
    shards = folder / SHARDS
    expected = shards / f"{name}.sha256"
    if not expected.is_file():
        return None
    return expected.read_text() == _sums(shards / f"{name}.npy", shards / f"{name}.jsonl")


def add_checksums(folder: Path, name: str) -> None:
    """Write the checksums of a shard that was made before there were any."""
    shards = folder / SHARDS
    sums = _sums(shards / f"{name}.npy", shards / f"{name}.jsonl")
    (shards / f"{name}.sha256").write_text(sums)


def _sums(sound: Path, index: Path) -> str:
    """What `sha256sum` prints for both files of a shard."""
    return f"{sha256_of(sound)}  {sound.name}\n{sha256_of(index)}  {sound.stem}.jsonl\n"


def to_int16(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def _line(draft: Draft, place: dict[str, Any], length: int) -> str:
    row = {
        "id": draft.id,
        "source": draft.source,
        "kind": draft.kind,
        "speaker": draft.speaker,
        "transcript": draft.transcript,
        **place,
        "length": length,
        "segments": [[s.phone, round(s.start, 4), round(s.end, 4)] for s in draft.segments],
    }
    if any(s.stress is not None for s in draft.segments):
        row["stress"] = [s.stress for s in draft.segments]
    if draft.note:
        row["note"] = draft.note
    return json.dumps(row, ensure_ascii=False) + "\n"


def _read_index(path: Path) -> list[Clip]:
    clips = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        segments = _segments(row.pop("segments"), row.pop("stress", None))
        clips.append(Clip(shard=path.stem, segments=segments, **row))
    return clips


def _segments(rows: Sequence[list[Any]], stress: Sequence[int | None] | None) -> Segments:
    marks = stress or [None] * len(rows)
    return tuple(
        Segment(row[0], row[1], row[2], mark) for row, mark in zip(rows, marks, strict=True)
    )
