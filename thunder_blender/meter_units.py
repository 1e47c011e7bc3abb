# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit weights read back from the shape keys of a rig that has one key for each unit.

For rigs whose mesh is not the open head's. It knows nothing of other things that move the lips.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..model_runtime.contract import UNITS, FloatArray
from . import rig_mapping, rig_store
from .rig import Rig

NEEDED = ("jawOpen", "mouthClose")  # a mouth that has one of these can be read
LEAST_GAIN = 1e-3


@dataclass(frozen=True)
class UnitKey:
    """The shape key that a unit moves: value = gain * weight + offset."""

    key: str
    gain: float = 1.0
    offset: float = 0.0


def unit_keys(rig: Rig) -> dict[str, UnitKey]:
    """The key of each unit; empty where the rig has no key for the jaw."""
    keys = rig.mesh.data.shape_keys
    if keys is None:
        return {}
    present = set(keys.key_blocks.keys())
    found = _mapped(rig) if rig_store.is_mapped(rig) else {unit: UnitKey(unit) for unit in UNITS}
    found = {unit: each for unit, each in found.items() if each.key in present}
    return found if any(unit in found for unit in NEEDED) else {}


def weights(keys: bpy.types.Key, units: dict[str, UnitKey]) -> FloatArray:
    """Unit weights (len(UNITS),) of evaluated shape keys; muted keys count as 0."""
    found = np.zeros(len(UNITS), np.float32)
    for column, unit in enumerate(UNITS):
        block = keys.key_blocks.get(units[unit].key) if unit in units else None
        if block is not None and not block.mute:
            found[column] = (block.value - units[unit].offset) / units[unit].gain
    return found


def _mapped(rig: Rig) -> dict[str, UnitKey]:
    """What the rig's mapping says, as far as a unit has a key of its own."""
    found: dict[str, UnitKey] = {}
    used: set[str] = set()
    for link in rig_store.stored(rig).active():
        on_keys = link.target.on == rig_mapping.KEYS
        key = rig_mapping.key_name(link.target.path) if on_keys else ""
        fits = link.source in UNITS and abs(link.gain) > LEAST_GAIN
        if key and fits and link.source not in found and key not in used:
            found[link.source] = UnitKey(key, link.gain, link.offset)
            used.add(key)
    return found
