# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes of a part of the face only, to be put over other animation.

Such a take has curves for its part alone. On the NLA it replaces what lies below in these curves
and leaves everything else to move as it did.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..model_runtime.contract import CHANNELS, Take
from .channel_locks import GROUPS

WHOLE, MOUTH, UPPER = "WHOLE", "MOUTH", "UPPER"
PARTS = {MOUTH: GROUPS["mouth"], UPPER: tuple(sorted(GROUPS["brows"] + GROUPS["eyes"]))}


def of_layer(take: Take, layer: str) -> Take:
    """The take with the channels of a layer only; the layer is told in its provenance."""
    if layer == WHOLE:
        return take
    wanted = [CHANNELS[place] for place in PARTS[layer]]
    names = tuple(name for name in take.channels if name in wanted)
    columns = [take.channels.index(name) for name in names]
    weights = np.ascontiguousarray(take.weights[:, columns])
    made = {**take.provenance, "layer": layer.lower()}
    return replace(take, weights=weights, channels=names, provenance=made)
