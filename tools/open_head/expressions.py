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
BITING = ("mouthRollLower", "mouthRollUpper")  # these press a lip on the teeth on purpose
PARTING = ("mouthFunnel", "mouthShrugUpper")  # these may open the lips
PARTING_PAIRS = ("mouthUpperUp", "mouthLowerDown")
BLADE = 0.036  # metres of the tongue that tongueOut flattens
BLADE_THICKNESS = 0.35
BLADE_LIFT = 3.5e-3  # metres
BLADE_TIP = 4.0e-3  # metres more at the very tip, which otherwise droops
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
        own = left_share(rest)[:, None]
        fixed[left] = fixed[left] + change * own
        fixed[right] = fixed[right] + change * (1 - own)
    fixed["jawOpen"] = fixed["jawOpen"] + clear_of_teeth(
        rest + fixed["jawOpen"], field, arches, lower=False
    )
    closed = rest + fixed["jawOpen"] + fixed["mouthClose"]
    fixed["mouthClose"] = fixed["mouthClose"] + seal(closed, field)
    return fixed


def _contact(pose: Array, field: LipField, arches: Arches, name: str, closes: bool) -> Array:
    """What takes the lips of a pose off the teeth and keeps their gap in its limits."""
    change = np.zeros_like(pose)
    if not name.startswith("jaw") and name not in BITING:
        change = clear_of_teeth(pose, field, arches)
    share = UPPER_SHARE.get(name, 0.5)
    return change + press(pose + change, field, share, closes=closes)


def thin_tongue(rest: Array, out: Array) -> Array:
    """tongueOut (V,3) with a thin blade that passes between teeth and over the lower lip.

    The raw unit pushes the whole 12 mm thick tongue through the lower incisors and the lip.
    """
    moved = rest + out
    depth = moved[:, 2]
    free = _rise(depth, depth.max() - BLADE, depth.max() - 0.5 * BLADE)
    bins = np.round(depth / 3e-3)
    middle = np.array([moved[np.abs(bins - b) <= 1, 1].mean() for b in bins])
    thin = middle + (moved[:, 1] - middle) * (1 - free * (1 - BLADE_THICKNESS))
    lift = free * BLADE_LIFT + _rise(depth, depth.max() - 0.5 * BLADE, depth.max()) * BLADE_TIP
    change = out.copy()
    change[:, 1] = thin + lift - rest[:, 1]
    return change


def _rise(value: Array, low: float, high: float) -> Array:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def jaw_units(names: tuple[str, ...]) -> tuple[str, ...]:
    """The units that carry the lower teeth."""
    return tuple(name for name in names if name.startswith("jaw"))


def restrict(units: dict[str, Array], vertices: Ints) -> dict[str, Array]:
    """The same units for some of the vertices."""
    return {name: delta[vertices] for name, delta in units.items()}


def left_share(rest: Array) -> Array:
    """How much of a two-sided change (N,) belongs to the left unit: 1 on the left, 0 right."""
    t = np.clip(0.5 + rest[:, 0] / (2 * _HALF_BLEND), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
