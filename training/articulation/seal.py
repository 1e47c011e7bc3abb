# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lips meet where the gates say so, whatever emotion and neighbours do."""

from __future__ import annotations

import numpy as np

from model_runtime.contract import FloatArray

from .curves import COLUMN, columns

OPENERS = columns("mouthUpperUpBoth", "mouthLowerDownBoth", "mouthFunnel", "mouthShrugUpper")
JAW, CLOSE = COLUMN["jawOpen"], COLUMN["mouthClose"]
PRESS: dict[str, float] = {  # what presses shut lips together, at full hold
    "mouthPressBoth": 0.16,
    "mouthRollLower": 0.10,
    "mouthRollUpper": 0.08,
}
LABIODENTAL_JAW = 0.055
LABIODENTAL: dict[str, float] = {"mouthRollLower": 0.42, "mouthUpperUpBoth": 0.22}


def seal(weights: FloatArray, gates: FloatArray) -> FloatArray:
    """Motion (T, 55) with contacts made after `gates` (T, 4) of phones.CONTACTS; a new array.

    Units that hold the lips apart fade as a gate rises; mouthClose follows jawOpen by the gate,
    which closes this head exactly; press and roll add the pressure of a hold.
    """
    bilabial, labiodental, _, silence = gates.T
    shut = 1.0 - (1.0 - bilabial) * (1.0 - silence)
    bite = labiodental * (1.0 - shut)
    out = weights.copy()
    out[:, JAW] *= 1.0 - 0.9 * silence
    _bite(out, bite)
    out[:, OPENERS] *= (1.0 - shut)[:, None]
    out[:, CLOSE] = out[:, JAW] * shut
    for name, value in PRESS.items():
        out[:, columns(name)] += (value * bilabial**2)[:, None]
    return out


def _bite(out: FloatArray, bite: FloatArray) -> None:
    """Lower lip to the upper incisors by `bite` (T,): in place."""
    keep = 1.0 - bite
    out[:, JAW] = keep * out[:, JAW] + bite * np.minimum(out[:, JAW], LABIODENTAL_JAW)
    out[:, columns("mouthLowerDownBoth")] *= keep[:, None]
    out[:, columns("mouthFunnel", "mouthPucker")] *= (1.0 - 0.6 * bite)[:, None]
    for name, value in LABIODENTAL.items():
        picked = columns(name)
        out[:, picked] = keep[:, None] * out[:, picked] + (bite * value)[:, None]
