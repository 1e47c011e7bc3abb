# SPDX-License-Identifier: GPL-3.0-or-later
"""DiffPoseTalk's lmdb of FLAME 2020 parameters at 25 frames a second.

Keys: `metadata` {seg_len}; `PERSON/NNN/metadata` {n_frames}; `PERSON/NNN/III` {audio: flac bytes at
16 kHz, coef: {shape, exp (n,50), pose (n,6: head, jaw; axis-angle)}}, each value a pickle. Which
videos there are stands in `keys.txt` (or train.txt, val.txt, test.txt), else the keys tell.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from model_runtime.contract import FloatArray

from .pickles import dictionary, inner, numbers, whole
from .record import DataError, FlameCurves, Reader, Recording, Sound, need

FPS = 25.0
LISTS = ("keys.txt", "train.txt", "val.txt", "test.txt")
WANTS = "data.mdb with DiffPoseTalk's segments"


def read(folder: Path) -> Iterator[Recording]:
    lmdb = need("lmdb", "DiffPoseTalk's data")
    if not (folder / "data.mdb").is_file():
        raise DataError(f"There is no data.mdb in '{folder}'. That folder must hold {WANTS}.")
    with (
        lmdb.open(str(folder), readonly=True, lock=False, readahead=False) as store,
        store.begin() as rows,
    ):
        for name in _videos(folder, rows):
            yield _recording(name, rows)


def _videos(folder: Path, rows: Any) -> list[str]:
    lines = [
        line.split()[0]
        for listed in LISTS
        if (folder / listed).is_file()
        for line in (folder / listed).read_text().splitlines()
        if line.strip()
    ]
    keys = (bytes(key).decode() for key in rows.cursor().iternext(keys=True, values=False))
    return sorted(set(lines)) or [k.removesuffix("/metadata") for k in keys if "/metadata" in k]


def _value(rows: Any, key: str) -> dict[str, Any]:
    data = rows.get(key.encode())
    if data is None:
        raise DataError(f"The lmdb has no '{key}'. Copy it again, with both of its files.")
    return dictionary(bytes(data), key)


def _recording(name: str, rows: Any) -> Recording:
    length = whole(_value(rows, "metadata"), "seg_len", "metadata")
    frames = whole(_value(rows, f"{name}/metadata"), "n_frames", name)
    keys = [f"{name}/{index:03d}" for index in range(-(-frames // length))]
    segments = [_segment(rows, key) for key in keys]
    expression, pose, samples = (np.concatenate(part) for part in zip(*segments, strict=True))
    motion = FlameCurves(expression, pose[:, 3:6], pose[:, :3])
    return Recording(name, name.split("/")[0], Sound(samples, 16_000), FPS, motion)


def _segment(rows: Any, key: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    parts = _value(rows, key)
    coefficients = inner(parts.get("coef"), key)
    expression, pose = (
        np.asarray(numbers(coefficients, part, key), np.float32) for part in ("exp", "pose")
    )
    if pose.ndim != 2 or pose.shape[1] != 6 or len(pose) != len(expression):
        raise DataError(f"'{key}': pose must be (frames, 6): the head's turn, then the jaw's.")
    return expression, pose, _decoded(parts.get("audio"), key)


def _decoded(data: Any, key: str) -> FloatArray:
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError) as error:
        raise DataError(f"'{key}': its sound is not flac ({error}).") from error
    if rate != 16_000:
        raise DataError(f"'{key}': its sound has {rate} samples a second and should have 16000.")
    return np.asarray(samples.mean(1), np.float32)


READER = Reader("diffposetalk", WANTS, read)
