# SPDX-License-Identifier: GPL-3.0-or-later
"""How far lips are apart, on the open head and on a FLAME, in columns along the mouth (numpy only).

The gap of a column is the height of the upper lip's lowest point over the lower lip's highest one;
a mouth's gap is the mean over its columns. Where the open head's lower lip is at its upper
incisors, for f and v, what counts is the lip's height over their edge. Millimetres.
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
DENTAL_RINGS, DENTAL_COLUMNS = slice(3, 10), 3  # of the lower lip, that can meet the incisors
AT_TEETH = (1.2, 3.0)  # mm from lip to tooth: contact up to the first, none from the second on
APART = (0.15, 0.5)  # mm between the lips: shut up to the first
PRESSED = -0.3  # mm; lips that press harder do so without the jaw


@dataclass(frozen=True)
class Aim:
    """What the lips of a motion should do, (T,) each."""

    gap: Floats  # mm
    lip: Floats  # mm that the lower lip is over the edge of the upper incisors
    dental: Floats  # 0..1: how much the second counts, and the first the less

    def sized(self, scale: float) -> Aim:
        """The same on a face of another size."""
        return Aim(scale * self.gap, scale * self.lip, self.dental)


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
    edge: float  # metres from the upper lip up to where the upper incisors would end

    def gap(self, expression: Floats, jaw: Floats, residual: Floats | None = None) -> Floats:
        """Gap (T,) for expressions (T,E), the jaw's axis-angles (T,3), residual keys (T,R)."""
        return column_gap(self._height(*self._shaped(expression, residual), jaw), self.columns)

    def keep(
        self, expression: Floats, jaw: Floats, aim: Aim, residual: Floats | None = None
    ) -> Floats:
        """The jaw's axis-angles (T,3), turned about x so that the lips do what `aim` says."""
        shaped = self._shaped(expression, residual)
        result = np.array(jaw, dtype=float)
        for _ in range(ROUNDS):
            over = self._over(shaped, result, aim)
            more = self._over(shaped, result + np.array([STEP, 0.0, 0.0]), aim)
            change = -over / np.maximum((more - over) / STEP, 10.0)
            result[:, 0] = np.clip(
                result[:, 0] + change, jaw[:, 0] - MOST_SHIFT, jaw[:, 0] + MOST_SHIFT
            )
        return result

    def _over(self, shaped: tuple[Floats, Floats], jaw: Floats, aim: Aim) -> Floats:
        """By how much (T,) mm the lips are further open than they should be."""
        height = self._height(*shaped, jaw)
        gap = column_gap(height, self.columns) - np.maximum(aim.gap, PRESSED)
        if not aim.dental.any():
            return gap
        lip = 1000 * (lip_height(height, self.columns) - self._tooth)
        return np.asarray((1 - aim.dental) * gap + aim.dental * (aim.lip - lip))

    @property
    def _tooth(self) -> float:
        """Height of the upper incisors' edge, which follows the person's upper lip at rest."""
        upper = [self.rest[list(up), 1].min() for up, _ in self.columns]
        return float(np.mean(upper)) + self.edge

    def _shaped(self, expression: Floats, residual: Floats | None) -> tuple[Floats, Floats]:
        """Lip points (T,K,3) with the jaw at rest, and its joint (T,3)."""
        points = self.rest + np.tensordot(expression, self.expressions, 1)
        if residual is not None and len(self.residuals):
            points = points + np.tensordot(residual, self.residuals, 1)
        return points, self.joint + expression @ self.joint_shifts

    def _height(self, shaped: Floats, joint: Floats, jaw: Floats) -> Floats:
        """Heights (T,K) metres of the lip points with the jaw turned."""
        turn = rotation_matrices(np.asarray(jaw, np.float32)) - np.eye(3)
        points = shaped + np.tensordot(turn.reshape(-1, 9), self.correctives, 1)
        raised = np.einsum("tb,tkb->tk", turn[:, 1], points - joint[:, None])
        return np.asarray(points[..., 1] + self.weights * raised)


def column_gap(height: Floats, columns: Columns) -> Floats:
    """Mean gap (T,) mm of points whose heights are (T,K) metres."""
    gaps = [height[:, up].min(1) - height[:, low].max(1) for up, low in columns]
    return np.asarray(1000 * np.mean(gaps, axis=0))


def lip_height(height: Floats, columns: Columns) -> Floats:
    """Mean height (T,) metres of the lower lip in the middle columns."""
    middle = columns[1:-1] if len(columns) > 2 else columns
    return np.asarray(np.mean([height[:, low].max(1) for _, low in middle], axis=0))


def head_aim(head: FaceModel, motion: Floats, channels: Sequence[str]) -> Aim:
    """What the open head's lips do for motion (T,C)."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)
    edge = head.vertex_sets["incisal_upper"]
    teeth = head.template[edge[len(edge) // 4 : len(edge) - len(edge) // 4]].astype(float)
    wet = np.unique(rings[:, DENTAL_RINGS, :DENTAL_COLUMNS])
    gap = head_gap(head, motion, channels)
    points = _moved(head, motion, channels, wet)
    away = np.sqrt(((points[:, :, None] - teeth) ** 2).sum(-1).min((1, 2)))
    near = 1 - _rise(1000 * away, *AT_TEETH)
    lip = 1000 * (_tops(head, motion, channels, rings) - teeth[:, 1].mean())
    return Aim(gap, lip, np.asarray(near * _rise(gap, *APART)))


def head_gap(head: FaceModel, motion: Floats, channels: Sequence[str]) -> Floats:
    """Gap (T,) mm of the open head's lips for motion (T,C)."""
    rings = head.vertex_sets["lip_rings"].reshape(2, 12, 20)[:, CONTACT_RINGS]
    gaps = []
    for side in rings:
        for column in range(HEAD_COLUMNS):
            high = _moved(head, motion, channels, side[:, 19 - column])[..., 1]
            low = _moved(head, motion, channels, side[:, column])[..., 1]
            gaps.append(high.min(1) - low.max(1))
    return np.asarray(1000 * np.mean(gaps, axis=0))


def _tops(
    head: FaceModel, motion: Floats, channels: Sequence[str], rings: npt.NDArray[np.int32]
) -> Floats:
    """Mean height (T,) metres of the lower lip's highest points in the middle."""
    columns = [side[CONTACT_RINGS, column] for side in rings for column in range(DENTAL_COLUMNS)]
    tops = [_moved(head, motion, channels, part)[..., 1].max(1) for part in columns]
    return np.asarray(np.mean(tops, axis=0))


def _moved(
    head: FaceModel, motion: Floats, channels: Sequence[str], vertices: npt.NDArray[np.int32]
) -> Floats:
    """Where motion (T,C) brings vertices (K,) of the open head: (T,K,3) metres."""
    used = [index for index, name in enumerate(channels) if name in head.unit_names]
    units = [head.unit_names.index(channels[index]) for index in used]
    return np.asarray(
        head.template[vertices]
        + np.tensordot(motion[:, used], head.expression_basis[np.ix_(units, vertices)], 1)
    )


def _rise(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high` on, smooth in between."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
