# SPDX-License-Identifier: GPL-3.0-or-later
"""A motion file of another tool becomes a take: read, fitted to the rig, written as an Action.

Reading and fitting see no bpy and run in a thread; the rig is looked at in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import NECK, FloatArray, Take
from ..model_runtime.motion_files import Curves, FlameCurves, MotionFile, read_motion
from ..model_runtime.motion_files.turns import from_mean
from . import fit_take, flame_rig, import_flame_motion, takes
from .fit_take import FittedTake
from .in_thread import InThread
from .rig import Rig
from .steps import Steps, finish

HEADS = ("AS_RECORDED", "RELATIVE", "NONE")  # what becomes of the head's turn


@dataclass(frozen=True)
class MotionImport:
    """What the artist asked for."""

    path: Path
    frame: int = 1  # of the scene, on which the motion begins
    fps: float | None = None  # wins over the rate that the file tells
    head: str = "AS_RECORDED"


def read(wanted: MotionImport) -> MotionFile:
    """What the file holds, with the head as it was asked for. Raises MotionError."""
    file = read_motion(wanted.path, wanted.fps)
    turns = file.motion.head
    if turns is None or wanted.head == "AS_RECORDED":
        return file
    kept = None if wanted.head == "NONE" else from_mean(turns)
    return replace(file, motion=replace(file.motion, head=kept))


def start_fitting(
    rig: Rig, file: MotionFile, wanted: MotionImport, rate: float
) -> InThread[FittedTake]:
    """Begin to bring the motion to `rate` frames a second on this rig.

    Raises RigError where it holds parameters of a FLAME and there is none to make sense of them.
    """
    made_by = provenance(file, wanted)
    if isinstance(file.motion, Curves):
        take = Take(*_curves(file.motion), file.fps, made_by)
        return fit_take.start_fitting(rig, take, rate)
    if flame_rig.is_flame(rig):
        fit = import_flame_motion.onto_flame(rig, file.motion, file.fps, rate, made_by)
        return InThread(fit, "THUNDER fitting")
    return _through_units(rig, file.motion, file.fps, rate, made_by)


def apply(
    rig: Rig, file: MotionFile, wanted: MotionImport, fitted: FittedTake, play: bool
) -> tuple[bpy.types.Action, str]:
    """Write the fitted take, let it play where asked to, and the sentence to report."""
    name = finish(write_steps(rig, wanted, fitted))
    return put_on(rig, name, file, wanted, play)


def write_steps(rig: Rig, wanted: MotionImport, fitted: FittedTake) -> Steps[str]:
    """Write the fitted take in short steps, the rig being read in the first one only; its name."""
    start = wanted.frame
    action = yield from takes.create_take_steps(rig, wanted.path.stem, fitted, fitted.fps, start)
    return action.name


def put_on(
    rig: Rig, name: str, file: MotionFile, wanted: MotionImport, play: bool
) -> tuple[bpy.types.Action, str]:
    """Let the take that was written play where asked to, and the sentence to report."""
    action = bpy.data.actions[name]
    if play:
        takes.choose_take(rig, action)
    rig.mesh.thunder.take = action
    sentence = (
        f"Imported {action.name}: {file.seconds:.1f} s of {file.format} at {file.fps:g} frames a "
        f"second, from frame {wanted.frame} on"
    )
    return action, f"{sentence}. {import_flame_motion.warning(rig, file)}".rstrip(". ")


def import_motion(rig: Rig, wanted: MotionImport, rate: float, play: bool = True) -> str:
    """All of it at once; the sentence to report. Raises MotionError or RigError, and then nothing
    is left behind."""
    file = read(wanted)
    fitted = start_fitting(rig, file, wanted, rate).result()
    return apply(rig, file, wanted, fitted, play)[1]


def provenance(file: MotionFile, wanted: MotionImport) -> dict[str, Any]:
    """Where the take comes from; what made it, where the file tells."""
    source = {
        "file": wanted.path.name,
        "sha256": file.sha256,
        "format": file.format,
        "fps": file.fps,
        "frames": file.frames,
        "head": wanted.head.lower(),
    }
    return {**file.provenance, "imported": source}


def _curves(motion: Curves) -> tuple[FloatArray, tuple[str, ...]]:
    if motion.head is None:
        return motion.weights, motion.names
    return np.concatenate([motion.weights, motion.head], axis=1), (*motion.names, *NECK)


def _through_units(
    rig: Rig, motion: FlameCurves, fps: float, rate: float, made_by: dict[str, Any]
) -> InThread[FittedTake]:
    """A FLAME's parameters on another kind of rig: as units, by way of a FLAME in this file."""
    units = import_flame_motion.units_of(rig, motion)
    take = Take(*_curves(units), fps, made_by)
    return fit_take.start_fitting(rig, take, rate)
