# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrects what the raw units do to the lips, so that lips press but never pass each other."""

from __future__ import annotations

import numpy as np

from .lipshape import Arches, LipField, clear_of_teeth, press, seal
from .source import Array, Ints

ROLL_UPPER_SCALE = (1.0, 0.7, 0.42)  # raw, it drags the upper lip 10 mm back, through the teeth
UPPER_SHARE = {"mouthShrugLower": 1.0, "mouthRollLower": 0.0, "mouthRollUpper": 1.0}
PAIRED = (
    "mouthSmile",
    "mouthPress",
    "mouthDimple",
    "mouthStretch",
    "mouthFrown",
    "noseSneer",
    "cheekSquint",
)
SINGLE = (
    "mouthShrugLower",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "cheekPuff",
    "jawForward",
    "jawLeft",
    "jawRight",
)
PARTING = ("mouthFunnel", "mouthShrugUpper")  # these may open the lips
PARTING_PAIRS = ("mouthUpperUp", "mouthLowerDown")
_HALF_BLEND = 0.010  # metres over which a two-sided correction passes from one side to the other


def correct_units(
    rest: Array, units: dict[str, Array], field: LipField, arches: Arches
) -> dict[str, Array]:
    """The units (N,3) with lip contact limited and mouthClose sealing every jaw opening.

    Units that need not part the lips keep them sealed, so a smile or a sneer still closes on p.
    """
    fixed = dict(units)
    fixed["mouthRollUpper"] = units["mouthRollUpper"] * np.array(ROLL_UPPER_SCALE)
    for name in SINGLE + PARTING:
        pose = rest + fixed[name]
        fixed[name] = fixed[name] + _contact(pose, field, arches, name, name in SINGLE)
    for name in PAIRED + PARTING_PAIRS:
        left, right = f"{name}Left", f"{name}Right"
        pose = rest + fixed[left] + fixed[right]
        change = _contact(pose, field, arches, name, name in PAIRED)
        own = _left_share(rest)[:, None]
        fixed[left] = fixed[left] + change * own
        fixed[right] = fixed[right] + change * (1 - own)
    closed = rest + fixed["jawOpen"] + fixed["mouthClose"]
    fixed["mouthClose"] = fixed["mouthClose"] + seal(closed, field)
    return fixed


def _contact(pose: Array, field: LipField, arches: Arches, name: str, closes: bool) -> Array:
    """What takes the lips of a pose off the teeth and keeps their gap in its limits."""
    change = np.zeros_like(pose)
    if not name.startswith("jaw"):
        change = clear_of_teeth(pose, field, arches)
    share = UPPER_SHARE.get(name, 0.5)
    return change + press(pose + change, field, share, closes=closes)


def jaw_units(names: tuple[str, ...]) -> tuple[str, ...]:
    """The units that carry the lower teeth."""
    return tuple(name for name in names if name.startswith("jaw"))


def restrict(units: dict[str, Array], vertices: Ints) -> dict[str, Array]:
    """The same units for some of the vertices."""
    return {name: delta[vertices] for name, delta in units.items()}


def _left_share(rest: Array) -> Array:
    t = np.clip(0.5 + rest[:, 0] / (2 * _HALF_BLEND), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
