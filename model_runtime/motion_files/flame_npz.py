# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME's parameters as .npz: DiffPoseTalk's, and BEAT2's, which are SMPL-X with FLAME's face.

DiffPoseTalk: `exp` (T,50), `pose` (T,6: the head's turn, then the jaw's), `shape` (T,100), 25 a
second and no word of it. Ours has those, up to 100 expressions, and `fps`.
BEAT2: `expressions` (T,100), `poses` (T,165), `betas` (300,), `mocap_frame_rate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import FloatArray
from .motion import FlameCurves, MotionError, MotionFile
from .npz import npz_bytes, number, rows
from .turns import composed

Array = npt.NDArray[Any]

TITLE, BEAT2 = "FLAME npz", "BEAT2 npz"
FPS, BEAT2_FPS = 25.0, 30.0
PERSON = 100  # identity coefficients that DiffPoseTalk writes
NECK, HEAD, JAW = 12, 15, 22  # SMPL-X's joints


def flame_bytes(motion: FlameCurves, fps: float) -> bytes:
    """`motion` in DiffPoseTalk's way, with its rate; the identity the same in every frame."""
    count = len(motion.expression)
    head = np.zeros((count, 3), np.float32) if motion.head is None else motion.head
    person = np.zeros(PERSON, np.float32)
    if motion.shape is not None:
        kept = motion.shape[:PERSON]
        person[: len(kept)] = kept
    return npz_bytes(
        {
            "exp": np.asarray(motion.expression, np.float32),
            "pose": np.concatenate([head, motion.jaw], axis=1).astype(np.float32),
            "shape": np.tile(person, (count, 1)),
            "fps": np.asarray(fps, np.float64),
        }
    )


def from_arrays(arrays: Mapping[str, Array], fps: float | None = None) -> MotionFile:
    """What a npz with `exp` and `pose` holds. Raises MotionError."""
    expression, pose = rows(arrays, "exp"), rows(arrays, "pose", 6)
    if pose.shape[1] != 6:
        raise MotionError(f"its 'pose' is {pose.shape} and should be (frames, 6)")
    _same_length(expression, pose)
    motion = FlameCurves(expression, pose[:, 3:6], pose[:, :3], person_of(arrays.get("shape")))
    return MotionFile(motion, fps or number(arrays, "fps", FPS), TITLE)


def from_beat2(arrays: Mapping[str, Array], fps: float | None = None) -> MotionFile:
    """What a npz with `expressions` and `poses` holds. Raises MotionError."""
    expression, poses = rows(arrays, "expressions"), rows(arrays, "poses", 3 * (JAW + 1))
    _same_length(expression, poses)
    neck, head, jaw = (poses[:, 3 * joint : 3 * joint + 3] for joint in (NECK, HEAD, JAW))
    rate = fps or number(arrays, "mocap_frame_rate", BEAT2_FPS)
    motion = FlameCurves(expression, jaw, composed(neck, head), person_of(arrays.get("betas")))
    return MotionFile(motion, rate, BEAT2)


def _same_length(first: FloatArray, second: FloatArray) -> None:
    if len(first) != len(second):
        raise MotionError(f"its parts have {len(first)} and {len(second)} frames")


def person_of(values: Array | None) -> FloatArray | None:
    """Identity coefficients (n,), of the first frame where there are many; None for none."""
    if values is None or not values.size or values.dtype.kind not in "iuf":
        return None
    person = values.reshape(-1, values.shape[-1] if values.ndim else 1)[0].astype(np.float32)
    return person if np.isfinite(person).all() else None
