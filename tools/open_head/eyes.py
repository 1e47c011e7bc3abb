# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces MakeHuman's coarse eyeballs by fine spheres that turn rigidly with the gaze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .source import Array, Ints

CELLS = 12  # quads along one edge of the cube that is blown up to the sphere


@dataclass(frozen=True)
class Eyeball:
    """One eye: vertices (V,3), outward quads, direction (V,3) of each vertex from the centre."""

    vertices: Array
    quads: Ints
    directions: Array
    centre: Array
    radius: float


def sphere_through(points: Array) -> tuple[Array, float]:
    """Centre and radius of the least-squares sphere."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def make_eyeball(old: Array) -> Eyeball:
    """A sphere in place of the old eyeball's vertices."""
    centre, radius = sphere_through(old)
    directions, quads = _cube_sphere()
    return Eyeball(centre + radius * directions, quads, directions, centre, radius)


def turn(old_rest: Array, old_moved: Array, ball: Eyeball) -> tuple[Array, float]:
    """Displacement (V,3) of the new ball under the rigid motion of the old, and its degrees.

    The rotation is about the ball's own centre (Kabsch 1976); MakeHuman's small drift is left out.
    """
    a, b = old_rest - old_rest.mean(0), old_moved - old_moved.mean(0)
    u, _, vt = np.linalg.svd(a.T @ b)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ flip @ u.T
    degrees = float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))
    return ball.radius * (ball.directions @ rotation.T - ball.directions), degrees


def _cube_sphere() -> tuple[Array, Ints]:
    """Unit sphere in quads, one cube face looking along +Z."""
    ticks = np.tan(np.linspace(-np.pi / 4, np.pi / 4, CELLS + 1))
    axes = [((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (0, 0, 1)), ((0, 0, 1), (1, 0, 0))]
    index: dict[tuple[float, ...], int] = {}
    points: list[Array] = []
    quads = []

    def vertex(point: Array) -> int:
        key = tuple(np.round(point, 6) + 0.0)
        if key not in index:
            index[key] = len(points)
            points.append(point / np.linalg.norm(point))
        return index[key]

    for across, up in axes:
        a, b = np.array(across, float), np.array(up, float)
        for side in (1.0, -1.0):
            n = np.cross(a, b) * side
            grid = [[vertex(n + s * a * side + t * b) for s in ticks] for t in ticks]
            quads += [
                [grid[i][j], grid[i][j + 1], grid[i + 1][j + 1], grid[i + 1][j]]
                for i in range(CELLS)
                for j in range(CELLS)
            ]
    return np.array(points), np.array(quads)
