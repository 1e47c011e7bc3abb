# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters that others made, small enough for tests: their names, drivers and bones."""

from __future__ import annotations

import bpy
import numpy as np

from model_runtime.contract import UNITS


def quads(name: str, offset: float = 0.0):
    """A grid of vertices in front of the origin that looks along -y."""
    line = np.linspace(-0.05, 0.05, 5)
    points = [(x, offset + x * x, z) for z in line for x in line]
    faces = [
        (5 * row + col, 5 * row + col + 1, 5 * row + col + 6, 5 * row + col + 5)
        for row in range(4)
        for col in range(4)
    ]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points, [], faces)
    body = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(body)
    return body


def add_keys(body, names, size: float = 0.003) -> None:
    """A shape key for each name, each another shape."""
    rng = np.random.default_rng(len(names))
    if body.data.shape_keys is None:
        body.shape_key_add(name="Basis", from_mix=False)
    for name in names:
        key = body.shape_key_add(name=name, from_mix=False)
        for point, move in zip(key.data, rng.normal(0, size, (len(key.data), 3)), strict=True):
            point.co = point.co + type(point.co)(move)
        key.value = 0.0


def arkit_names(spelling: str) -> list[str]:
    """The 52 units as other tools spell them."""
    if spelling == "live link":
        return [unit[0].upper() + unit[1:] for unit in UNITS]
    if spelling == "suffix":
        return [_suffixed(unit) for unit in UNITS]
    return list(UNITS)


def _suffixed(unit: str) -> str:
    for side in ("Left", "Right"):
        if unit.endswith(side):
            return f"{unit.removesuffix(side)}_{side[0]}"
    return unit


def select(*chosen) -> None:
    for item in bpy.context.selected_objects:
        item.select_set(False)
    for item in chosen:
        item.select_set(True)
    bpy.context.view_layer.objects.active = chosen[0]
