# SPDX-License-Identifier: GPL-3.0-or-later
"""A rig as Blender shows it."""

from __future__ import annotations

import numpy as np


def evaluated(rig) -> np.ndarray:
    """Vertices as Blender shows them, in FLAME's axes: (V, 3)."""
    import bpy

    shown = rig.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(len(shown.data.vertices) * 3, np.float32)
    shown.data.vertices.foreach_get("co", points)
    x, y, z = points.reshape(-1, 3).T
    return np.stack((x, z, -y), axis=1)
