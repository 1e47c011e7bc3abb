# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 units as visemes: which mixture of a rig's mouth poses looks most like each frame.

Each viseme is a pose of the open head. The weights are the non-negative ones whose mixture comes
nearest to the frame in the open head's own mouth, in millimetres (Lawson and Hanson 1974 state the
problem; it is solved here for all frames at once by cyclic coordinate descent).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from . import head

Floats = npt.NDArray[np.float32]

SWEEPS = 60
RIDGE = 0.02  # of the mean squared size of the poses: likes few small weights over many that cancel
LARGEST = 1.0


def _both(unit: str, value: float) -> dict[str, float]:
    return {f"{unit}Left": value, f"{unit}Right": value}


POSES: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"jawOpen": 0.1, "mouthClose": 0.1, **_both("mouthPress", 0.45), "mouthRollLower": 0.15,
           "mouthRollUpper": 0.15},
    "FF": {"jawOpen": 0.08, "mouthRollLower": 0.45, **_both("mouthUpperUp", 0.25),
           **_both("mouthLowerDown", 0.05)},
    "TH": {"jawOpen": 0.16, "tongueOut": 0.35, **_both("mouthLowerDown", 0.15)},
    "DD": {"jawOpen": 0.14, **_both("mouthLowerDown", 0.15), **_both("mouthUpperUp", 0.1)},
    "kk": {"jawOpen": 0.18, **_both("mouthLowerDown", 0.12), **_both("mouthStretch", 0.1)},
    "CH": {"jawOpen": 0.12, "mouthFunnel": 0.5, "mouthPucker": 0.15,
           **_both("mouthLowerDown", 0.1)},
    "SS": {"jawOpen": 0.06, **_both("mouthStretch", 0.25), **_both("mouthLowerDown", 0.2),
           **_both("mouthUpperUp", 0.15)},
    "nn": {"jawOpen": 0.2, **_both("mouthUpperUp", 0.1), **_both("mouthLowerDown", 0.1)},
    "RR": {"jawOpen": 0.14, "mouthFunnel": 0.3, "mouthPucker": 0.25},
    "aa": {"jawOpen": 0.55, **_both("mouthLowerDown", 0.15), **_both("mouthUpperUp", 0.08)},
    "E": {"jawOpen": 0.32, **_both("mouthStretch", 0.25), **_both("mouthLowerDown", 0.15),
          **_both("mouthUpperUp", 0.1)},
    "I": {"jawOpen": 0.16, **_both("mouthSmile", 0.3), **_both("mouthStretch", 0.25),
          **_both("mouthLowerDown", 0.18), **_both("mouthUpperUp", 0.1)},
    "ih": {"jawOpen": 0.22, **_both("mouthStretch", 0.15), **_both("mouthLowerDown", 0.15)},
    "O": {"jawOpen": 0.35, "mouthFunnel": 0.55, "mouthPucker": 0.2},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.75, "mouthFunnel": 0.25},
    "ah": {"jawOpen": 0.4, **_both("mouthLowerDown", 0.12)},
    "ao": {"jawOpen": 0.48, "mouthFunnel": 0.35},
    "aw": {"jawOpen": 0.45, "mouthFunnel": 0.2, "mouthPucker": 0.1},
    "oy": {"jawOpen": 0.3, "mouthFunnel": 0.35, "mouthPucker": 0.3, **_both("mouthSmile", 0.08)},
    "ay": {"jawOpen": 0.45, **_both("mouthSmile", 0.15), **_both("mouthStretch", 0.15)},
    "h": {"jawOpen": 0.28},
}  # fmt: skip


def pose(name: str) -> Floats:
    """A viseme's pose as unit weights (52,)."""
    return np.array([POSES[name].get(unit, 0.0) for unit in UNITS], np.float32)


@lru_cache(maxsize=1)
def mouth_metric() -> npt.NDArray[np.float64]:
    """(52,52) inner products of the units' motion over the open head's mouth region."""
    face = head.bundled_face()
    basis = face.expression_basis[:, face.vertex_sets["mouth_region"]]
    flat = 1000 * basis.reshape(len(UNITS), -1).astype(np.float64)
    return np.asarray(flat @ flat.T / len(face.vertex_sets["mouth_region"]))


def weights(units: Floats, names: Sequence[str]) -> Mapping[str, Floats]:
    """Unit weights (T,52) as weights (T,) of the visemes in `names`."""
    moving = [name for name in names if POSES[name]]
    poses = np.array([pose(name) for name in moving], np.float64).reshape(-1, len(UNITS))
    metric = mouth_metric()
    found = least_squares(poses @ metric @ poses.T, units.astype(np.float64) @ metric @ poses.T)
    result = {name: found[:, place].astype(np.float32) for place, name in enumerate(moving)}
    still = (1 - found.sum(1)).clip(0, 1).astype(np.float32)
    return result | {name: still for name in names if not POSES[name]}


def least_squares(
    gram: npt.NDArray[np.float64],
    pull: npt.NDArray[np.float64],
    ridge: float = RIDGE,
    largest: float = LARGEST,
) -> npt.NDArray[np.float64]:
    """Weights (T,V) in [0, largest] with least squared error: gram (V,V), pull (T,V)."""
    count = len(gram)
    if not count:
        return np.zeros((len(pull), 0))
    eased = gram + ridge * float(np.trace(gram)) / count * np.eye(count)
    found = np.zeros_like(pull)
    for _ in range(SWEEPS):
        for place in range(count):
            rest = pull[:, place] - found @ eased[:, place] + found[:, place] * eased[place, place]
            found[:, place] = (rest / eased[place, place]).clip(0, largest)
    return found
