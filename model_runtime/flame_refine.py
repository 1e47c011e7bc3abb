# SPDX-License-Identifier: GPL-3.0-or-later
"""A second look at a match: slide it along the skin until the units are what the FLAME can do.

Surfaces slide on each other, so a match by shape alone puts a lid or a brow a millimetre or two
beside itself. A FLAME's own expressions know better: what the units are there can be made of them,
what they are a little beside cannot. So the match is moved by a smooth field along the skin that
leaves the least of the units outside the expressions and the jaw's turns (Gauss-Newton: a unit's
change along the skin times the slide, and all of it projected off the expressions).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .face import FaceModel
from .flame_match import Match, eyeballs, nearest_on_skin, vertex_normals
from .flame_solve import CLOSE, OPEN, STEP, posed

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

UNUSED = (OPEN, CLOSE, "tongueOut")  # the jaw's turn is not linear, and FLAME has no tongue
MOVED = 0.0002  # metres that some unit moves a vertex which is looked at
CENTRES = 90  # of the smooth field
SPREAD = 0.014  # metres
FARTHEST = 0.003  # metres that a centre's own slide usually is, at most
NOISE = 0.03  # of a unit's size: what a slide as large as that has to gain
ROUNDS = 4


@dataclass(frozen=True)
class _Units:
    """The open head's units, each relative to its size on the FLAME, in the FLAME's axes."""

    moves: Floats  # (N,Vh,3)
    change: Floats  # (N,Vh,3,3): component, direction along the open head's skin


@dataclass(frozen=True)
class _Room:
    """What does not change from round to round; K points that are looked at, C centres."""

    units: _Units
    field: Floats  # (K,C)
    span: Floats  # (3K,E+3), see _span


def refined(head: FaceModel, flame: FaceModel, found: Match) -> Match:
    """`found`, slid along the open head's skin; see the module."""
    chosen = [index for index, name in enumerate(head.unit_names) if name not in UNUSED]
    moves = head.expression_basis[chosen].astype(np.float64)
    carried = found.carry(moves)
    felt = np.linalg.norm(carried, axis=2).max(0) > MOVED
    used = np.flatnonzero(felt & (found.trust > 0) & ~eyeballs(flame))
    if not len(used):
        return found
    size = np.linalg.norm(carried.reshape(len(chosen), -1), axis=1)
    moves = found.placement.back(moves) / np.maximum(size, 1e-9)[:, None, None]
    field = _field(found.placement(flame.template)[used])
    room = _Room(_Units(moves, _change(head, moves)), field, _span(flame, used))
    rest = head.template.astype(float)
    normals = vertex_normals(rest, head.triangles)
    for _ in range(ROUNDS):
        corners, shares = found.corners[used], found.shares[used]
        facing = _mixed(normals, corners, shares)
        facing = facing / np.linalg.norm(facing, axis=1, keepdims=True)
        points = _mixed(rest, corners, shares) + _slide(room, corners, shares, facing)
        found = _laid(head, found, used, points, facing)
    return found


def _laid(head: FaceModel, found: Match, used: Indices, points: Floats, facing: Floats) -> Match:
    """The match with vertices `used` (K,) at the skin's points nearest to `points` (K,3)."""
    met = nearest_on_skin(head, points, facing, found.lower[used])
    there = np.isfinite(met.distance)
    corners, shares = found.corners.copy(), found.shares.copy()
    corners[used[there]], shares[used[there]] = met.corners[there], met.shares[there]
    return replace(found, corners=corners, shares=shares)


def _slide(room: _Room, corners: Indices, shares: Floats, facing: Floats) -> Floats:
    """The slide (K,3) along the skin that leaves the least of the units outside the span."""
    count, centres = room.field.shape
    across = np.eye(3) - facing[:, :, None] * facing[:, None, :]
    prior = len(room.units.moves) * (NOISE / FARTHEST) ** 2 / centres
    gram, wanted = prior * np.eye(3 * centres), np.zeros(3 * centres)
    square, right = np.zeros((count, 3, 3)), np.zeros((count, 3))
    span = room.span.reshape(count, 3, -1)
    for moves, change in zip(room.units.moves, room.units.change, strict=True):
        move = _mixed(moves, corners, shares)
        way = _mixed(change.reshape(-1, 9), corners, shares).reshape(-1, 3, 3) @ across
        parts = span.transpose(0, 2, 1) @ way
        bumped = (room.field.T @ parts.reshape(count, -1)).reshape(centres, -1, 3)
        inside = np.moveaxis(bumped, 1, 0).reshape(-1, 3 * centres)
        gram -= inside.T @ inside
        wanted += inside.T @ (room.span.T @ move.ravel())
        square += way.transpose(0, 2, 1) @ way
        right += np.einsum("nab,na->nb", way, move)
    for a, b in np.ndindex(3, 3):
        gram[a::3, b::3] += room.field.T @ (room.field * square[:, a, b][:, None])
    wanted -= (room.field.T @ right).ravel()
    bumps = np.linalg.solve(gram, wanted).reshape(centres, 3)
    return np.asarray(np.einsum("nab,nb->na", across, room.field @ bumps))


def _span(flame: FaceModel, used: Indices) -> Floats:
    """An orthonormal basis (3K,E+3) of what expressions and small turns of the jaw move."""
    turns = np.zeros((3, len(flame.expression_basis)))
    sides = [posed(flame, turns, sign * STEP * np.eye(3), used) for sign in (1, -1)]
    ways = np.concatenate([flame.expression_basis[:, used].astype(float), sides[0] - sides[1]])
    return np.linalg.qr(ways.reshape(len(ways), -1).T)[0]


def _field(spots: Floats) -> Floats:
    """Smooth bumps (K,CENTRES) over points (K,3), whose sum is 1 everywhere."""
    chosen = [int(np.argmin(((spots - spots.mean(0)) ** 2).sum(1)))]
    away = ((spots - spots[chosen[0]]) ** 2).sum(1)
    for _ in range(CENTRES - 1):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, ((spots - spots[chosen[-1]]) ** 2).sum(1))
    squared = ((spots[:, None] - spots[chosen]) ** 2).sum(-1)
    return np.asarray(np.exp(-squared / (2 * SPREAD**2)))


def _change(head: FaceModel, moves: Floats) -> Floats:
    """How displacements (N,V,3) change along the skin: (N,V,3,3), means over the triangles round a
    vertex, weighted by area."""
    points, flat = head.template.astype(float), head.triangles.astype(np.int64)
    a, b, c = points[flat].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    twice = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    ways = [np.cross(normal, edge) / twice for edge in (c - b, a - c, b - a)]  # times the area
    around = sum(np.bincount(flat[:, corner], twice[:, 0], len(points)) for corner in range(3))
    result = np.zeros((len(moves), len(points), 9))
    for move, row in zip(moves, result, strict=True):
        slope = sum(move[flat[:, i], :, None] * ways[i][:, None, :] for i in range(3))
        columns = np.asarray(slope).reshape(-1, 9)
        for i in range(3):
            for column in range(9):
                row[:, column] += np.bincount(flat[:, i], columns[:, column], len(points))
        row /= np.maximum(around, 1e-12)[:, None]
    return result.reshape(len(moves), len(points), 3, 3)


def _mixed(values: Floats, corners: Indices, shares: Floats) -> Floats:
    """Values (V,N) of three corners (K,3) by their shares (K,3): (K,N)."""
    return np.asarray(np.einsum("kc,kcx->kx", shares, values[corners]))
