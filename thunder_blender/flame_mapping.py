# SPDX-License-Identifier: GPL-3.0-or-later
"""From the 52 units to a FLAME's coefficients: found once for each file, kept on each rig."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.face import FaceModel
from ..model_runtime.flame import Flame
from ..model_runtime.flame_calibration import Calibration, calibrate
from .rig import RigError

FloatArray = npt.NDArray[np.float32]

EDITION = 7  # of the calibration; a new one does not use what an older one has kept
PREFIX = "thunder_flame_"  # of the custom properties
LEFT = "left"  # in the kept file: what the expressions cannot say
COUNT = len(UNITS)

SHAPES = {
    "left_over": (-1, COUNT + 1, COUNT + 1),
    "expression": (COUNT, -1),
    "jaw": (COUNT, 3),
    "lips": (-1, 3),
    "joint": (-1, 3),
    "gram": (COUNT, COUNT),
    "still": (-1, COUNT),
    "turned": (9, -1, COUNT),
}
KINDS = {"lips": np.int32, "left_over": np.float64, "gram": np.float64}


def map_flame(
    flame: Flame,
    head: FaceModel,
    kept: Path | None = None,
    tell: Callable[[float], object] = abs,
    mouth: FloatArray | npt.NDArray[np.float64] | None = None,
) -> tuple[Calibration, FloatArray]:
    """Calibrate `flame`, or find what an import before left in the folder `kept`.

    Gives also what its expressions cannot say of each unit (52,V,3). `mouth` is what landmarks
    tell of it, see `flame_match.match`. `tell` hears the share that is done; what it raises ends
    the work.
    """
    marked = "" if mouth is None else "-" + hashlib.sha256(mouth.tobytes()).hexdigest()[:12]
    path = kept / f"{flame.sha256}-{EDITION}{marked}.npz" if kept else None
    if path and (found := _load(path)):
        return found
    mapping, left = calibrate(flame.face, head, tell, mouth)
    if path:
        parts: dict[str, Any] = {**_parts(mapping), LEFT: left.astype(np.float16)}
        np.savez_compressed(path, **parts)
    return mapping, left


def store(body: bpy.types.Object, mapping: Calibration) -> None:
    """Keep the mapping on the rig's mesh object, so that the file needs nothing else."""
    for name, values in _parts(mapping).items():
        body[PREFIX + name] = values.ravel().tolist()


def stored(body: bpy.types.Object) -> Calibration:
    """The mapping that `store` kept. Raises RigError when it is gone."""
    try:
        return Calibration(**{name: _property(body, name) for name in _names()})
    except (KeyError, ValueError, TypeError) as error:
        raise RigError(
            f"'{body.name}' has lost how the units map to its FLAME. Import the FLAME again."
        ) from error


def _property(body: bpy.types.Object, name: str) -> npt.NDArray[Any]:
    values = np.array(body[PREFIX + name], KINDS.get(name, np.float32))
    shape = SHAPES.get(name, (-1,))
    if name == "coefficients":  # the expressions, and two turns of the jaw
        expressions = len(body[f"{PREFIX}expression"]) // COUNT
        shape = (-1, COUNT + 1, expressions + 2)
    return values.reshape(shape)


def _names() -> list[str]:
    return [field.name for field in fields(Calibration)]


def _parts(mapping: Calibration) -> dict[str, Any]:
    return {name: getattr(mapping, name) for name in _names()}


def _load(path: Path) -> tuple[Calibration, FloatArray] | None:
    """What an earlier import kept; None where there is nothing readable: it is made anew."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            parts = {name: archive[name] for name in _names()}
            return Calibration(**parts), archive[LEFT].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
