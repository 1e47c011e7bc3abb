# SPDX-License-Identifier: GPL-3.0-or-later
"""From the 52 units to a FLAME's coefficients: found once for each file, kept on each rig."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.face import FaceModel
from ..model_runtime.flame import Flame
from . import flame_fit, flame_solve
from .rig import RigError

Array = npt.NDArray[np.floating] | npt.NDArray[np.integer]

EDITION = 1  # of the fit and the solve; a new one does not use what an older one has kept
PREFIX = "thunder_flame_"  # of the custom properties
COLUMNS = np.array([-0.008, -0.004, 0.0, 0.004, 0.008])  # metres from the middle of the mouth
REACH = 0.0035
FITTING = 0.4  # of the time that the fit and the solve take together


@dataclass(frozen=True)
class FlameMapping:
    """What each unit is on one FLAME, and where its lips are."""

    expression: npt.NDArray[np.float32]  # (52,E) coefficients at weight 1
    jaw: npt.NDArray[np.float32]  # (52,3) axis-angle in radians at weight 1
    residual: npt.NDArray[np.float32]  # (52,) mm
    lips: npt.NDArray[np.int32]  # (K,3) vertex, column, 0 upper or 1 lower lip
    scale: npt.NDArray[np.float32]  # (1,) size of the FLAME's head over the open head's


SHAPES = {"expression": (len(UNITS), -1), "jaw": (len(UNITS), 3), "lips": (-1, 3)}


def map_flame(
    flame: Flame,
    head: FaceModel,
    kept: Path | None = None,
    tell: Callable[[float], object] = abs,
) -> FlameMapping:
    """Fit the open head's units to `flame`, or find what an import before left in `kept`.

    `tell` hears the share that is done; what it raises ends the work.
    """
    path = kept / f"{flame.sha256}-{EDITION}.npz" if kept else None
    if path and (found := _load(path)):
        return found
    mapping = _solve(flame.face, head, tell)
    if path:
        np.savez_compressed(path, **_parts(mapping))
    return mapping


def store(body: bpy.types.Object, mapping: FlameMapping) -> None:
    """Keep the mapping on the rig's mesh object, so that the file needs nothing else."""
    for name, values in _parts(mapping).items():
        body[PREFIX + name] = values.ravel().tolist()


def stored(body: bpy.types.Object) -> FlameMapping:
    """The mapping that `store` kept. Raises RigError when it is gone."""
    kinds = {"lips": np.int32}
    try:
        parts: dict[str, Any] = {
            name: np.array(body[PREFIX + name], kinds.get(name, np.float32)).reshape(
                SHAPES.get(name, (-1,))
            )
            for name in _names()
        }
    except (KeyError, ValueError, TypeError) as error:
        raise RigError(
            f"'{body.name}' has lost how the units map to its FLAME. Import the FLAME again."
        ) from error
    return FlameMapping(**parts)


def _names() -> list[str]:
    return [field.name for field in fields(FlameMapping)]


def _parts(mapping: FlameMapping) -> dict[str, Any]:
    return {name: getattr(mapping, name) for name in _names()}


def _load(path: Path) -> FlameMapping | None:
    """What an earlier import kept; None where there is nothing readable: it is made anew."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return FlameMapping(**{name: archive[name] for name in _names()})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _solve(flame: FaceModel, head: FaceModel, tell: Callable[[float], object]) -> FlameMapping:
    fit = flame_fit.fit(head, flame, lambda done: tell(FITTING * done))
    lips = _near_lips(head, fit)
    movable = (fit.trust > 0) & (flame.skin_weights[:, flame.joint("jaw") + 1 :].max(1) < 0.5)
    target = flame_solve.Target(
        head.unit_names,
        fit.carry(head.expression_basis),
        movable.astype(float),
        lips & movable,
    )
    solution = flame_solve.solve(flame, target, lambda done: tell(FITTING + (1 - FITTING) * done))
    scale = np.array([1 / fit.placement.scale], np.float32)
    columns = _columns(head, fit, lips & movable)
    return FlameMapping(solution.expression, solution.jaw, solution.residual, columns, scale)


def _near_lips(head: FaceModel, fit: flame_fit.Fit) -> npt.NDArray[np.bool_]:
    marked = np.zeros(len(head.template), bool)
    marked[head.vertex_sets["lip_rings"].ravel()] = True
    return np.asarray(marked[fit.corners].any(1))


def _columns(
    head: FaceModel, fit: flame_fit.Fit, lips: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int32]:
    """Lip vertices in columns along the mouth: (K,3), see FlameMapping.lips."""
    across = np.einsum("vc,vc->v", fit.shares, head.template[fit.corners, 0])
    rows = []
    for column, place in enumerate(COLUMNS):
        members = lips & (np.abs(across - place) < REACH)
        sides = [np.flatnonzero(members & side) for side in (~fit.lower, fit.lower)]
        if all(len(side) for side in sides):
            rows += [(vertex, column, side) for side, part in enumerate(sides) for vertex in part]
    return np.array(rows, np.int32).reshape(-1, 3)
