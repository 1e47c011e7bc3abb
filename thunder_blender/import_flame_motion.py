# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME parameters from a file on a FLAME rig, and as units on any other one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import NECK, UNITS, FloatArray
from ..model_runtime.motion_files import Curves, FlameCurves, MotionFile
from . import flame_motion, flame_rig
from .fit_take import FittedTake
from .keys import Curve, euler_from_axis_angle, neck_curves
from .resample import resample
from .rig import Rig, RigError, find_rig

JAW = "jaw"
OPEN_2023 = "e75a0990728ba038c7da2a420ae4396f7ddd7781366c13026066c5b24f127623"  # its sha256
OTHER_SPACE = (
    "This rig is FLAME 2023 Open, whose expressions are others than FLAME 2020's: where the file "
    "was made with that, the face will not match"
)


def onto_flame(
    rig: Rig, motion: FlameCurves, fps: float, rate: float, made_by: dict[str, Any]
) -> Callable[[], FittedTake]:
    """Read the rig; what comes back gives its curves and may run in a thread.

    The parameters are written as they are: Exp1 is the file's first one, whatever FLAME it was.
    Raises RigError where the rig has fewer expressions than the file.
    """
    names = rig.keys.key_blocks.keys()
    present = sum(name.startswith("Exp") and name[3:].isdigit() for name in names)
    wide = motion.expression.shape[1]
    if wide > present and np.abs(motion.expression[:, present:]).max() > 0:
        raise RigError(
            f"The file has {wide} expressions and '{rig.mesh.name}' has {present}. Import it on a "
            "FLAME with as many."
        )
    has_neck = rig.neck is not None

    def fit() -> FittedTake:
        expression = np.zeros((len(motion.jaw), present), np.float32)
        expression[:, : min(wide, present)] = motion.expression[:, :present]
        head = np.zeros_like(motion.jaw) if motion.head is None else motion.head
        parts = [expression, motion.jaw, head]
        moved = resample(np.concatenate(parts, axis=1), fps, rate)
        shown = head if motion.head is None or not has_neck else moved[:, -3:]
        curves = _curves(moved[:, :present], moved[:, present : present + 3], shown, motion.head)
        covers = len(motion.jaw) / fps
        channels = tuple(f"Exp{index + 1}" for index in range(present))
        channels += ("jawPitch", "jawYaw", "jawRoll", *NECK)
        return FittedTake(moved, channels, rate, made_by, covers, curves)

    return fit


def units_of(rig: Rig, motion: FlameCurves) -> Curves:
    """The parameters as units, by way of the one FLAME in this file. Raises RigError for none."""
    by = translator(rig, f"The file holds FLAME parameters and '{rig.mesh.name}' is no FLAME")
    try:
        weights = flame_motion.flame_to_units(by, motion.expression, motion.jaw)
    except ValueError as error:
        raise RigError(
            f"The file has {motion.expression.shape[1]} expressions, more than '{by.mesh.name}'."
        ) from error
    return Curves(UNITS, np.asarray(weights, np.float32), motion.head)


def translator(rig: Rig, why: str) -> Rig:
    """The one FLAME rig of the blend file, through which parameters and units become each other.

    Raises RigError that begins with `why` where there is none, or more than one.
    """
    found = (find_rig(item) for item in bpy.data.objects if item.type == "MESH")
    unique = {each.mesh.name: each for each in found if each and flame_rig.is_flame(each)}
    if len(unique) == 1:
        return next(iter(unique.values()))
    what = "several of them" if unique else "none"
    raise RigError(
        f"{why}: the way between the two leads through a FLAME rig, and this file has {what}. "
        "Have one, made by Import FLAME."
    )


def warning(rig: Rig, file: MotionFile) -> str:
    """What the artist should know of FLAME parameters on this rig; empty for nothing."""
    if not isinstance(file.motion, FlameCurves) or rig.mesh.get(flame_rig.SOURCE) != OPEN_2023:
        return ""
    return OTHER_SPACE


def _curves(
    expression: FloatArray, jaw: FloatArray, head: FloatArray, turned: FloatArray | None
) -> tuple[list[Curve], list[Curve]]:
    keys = [
        Curve(f'key_blocks["Exp{index}"].value', 0, "Expressions", values)
        for index, values in enumerate(expression.T, 1)
    ]
    euler = euler_from_axis_angle(jaw)
    path = f'pose.bones["{JAW}"].rotation_euler'
    bones = [Curve(path, axis, JAW, euler[:, axis]) for axis in range(3)]
    return keys, bones if turned is None else bones + neck_curves(head, NECK)
