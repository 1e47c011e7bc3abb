# SPDX-License-Identifier: GPL-3.0-or-later
"""What the 52 units do on a FLAME's mesh: as Import FLAME keeps it, or matched here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_runtime.contract import UNITS, FloatArray
from model_runtime.face import FaceModel, apply_pose, rotation_matrices
from model_runtime.flame import Flame
from model_runtime.flame_match import match
from model_runtime.flame_refine import refined

from .record import DataError
from .unit_fit import JAW_OPEN, LIP_WEIGHT, MOUTH_CLOSE, UnitBasis

Doubles = npt.NDArray[np.float64]

UNSEEN = {name for name in UNITS if name.startswith(("eyeLook", "tongue"))}  # on FLAME's skin
TYPICAL = 0.4  # weight at which the turning jaw is taken as a straight way


def unit_basis(flame: Flame, head: FaceModel, mapping: Path | None = None) -> UnitBasis:
    """The units on the mesh of `flame`. Raises DataError when `mapping` is not that FLAME's."""
    face = flame.face
    if mapping is None:
        found = refined(head, face, match(head, face))
        moves, weights = found.carry(head.expression_basis), found.trust
        lips = found.near(head.vertex_sets["lip_rings"].ravel())
    else:
        moves, lips = _kept(mapping, flame)
        weights = (np.abs(moves).max((0, 2)) > 1e-5).astype(float)
    moves[[index for index, name in enumerate(UNITS) if name in UNSEEN]] = 0.0
    eyes = face.skin_weights[:, [face.joint("left_eye"), face.joint("right_eye")]].max(1) > 0.5
    weights = np.where(eyes, 0.0, weights)
    used = np.flatnonzero(weights)
    strength = np.where(lips, LIP_WEIGHT, 1.0) * weights
    return UnitBasis(used, moves[:, used].astype(np.float64), strength[used])


def solve_parameters(
    basis: UnitBasis, face: FaceModel, expression: FloatArray, jaw: FloatArray
) -> FloatArray:
    """Unit weights (T,52) for expressions (T,n) and the jaw's axis-angles (T,3).

    Least squares over the posed vertices, without posing them: a vertex is
    x + w (R - 1)(x - joint) with x = template + expressions + jaw correctives, so what is asked of
    it is linear in the parameters for each of the nine entries of R - 1.
    """
    used, count = basis.vertices, expression.shape[1]
    jaw_at = face.joint("jaw")
    correctives = face.pose_basis[9 * (jaw_at - 1) : 9 * jaw_at, used]
    shapes = np.concatenate([face.expression_basis[:count, used], correctives]).astype(np.float64)
    rest = face.template[used] - (face.joint_regressor @ face.template)[jaw_at]
    turned = np.concatenate([rest[None].astype(np.float64), shapes])
    turned *= face.skin_weights[used, jaw_at][:, None]
    projector = basis.projector.reshape(len(UNITS), -1, 3)
    still = np.einsum("uf,sf->su", basis.projector, shapes.reshape(len(shapes), -1), optimize=True)
    by_entry = np.einsum("uka,skb->absu", projector, turned, optimize=True)
    turn = rotation_matrices(np.asarray(jaw, np.float32)).astype(np.float64) - np.eye(3)
    values = np.concatenate([expression.astype(np.float64), turn.reshape(-1, 9)], axis=1)
    with_rest = np.column_stack([np.ones(len(values)), values])
    rows = values @ still
    for a in range(3):
        for b in range(3):
            rows += turn[:, a, b, None] * (with_rest @ by_entry[a, b])
    return basis.solve_rows(rows)


def parameters_of(
    basis: UnitBasis, face: FaceModel, units: FloatArray, count: int
) -> tuple[FloatArray, FloatArray]:
    """The way back, for measuring: expressions (T,count) and jaw (T,3) of unit weights (T,52).

    The jaw turns by what jawOpen and mouthClose ask of the lower face in a least squares sense,
    the expressions take the rest.
    """
    used, jaw_at = basis.vertices, face.joint("jaw")
    wanted = np.tensordot(units.astype(np.float64), basis.moves, 1)
    joint = (face.joint_regressor @ face.template)[jaw_at]
    share = face.skin_weights[used, jaw_at][:, None].astype(np.float64)
    lever = share * np.cross(np.array([1.0, 0.0, 0.0]), face.template[used] - joint)
    heavy = basis.weights[:, None] * share * lever
    angle = np.arctan(np.einsum("tkx,kx->t", wanted, heavy) / float((heavy * lever).sum()))
    jaw = np.zeros((len(units), 3), np.float32)
    jaw[:, 0] = angle
    turn = rotation_matrices(jaw).astype(np.float64) - np.eye(3)
    correctives = face.pose_basis[9 * (jaw_at - 1) : 9 * jaw_at, used].astype(np.float64)
    posed = np.tensordot(turn.reshape(-1, 9), correctives, 1)
    place = face.template[used] - joint + posed
    turned = posed + share * np.einsum("tab,tkb->tka", turn, place)
    shapes = face.expression_basis[:count, used].astype(np.float64)
    heavy = (shapes * basis.weights[:, None]).reshape(count, -1)
    gram = heavy @ shapes.reshape(count, -1).T
    gram += 1e-6 * np.trace(gram) / count * np.eye(count)
    rest = (wanted - turned).reshape(len(units), -1)
    expression = np.linalg.solve(gram, heavy @ rest.T).T
    return expression.astype(np.float32), jaw


def _kept(path: Path, flame: Flame) -> tuple[Doubles, npt.NDArray[np.bool_]]:
    """Moves (52, V, 3) of the units as that FLAME makes them, and which vertices are lips."""
    if flame.sha256 not in path.name:
        raise DataError(f"'{path.name}' belongs to another FLAME file than '{flame.title}'.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            expression, jaw, lips = (archive[name] for name in ("expression", "jaw", "lips"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"'{path}' is not what Import FLAME keeps ({error}).") from error
    if expression.shape[0] != len(UNITS) or jaw.shape != (len(UNITS), 3):
        raise DataError(f"'{path}' is of another version. Import the FLAME again in Blender.")
    near = np.zeros(len(flame.face.template), bool)
    near[lips[:, 0]] = True
    return _moves(flame.face, expression, jaw), near


def _moves(face: FaceModel, expression: Doubles, jaw: Doubles) -> Doubles:
    """What each unit moves a weight of 1, taken at TYPICAL; mouthClose on top of jawOpen."""
    weights, turns = expression.copy(), jaw.copy()
    weights[MOUTH_CLOSE] += weights[JAW_OPEN]
    turns[MOUTH_CLOSE] += turns[JAW_OPEN]
    points = face.template + TYPICAL * np.tensordot(weights, face.expression_basis, 1)
    pose = np.zeros((len(points), len(face.joint_names), 3), np.float32)
    pose[:, face.joint("jaw")] = TYPICAL * turns
    joints = face.joint_regressor @ face.template
    posed = apply_pose(face, points.astype(np.float32), joints, pose)
    moves = (posed - face.template).astype(np.float64) / TYPICAL
    moves[MOUTH_CLOSE] -= moves[JAW_OPEN]
    return np.asarray(moves)
