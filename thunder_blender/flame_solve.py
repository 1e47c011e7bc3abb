# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 units as FLAME's expressions and jaw (numpy only).

Each unit's displacement, carried over from the open head, is matched by the expression
coefficients, and the jaw where the unit moves it: ridge regression, since coefficients are
standard deviations and large ones mean a face that no one makes. The jaw turns, so its angle is
searched for, not solved. `mouthClose` has a meaning only on an open jaw: what is matched is both
together, lips first, so that lips that meet on the open head meet here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel, apply_pose, rotation_matrices

Floats = npt.NDArray[np.floating]

JAW_UNITS = ("jawForward", "jawLeft", "jawRight")
OPEN, CLOSE = "jawOpen", "mouthClose"
ANGLES = (0.05, 0.75)  # radians searched for jawOpen
NOISE = 0.00004  # metres of mean misfit over the face that weigh as much as a coefficient of 1
TYPICAL_TURN = 0.15  # radians that weigh as much as a coefficient of 1
LIP_WEIGHT = 8.0
SEAL_WEIGHT = 60.0  # of the lips while they are closed over an open jaw
SEAL_AT = 0.4  # of jawOpen and mouthClose, where the seal is matched: speech rarely opens further
GOLDEN = 0.618
SEARCHES = 10
THINNED = 5  # one vertex in so many is enough to find the jaw's angle
STEP = 0.02  # radians, for the jaw's derivatives


@dataclass(frozen=True)
class Target:
    """What the units should do on the FLAME: moves (52,V,3) metres, and where it matters."""

    names: tuple[str, ...]
    moves: Floats
    weights: Floats  # (V,) least squares weights
    lips: npt.NDArray[np.bool_]  # (V,)

    def of(self, name: str) -> Floats:
        return np.asarray(self.moves[self.names.index(name)])


@dataclass(frozen=True)
class Solution:
    """Units as coefficients: expression (52,E), jaw (52,3) axis-angle in radians, residual mm."""

    expression: npt.NDArray[np.float32]
    jaw: npt.NDArray[np.float32]
    residual: npt.NDArray[np.float32]  # (52,) root mean square over vertices that the unit moves


def solve(flame: FaceModel, target: Target, tell: Callable[[float], object] = abs) -> Solution:
    """Match all units of `target`; `tell` hears the share that is done."""
    expression = np.zeros((len(target.names), len(flame.expression_basis)))
    jaw = np.zeros((len(target.names), 3))
    still = _Problem(flame, target.weights * np.where(target.lips, LIP_WEIGHT, 1.0))
    plain = [i for i, name in enumerate(target.names) if name not in (*JAW_UNITS, OPEN, CLOSE)]
    expression[plain] = still.expressions(target.moves[plain])
    for done, name in enumerate(JAW_UNITS, 1):
        tell(0.1 * done)
        index = target.names.index(name)
        expression[index], jaw[index] = still.with_turn(target.of(name))
    tell(0.4)
    opened, closed = target.names.index(OPEN), target.names.index(CLOSE)
    expression[opened], jaw[opened] = still.with_opening(target.of(OPEN))
    tell(0.7)
    sealed = _Problem(flame, target.weights * np.where(target.lips, SEAL_WEIGHT, 1.0))
    both = sealed.with_opening(SEAL_AT * (target.of(OPEN) + target.of(CLOSE)), least=-ANGLES[0])
    expression[closed] = both[0] / SEAL_AT - expression[opened]
    jaw[closed] = both[1] / SEAL_AT - jaw[opened]
    return Solution(
        expression.astype(np.float32),
        jaw.astype(np.float32),
        _residuals(flame, target, expression, jaw),
    )


def posed(flame: FaceModel, expression: Floats, jaw: Floats) -> Floats:
    """Vertices (N,V,3) of expressions (N,E) with the jaw turned by axis-angles (N,3)."""
    points = flame.template + np.tensordot(expression, flame.expression_basis, 1)
    pose = np.zeros((len(points), len(flame.joint_names), 3), np.float32)
    pose[:, flame.joint("jaw")] = jaw
    joints = flame.joint_regressor @ flame.template
    return np.asarray(apply_pose(flame, points.astype(np.float32), joints, pose))


class _Problem:
    """Ridge regression over the vertices that matter, its normal matrix made once."""

    def __init__(self, flame: FaceModel, weights: Floats) -> None:
        self.flame, self.weights = flame, weights
        self.used = np.flatnonzero(weights > 0)
        self.root = np.sqrt(weights[self.used] / weights.sum())[None, :, None]
        self.basis = flame.expression_basis[:, self.used].astype(float)
        self.prior = np.eye(len(self.basis)) * NOISE**2

    def expressions(self, moves: Floats) -> Floats:
        """Coefficients (N,E) for displacements (N,V,3) with the jaw at rest."""
        return self._ridge(self.basis, moves[:, self.used], self.prior)

    def with_turn(self, move: Floats) -> tuple[Floats, Floats]:
        """Coefficients (E,) and a small turn of the jaw (3,) about any axis."""
        turns = self._moved(STEP * np.eye(3)) / STEP
        prior = np.diag([*np.diag(self.prior), *[(NOISE / TYPICAL_TURN) ** 2] * 3])
        both = self._ridge(np.concatenate([self.basis, turns]), move[None, self.used], prior)[0]
        return both[:-3], both[-3:]

    def with_opening(self, move: Floats, least: float = ANGLES[0]) -> tuple[Floats, Floats]:
        """Coefficients (E,) and the jaw's turn (3,) about x that match `move` (V,3)."""
        kept = np.arange(len(self.weights)) % THINNED == 0
        thin = _Problem(self.flame, self.weights * kept)
        angle = _lowest(lambda angle: thin._at_angle(move, angle)[1], least, ANGLES[1])
        return self._at_angle(move, angle)[0], np.array([angle, 0.0, 0.0])

    def _at_angle(self, move: Floats, angle: float) -> tuple[Floats, float]:
        """Best coefficients with the jaw at `angle`, and what is left over."""
        turn = np.array([angle, 0.0, 0.0])
        rest = move[self.used] - self._moved(turn[None])[0]
        matrices = _blend(self.flame, turn)[self.used]
        basis = (matrices @ self.basis.transpose(1, 2, 0)).transpose(2, 0, 1)
        found = self._ridge(basis, rest[None], self.prior)[0]
        misfit = (np.tensordot(found, basis, 1) - rest) * self.root[0]
        return found, float((misfit**2).sum() + NOISE**2 * (found**2).sum())

    def _moved(self, turns: Floats) -> Floats:
        still = np.zeros((len(turns), len(self.basis)))
        return posed(self.flame, still, turns)[:, self.used] - self.flame.template[self.used]

    def _ridge(self, basis: Floats, moves: Floats, prior: Floats) -> Floats:
        flat = (basis * self.root).reshape(len(basis), -1)
        wanted = (moves * self.root).reshape(len(moves), -1)
        return np.asarray(np.linalg.solve(flat @ flat.T + prior, flat @ wanted.T).T)


def _lowest(value: Callable[[float], float], low: float, high: float) -> float:
    """Where `value` is lowest between `low` and `high`, by golden section."""
    first, second = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    left, right = value(first), value(second)
    for _ in range(SEARCHES):
        if left < right:
            high, second, right = second, first, left
            first = high - GOLDEN * (high - low)
            left = value(first)
        else:
            low, first, left = first, second, right
            second = low + GOLDEN * (high - low)
            right = value(second)
    return (low + high) / 2


def _blend(flame: FaceModel, jaw: Floats) -> Floats:
    """Each vertex's own share of the jaw's rotation: (V,3,3)."""
    share = flame.skin_weights[:, flame.joint("jaw")].astype(float)[:, None, None]
    turn = rotation_matrices(np.asarray(jaw, np.float32)).astype(float)
    return np.eye(3) + share * (turn - np.eye(3))


def _residuals(
    flame: FaceModel, target: Target, expression: Floats, jaw: Floats
) -> npt.NDArray[np.float32]:
    """Root mean square misfit in mm of each unit at 1, mouthClose together with jawOpen."""
    moves = target.moves.copy()
    opened, closed = target.names.index(OPEN), target.names.index(CLOSE)
    moves[closed] += moves[opened]
    weights, turns = expression.copy(), jaw.copy()
    weights[closed] += weights[opened]
    turns[closed] += turns[opened]
    misfit = np.linalg.norm(posed(flame, weights, turns) - flame.template - moves, axis=2)
    size = np.linalg.norm(moves, axis=2)
    moving = (size > 0.2 * size.max(1, keepdims=True)) & (target.weights > 0)
    squared = (misfit**2 * moving).sum(1) / np.maximum(moving.sum(1), 1)
    return np.asarray(1000 * np.sqrt(squared), np.float32)
