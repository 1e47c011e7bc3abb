# SPDX-License-Identifier: GPL-3.0-or-later
"""inferno's (EMOTE, EMICA) reconstructions: `shape_pose_cam.hdf5` a video, FLAME 2020, 25 fps.

Data sets `exp` (1,T,50 or 100), `jaw` (1,T,3), `global_pose` (1,T,3), `shape`, `cam`, all with a
leading axis of 1. MEAD's folders name the rest: .../M003/front/angry/level_2/014/. Sound lies
anywhere under the folder by the same names, as M003/angry/level_2/014.wav (or .m4a).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import FloatArray

from .record import SOUND_ENDINGS, DataError, FlameCurves, Reader, Recording, found, need

FPS = 25.0
FILE = "shape_pose_cam.hdf5"
WANTS = f"folders with {FILE}, and their sound"
FEELINGS = {  # MEAD's words
    "neutral": "neutral",
    "happy": "happy",
    "sad": "sad",
    "angry": "angry",
    "surprised": "surprised",
    "fear": "afraid",
    "disgusted": "disgusted",
    "contempt": "contempt",
}
LEVELS = {"level_1": 0.6, "level_2": 1.0, "level_3": 1.4}
VIEWS = {"front", "down", "top", "left_30", "left_60", "right_30", "right_60", "audio", "video"}


def read(folder: Path) -> Iterator[Recording]:
    hdf5 = need("h5py", "inferno's data")
    paths = found(folder, FILE, WANTS)
    sounds = {_key(path): path for path in _sounds(folder)}
    for path in paths:
        yield _recording(path, folder, sounds, hdf5)


def _sounds(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SOUND_ENDINGS)


def _key(path: Path, depth: int = 4) -> tuple[str, ...]:
    """Speaker, emotion, level and sentence of MEAD; of other data the last names of the path."""
    parts = [part for part in path.with_suffix("").parts if part not in VIEWS]
    return tuple(parts[-depth:])


def _recording(
    path: Path, folder: Path, sounds: dict[tuple[str, ...], Path], hdf5: Any
) -> Recording:
    key = _key(path.parent)
    sound = sounds.get(key) or next(iter(_within(path.parent)), None)
    if sound is None:
        raise DataError(
            f"'{path}' has no sound: nothing under '{folder}' is called {'/'.join(key)}. "
            "Put the data set's sound into the folder, under the same names."
        )
    try:
        with hdf5.File(path, "r") as file:
            expression, jaw, head = (_rows(file, n, path) for n in ("exp", "jaw", "global_pose"))
    except OSError as error:
        raise DataError(f"'{path}' is no hdf5 file ({error}).") from error
    name = path.parent.relative_to(folder).as_posix()
    speaker = key[0] if len(key) == 4 else name.split("/")[0]
    motion = FlameCurves(expression, jaw, head)
    feeling = next((FEELINGS[part] for part in key if part in FEELINGS), None)
    level = next((LEVELS[part] for part in key if part in LEVELS), None)
    strength = 1.0 if feeling == "neutral" else level
    return Recording(name, speaker, sound, FPS, motion, feeling, strength)


def _within(folder: Path) -> list[Path]:
    return [path for path in _sounds(folder) if path.parent == folder]


def _rows(file: Any, name: str, path: Path) -> FloatArray:
    if name not in file:
        raise DataError(f"'{path}' has no '{name}'.")
    values = np.asarray(file[name], np.float32)
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2:
        raise DataError(f"'{path}': '{name}' is {values.shape} and should be (1, frames, numbers).")
    return values


READER = Reader("inferno", WANTS, read)
