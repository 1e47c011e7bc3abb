# SPDX-License-Identifier: GPL-3.0-or-later
"""How the targets of a rig move its meshes: each is set in turn and the evaluated mesh is read.

Drivers, correctives, bones and modifiers take part, since what is read is what Blender shows.
Everything is put back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from .rig import Rig
from .rig_mapping import ARMATURE, KEYS, Target

Points = npt.NDArray[np.float64]
STEP = 0.5  # of a target's way at which it is measured


def owners(rig: Rig, target: Target) -> list[bpy.types.ID]:
    """The data-blocks of the rig that have this target."""
    if target.on == KEYS:
        blocks = [mesh.data.shape_keys for mesh in rig.meshes]
        return [block for block in blocks if block and has(block, target)]
    if target.on == ARMATURE:
        found = [rig.armature] if rig.armature else []
    else:
        named = bpy.data.objects.get(target.on)
        found = [named] if named else []
    return [block for block in found if has(block, target)]


def has(block: bpy.types.ID, target: Target) -> bool:
    """Whether the data path leads to a number on this data-block."""
    try:
        value = block.path_resolve(target.path)
    except (ValueError, TypeError):
        return False
    if hasattr(value, "__len__") and not isinstance(value, str | bytes):
        return target.index < len(value) and isinstance(value[target.index], int | float)
    return isinstance(value, int | float)


def read(block: bpy.types.ID, target: Target) -> float:
    """The target's present value."""
    value = block.path_resolve(target.path)
    return float(value[target.index] if hasattr(value, "__len__") else value)


def write(block: bpy.types.ID, target: Target, value: float) -> None:
    """Set the target; whole numbers where it holds such."""
    now = block.path_resolve(target.path)
    if hasattr(now, "__len__"):
        now[target.index] = value
        return
    if target.path.endswith('"]'):
        owner, _, name = target.path[:-2].rpartition('["')
        holder = block.path_resolve(owner) if owner else block
        holder[name.replace('\\"', '"')] = type(now)(value)
    else:
        owner, _, name = target.path.rpartition(".")
        setattr(block.path_resolve(owner) if owner else block, name, value)


@contextmanager
def posed(rig: Rig, values: Mapping[Target, float]) -> Iterator[None]:
    """Show the rig with these values, and put back what was there."""
    before: list[tuple[bpy.types.ID, Target, float]] = []
    try:
        for target, value in values.items():
            for block in owners(rig, target):
                before.append((block, target, read(block, target)))
                write(block, target, value)
                block.update_tag()
        yield
    finally:
        for block, target, value in reversed(before):
            write(block, target, value)
            block.update_tag()
        bpy.context.view_layer.update()


def vertices(mesh: bpy.types.Object, world: bool = True) -> Points:
    """Positions (V,3) of the evaluated mesh as it is now: world metres, or the object's own."""
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    shown = mesh.evaluated_get(graph)
    data = shown.to_mesh()
    try:
        flat = np.empty(3 * len(data.vertices), np.float32)
        data.vertices.foreach_get("co", flat)
    finally:
        shown.to_mesh_clear()
    points = flat.reshape(-1, 3).astype(float)
    if not world:
        return points
    matrix = np.array(shown.matrix_world)
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def responses(
    rig: Rig, mesh: bpy.types.Object, targets: Sequence[Target], reach: Mapping[Target, float]
) -> tuple[Points, Points]:
    """Rest vertices (V,3), and motion (J,V,3) of each target at 1 from a step of its `reach`."""
    everything = {target: target.rest for target in targets}
    with posed(rig, everything):
        rest = vertices(mesh)
        moved = np.zeros((len(targets), *rest.shape), np.float32)
        for place, target in enumerate(targets):
            step = STEP * reach.get(target, 1.0)
            with posed(rig, {target: target.rest + step}):
                now = vertices(mesh)
            if now.shape == rest.shape and step:
                moved[place] = (now - rest) / step
    return rest, moved


def shape_of(
    rig: Rig, mesh: bpy.types.Object, values: Mapping[Target, Any], world: bool = True
) -> Points:
    """Positions (V,3) of a mesh with these values, see `vertices`."""
    with posed(rig, values):
        return vertices(mesh, world)
