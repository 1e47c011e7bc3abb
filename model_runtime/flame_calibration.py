# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the units are on one FLAME: found once for each file (numpy only)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .face import FaceModel, rotation_matrices
from .flame_back import WayBack, way_back
from .flame_match import Match, eyeballs, match, placed
from .flame_refine import refined
from .flame_solve import Problem, Rule, Target, apart, joint_shifts, misfits, posed, solve, together

Doubles = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

COLUMNS = np.array([-0.008, -0.004, 0.0, 0.004, 0.008])  # metres from the middle of the mouth
REACH = 0.0035
MATCHING = 0.7  # of the time that all takes
UNSEEN = "tongueOut"  # FLAME has no tongue
UNFIXED = ("jaw", "mouthClose", "eyeLook", UNSEEN)  # units that get no residual key
EYES = 0.3  # weight of the eyeballs, which no expression should move: their bones turn them
SEALED = 0.012  # metres round the middle of the mouth in which lips at rest are brought together
LEAST_FIX = 0.0003  # metres: what is left over that nobody sees


@dataclass(frozen=True)
class Calibration:
    """What each unit is on one FLAME, and where its lips are; E expressions."""

    coefficients: FloatArray  # (4,53,E+2) and
    left_over: Doubles  # (5,53,53): see flame_solve.Rule
    expression: FloatArray  # (52,E) coefficients of each unit at 1, mouthClose less jawOpen
    jaw: FloatArray  # (52,3) axis-angle in radians, likewise
    residual: FloatArray  # (52,) mm
    lips: npt.NDArray[np.int32]  # (K,3) vertex, column, 0 upper or 1 lower lip
    scale: FloatArray  # (1,) size of the FLAME's head over the open head's
    seal: FloatArray  # (E,) coefficients that bring lips together which are apart at rest
    joint: FloatArray  # (E,3) metres that each expression moves the jaw's joint
    gram: Doubles  # (52,52) and
    still: FloatArray  # (E+9,52) and
    turned: FloatArray  # (9,E+10,52): see flame_back.WayBack

    @property
    def rule(self) -> Rule:
        return Rule(self.coefficients, self.left_over)

    @property
    def back(self) -> WayBack:
        return WayBack(self.gram, self.still.astype(float), self.turned.astype(float))


def calibrate(
    flame: FaceModel,
    head: FaceModel,
    tell: Callable[[float], object] = abs,
    mouth: npt.NDArray[np.floating] | None = None,
) -> tuple[Calibration, FloatArray]:
    """The calibration of `flame`, and what its expressions cannot say (52,V,3), see `fixes`.

    `mouth`: see `flame_match.match`. `tell` hears the share that is done; what it raises ends
    the work.
    """
    found = match(head, flame, lambda done: tell(MATCHING * done), mouth)
    found = refined(head, flame, found)
    target = unit_target(flame, head, found)
    rule = solve(flame, target, lambda done: tell(MATCHING + (1 - MATCHING) * done))
    weights = together(target.names)
    expression, jaw = apart(rule, weights)
    opened, closed = (target.names.index(name) for name in ("jawOpen", "mouthClose"))
    left = fixes(flame, target, expression, jaw)
    expression[closed] -= expression[opened]
    jaw[closed] -= jaw[opened]
    back = way_back(
        flame, np.asarray(target.moves, np.float64), np.asarray(target.weights, np.float64)
    )
    columns = _columns(head, found, target.lips)
    calibration = Calibration(
        rule.coefficients,
        rule.left_over,
        expression.astype(np.float32),
        jaw.astype(np.float32),
        misfits(flame, target, rule),
        columns,
        np.array([1 / found.placement.scale], np.float32),
        lip_seal(flame, target, columns).astype(np.float32),
        joint_shifts(flame).astype(np.float32),
        back.gram,
        back.still.astype(np.float32),
        back.turned.astype(np.float32),
    )
    return calibration, left


def turn_between(head: FaceModel, flame: FaceModel) -> Doubles:
    """The rotation (3,3) from the FLAME's axes to the open head's."""
    return placed(head, flame).turn


def unit_target(flame: FaceModel, head: FaceModel, found: Match) -> Target:
    """What the units should do on the FLAME, carried over from the open head."""
    eyes = eyeballs(flame)
    movable = (found.trust > 0) & ~eyes
    moves = found.carry(head.expression_basis)
    moves[head.unit_names.index(UNSEEN)] = 0.0
    lips = found.near(head.vertex_sets["lip_rings"].ravel()) & movable
    return Target(head.unit_names, moves, np.where(eyes, EYES, movable.astype(float)), lips)


def fixes(flame: FaceModel, target: Target, expression: Doubles, jaw: Doubles) -> FloatArray:
    """What each unit at 1 still lacks, before the jaw turns it: (52,V,3) metres; 0 where that is
    too little to see, and for the units that are the jaw's or the eyes' own."""
    left = np.zeros((len(target.names), len(flame.template), 3), np.float32)
    share = flame.skin_weights[:, flame.joint("jaw")].astype(float)[:, None, None]
    for index, name in enumerate(target.names):
        if name.startswith(UNFIXED):
            continue
        moved = posed(flame, expression[[index]], jaw[[index]])[0] - flame.template
        lack = (target.moves[index] - moved) * (target.weights == 1.0)[:, None]
        turn = rotation_matrices(jaw[index].astype(np.float32)).astype(float)
        blend = np.eye(3) + share * (turn - np.eye(3))
        if np.abs(lack).max() > LEAST_FIX:
            left[index] = np.linalg.solve(blend, lack[..., None])[..., 0]
    return left


def _columns(head: FaceModel, found: Match, lips: Flags) -> npt.NDArray[np.int32]:
    """Lip vertices in columns along the mouth: (K,3), see Calibration.lips."""
    across = np.einsum("vc,vc->v", found.shares, head.template[found.corners, 0])
    rows = []
    for column, place in enumerate(COLUMNS):
        members = lips & (np.abs(across - place) < REACH)
        sides = [np.flatnonzero(members & side) for side in (~found.lower, found.lower)]
        if all(len(side) for side in sides):
            rows += [(vertex, column, side) for side, part in enumerate(sides) for vertex in part]
    return np.array(rows, np.int32).reshape(-1, 3)


def lip_seal(flame: FaceModel, target: Target, columns: npt.NDArray[np.int32]) -> Doubles:
    """Expressions (E,) that bring lips together which are apart at rest, each half the way; 0 where
    they meet. A jaw that did it alone would put the lower lip too high for the teeth."""
    vertices, column, side = columns.T
    height = flame.template[vertices, 1].astype(float)
    ends = [
        (height[here & (side == 0)].min(), height[here & (side == 1)].max())
        for here in (column == each for each in np.unique(column))
    ]
    gap = float(np.mean([up - low for up, low in ends])) if ends else 0.0
    if gap <= 0:
        return np.zeros(len(flame.expression_basis))
    middle = flame.template[vertices].mean(0)
    near = np.exp(-((flame.template - middle) ** 2).sum(1) / (2 * SEALED**2))
    lower = flame.skin_weights[:, flame.joint("jaw")] > 0.5
    move = np.zeros((1, len(flame.template), 3))
    move[0, :, 1] = np.where(lower, 0.5, -0.5) * gap * near
    return np.asarray(Problem(flame, target).expressions(move)[0])
