# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: a FLAME's expressions and jaw as unit weights (numpy only).

Bounded least squares over the posed vertices, without posing them: a vertex is
x + w (R - 1)(x - joint) with x = template + expressions + jaw correctives, so what is asked of it
is linear in the parameters for each of the nine entries of R - 1. mouthClose means something only
on an open jaw, so it is solved as "jaw opened and lips shut again": the pair can never come out
with the lips pushed through each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .contract import UNITS
from .face import FaceModel, rotation_matrices
from .flame_solve import joint_shifts

Doubles = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

SWEEPS = 20
RIDGE = 1e-4  # of the mean unit's own energy: decides where two units look alike
ENTRIES = 9  # of a rotation matrix
JAW_OPEN, MOUTH_CLOSE = UNITS.index("jawOpen"), UNITS.index("mouthClose")


@dataclass(frozen=True)
class WayBack:
    """What least squares wants to know of a FLAME; S = E expressions and 9 jaw correctives."""

    gram: Doubles  # (52,52) of the units, mouthClose with jawOpen
    still: Doubles  # (S,52) of what the jaw does not turn
    turned: Doubles  # (9, S + 1, 52) of what each entry of R - 1 turns, the face at rest first

    def units(self, expression: npt.ArrayLike, jaw: npt.ArrayLike) -> FloatArray:
        """Unit weights (T,52) of expressions (T, at most E) and the jaw's axis-angles (T,3)."""
        shapes = np.asarray(expression, float)
        turn = rotation_matrices(np.asarray(jaw, np.float32)).astype(float) - np.eye(3)
        missing = len(self.still) - ENTRIES - shapes.shape[1]
        entries = turn.reshape(-1, ENTRIES)
        values = np.concatenate([np.pad(shapes, ((0, 0), (0, missing))), entries], axis=1)
        with_rest = np.column_stack([np.ones(len(values)), values])
        rows = values @ self.still
        for entry, part in enumerate(self.turned):
            rows += entries[:, [entry]] * (with_rest @ part)
        return paired_solve(self.gram, rows)


def way_back(face: FaceModel, moves: Doubles, weights: Doubles) -> WayBack:
    """The way back from `face` for what the units move on it (52,V,3), where weights (V,) say."""
    used = np.flatnonzero(weights > 0)
    basis = np.array(moves[:, used], float)
    basis[MOUTH_CLOSE] += basis[JAW_OPEN]
    projector = basis * weights[used, None]
    jaw = face.joint("jaw")
    correctives = face.pose_basis[ENTRIES * (jaw - 1) : ENTRIES * jaw, used]
    shapes = np.concatenate([face.expression_basis[:, used], correctives]).astype(float)
    rest = face.template[used].astype(float) - face.joint_regressor[jaw] @ face.template
    lever = np.concatenate([rest[None], shapes])
    count = len(face.expression_basis)
    lever[1 : count + 1] -= joint_shifts(face)[:, None]
    lever *= face.skin_weights[used, jaw][:, None]
    flat = projector.reshape(len(basis), -1)
    turned = np.einsum("uka,skb->absu", projector, lever, optimize=True)
    return WayBack(
        flat @ basis.reshape(len(basis), -1).T,
        shapes.reshape(len(shapes), -1) @ flat.T,
        turned.reshape(ENTRIES, len(lever), len(basis)),
    )


def paired_solve(gram: Doubles, rows: Doubles) -> FloatArray:
    """Unit weights (T,52) in [0, 1] where `rows` (T,52) are what the paired units see."""
    ridge = RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    weights = bounded(gram + ridge, rows)
    weights[:, JAW_OPEN] = np.minimum(weights[:, JAW_OPEN] + weights[:, MOUTH_CLOSE], 1.0)
    return weights.astype(np.float32)


def bounded(gram: Doubles, rows: Doubles) -> Doubles:
    """Least squares with weights in [0, 1]: (frames, units), by coordinate descent."""
    weights = np.clip(np.linalg.solve(gram, rows.T).T, 0.0, 1.0)
    slope = weights @ gram - rows  # kept up to date
    for _ in range(SWEEPS):
        for unit in range(len(gram)):
            now = np.clip(weights[:, unit] - slope[:, unit] / gram[unit, unit], 0.0, 1.0)
            change = now - weights[:, unit]
            weights[:, unit] = now
            slope += change[:, None] * gram[unit]
    return np.asarray(weights)
