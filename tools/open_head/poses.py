# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that nothing may pass through anything in: every unit, and the sheet's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS

from .sheet import POSES

Weights = npt.NDArray[np.float32]
STRONG: dict[str, dict[str, float]] = {
    "happy": {"mouthSmile": 0.85, "mouthDimple": 0.15, "cheekSquint": 0.85, "eyeSquint": 0.36},
    "happy, open": {"mouthSmile": 0.6, "cheekSquint": 0.85, "eyeSquint": 0.36, "jawOpen": 0.36},
    "happy, shut eyes": {"cheekSquint": 0.85, "eyeSquint": 0.36, "eyeBlink": 1.0},
    "disgusted": {"noseSneer": 0.85, "cheekSquint": 0.55, "eyeSquint": 0.5, "browDown": 0.6},
    "afraid": {"mouthStretch": 0.7, "jawOpen": 0.36, "mouthLowerDown": 0.3, "eyeWide": 0.85},
    "sad": {"mouthFrown": 0.8, "mouthShrugLower": 0.2, "jawOpen": 0.36, "eyeSquint": 0.36},
}
HALF_AND_FULL = (0.5, 1.0)
UNIT_MAX = {"mouthRollLower": 0.7}  # further in, the lip passes into the upper incisors
TONGUE_STEPS = 16
SPOKEN = Path(__file__).parent / "spoken.json"
PERFORMED = SPOKEN.with_name("performed.json")
COMPANIONS = {  # units that docs/head.md allows only beside another one: its weight a weight
    "mouthClose": ("jawOpen", 1.0),
    "tongueOut": ("jawOpen", 0.3),
}


def frame(units: dict[str, float]) -> Weights:
    """(52,) weights; a name without Left or Right drives both sides."""
    weights = np.zeros(len(UNITS), np.float32)
    for name, value in units.items():
        for unit in (name,) if name in UNITS else (f"{name}Left", f"{name}Right"):
            weights[UNITS.index(unit)] = value
    return weights


def unit_poses(values: tuple[float, ...] = HALF_AND_FULL) -> dict[str, Weights]:
    """Every unit at some shares of its range, with the jaw that mouthClose and tongueOut need."""
    found = {}
    for name in UNITS:
        for value in (UNIT_MAX.get(name, 1.0) * share for share in values):
            beside, share = COMPANIONS.get(name, (name, 1.0))
            found[f"{name} {value:g}"] = frame({beside: share * value, name: value})
    return found


def tongue_poses(steps: int = TONGUE_STEPS) -> dict[str, Weights]:
    """tongueOut in small steps, with its jaw: the tongue's quads pass the teeth one by one."""
    jaw, share = COMPANIONS["tongueOut"]
    values = (step / steps for step in range(1, steps + 1))
    return {f"tongueOut {v:g}": frame({"tongueOut": v, jaw: share * v}) for v in values}


def sheet_poses() -> dict[str, Weights]:
    """The visemes and emotions of the contact sheet."""
    return {f"sheet {name}": frame(units) for name, units in POSES.items()}


def hard_spoken_poses() -> dict[str, Weights]:
    """Poses of the articulation model that press the mouth's parts most, as spoken.json keeps them.

    They are kept, so that the head does not change with the articulation model.
    """
    return {name: frame(units) for name, units in json.loads(SPOKEN.read_text()).items()}


def performed_poses() -> dict[str, Weights]:
    """Frames of lines that the articulation model performs, as unlike as can be; kept likewise."""
    return {name: frame(units) for name, units in json.loads(PERFORMED.read_text()).items()}


def strong_poses() -> dict[str, Weights]:
    """Upper faces of emotions at their strongest, eyes open and shut, and a wide smile."""
    return {name: frame(units) for name, units in STRONG.items()}
