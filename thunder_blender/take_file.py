# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the takes that the engine writes: npz archives of plain arrays, never pickles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..model_runtime.contract import CHANNELS, Take, ThunderError
from ..model_runtime.motion_files import MotionError
from ..model_runtime.motion_files.motion import FPS_RANGE
from ..model_runtime.motion_files.npz import number, read_npz
from ..model_runtime.motion_files.take_npz import JAW, take_from


class TakeFileError(ThunderError):
    """A take file is missing, damaged or something else."""


def read_take(path: Path) -> Take:
    """Read `weights` [frames, channels], `channels`, `fps`, `seed` and `provenance` (JSON).

    Raises TakeFileError with the user's sentence for anything else.
    """
    if not path.is_file():
        raise TakeFileError(
            f"There is no take at {path}. Choose a file that the engine has written."
        )
    try:
        arrays = read_npz(path.read_bytes())
        take = take_from(arrays)
        if "seed" in arrays:
            take.provenance.setdefault("seed", int(number(arrays, "seed", 0.0)))
    except (MotionError, OSError, KeyError, ValueError, OverflowError) as error:
        raise TakeFileError(
            f"{path} is not a take or is damaged. Choose an .npz file that the engine has written."
        ) from error
    _check(take, path)
    return take


def _check(take: Take, path: Path) -> None:
    low, high = FPS_RANGE
    if not len(take.weights) or not low <= take.fps <= high:
        raise TakeFileError(
            f"{path} is not a take: it has {len(take.weights)} frames at {take.fps:g} a second. "
            "Generate it again."
        )
    if not np.isfinite(take.weights).all():
        raise TakeFileError(
            f"The take {path} holds values that are not numbers. Generate it again."
        )
    if not set(take.channels) & {*CHANNELS, *JAW}:
        raise TakeFileError(
            f"The take {path} has none of the channels of a head, such as jawOpen. "
            "Choose a take generated for the open head."
        )
