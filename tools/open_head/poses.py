# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that nothing may pass through anything in: every unit, and the sheet's."""

from __future__ import annotations

import ast
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
BITE = {"jawOpen": 0.03, "mouthRollLower": 0.66, "mouthUpperUp": 0.34}  # the articulation's f v
BITES = (BITE, POSES["FV"])
ROLL, ROLLED = UNITS.index("mouthRollLower"), 0.4  # from which a lip is on the incisors
HALF_AND_FULL = (0.5, 1.0)
UNIT_MAX = {"mouthRollLower": 0.7}  # further in, the lip passes into the upper incisors
TONGUE_STEPS = 16
SPOKEN = Path(__file__).parent / "spoken.json"
PERFORMED = SPOKEN.with_name("performed.json")
PRESSED = SPOKEN.with_name("pressed.json")
TAKES = SPOKEN.with_name("takes.npz")
VISEMES = SPOKEN.parent.parent.parent / "thunder_blender" / "rig_visemes.py"
TENTHS = tuple(round(0.1 * step, 1) for step in range(1, 11))
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


def rounded(weights: Weights) -> dict[str, float]:
    """Weights by unit, to a thousandth, without those at rest."""
    pairs = zip(UNITS, weights.tolist(), strict=True)
    return {name: round(value, 3) for name, value in pairs if value >= 0.0005}


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


def pressed_poses(what: str) -> dict[str, Weights]:
    """Poses that pressed parts of the "mouth" or of the "eyes" on someone before `mend`."""
    return {name: frame(units) for name, units in json.loads(PRESSED.read_text())[what].items()}


def take_poses(count: int | None = None) -> dict[str, Weights]:
    """Frames that the bundled models perform, the `count` most unlike each other of them."""
    with np.load(TAKES) as archive:
        weights = archive["weights"][:count].astype(np.float32) / 1000
        return dict(zip(archive["names"].tolist(), weights, strict=False))


def viseme_poses() -> dict[str, Weights]:
    """The visemes that the add-on plays on rigs of visemes, read from its source: it needs bpy."""
    for node in ast.parse(VISEMES.read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "POSES":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {f"viseme {ast.literal_eval(key)}": _viseme(pose) for key, pose in pairs if key}
    raise SystemExit(f"{VISEMES} has no POSES.")


def _viseme(pose: ast.expr) -> Weights:
    assert isinstance(pose, ast.Dict)
    units = {}
    for key, value in zip(pose.keys, pose.values, strict=True):
        if key is None:  # **_both(name, value)
            assert isinstance(value, ast.Call)
            name, weight = map(ast.literal_eval, value.args)
        else:
            name, weight = ast.literal_eval(key), ast.literal_eval(value)
        units[name] = weight
    return frame(units)


def strong_poses() -> dict[str, Weights]:
    """Upper faces of emotions at their strongest, eyes open and shut, and a wide smile."""
    return {name: frame(units) for name, units in STRONG.items()}
