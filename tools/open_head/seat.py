# SPDX-License-Identifier: GPL-3.0-or-later
"""Seats teeth, gums, tongues and eyes a last time, in more poses and closer than `ease`.

Whose upper incisors a smile presses has both arches moved down and back, to where the lower lip
still meets them for f and v: `ease` may not take them off that lip, and straight back it would.
Then everything that is still pressed is eased again, with the rows of the crowns that came free
since. Last, a tongue is moved as a whole to where it passes between the arches in every step of
`tongueOut`, which easing at some steps does not find. Skin does not move.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model_runtime.face import FaceModel, FloatArray

from .ease import Care, Contact, Easer, contact, easing_poses, gap_at
from .poses import frame, performed_poses, tongue_poses, unit_poses
from .settle import smaller_eyes
from .source import Array

CLOSE = Care(free=0.12e-3, left=0.05e-3, spare=0.8e-3, tongue=True, sweeps=(8, 12))
DOWN = np.arange(-11, 5) * 0.25e-3  # metres that arches are moved up, tried
BACK = np.arange(-7, 3) * 0.25e-3  # metres forward
TONGUES = (0.125, 0.25, 0.375, 0.625, 0.75, 0.875)
BETWEEN = [  # what bites on the way to a unit's whole
    *(frame({jaw: share}) for jaw in ("jawLeft", "jawForward") for share in (0.125, 0.25, 0.75)),
    *(frame({"tongueOut": share, "jawOpen": 0.3 * share}) for share in TONGUES),
]
TONGUE_DOWN = np.arange(-10, 3) * 0.25e-3  # metres that a tongue is moved up, tried
TONGUE_BACK = np.arange(-3, 2) * 0.5e-3  # metres forward
CLEAR = 0.10  # mm of overlap that costs nothing
REACH = (0.1, 0.94)  # mm that the labiodental gap stays within; 1.0 is a contact
TONGUE_SHARE = np.array([0.0, 0.5, 1.0])  # of the arches' shift that the tongue takes
DEEP_COST, GAP_COST, MOVE_COST = 4.0, 0.4, 0.15  # a mm of overlap, of gap, of motion


def seat(face: FaceModel, template: Array, basis: Array) -> tuple[Array, Array]:
    """Template (V,3) and identity basis (I,V,3), eased before, with teeth, tongue, eyes seated."""
    eased = replace(face, template=np.float32(template), identity_basis=np.float32(basis))
    poses = [*easing_poses(), *BETWEEN, *performed_poses().values()]
    easer = Easer(eased, CLOSE, poses)
    seen = np.stack([*unit_poses().values(), *poses])
    average = smaller_eyes(easer.meter, easer.eased(template), seen)
    people = []
    for name, shape in zip(face.identity_names, basis, strict=True):
        own = contact(eased, name, REACH)
        rest = placed(easer, template + shape, own)
        people.append(smaller_eyes(easer.meter, easer.eased(rest, own), seen))
    average, *people = (tongue_placed(easer, rest) for rest in (average, *people))
    return average, np.stack(people) - average


def placed(easer: Easer, rest: Array, own: Contact) -> Array:
    """Rest vertices (V,3) with both arches where the upper incisors are pressed least."""
    best, cost = rest, np.inf
    moves = [move for move in easer.moves if _near(easer, rest, move)]
    for shift, tried in _shifted(easer, rest):
        gap = gap_at(own, tried)
        found = GAP_COST * gap + 1000 * MOVE_COST * float(np.linalg.norm(shift))
        if found < cost and (own.least <= gap <= own.most or not shift.any()):
            found += DEEP_COST * max(_pressed(easer, tried, moves) - CLEAR, 0.0)
            if found < cost:
                best, cost = tried, found
    return best


def _shifted(easer: Easer, rest: Array) -> Iterator[tuple[Array, Array]]:
    """Shifts (3,) of the arches, the short ones first, and the resting vertices they give."""
    shifts = [np.array([0.0, up, ahead]) for up in DOWN for ahead in BACK]
    for shift in sorted(shifts, key=lambda s: (round(1e9 * float(s @ s)), *s)):
        tried = rest.copy()
        for part in (easer.upper, easer.lower):
            tried[part.own] += shift
        tried[easer.tongue.own] += TONGUE_SHARE * shift
        yield shift, tried


def tongue_placed(
    easer: Easer, rest: Array, clear: float = CLEAR, steps: dict[str, FloatArray] | None = None
) -> Array:
    """Rest vertices (V,3) with the tongue where it is pressed least, and moved least.

    `clear` mm of overlap cost nothing, in the poses of the easer and in `steps` of tongueOut.
    """
    basis = easer.meter.face.expression_basis.astype(float)
    moves = [np.tensordot(pose, basis, 1) for pose in (steps or tongue_poses()).values()]
    moves += [move for move in easer.moves if move[easer.tongue.own].any() or not move.any()]
    shifts = [np.array([0.0, up, ahead]) for up in TONGUE_DOWN for ahead in TONGUE_BACK]
    best, cost = rest, np.inf
    for shift in sorted(shifts, key=lambda s: (round(1e9 * float(s @ s)), *s)):
        found = 1000 * MOVE_COST * float(np.linalg.norm(shift))
        if found >= cost:
            break
        tried = rest.copy()
        tried[easer.tongue.own] += shift
        found += DEEP_COST * _tongue_pressed(easer, tried, moves, cost - found, clear)
        if found < cost:
            best, cost = tried, found
    return best


def _tongue_pressed(
    easer: Easer, rest: Array, moves: list[Array], enough: float, clear: float
) -> float:
    """Deepest of the tongue in teeth or flesh over `clear`, mm; no further once it costs `enough`.

    The pose that was too much comes first from then on.
    """
    deepest = 0.0
    for index, move in enumerate(moves):
        points = rest + move
        for hits in (easer.meter.tongue_in_teeth(points), easer.meter.tongue_in_flesh(points)):
            deepest = max(deepest, 1000 * float(hits.depth.max(initial=0.0)) - clear)
        if DEEP_COST * deepest >= enough:
            moves.insert(0, moves.pop(index))
            break
    return deepest


def _near(easer: Easer, rest: Array, move: Array) -> bool:
    """Whether a pose presses the incisors' edges anywhere they may be moved to."""
    corners = [(0.0, up, ahead) for up in DOWN[[0, -1]] for ahead in BACK[[0, -1]]]
    where = np.concatenate([rest[easer.edge] + corner for corner in corners])
    hits = easer.meter.in_lining(where, rest + move)
    return bool(hits.depth.max(initial=0.0) > CLEAR / 1000)


def _pressed(easer: Easer, rest: Array, moves: list[Array]) -> float:
    """Deepest of the upper incisors' edges in flesh, mm."""
    meter = easer.meter
    found = (meter.in_flesh(easer.edge, rest + move).depth.max(initial=0.0) for move in moves)
    return 1000 * float(max(found, default=0.0))
