# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks the quads of the base mesh: neck crop, lip rings, mouth cavity.

The vertex numbers below are MakeHuman's (base mesh hm08) and sit on the midline of the face.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from .source import Array, Ints

NECK_LOOP = 1526  # on the edge loop at the base of the neck, where the head is cut off
NOSE_TIP = 881  # a vertex that is surely kept
LIP_RING_STARTS = (492, 496, 495, 513, 494, 493, 523, 540, 557, 574, 591, 608)  # lower midline
RING_COLUMNS = 20  # 0 lower middle .. 9 corner .. 19 upper middle
CAVITY_SEED = 710
_MIDLINE = 1e-4


class QuadGraph:
    """Neighbours and edge loops of an all-quad surface."""

    def __init__(self, quads: Ints) -> None:
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self._edge_quads: dict[frozenset[int], list[set[int]]] = defaultdict(list)
        for quad in quads.tolist():
            for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
                self.neighbours[a].add(b)
                self.neighbours[b].add(a)
                self._edge_quads[frozenset((a, b))].append(set(quad))

    def across(self, a: int, b: int) -> int | None:
        """The vertex straight on from edge a-b, or None at an irregular vertex."""
        if len(self.neighbours[b]) != 4:
            return None
        beside = set().union(*self._edge_quads[frozenset((a, b))], {a})
        ahead = self.neighbours[b] - beside
        return ahead.pop() if len(ahead) == 1 else None

    def half_loop(self, start: int, vertices: Array, side: int, limit: int = 300) -> list[int]:
        """The edge loop from a midline vertex along +X (side 1) or -X (-1) to the midline."""
        first = [n for n in self.neighbours[start] if side * vertices[n, 0] > 3e-3]
        for candidate in sorted(first):
            path = [start, candidate]
            while abs(vertices[path[-1], 0]) > _MIDLINE and len(path) < limit:
                ahead = self.across(path[-2], path[-1])
                if ahead is None:
                    break
                path.append(ahead)
            if abs(vertices[path[-1], 0]) <= _MIDLINE:
                return path
        raise SystemExit(f"The base mesh has no closed loop through vertex {start}.")

    def flood(self, seed: int, wall: set[int]) -> Ints:
        """Vertices reachable from `seed` without passing `wall`; the wall itself included."""
        seen, stack = {seed}, [seed]
        while stack:
            vertex = stack.pop()
            if vertex in wall:
                continue
            fresh = self.neighbours[vertex] - seen
            seen |= fresh
            stack.extend(fresh)
        return np.array(sorted(seen))


def head_vertices(graph: QuadGraph, vertices: Array) -> Ints:
    """Vertices of the skin above the neck loop."""
    wall = {v for side in (1, -1) for v in graph.half_loop(NECK_LOOP, vertices, side)}
    return graph.flood(NOSE_TIP, wall)


def lip_rings(graph: QuadGraph, vertices: Array) -> Ints:
    """Concentric rings (2, 12, 20): side +X/-X, ring from the vermilion border inwards, column."""
    return np.array(
        [
            [graph.half_loop(start, vertices, side, RING_COLUMNS) for start in LIP_RING_STARTS]
            for side in (1, -1)
        ]
    )


def cavity_vertices(graph: QuadGraph, rings: Ints) -> Ints:
    """Vertices of the mouth cavity behind the innermost lip ring, that ring included."""
    return graph.flood(CAVITY_SEED, set(rings[:, -1].ravel().tolist()))
