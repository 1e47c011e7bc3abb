# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 units as a FLAME's expressions and jaw, frame by frame (numpy only).

With the jaw at a given pitch, FLAME is linear in its expressions and, for small ones, in the jaw's
yaw and roll; so the coefficients that match a mix of units best are affine in the mix. `solve`
finds that rule at some pitches and joins them by a polynomial, and likewise what is left over. A
frame then costs a handful of products: the pitch that leaves least over, smooth from frame to
frame, and the coefficients that belong to it. Ridge regression, since coefficients are standard
deviations and large ones mean a face that no one makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .face import FaceModel, rotation_matrices

Floats = npt.NDArray[np.floating]
Doubles = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

OPEN, CLOSE = "jawOpen", "mouthClose"
PITCHES = np.linspace(-0.12, 0.66, 8)  # radians at which the rule is found, and 0
DEGREES = (3, 4)  # of the polynomials of the coefficients and of what is left over
SEARCHED = np.linspace(-0.12, 0.66, 53)  # radians among which a frame's pitch is looked for
NOISE = 0.000007  # metres of mean misfit over the face that weigh as much as a coefficient of 1
TYPICAL_TURN = 0.15  # radians of yaw or roll that weigh as much as a coefficient of 1
LIP_WEIGHT = 4.0
STEP = 0.02  # radians, for the jaw's derivatives
MOST_TURN = 0.25  # radians of yaw and of roll
MOST_EXPRESSION = 9.0  # standard deviations; the sliders end at 10
CALM = 0.1  # of the pitch's own weight: what its second difference between frames costs
BLOCK = 4096  # frames at once
ROUNDS = 30  # of conjugate gradients


@dataclass(frozen=True)
class Target:
    """What the units should do on the FLAME: moves (52,V,3) metres, and where it matters."""

    names: tuple[str, ...]
    moves: Floats
    weights: Floats  # (V,) least squares weights
    lips: npt.NDArray[np.bool_]  # (V,)


@dataclass(frozen=True)
class Rule:
    """Coefficients of a mix of units; U units, E expressions, polynomials in the jaw's pitch."""

    coefficients: FloatArray  # (degree + 1, U + 1, E + 2): expressions, yaw and roll in radians
    left_over: Doubles  # (degree + 1, U + 1, U + 1): quadratic form, square metres

    def pitch(self, weights: Floats) -> Doubles:
        """The jaw's pitch (T,) for unit weights (T,U), smooth from frame to frame."""
        starts = range(0, max(len(weights), 1), BLOCK)
        found = [self._lowest(_with_one(weights[start : start + BLOCK])) for start in starts]
        lowest, curvature = (np.concatenate(part) for part in zip(*found, strict=True))
        return calmed(lowest, curvature)

    def _lowest(self, mixed: Doubles) -> tuple[Doubles, Doubles]:
        """Each frame's own pitch (T,), and how much worse its neighbours are (T,)."""
        parts = np.stack([((mixed @ form) * mixed).sum(1) for form in self.left_over], axis=1)
        return _lowest(parts @ _powers(SEARCHED, len(self.left_over)).T)

    def at(self, weights: Floats, pitch: Floats) -> tuple[Doubles, Doubles]:
        """Expressions (T,E) and the jaw's axis-angles (T,3) at these pitches (T,), in limits."""
        mixed = _with_one(weights)
        powers = _powers(pitch, len(self.coefficients))
        found = sum(
            powers[:, [degree]] * (mixed @ part) for degree, part in enumerate(self.coefficients)
        )
        expression = np.clip(found[:, :-2], -MOST_EXPRESSION, MOST_EXPRESSION)
        turns = np.clip(found[:, -2:], -MOST_TURN, MOST_TURN)
        return expression, np.column_stack([pitch, turns])

    def solve(self, weights: Floats) -> tuple[Doubles, Doubles]:
        """Expressions (T,E) and the jaw's axis-angles (T,3) of unit weights (T,U)."""
        return self.at(weights, self.pitch(weights))


def solve(flame: FaceModel, target: Target, tell: Callable[[float], object] = abs) -> Rule:
    """The rule of a FLAME; `tell` hears the share that is done."""
    problem = Problem(flame, target)
    pitches = np.sort(np.append(PITCHES, 0.0))
    found, forms = [], []
    for done, pitch in enumerate(pitches):
        tell(done / len(pitches))
        rule, form = problem.at(float(pitch))
        found.append(rule)
        forms.append(form)
    return Rule(
        _polynomial(pitches, np.array(found), DEGREES[0]).astype(np.float32),
        _polynomial(pitches, np.array(forms), DEGREES[1]),
    )


def posed(
    flame: FaceModel,
    expression: Floats,
    jaw: Floats,
    vertices: npt.NDArray[np.integer] | None = None,
) -> Doubles:
    """Vertices (N,V,3) of expressions (N,E) with the jaw turned by axis-angles (N,3), as FLAME's
    own function has them: the joint follows the expression. `vertices` (K,) picks some."""
    rows = np.arange(len(flame.template)) if vertices is None else vertices
    index = flame.joint("jaw")
    turn = rotation_matrices(np.asarray(jaw, np.float32)).astype(float) - np.eye(3)
    features = flame.pose_basis[9 * (index - 1) : 9 * index, rows].astype(float)
    basis = flame.expression_basis[:, rows].astype(float)
    points = flame.template[rows] + np.tensordot(expression, basis, 1)
    points = points + np.tensordot(turn.reshape(-1, 9), features, 1)
    shifts = joint_shifts(flame)
    joint = flame.joint_regressor[index] @ flame.template + expression @ shifts
    lever = flame.skin_weights[rows, index][None, :, None] * (points - joint[:, None])
    return np.asarray(points + lever @ turn.transpose(0, 2, 1))


def joint_shifts(flame: FaceModel) -> Doubles:
    """How far each expression moves the jaw's joint: (E,3) metres."""
    row = flame.joint_regressor[flame.joint("jaw")].astype(float)
    return np.asarray(np.einsum("v,evx->ex", row, flame.expression_basis, optimize=True))


def misfits(flame: FaceModel, target: Target, rule: Rule) -> FloatArray:
    """Root mean square misfit in mm of each unit at 1, mouthClose together with jawOpen."""
    weights = together(target.names)
    moves = np.tensordot(weights, target.moves, 1)
    expression, jaw = apart(rule, weights)
    away = np.linalg.norm(posed(flame, expression, jaw) - flame.template - moves, axis=2)
    size = np.linalg.norm(moves, axis=2)
    moving = (size > 0.2 * size.max(1, keepdims=True)) & (target.weights > 0)
    squared = (away**2 * moving).sum(1) / np.maximum(moving.sum(1), 1)
    return np.asarray(1000 * np.sqrt(squared), np.float32)


def together(names: tuple[str, ...]) -> Doubles:
    """Each unit at 1 (U,U); mouthClose has a meaning on an open jaw only."""
    weights = np.eye(len(names))
    weights[names.index(CLOSE), names.index(OPEN)] = 1.0
    return weights


def calmed(values: Doubles, weights: Doubles) -> Doubles:
    """The curve (T,) near `values` whose second differences are small (Whittaker 1923)."""
    if len(values) < 3:
        return values
    cost = CALM * float(weights.mean())

    def applied(curve: Doubles) -> Doubles:
        bend = np.diff(curve, 2)
        back = np.convolve(bend, [1.0, -2.0, 1.0])
        return np.asarray(weights * curve + cost * back)

    return _conjugate_gradients(applied, weights * values, values)


def _conjugate_gradients(
    applied: Callable[[Doubles], Doubles], wanted: Doubles, start: Doubles
) -> Doubles:
    result = start.copy()
    rest = wanted - applied(result)
    way, size = rest.copy(), float(rest @ rest)
    for _ in range(ROUNDS):
        if size < 1e-24:
            break
        moved = applied(way)
        step = size / float(way @ moved)
        result += step * way
        rest -= step * moved
        before, size = size, float(rest @ rest)
        way = rest + size / before * way
    return result


def apart(rule: Rule, weights: Floats) -> tuple[Doubles, Doubles]:
    """The coefficients of rows that are no motion: each on its own, without smoothing."""
    rows = [rule.solve(row[None]) for row in np.asarray(weights, float)]
    return np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])


class Problem:
    """Ridge regression over the vertices that matter, with the jaw at a pitch."""

    def __init__(self, flame: FaceModel, target: Target) -> None:
        weights = target.weights * np.where(target.lips, LIP_WEIGHT, 1.0)
        self.flame, self.used = flame, np.flatnonzero(weights > 0)
        self.root = np.sqrt(weights[self.used] / weights.sum())[:, None]
        self.basis = flame.expression_basis[:, self.used].astype(float)
        self.moves = np.asarray(target.moves[:, self.used], float)
        jaw = flame.joint("jaw")
        self.share = flame.skin_weights[self.used, jaw].astype(float)[:, None]
        self.shifts = joint_shifts(flame)
        count = len(self.basis)
        self.prior = np.diag([NOISE**2] * count + [(NOISE / TYPICAL_TURN) ** 2] * 2)

    def at(self, pitch: float) -> tuple[Doubles, Doubles]:
        """Coefficients (U + 1, E + 2) and what they leave over (U + 1, U + 1)."""
        basis = self._ways(pitch)
        wanted = np.concatenate([self.moves, -self._still(pitch, np.zeros((1, 3)))])
        columns = (basis * self.root).reshape(len(basis), -1)
        right = (wanted * self.root).reshape(len(wanted), -1)
        gram = columns @ columns.T + self.prior
        asked = columns @ right.T
        found = np.linalg.solve(gram, asked)
        return found.T, right @ right.T - asked.T @ found

    def misfit(self, pitch: float, moves: Doubles) -> Doubles:
        """The least that can be left of displacements (N,K,3) of the vertices that matter, with
        the jaw at a pitch and nothing else asked: (N,)."""
        ways = self._ways(pitch)
        span = np.linalg.qr(ways.reshape(len(ways), -1).T)[0]
        rest = (moves - self._still(pitch, np.zeros((1, 3)))).reshape(len(moves), -1)
        return np.asarray(np.linalg.norm(rest - rest @ span @ span.T, axis=1))

    def _ways(self, pitch: float) -> Doubles:
        """What a coefficient of 1 and small yaws and rolls move at a pitch: (E + 2,K,3)."""
        turn = rotation_matrices(np.array([pitch, 0, 0], np.float32)).astype(float) - np.eye(3)
        basis = self.basis + self.share * ((self.basis - self.shifts[:, None]) @ turn.T)
        sides = [self._still(pitch, sign * STEP * np.eye(3)[1:]) for sign in (1, -1)]
        return np.concatenate([basis, (sides[0] - sides[1]) / (2 * STEP)])

    def expressions(self, moves: Doubles) -> Doubles:
        """Coefficients (N,E) for displacements (N,V,3) with the jaw at rest."""
        columns = (self.basis * self.root).reshape(len(self.basis), -1)
        right = (moves[:, self.used] * self.root).reshape(len(moves), -1)
        count = len(self.basis)
        gram = columns @ columns.T + self.prior[:count, :count]
        return np.asarray(np.linalg.solve(gram, columns @ right.T).T)

    def _still(self, pitch: float, more: Doubles) -> Doubles:
        """What turns (N,3) beside the pitch move a face without expression: (N,K,3)."""
        turns = more + np.array([pitch, 0.0, 0.0])
        count = np.zeros((len(turns), len(self.basis)))
        moved = posed(self.flame, count, turns, self.used)
        return np.asarray(moved - self.flame.template[self.used])


def _with_one(weights: Floats) -> Doubles:
    return np.column_stack([np.asarray(weights, float), np.ones(len(weights))])


def _powers(values: Floats, count: int) -> Doubles:
    return np.stack([np.asarray(values, float) ** degree for degree in range(count)], axis=-1)


def _polynomial(places: Doubles, values: Doubles, degree: int) -> Doubles:
    """Polynomials through `values` (N,...) at `places` (N,), exact at 0: (degree + 1,...)."""
    rest = values[np.flatnonzero(places == 0.0)[0]]
    system = _powers(places, degree + 1)[:, 1:]
    flat = (values - rest).reshape(len(places), -1)
    found = np.linalg.lstsq(system, flat, rcond=None)[0]
    return np.concatenate([rest[None], found.reshape(degree, *rest.shape)])


def _lowest(misfit: Doubles) -> tuple[Doubles, Doubles]:
    """Where SEARCHED has the least misfit (T,N), by a parabola, and its curvature: (T,), (T,)."""
    middle = np.clip(misfit.argmin(1), 1, len(SEARCHED) - 2)
    rows, step = np.arange(len(misfit)), float(SEARCHED[1] - SEARCHED[0])
    before, here, after = (misfit[rows, middle + side] for side in (-1, 0, 1))
    curvature = np.maximum((before - 2 * here + after) / step**2, 1e-9)
    shift = np.clip((before - after) / (2 * step * curvature), -step, step)
    return SEARCHED[middle] + shift, curvature
