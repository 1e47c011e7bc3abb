# SPDX-License-Identifier: GPL-3.0-or-later
"""Grows two dental arches: 14 teeth and a gum each, in quads.

Tooth sizes are the usual averages (Wheeler's Dental Anatomy); the arches sit where the lower
lip can reach the upper incisors for f and v.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .source import Array, Ints

UPPER_SIZES = ((8.5, 10), (6.6, 9), (7.6, 10), (7, 8.5), (6.8, 8.2), (10, 7.4), (9.4, 7))
LOWER_SIZES = ((5.4, 8.8), (5.9, 9.2), (6.9, 10.2), (7, 8.6), (7, 8), (10.6, 7.4), (10, 7))
OVERLAP = 2.0e-3  # the upper incisors end this far below the line of the closed lips
OVERJET = 2.6e-3
OVERBITE = 1.6e-3
RADIAL = 10  # vertices around a tooth, even
LEVELS = (0.0, 0.1, 0.3, 0.6, 0.85, 1.0)  # 0 biting edge, 1 neck (a little below the gum)
GUM_SIDES = 10
GUM_STEPS = 4  # stations of the gum a tooth


@dataclass(frozen=True)
class Arch:
    """z = front - depth * (|x| / half) ** power, biting edges at height `edge` (metres)."""

    front: float
    edge: float
    half: float
    depth: float
    sizes: tuple[tuple[float, float], ...]
    root: float  # +1 the roots point up, -1 down
    power: float = 2.75


@dataclass(frozen=True)
class Dentition:
    """One arch as a mesh: quads 0..tooth_quads are teeth, the rest gum."""

    vertices: Array
    quads: Ints
    is_tooth: np.ndarray  # (V,) bool
    incisal_edges: Ints  # front edge vertices of the four incisors, from one side to the other
    coordinates: Array  # (V,2): 0..1 from biting edge to root, 0..1 along the arch


def upper_arch(line: float, face: float) -> Arch:
    """Upper arch for lips meeting at height `line`; the central incisors' faces are at `face`."""
    return Arch(face, line - OVERLAP, 27.0e-3, 32e-3, UPPER_SIZES, 1.0)


def lower_arch(line: float, face: float) -> Arch:
    """The lower arch that bites behind the upper one."""
    return Arch(face - OVERJET, line - OVERLAP + OVERBITE, 25.4e-3, 31e-3, LOWER_SIZES, -1.0)


def depth(arch: Arch, x: Array) -> Array:
    """z of the arch line at distances x from the middle."""
    return np.asarray(arch.front - arch.depth * (np.abs(x) / arch.half) ** arch.power)


def grow(arch: Arch, size: float = 1.0) -> Dentition:
    """The teeth and the gum of one arch, `size` times as large around the incisors' edges."""
    teeth, quads, edges, marks = [], [], [], []
    for side in (-1.0, 1.0):
        for index, (centre, width, height) in enumerate(_places(arch)):
            base = len(teeth) * _TOOTH_POINTS
            frame = _frame(arch, centre, side)
            points, levels = _tooth(arch, frame, width, height, index)
            teeth.append(points)
            quads.append(_outward(_TOOTH_QUADS, arch.root * side < 0) + base)
            marks.append(np.column_stack([levels, np.full(len(levels), 0.5)]))
            if index < 2:
                edges.append((side * centre, base + _FRONT_EDGE))
    ordered = [vertex for _, group in sorted(edges, key=lambda e: e[0]) for vertex in group]
    base = len(teeth) * _TOOTH_POINTS
    gum, gum_quads, gum_marks = _gum(arch)
    middle = np.array([0.0, arch.edge, arch.front])
    vertices = middle + size * (np.concatenate([*teeth, gum]) - middle)
    is_tooth = np.arange(len(vertices)) < base
    edge_line = np.array(ordered)
    return Dentition(
        vertices,
        np.concatenate([*quads, _outward(gum_quads, arch.root > 0) + base]),
        is_tooth,
        edge_line[np.argsort(vertices[edge_line, 0])],
        np.concatenate([*marks, gum_marks]),
    )


def _outward(quads: Ints, already: bool) -> Ints:
    return quads if already else quads[:, ::-1]


def _arc(arch: Arch) -> tuple[Array, Array, Array]:
    x = np.linspace(0, arch.half, 400)
    z = arch.front - arch.depth * (x / arch.half) ** arch.power
    length = np.r_[0, np.cumsum(np.hypot(np.diff(x), np.diff(z)))]
    return x, z, length


def _places(arch: Arch) -> list[tuple[float, float, float]]:
    """Arc position of the middle, width and height of each tooth of one side."""
    total = sum(width for width, _ in arch.sizes) * 1e-3
    scale = min(1.0, _arc(arch)[2][-1] / total)
    places, start = [], 0.0
    for width, height in arch.sizes:
        wide = width * 1e-3 * scale
        places.append((start + wide / 2, wide, height * 1e-3))
        start += wide
    return places


def _frame(arch: Arch, along: float, side: float) -> tuple[Array, Array, Array]:
    """Point on the arch, unit tangent and outward normal."""
    x, z, length = _arc(arch)
    step = 5e-4
    near = [np.interp(along + d, length, x) for d in (-step, 0, step)]
    deep = [np.interp(along + d, length, z) for d in (-step, 0, step)]
    tangent = np.array([side * (near[2] - near[0]), 0.0, deep[2] - deep[0]])
    tangent /= np.linalg.norm(tangent)
    normal = np.array([-tangent[2], 0.0, tangent[0]]) * side
    if normal[2] < 0 and along < 2 * step:
        normal = -normal
    return np.array([side * near[1], arch.edge, deep[1]]), tangent, normal


_ANGLES = np.linspace(0, 2 * np.pi, RADIAL, endpoint=False) + np.pi / RADIAL
_TOOTH_POINTS = RADIAL * len(LEVELS)


def _tooth(
    arch: Arch, frame: tuple[Array, Array, Array], width: float, height: float, index: int
) -> tuple[Array, Array]:
    """Rings from the biting edge to below the gum; the labial face lies on the arch line."""
    centre, tangent, normal = frame
    shape = _incisor if index < 2 else _canine if index == 2 else _molar
    around = np.column_stack([_power(np.cos(_ANGLES), 0.55), _power(np.sin(_ANGLES), 0.65)])
    points, levels = [], []
    for level in LEVELS:
        half, front, back, cusp = shape(level)
        a = around[:, 0] * half * width / 2 * 1.01
        b = np.where(around[:, 1] > 0, front, back) * np.abs(around[:, 1])
        outward = np.where(around[:, 1] > 0, b, -b) * 1e-3
        outward = outward - _tilt(index) * level * height
        rise = level * height * 1.12 + cusp * np.abs(around[:, 0]) ** 1.5 * 1e-3
        points.append(
            centre
            + tangent * a[:, None]
            + normal * (outward - 1.0e-3)[:, None]
            + np.array([0, arch.root, 0]) * (rise + _step(index))[:, None]
        )
        levels.append(np.full(RADIAL, level))
    return np.concatenate(points), np.concatenate(levels)


def _tilt(index: float) -> float:
    """How far a tooth leans back towards its root, metres a metre of height."""
    return float(np.interp(index, [0, 2, 4], [0.22, 0.16, 0.06]))


def _step(index: int) -> float:
    """Height of the biting edge over the central incisor's: laterals and back teeth are shorter."""
    return (0.0, 0.6e-3, 0.1e-3, 0.6e-3, 0.9e-3, 1.2e-3, 1.6e-3)[index]


def _incisor(level: float) -> tuple[float, float, float, float]:
    """Half width factor, labial and lingual reach in mm, cusp height in mm at a level."""
    width = np.interp(level, [0, 0.1, 0.3, 1], [0.88, 0.97, 1.0, 0.78])
    front = np.interp(level, [0, 0.1, 0.3, 0.7, 1], [0.55, 0.8, 1.1, 1.25, 0.7])
    back = np.interp(level, [0, 0.1, 0.3, 0.6, 1], [0.25, 0.6, 1.1, 3.2, 4.6])
    return float(width), float(front), float(back), 0.0 if level > 0.2 else 0.12


def _canine(level: float) -> tuple[float, float, float, float]:
    width = np.interp(level, [0, 0.1, 0.3, 1], [0.5, 0.8, 1.0, 0.8])
    front = np.interp(level, [0, 0.1, 0.3, 0.7, 1], [0.6, 0.95, 1.5, 1.7, 1.0])
    back = np.interp(level, [0, 0.1, 0.3, 0.6, 1], [0.35, 0.9, 1.8, 4.2, 5.2])
    return float(width), float(front), float(back), float(np.interp(level, [0, 0.3], [0.8, 0]))


def _molar(level: float) -> tuple[float, float, float, float]:
    width = np.interp(level, [0, 0.1, 0.3, 1], [0.72, 0.9, 1.0, 0.86])
    front = np.interp(level, [0, 0.1, 0.3, 0.7, 1], [-0.3, 0.6, 1.2, 1.4, 0.9])
    back = np.interp(level, [0, 0.1, 0.3, 0.7, 1], [5.2, 6.6, 7.6, 7.8, 7.0])
    return float(width), float(front), float(back), 0.0


def _power(value: Array, exponent: float) -> Array:
    return np.sign(value) * np.abs(value) ** exponent


def _tube_quads(rings: int, around: int) -> list[list[int]]:
    """Quads of `rings` rings of `around` vertices each, ring after ring."""
    corners = ((0, 0), (0, 1), (1, 1), (1, 0))
    return [
        [(ring + up) * around + (spoke + on) % around for up, on in corners]
        for ring in range(rings - 1)
        for spoke in range(around)
    ]


def _tooth_quads() -> Ints:
    half = RADIAL // 2
    cap = [[j, RADIAL - 1 - j, RADIAL - 2 - j, j + 1] for j in range(half - 1)]
    return np.array(_tube_quads(len(LEVELS), RADIAL) + cap)


_TOOTH_QUADS = _tooth_quads()
_FRONT_EDGE = np.arange(RADIAL // 2)  # sin > 0: the labial half of the biting edge


def _gum(arch: Arch) -> tuple[Array, Ints, Array]:
    """A tube along the arch whose edge towards the teeth is scalloped."""
    places = _places(arch)
    last = places[-1][0] + places[-1][1] / 2
    along = np.linspace(-last, last, 2 * len(places) * GUM_STEPS + 1)
    angles = np.linspace(0, 2 * np.pi, GUM_SIDES, endpoint=False)
    points, marks = [], []
    for position in along:
        centre, _, normal = _frame(arch, abs(position), 1.0 if position >= 0 else -1.0)
        neck, papilla = _neck(places, abs(position))
        lean = np.interp(abs(position), [0, 0.018, 0.03], [0.22, 0.16, 0.06])
        middle = centre + np.array([0, arch.root, 0]) * (neck + 4.6e-3)
        drop = np.where(np.cos(angles) < -0.3, 1.5e-3 * papilla, 0.0)
        thick = np.interp(abs(position), [0, 0.015, 0.03], [3.0e-3, 3.4e-3, 5.0e-3])
        back = np.interp(abs(position), [0, 0.015, 0.03], [3.0e-3, 3.4e-3, 4.6e-3])
        ring = (
            middle
            + normal * (np.sin(angles) * thick - back + 0.5e-3 - lean * neck)[:, None]
            + np.array([0, arch.root, 0]) * (np.cos(angles) * 5.2e-3 - drop)[:, None]
        )
        points.append(ring)
        marks.append(np.column_stack([0.5 - 0.5 * np.cos(angles), np.full(GUM_SIDES, papilla)]))
    quads = _tube_quads(len(along), GUM_SIDES)
    return np.concatenate(points), np.array(quads), np.concatenate(marks)


def _neck(places: list[tuple[float, float, float]], along: float) -> tuple[float, float]:
    """Height of the tooth neck over the biting edge and 0..1 how near a gap between teeth is."""
    index = int(np.argmin([abs(along - middle) / wide for middle, wide, _ in places]))
    middle, wide, _ = places[index]
    heights = [height * 0.97 + _step(i) for i, (_, _, height) in enumerate(places)]
    smooth = float(np.interp(along, [place[0] for place in places], heights))
    return smooth, float(np.clip(abs(along - middle) / (wide / 2), 0, 1) ** 2)
