# SPDX-License-Identifier: GPL-3.0-or-later
"""How far lips are apart, on the open head and on a FLAME, in columns along the mouth (numpy only).

The gap of a column is the height of the upper lip's lowest point over the lower lip's highest one;
a mouth's gap is the mean over its columns. Millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel, rotation_matrices

Floats = npt.NDArray[np.floating]
Columns = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]  # upper and lower points of each

CONTACT_RINGS = slice(2, 10)  # of the open head: rings that can meet the other lip
HEAD_COLUMNS = 5  # to each side, from the middle on
MOST_SHIFT = 0.14  # radians that the jaw may be turned to keep a gap
ROUNDS = 5
STEP = 0.01  # radians
LEAST_SEAL, MOST_SEAL = 0.3, 1.5  # mm that lips at rest may be apart; of the sealing expressions
PRESSED = -0.3  # mm; lips that press harder do so without the jaw


@dataclass(frozen=True)
class Lips:
    """The lip points of a FLAME rig, in FLAME's axes and metres, with all that moves them."""

    rest: Floats  # (K,3)
    expressions: Floats  # (E,K,3)
    correctives: Floats  # (9,K,3) of the jaw
    weights: Floats  # (K,) of the jaw
    joint: Floats  # (3,) the jaw's
    joint_shifts: Floats  # (E,3) metres that each expression moves it
    columns: Columns
    residuals: Floats  # (R,K,3) of the residual keys

    def gap(self, expression: Floats, jaw: Floats, residual: Floats | None = None) -> Floats:
        """Gap (T,) for expressions (T,E), the jaw's axis-angles (T,3), residual keys (T,R)."""
        return self._gap(*self._shaped(expression, residual), jaw)

    def keep(
        self, expression: Floats, jaw: Floats, wanted: Floats, residual: Floats | None = None
    ) -> Floats:
        """The jaw's axis-angles (T,3), turned about x so that the gap is `wanted` (T,) mm."""
        shaped = self._shaped(expression, residual)
        result = np.array(jaw, dtype=float)
        for _ in range(ROUNDS):
            now = self._gap(*shaped, result)
            slope = (self._gap(*shaped, result + np.array([STEP, 0.0, 0.0])) - now) / STEP
            change = (np.maximum(wanted, PRESSED) - now) / np.maximum(slope, 10.0)
            result[:, 0] = np.clip(
                result[:, 0] + change, jaw[:, 0] - MOST_SHIFT, jaw[:, 0] + MOST_SHIFT
            )
        return result

    def sealing(self, seal: Floats, wanted: float) -> float:
        """How much of the expressions `seal` (E,) brings lips that are apart at rest to a gap of
        `wanted` mm: 0 where they are no farther apart than that."""
        still = np.zeros((2, 3))
        before, after = self.gap(np.stack([0 * seal, seal]), still)
        if before - wanted < LEAST_SEAL or before - after < LEAST_SEAL:
            return 0.0
        return float(min((before - wanted) / (before - after), MOST_SEAL))

    def _shaped(self, expression: Floats, residual: Floats | None) -> tuple[Floats, Floats]:
        """Lip points (T,K,3) with the jaw at rest, and its joint (T,3)."""
        points = self.rest + np.tensordot(expression, self.expressions, 1)
        if residual is not None and len(self.residuals):
            points = points + np.tensordot(residual, self.residuals, 1)
        return points, self.joint + expression @ self.joint_shifts

    def _gap(self, shaped: Floats, joint: Floats, jaw: Floats) -> Floats:
        turn = rotation_matrices(np.asarray(jaw, np.float32)) - np.eye(3)
        points = shaped + np.tensordot(turn.reshape(-1, 9), self.correctives, 1)
        raised = np.einsum("tb,tkb->tk", turn[:, 1], points - joint[:, None])
        height = points[..., 1] + self.weights * raised
        return column_gap(height, self.columns)


def column_gap(height: Floats, columns: Columns) -> Floats:
    """Mean gap (T,) mm of points whose heights are (T,K) metres."""
    gaps = [height[:, up].min(1) - height[:, low].max(1) for up, low in columns]
    return np.asarray(1000 * np.mean(gaps, axis=0))


def head_gap(head: FaceModel, motion: Floats, channels: Sequence[str]) -> Floats:
    """Gap (T,) mm of the open head's lips for motion (T,C)."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)[:, CONTACT_RINGS]
    used = [index for index, name in enumerate(channels) if name in head.unit_names]
    units = [head.unit_names.index(channels[index]) for index in used]
    sides = []
    for side in rings:
        for column in range(HEAD_COLUMNS):
            pair = side[:, 19 - column], side[:, column]
            high, low = (
                head.template[part, 1]
                + motion[:, used] @ head.expression_basis[np.ix_(units, part)][..., 1]
                for part in pair
            )
            sides.append(high.min(1) - low.max(1))
    return np.asarray(1000 * np.mean(sides, axis=0))
