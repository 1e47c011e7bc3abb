# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as a bad disk or a bad copy leaves them."""

from __future__ import annotations

import numpy as np


def damaged(sound: bytes, rng: np.random.Generator) -> bytes:
    """A copy with a few bytes changed and, three times in ten, its end cut off."""
    data = bytearray(sound)
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(0, len(data)))
        data[place] = int(rng.integers(0, 256))
    if rng.random() < 0.3:
        del data[int(rng.integers(1, len(data))) :]
    return bytes(data)
