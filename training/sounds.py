# SPDX-License-Identifier: GPL-3.0-or-later
"""The real sound of the lessons, read from the pack: log-mel, phones and speech units."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model_runtime.contract import FloatArray, RequestError
from model_runtime.features import MELS_PER_MOTION_FRAME, SILENT_ENERGY, frame_energy
from model_runtime.mesh_to_speech import speaker_embedding
from training.pack import Pack
from training.targets import Lesson, in_pack
from training.units import UNITS_FILE, UNKNOWN_UNIT


class Sound(NamedTuple):
    """What is really said in the rows of a batch."""

    mel: Tensor  # (batch, 2 * frames, bands), normalised over the clip
    phones: Tensor  # (batch, frames) index into PHONES
    units: Tensor  # (batch, frames) speech units, UNKNOWN_UNIT where there is none
    voice: Tensor  # (batch, SPEAKER_WIDTH) mesh_to_speech.speaker_embedding of the clip
    silent: Tensor  # (batch, frames) bool: nothing to hear
    clean: Tensor  # (batch,) bool: as recorded, not an augmented copy

    def to(self, device: torch.device) -> Sound:
        return Sound(*(part.to(device, non_blocking=True) for part in self))


class Voice(NamedTuple):
    """What is known of a whole clip; kept, so that a crop needs only its own rows."""

    mean: FloatArray  # (bands,), and
    scale: float  # what features.normalise takes away and divides by
    embedding: FloatArray  # (SPEAKER_WIDTH,)


class Sounds:
    """The pack's rows of each lesson, by the lesson's place in the list."""

    def __init__(self, pack: Path, lessons: list[Lesson], units: Path | None = None) -> None:
        self.pack = Pack(pack)
        self.items = in_pack(lessons, self.pack)
        self._units = None if units is None else read_units(units, self.pack)
        self._voices: dict[int, Voice] = {}

    def __call__(self, crops: list[tuple[int, int, int]], window: int) -> Sound:
        """Crops (place of the lesson, first frame, frames) -> Sound of `window` frames a row."""
        rows = [self._row(place, first, frames, window) for place, first, frames in crops]
        clean = np.array([self.clean(place) for place, _, _ in crops])
        columns = [*(np.stack(part) for part in zip(*rows, strict=True)), clean]
        return Sound(*(torch.from_numpy(column) for column in columns))

    def phones(self, place: int, first: int, frames: int) -> npt.NDArray[Any]:
        return self.pack.phones(self.items[place], first, frames)

    def clean(self, place: int) -> bool:
        """Whether the lesson is of sound as recorded, not of an augmented copy."""
        return self.items[place].copy == 0

    def units(self, place: int, first: int, frames: int) -> npt.NDArray[Any]:
        """Speech units (frames,) int64, UNKNOWN_UNIT where there is none."""
        if self._units is None:
            return np.full(frames, UNKNOWN_UNIT, np.int64)
        start = self.items[place].start + first
        return np.asarray(self._units[start : start + frames], np.int64)

    def _row(self, place: int, first: int, frames: int, window: int) -> tuple[Any, ...]:
        item = self.items[place]
        voice = self._voice(place)
        mel = self.pack.mel(item, first, frames)
        normal = (mel - voice.mean) / voice.scale  # over the clip, as the engine hears it
        silent = frame_energy(mel) < SILENT_ENERGY
        missing = window - frames
        units = self.units(place, first, frames)
        return (
            np.pad(normal, ((0, MELS_PER_MOTION_FRAME * missing), (0, 0))),
            np.pad(self.phones(place, first, frames), (0, missing)),
            np.pad(units, (0, missing), constant_values=UNKNOWN_UNIT),
            voice.embedding,
            np.pad(silent, (0, missing), constant_values=True),
        )

    def _voice(self, place: int) -> Voice:
        if place not in self._voices:
            whole = self.pack.mel(self.items[place])
            mean = whole.mean(0, dtype=np.float64).astype(np.float32)
            scale = float(whole.std()) + 0.5
            self._voices[place] = Voice(mean, scale, speaker_embedding(whole))
        return self._voices[place]


def read_units(folder: Path, pack: Pack) -> npt.NDArray[Any]:
    """The speech units of `training.units`: (frames of the pack,). Raises RequestError."""
    path = folder / UNITS_FILE if folder.is_dir() else folder
    if not path.is_file():
        raise RequestError(f"{path} does not exist. Make it with python -m training.units.")
    units = np.load(path, mmap_mode="r")
    frames = max(item.start + item.frames for item in pack.items)
    if len(units) != frames:
        raise RequestError(
            f"{path} has {len(units)} frames and the pack has {frames}. Make the units again from "
            "this pack."
        )
    return units
