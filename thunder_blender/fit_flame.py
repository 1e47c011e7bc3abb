# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes of models that speak a FLAME's own parameters go onto the rig of that very FLAME."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..model_runtime.contract import NECK, FloatArray, Take
from ..model_runtime.motion_files import FlameCurves
from ..model_runtime.motion_files.take_npz import JAW
from . import flame_lips, flame_mapping, flame_motion, flame_rig, import_flame_motion
from .fit_take import FittedTake
from .keys import Curve, euler_from_axis_angle
from .rig import Rig, RigError
from .runtime_weights import FLAME, Speaks, flame_name

JAW_PATH = f'pose.bones["{import_flame_motion.JAW}"].rotation_euler'
CLOSED = 0.3  # mm; lips no farther apart look closed


def is_parameters(take: Take) -> bool:
    """Whether the take holds a FLAME's parameters in place of units."""
    return set(JAW) <= set(take.channels)


def rig_reason(rig: Rig, speaks: Speaks) -> str:
    """Why models that speak so cannot move this rig; empty when they can."""
    if speaks.kind != FLAME:
        return ""
    wanted, name = flame_name(speaks.face), rig.mesh.name
    has = f"'{name}' is no FLAME"
    if flame_rig.is_flame(rig):
        source = str(rig.mesh.get(flame_rig.SOURCE, ""))
        if not speaks.face or source == speaks.face:
            return ""
        has = f"'{name}' was made from {flame_name(source)}"
    return (
        f"The chosen weights speak the parameters of {wanted}, and {has}. Bring that file in with "
        "Import FLAME and generate on its rig, or choose weights that speak units"
    )


def fitting(rig: Rig, take: Take, rate: float) -> Callable[[], FittedTake]:
    """Read the rig; what comes back gives the take's curves there and may run in a thread.

    Raises RigError where the rig is another one than the take was made for.
    """
    motion = _motion(take)
    face = str(take.provenance.get("face", ""))
    speaks = Speaks(FLAME, len(take.channels), face, motion.expression.shape[1])
    if reason := rig_reason(rig, speaks):
        raise RigError(f"{reason}.")
    fit = import_flame_motion.onto_flame(rig, motion, take.fps, rate, take.provenance)
    mapping = flame_mapping.stored(rig.mesh)
    lips = flame_motion.lips_of(rig, mapping) if len(mapping.lips) else None
    return lambda: _closed(fit(), motion, take.fps, lips)


def _motion(take: Take) -> FlameCurves:
    names = tuple(name for name in take.channels if name.startswith("Exp"))
    head = _columns(take, NECK) if set(NECK) <= set(take.channels) else None
    return FlameCurves(_columns(take, names), _columns(take, JAW), head)


def _columns(take: Take, names: tuple[str, ...]) -> FloatArray:
    return take.weights[:, [take.channels.index(name) for name in names]]


def _closed(
    fitted: FittedTake, motion: FlameCurves, fps: float, lips: flame_lips.Lips | None
) -> FittedTake:
    """The take with the jaw turned where lips that met at `fps` no longer do at its own rate."""
    if lips is None or fitted.fps >= fps:
        return fitted
    wanted = tightest(
        _gap(lips, motion.expression, motion.jaw), fps, fitted.fps, len(fitted.weights)
    )
    first = fitted.channels.index(JAW[0])
    expression, jaw = fitted.weights[:, :first], fitted.weights[:, first : first + len(JAW)]
    open_ = (wanted <= CLOSED) & (_gap(lips, expression, jaw) > wanted)
    if not open_.any():
        return fitted
    weights = fitted.weights.copy()
    kept = lips.keep(_wide(lips, expression[open_]), jaw[open_], wanted[open_])
    weights[open_, first : first + len(JAW)] = kept
    turns = euler_from_axis_angle(weights[:, first : first + len(JAW)])
    keys, bones = fitted.curves
    return replace(
        fitted, weights=weights, curves=(keys, [_turned(curve, turns) for curve in bones])
    )


def tightest(gap: FloatArray, fps: float, rate: float, frames: int) -> FloatArray:
    """The smallest gap (T,) at `fps` around each of `frames` frames at `rate`, every one of the
    T around exactly one of them."""
    nearest = np.clip(np.floor(np.arange(len(gap)) * rate / fps + 0.5).astype(int), 0, frames - 1)
    found = np.full(frames, np.inf, np.float32)
    np.minimum.at(found, nearest, gap.astype(np.float32))
    return found


def _gap(lips: flame_lips.Lips, expression: FloatArray, jaw: FloatArray) -> FloatArray:
    return np.asarray(lips.gap(_wide(lips, expression), jaw), np.float32)


def _wide(lips: flame_lips.Lips, expression: FloatArray) -> FloatArray:
    """Expressions (T,n) with as many columns as the rig has."""
    missing = len(lips.expressions) - expression.shape[1]
    return np.pad(expression, ((0, 0), (0, max(0, missing))))[:, : len(lips.expressions)]


def _turned(curve: Curve, turns: FloatArray) -> Curve:
    if curve.data_path != JAW_PATH:
        return curve
    return replace(curve, values=turns[:, curve.index])
