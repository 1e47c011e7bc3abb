# SPDX-License-Identifier: GPL-3.0-or-later
"""What every format gives and takes: named curves or a FLAME's parameters, at some rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import CHANNELS, FloatArray, ThunderError

MOST_BYTES = 256_000_000  # of a file, and of what it unpacks to
MOST_FRAMES = 500_000  # two hours at 60 a second
FPS_RANGE = (1.0, 1000.0)
LARGEST_WEIGHT = 4.0  # of a unit; files in per cent reach 100


class MotionError(ThunderError):
    """A motion file cannot be used: from a format half a sentence, from `read_motion` a whole."""


@dataclass(frozen=True)
class Curves:
    """Named channels: weights (frames, names), and the head's turn where it was measured."""

    names: tuple[str, ...]
    weights: FloatArray
    head: FloatArray | None = None  # (frames, 3) axis-angle in radians


@dataclass(frozen=True)
class FlameCurves:
    """FLAME's parameters: expression (frames, n), jaw (frames, 3), head (frames, 3) axis-angle."""

    expression: FloatArray
    jaw: FloatArray
    head: FloatArray | None = None
    shape: FloatArray | None = None  # (n,) of the person, where the file tells


@dataclass(frozen=True)
class MotionFile:
    """What a file holds. Frame i stands at i / fps seconds."""

    motion: Curves | FlameCurves
    fps: float
    format: str  # its name, as a user knows it
    provenance: dict[str, Any] = field(default_factory=dict)  # of a take of ours
    sha256: str = ""

    @property
    def frames(self) -> int:
        return len(arrays_of(self.motion)[0])

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


def arrays_of(motion: Curves | FlameCurves) -> list[FloatArray]:
    """The arrays of a motion that have a row a frame, (frames, numbers) each."""
    parts = [motion.weights] if isinstance(motion, Curves) else [motion.expression, motion.jaw]
    return parts if motion.head is None else [*parts, motion.head]


def checked(file: MotionFile) -> MotionFile:
    """`file` itself. Raises MotionError when it is empty, too long or holds no usable numbers."""
    if not 0 < file.frames <= MOST_FRAMES:
        what = "no frames" if not file.frames else f"{file.frames} frames, too many to import"
        raise MotionError(f"it has {what}")
    low, high = FPS_RANGE
    if not low <= file.fps <= high:
        raise MotionError(f"{file.fps:g} frames a second cannot be right")
    for part in arrays_of(file.motion):
        if part.ndim != 2 or len(part) != file.frames:
            raise MotionError("its parts have different lengths")
        check_finite(part)
    if isinstance(file.motion, Curves):
        _check_weights(file.motion)
    return file


def check_finite(values: npt.NDArray[np.floating]) -> None:
    """Raises MotionError that names the first frame (counted from 1) with no number in it."""
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        raise MotionError(
            f"{int(wrong.sum())} of its frames hold values that are not numbers, frame "
            f"{int(wrong.argmax()) + 1} first"
        )


def _check_weights(curves: Curves) -> None:
    known = [index for index, name in enumerate(curves.names) if name in CHANNELS]
    if not known:
        some = ", ".join(curves.names[:3]) or "none"
        raise MotionError(f"none of its curves ({some}) is an ARKit unit such as jawOpen")
    largest = float(np.abs(curves.weights[:, known]).max())
    if largest > LARGEST_WEIGHT:
        raise MotionError(f"its weights reach {largest:.4g}, and an ARKit unit goes from 0 to 1")
