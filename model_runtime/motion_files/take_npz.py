# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own takes as .npz: `weights` float32 [frames, channels], `channels` unicode [channels], `fps`
float64, `seed` int64, `provenance` a JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import NECK, Take
from .motion import Curves, FlameCurves, MotionError, MotionFile
from .npz import npz_bytes, number, rows

TITLE = "THUNDER take"
JAW = ("jawPitch", "jawYaw", "jawRoll")  # of takes in a FLAME's own parameters


def take_bytes(take: Take) -> bytes:
    """The same take gives the same bytes."""
    provenance = json.dumps(take.provenance, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return npz_bytes(
        {
            "weights": np.asarray(take.weights, np.float32),
            "channels": np.array(take.channels),
            "fps": np.asarray(take.fps, np.float64),
            "seed": np.asarray(take.provenance.get("seed", 0), np.int64),
            "provenance": np.array(provenance),
        }
    )


def take_from(arrays: Mapping[str, npt.NDArray[Any]], fps: float | None = None) -> Take:
    """The take in such arrays, seed and provenance with it. Raises MotionError."""
    weights = rows(arrays, "weights")
    channels = tuple(str(name) for name in arrays["channels"].ravel())
    if weights.shape[1] != len(channels):
        raise MotionError(f"{weights.shape} weights for {len(channels)} channels")
    try:
        provenance = json.loads(str(arrays["provenance"])) if "provenance" in arrays else {}
    except ValueError as error:
        raise MotionError("its provenance is damaged") from error
    if not isinstance(provenance, dict):
        raise MotionError("its provenance is damaged")
    return Take(weights, channels, fps or number(arrays, "fps", 0.0), provenance)


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], fps: float | None = None) -> MotionFile:
    """A take as a motion: curves by name, or a FLAME's parameters. Raises MotionError."""
    take = take_from(arrays, fps)
    expressions = [name for name in take.channels if name.startswith("Exp")]
    head = _columns(take, NECK) if set(NECK) <= set(take.channels) else None
    if expressions and set(JAW) <= set(take.channels):
        flame = FlameCurves(_columns(take, tuple(expressions)), _columns(take, JAW), head)
        return MotionFile(flame, take.fps, TITLE, take.provenance)
    names = tuple(name for name in take.channels if name not in NECK)
    curves = Curves(names, _columns(take, names), head)
    return MotionFile(curves, take.fps, TITLE, take.provenance)


def _columns(take: Take, names: tuple[str, ...]) -> npt.NDArray[np.float32]:
    return take.weights[:, [take.channels.index(name) for name in names]]
