# SPDX-License-Identifier: GPL-3.0-or-later
"""Residual keys: what FLAME's expressions cannot say of a unit, as a shape key of the rig.

They belong to the artist's own mesh and are made from the open head's units; takes key each with
its unit's weight, on top of the expressions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from .head_mesh import to_blender
from .rig import Rig
from .steps import GO_ON, Steps

KEY = "residual {}"  # and the unit


def key(unit: str) -> str:
    """The residual key's name."""
    return KEY.format(unit)


def path(unit: str) -> str:
    """Where a curve of the residual key points, from the shape keys."""
    return f'key_blocks["{key(unit)}"].value'


def add(rig: Rig, left: npt.NDArray[np.floating]) -> Steps[None]:
    """A key for each unit of which something is left (52,V,3), in metres and FLAME's axes."""
    basis = np.empty(3 * left.shape[1], np.float32)
    rig.keys.key_blocks[0].points.foreach_get("co", basis)
    for unit, lack in zip(UNITS, left, strict=True):
        if lack.any():
            block = rig.mesh.shape_key_add(name=key(unit), from_mix=False)
            block.points.foreach_set("co", basis + to_blender(lack).ravel())
            block.slider_min, block.slider_max, block.value = 0.0, 1.0, 0.0
        yield GO_ON


def present(rig: Rig) -> tuple[str, ...]:
    """The units that have a residual key on the rig, in the contract's order."""
    names = set(rig.keys.key_blocks.keys())
    return tuple(unit for unit in UNITS if key(unit) in names)
