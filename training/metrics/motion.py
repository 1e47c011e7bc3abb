# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a motion moves: jitter of the lips, life of the upper face, spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model_runtime.contacts import runs
from model_runtime.contract import MOTION_FPS, UNITS, FloatArray

from .ratio import Ratio

UPPER_PREFIXES = ("eyeBlink", "eyeSquint", "eyeWide", "brow", "cheekSquint", "noseSneer")
UPPER_UNITS = tuple(i for i, name in enumerate(UNITS) if name.startswith(UPPER_PREFIXES))
CALM_UNITS = tuple(i for i in UPPER_UNITS if not UNITS[i].startswith("eyeBlink"))
BLINKS = tuple(i for i, name in enumerate(UNITS) if name.startswith("eyeBlink"))
LIP_UNITS = tuple(i for i, name in enumerate(UNITS) if name.startswith(("jaw", "mouth")))


def mean_acceleration(curve: FloatArray, fps: float = MOTION_FPS) -> float:
    """Mean |second difference| of `curve` (T,) mm, in mm/s^2; 0 under three frames."""
    if len(curve) < 3:
        return 0.0
    return float(np.abs(np.diff(curve.astype(np.float64), n=2)).mean() * fps**2)


def jitter(aperture: FloatArray, target: FloatArray, fps: float = MOTION_FPS) -> Ratio:
    """Lip acceleration over the targets': pools over clips weighted by their frames."""
    count = min(len(aperture), len(target))
    return Ratio(
        mean_acceleration(aperture[:count], fps) * count,
        mean_acceleration(target[:count], fps) * count,
    )


def blinks_per_minute(motion: FloatArray, fps: float = MOTION_FPS) -> float | None:
    """Runs of frames with both lids at least half shut, a minute; None without frames."""
    if not len(motion):
        return None
    shut = motion[:, list(BLINKS)].mean(axis=1) >= 0.5
    return len(runs(shut)) * 60.0 * fps / len(motion)


def displacements(motion: FloatArray, basis: FloatArray, columns: Sequence[int]) -> FloatArray:
    """Vertex motion in head space: (T, n, 3) mm for `motion` (T, 52 or 55).

    `basis` is (52, n, 3) metres, the face's expression basis at the n vertices of interest. Units
    are linear, so the neck and the identity drop out. `columns` are the units that count.
    """
    picked = list(columns)
    return np.tensordot(motion[:, picked], basis[picked], axes=(1, 0)) * 1000.0


def activity(moved: FloatArray) -> float:
    """Standard deviation over time of vertex motion (T, n, 3), mean over the vertices, mm."""
    return float(np.sqrt(moved.var(axis=0).sum(axis=-1)).mean())


def amplitude(moved: FloatArray) -> float:
    """Distance of vertex motion (T, n, 3) from the neutral face, mean, mm: poses count too."""
    return float(np.linalg.norm(moved, axis=-1).mean())


def spread(takes: Sequence[FloatArray]) -> float:
    """Standard deviation over takes (K of (T, n, 3)), mean over frames and vertices, mm."""
    count = min(len(take) for take in takes)
    stacked = np.stack([take[:count] for take in takes])
    return float(np.sqrt(stacked.var(axis=0).sum(axis=-1)).mean())
