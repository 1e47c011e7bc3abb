# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a pack and its lessons, recording by recording, in the formats that the training reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import FloatArray
from model_runtime.features import MEL_BANDS, MELS_PER_MOTION_FRAME
from model_runtime.motion_space import MotionSpace
from model_runtime.phones import UNKNOWN_PHONE
from training.pack import Item
from training.targets import Lesson, arrays_of

Arrays = Mapping[str, npt.NDArray[Any]]
PACK, LESSONS = "pack", "lessons"
BLOCK = 1 << 14  # rows copied at once


@dataclass(frozen=True)
class Row:
    """One recording as it was written."""

    id: str
    speaker: str
    start: int  # motion frames
    frames: int


class Writer:
    """Takes recordings in order, then the split; the lessons hold all but the test recordings."""

    def __init__(self, out: Path, source: str, space: MotionSpace) -> None:
        self.arrays = arrays_of(space)
        self.pack, self.lessons, self.source = out / PACK, out / LESSONS, source
        for folder in (self.pack, self.lessons):
            folder.mkdir(parents=True, exist_ok=True)
        self.rows: list[Row] = []
        self._mel = (self.pack / "mel.raw").open("wb")
        self._all = {name: self._part(name).open("wb") for name in self.arrays}

    def add(self, name: str, speaker: str, mel: FloatArray, arrays: Arrays) -> None:
        """mel (2 * frames, bands); arrays as arrays_of(space) names them, each (frames, width)."""
        frames = len(arrays["motion"])
        assert len(mel) == MELS_PER_MOTION_FRAME * frames
        mel.astype(np.float16).tofile(self._mel)
        for part, file in self._all.items():
            width, dtype = self.arrays[part]
            assert arrays[part].shape == (frames, width)
            arrays[part].astype(dtype).tofile(file)
        start = self.rows[-1].start + self.rows[-1].frames if self.rows else 0
        self.rows.append(Row(name, speaker, start, frames))

    def finish(self, splits: Mapping[str, str]) -> None:
        """Put everything in its place; `splits` by recording."""
        self._mel.close()
        for file in self._all.values():
            file.close()
        self._finish_pack(splits)
        kept = [row for row in self.rows if splits[row.id] != "test"]
        for name in self.arrays:
            self._copy(name, kept)
        lines, start = [], 0
        for row in kept:
            lesson = Lesson(self.source, splits[row.id], start, row.frames, row.start)
            lines.append(json.dumps(asdict(lesson)) + "\n")
            start += row.frames
        _replace(self.lessons / "lessons.jsonl", "".join(lines))

    def _finish_pack(self, splits: Mapping[str, str]) -> None:
        frames = sum(row.frames for row in self.rows)
        raw = self.pack / "mel.raw"
        shape = (MELS_PER_MOTION_FRAME * frames, MEL_BANDS)
        mel = np.memmap(raw, np.float16, "r", shape=shape)
        np.save(self.pack / "mel.npy", mel)
        del mel
        raw.unlink()
        np.save(self.pack / "phones.npy", np.full(frames, UNKNOWN_PHONE, np.uint8))
        items = (
            Item(row.id, 0, self.source, splits[row.id], row.start, row.frames, ())
            for row in self.rows
        )
        _replace(
            self.pack / "items.jsonl", "".join(json.dumps(asdict(item)) + "\n" for item in items)
        )

    def _part(self, name: str) -> Path:
        return self.lessons / f"{name}.part"

    def _copy(self, name: str, rows: list[Row]) -> None:
        width, dtype = self.arrays[name]
        frames = sum(row.frames for row in self.rows)
        part = np.memmap(self._part(name), dtype, "r", shape=(frames, width))
        with (self.lessons / f"{name}.raw").open("wb") as file:
            for row in rows:
                for first in range(row.start, row.start + row.frames, BLOCK):
                    last = min(first + BLOCK, row.start + row.frames)
                    np.asarray(part[first:last]).tofile(file)
        del part
        self._part(name).unlink()


def _replace(path: Path, text: str) -> None:
    partial = path.with_suffix(".tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
