# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the biting edges of the upper incisors, for f and v, by the names of teeth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from . import rig_lips, rig_measure
from .rig import Rig
from .rig_mapping import Target

WORDS = ("teeth", "tooth", "incisor", "dental")
NEAR = 6.0  # mm of the open head to each side of the middle
EDGE = 1.5  # mm above the lowest point that still belong to the edge
STILL = 1.0  # mm: upper teeth do not move with the jaw
LEVEL = 2.5  # mm from the seam's height in which the upper edges are, where no teeth move
HIGH, DEEP = 14.0, 20.0  # mm around the seam in which the edges may lie
MOST = 12  # points that are kept


def find(
    rig: Rig, targets: Sequence[Target], seam: rig_lips.Seam, reach: Mapping[Target, float]
) -> tuple[rig_lips.Points, rig_lips.Points]:
    """Points (E,3) in world metres and their motion (J,E,3); none where no teeth are known."""
    for mesh in rig.meshes + attached(rig):
        chosen = named(mesh)
        if chosen is None or not chosen.any():
            continue
        rest, moved = rig_measure.responses(rig, mesh, targets, reach)
        if len(rest) != len(chosen):
            continue
        far = np.array([reach.get(target, 1.0) for target in targets])
        edge = _edge(rest, moved * far[:, None, None], chosen, seam)
        if len(edge):
            return rest[edge], moved[:, edge]
    return np.zeros((0, 3)), np.zeros((len(targets), 0, 3))


def attached(rig: Rig) -> list[bpy.types.Object]:
    """Meshes on the character's armature that have no shape keys of it."""
    if rig.armature is None:
        return []
    return [
        item
        for item in rig.armature.children
        if item.type == "MESH" and item not in rig.meshes and _tells(item.name)
    ]


def named(mesh: bpy.types.Object) -> np.ndarray | None:  # type: ignore[type-arg]
    """(V,) which vertices are teeth by name of object, material or vertex group."""
    count = len(mesh.data.vertices)
    if _tells(mesh.name) or _tells(mesh.data.name):
        return np.ones(count, bool)
    chosen = np.zeros(count, bool)
    slots = [
        place
        for place, slot in enumerate(mesh.material_slots)
        if slot.material and _tells(slot.material.name)
    ]
    if slots:
        for polygon in mesh.data.polygons:
            if polygon.material_index in slots:
                chosen[list(polygon.vertices)] = True
    groups = {group.index for group in mesh.vertex_groups if _tells(group.name)}
    if groups:
        for vertex in mesh.data.vertices:
            if any(g.group in groups and g.weight > 0.5 for g in vertex.groups):
                chosen[vertex.index] = True
    return chosen


def _tells(name: str) -> bool:
    return any(word in name.casefold() for word in WORDS)


def _edge(
    rest: rig_lips.Points,
    moved: rig_lips.Points,
    chosen: np.ndarray,  # type: ignore[type-arg]
    seam: rig_lips.Seam,
) -> np.ndarray:  # type: ignore[type-arg]
    """The lowest points of the upper incisors near the middle; `moved` (J,V,3) metres at most."""
    mm = seam.scale
    away = rest - seam.middle
    still = np.linalg.norm(moved, axis=2).max(0) < STILL * mm if len(moved) else chosen
    inside = chosen & still & (np.abs(away[:, 0]) < NEAR * mm) & (np.abs(away[:, 2]) < HIGH * mm)
    inside &= away[:, 1] < DEEP * mm
    if still[chosen].all():  # the lower ones, which stand behind, do not move either
        places = np.flatnonzero(inside & (np.abs(away[:, 2]) < LEVEL * mm))
    else:
        places = _lowest(np.flatnonzero(inside), rest, EDGE * mm)
    front = np.argsort(rest[places, 1])  # the front of the edge faces the lip
    return places[front[:MOST]]


def _lowest(places: np.ndarray, rest: rig_lips.Points, within: float) -> np.ndarray:  # type: ignore[type-arg]
    if not len(places):
        return places
    lowest = np.percentile(rest[places, 2], 2)
    return np.asarray(places[rest[places, 2] < lowest + within])
