# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a recording's motion is, as the 52 units and the neck, at the recording's own rate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_runtime.contract import CHANNELS, UNITS, FloatArray
from model_runtime.face import FaceModel, load_face
from model_runtime.flame import Flame, load_flame

from . import flame_units
from .record import Curves, DataError, FlameCurves, Recording, Vertices, relative_turn
from .unit_fit import UnitBasis, open_head_basis


@dataclass(frozen=True)
class Faces:
    """The meshes that data may speak of: the open head always, a FLAME where one was given."""

    head: FaceModel
    head_basis: UnitBasis
    flame: Flame | None = None
    flame_basis: UnitBasis | None = None


def open_faces(flame: Path | None = None, mapping: Path | None = None) -> Faces:
    """The open head, and the FLAME at `flame` matched with it.

    `mapping` is what Import FLAME keeps for that file; without it the match is made here.
    Raises FlameError or DataError.
    """
    head = load_face()
    basis = open_head_basis(head)
    if flame is None:
        return Faces(head, basis)
    loaded = load_flame(flame)
    return Faces(head, basis, loaded, flame_units.unit_basis(loaded, head, mapping))


def to_channels(recording: Recording, faces: Faces, with_head: bool = True) -> FloatArray:
    """Motion of CHANNELS (frames, 55), the units in [0, 1], the head relative to its mean pose.

    Raises DataError when the motion needs a FLAME file that was not given, or has a mesh that is
    neither the open head's nor that FLAME's.
    """
    motion = recording.motion
    weights = np.zeros((recording.frames, len(CHANNELS)), np.float32)
    weights[:, : len(UNITS)] = _units(recording, faces)
    head = None if isinstance(motion, Vertices) else motion.head
    if with_head and head is not None:
        weights[:, len(UNITS) :] = relative_turn(head)
    return weights


def to_parameters(recording: Recording, count: int, with_head: bool = True) -> FloatArray:
    """Motion of a FLAME space (frames, count + 6): expressions, jaw, the head relative to its mean.

    Raises DataError where the data are no parameters of a FLAME, or fewer than `count`.
    """
    motion = recording.motion
    if not isinstance(motion, FlameCurves) or motion.expression.shape[1] < count:
        raise DataError(
            f"'{recording.id}' does not hold {count} expressions of a FLAME. Prepare it with "
            "--space units."
        )
    head = np.zeros_like(motion.jaw)
    if with_head and motion.head is not None:
        head = relative_turn(motion.head)
    return np.concatenate([motion.expression[:, :count], motion.jaw, head], axis=1)


def _units(recording: Recording, faces: Faces) -> FloatArray:
    motion = recording.motion
    if isinstance(motion, Curves):
        return _named(motion)
    if isinstance(motion, FlameCurves):
        return _of_flame(recording.id, motion, faces)
    count = len(motion.template)
    if count == len(faces.head.template):
        return faces.head_basis.solve(motion.points - motion.template)
    if faces.flame is None or faces.flame_basis is None:
        raise _no_flame(f"a mesh of {count} vertices", recording.id)
    if count != len(faces.flame.face.template):
        raise DataError(
            f"'{recording.id}' has {count} vertices; the FLAME file has "
            f"{len(faces.flame.face.template)} and the open head {len(faces.head.template)}. "
            "Its motion cannot be mapped: register the mesh to FLAME first."
        )
    return faces.flame_basis.solve(motion.points - motion.template)


def _named(curves: Curves) -> FloatArray:
    units = np.zeros((len(curves.weights), len(UNITS)), np.float32)
    for column, name in enumerate(curves.names):
        if name in UNITS:
            units[:, UNITS.index(name)] = curves.weights[:, column]
    return np.clip(units, 0.0, 1.0)


def _of_flame(name: str, curves: FlameCurves, faces: Faces) -> FloatArray:
    """Through the vertices: the parameters of two FLAMEs, or of FLAME and units, do not compare."""
    if faces.flame is None or faces.flame_basis is None:
        raise _no_flame("parameters of a FLAME", name)
    face = faces.flame.face
    count = curves.expression.shape[1]
    if count > len(face.expression_basis):
        raise DataError(f"'{name}' has {count} expressions, more than the FLAME file.")
    return flame_units.solve_parameters(faces.flame_basis, face, curves.expression, curves.jaw)


def _no_flame(what: str, name: str) -> DataError:
    return DataError(
        f"'{name}' holds {what}, which means nothing without the FLAME it was made with. "
        "Give that file: --flame generic_model.pkl (yours, from flame.is.tue.mpg.de)."
    )
