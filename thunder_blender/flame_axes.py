# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's axes -> FLAME's (`head_mesh.to_blender` is the way there)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def to_flame(points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Points or directions (..., 3): y up, z out of the face."""
    x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0)
    return np.stack((x, z, -y), axis=-1)
