# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit weights read from the shape keys of a rig that has a key for each unit and no mapping.

It knows nothing of other things that move the lips.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..model_runtime.contract import UNITS, FloatArray
from .rig import Rig

NEEDED = ("jawOpen", "mouthClose")  # a mouth that has one of these can be read


def unit_keys(rig: Rig) -> tuple[str, ...]:
    """The units that the rig has keys of; none where it has no key for the jaw."""
    keys = rig.mesh.data.shape_keys
    if keys is None or not any(name in keys.key_blocks for name in NEEDED):
        return ()
    return tuple(unit for unit in UNITS if unit in keys.key_blocks)


def weights(keys: bpy.types.Key, units: tuple[str, ...]) -> FloatArray:
    """Unit weights (len(UNITS),) of evaluated shape keys; muted keys count as 0."""
    found = np.zeros(len(UNITS), np.float32)
    for unit in units:
        block = keys.key_blocks[unit]
        found[UNITS.index(unit)] = 0.0 if block.mute else block.value
    return found
