# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the takes that the engine writes: npz archives of plain arrays, never pickles."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..model_runtime.contract import CHANNELS, Take, ThunderError


class TakeFileError(ThunderError):
    """A take file is missing, damaged or something else."""


def read_take(path: Path) -> Take:
    """Read `weights` [frames, channels], `channels`, `fps`, `seed` and `provenance` (JSON).

    Raises TakeFileError with the user's sentence for anything else.
    """
    arrays = _read_arrays(path)
    try:
        channels = tuple(str(name) for name in arrays["channels"])
        weights = arrays["weights"].astype(np.float32)
        fps = float(arrays["fps"])
        provenance = json.loads(str(arrays["provenance"])) if "provenance" in arrays else {}
    except (KeyError, TypeError, ValueError) as error:
        raise _not_a_take(path) from error
    if "seed" in arrays and isinstance(provenance, dict):
        provenance.setdefault("seed", int(arrays["seed"]))
    take = Take(weights, channels, fps, provenance)
    _check(take, path)
    return take


def _read_arrays(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise TakeFileError(
            f"There is no take at {path}. Choose a file that the engine has written."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise _not_a_take(path) from error


def _check(take: Take, path: Path) -> None:
    weights = take.weights
    if weights.ndim != 2 or weights.shape[1] != len(take.channels) or not len(weights):
        raise _not_a_take(path)
    if not isinstance(take.provenance, dict) or not 1 <= take.fps <= 1000:
        raise _not_a_take(path)
    if not np.isfinite(weights).all():
        raise TakeFileError(
            f"The take {path} holds values that are not numbers. Generate it again."
        )
    if not set(take.channels) & set(CHANNELS):
        raise TakeFileError(
            f"The take {path} has none of the channels of a head, such as jawOpen. "
            "Choose a take generated for the open head."
        )


def _not_a_take(path: Path) -> TakeFileError:
    return TakeFileError(
        f"{path} is not a take or is damaged. Choose an .npz file that the engine has written."
    )
