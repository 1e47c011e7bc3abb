# SPDX-License-Identifier: GPL-3.0-or-later
"""What every reader gives: one recording of a face that speaks, as its data set stores it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from model_runtime.audio import SAMPLE_RATE, Resampler, mono, read_audio
from model_runtime.contract import EMOTIONS, FloatArray, ThunderError
from model_runtime.motion_files import Curves, FlameCurves
from model_runtime.motion_files.motion import arrays_of

SOUND_ENDINGS = (".wav", ".flac", ".ogg", ".mp3", ".m4a", ".aac", ".mov", ".mp4")


__all__ = [  # Curves and FlameCurves are what Blender imports, too
    "Curves",
    "DataError",
    "FlameCurves",
    "Reader",
    "Recording",
    "Sound",
    "Vertices",
]


class DataError(ThunderError):
    """Somebody's data cannot be read; the message says which file, why and what to do."""


@dataclass(frozen=True)
class Sound:
    """Sound that lies in the data and not in a file of its own: (n,) in [-1, 1]."""

    samples: FloatArray
    rate: int


@dataclass(frozen=True)
class Vertices:
    """Points (frames, V, 3) and the speaker's face at rest (V, 3), in metres."""

    points: FloatArray
    template: FloatArray


Motion = Curves | FlameCurves | Vertices


@dataclass(frozen=True)
class Recording:
    """One stretch of speech with its motion. Motion frame i stands at i / fps seconds."""

    id: str
    speaker: str
    sound: Path | Sound
    fps: float
    motion: Motion
    emotion: str | None = None  # one of EMOTIONS; None: not known
    intensity: float | None = None

    def __post_init__(self) -> None:
        if self.emotion not in (None, *EMOTIONS):
            raise DataError(f"'{self.id}': the emotion '{self.emotion}' is not known.")
        if not 1.0 <= self.fps <= 1000.0:
            raise DataError(f"'{self.id}': {self.fps:g} frames a second cannot be right.")
        if not all(np.isfinite(part).all() for part in _arrays(self.motion)):
            raise DataError(f"'{self.id}': its motion holds values that are not numbers.")

    @property
    def frames(self) -> int:
        return len(_arrays(self.motion)[0])


@dataclass(frozen=True)
class Reader:
    """How one kind of data is read: `read` gives the recordings under a folder, in a fixed order.

    `read` raises DataError. `wants` tells what must lie in the folder.
    """

    name: str
    wants: str
    read: Callable[[Path], Iterator[Recording]]


def _arrays(motion: Motion) -> list[FloatArray]:
    if isinstance(motion, Vertices):
        return [motion.points, motion.template]
    return arrays_of(motion)


def sound_of(recording: Recording) -> FloatArray:
    """The recording's sound as 16 kHz mono samples (n,). Raises AudioError."""
    if isinstance(recording.sound, Path):
        return read_audio(recording.sound).samples
    samples = np.asarray(recording.sound.samples, np.float32)
    merged, _ = mono(samples.reshape(len(samples), -1))
    if recording.sound.rate == SAMPLE_RATE:
        return merged
    resampler = Resampler(recording.sound.rate)
    return np.concatenate([resampler.feed(merged), resampler.finish()])


def sound_beside(path: Path) -> Path:
    """The sound file with the name of `path`. Raises DataError when there is none."""
    return first_sound([path.with_suffix("")], path.name)


def first_sound(stems: Sequence[Path], owner: str) -> Path:
    """The first sound file that exists under one of the names (without ending)."""
    for stem in stems:
        for ending in SOUND_ENDINGS:
            if (path := stem.with_name(stem.name + ending)).is_file():
                return path
    raise DataError(
        f"'{owner}' has no sound: {' or '.join(str(stem) for stem in stems)} with one of "
        f"{', '.join(SOUND_ENDINGS)} does not exist. Put its sound there."
    )


def found(folder: Path, pattern: str, wants: str) -> list[Path]:
    """Files under `folder` that match, in order. Raises DataError when there is none."""
    paths = sorted(folder.rglob(pattern)) if folder.is_dir() else []
    if not paths:
        raise DataError(f"There is no {pattern} under '{folder}'. That folder must hold {wants}.")
    return paths


def need(package: str, kind: str) -> Any:
    """An optional package. Raises DataError that says what to install."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DataError(
            f"To read {kind}, Python needs '{package}'. Install it with: pip install {package}"
        ) from error


def relative_turn(head: FloatArray) -> FloatArray:
    """Axis-angles (frames, 3) relative to the clip's mean pose: cameras stand anywhere."""
    turns = Rotation.from_rotvec(np.asarray(head, np.float64))
    return np.asarray((turns.mean().inv() * turns).as_rotvec(), np.float32)
