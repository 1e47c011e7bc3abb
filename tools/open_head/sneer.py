# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a sneer leave the lips where they rest, so that f and v hold under it.

`expressions.correct_units` takes the lips of each unit off the teeth, and with it what the rest
itself lacks. Of a unit that does not move the lips that is all that it does to them: up to 2.1 mm
forward, and units add up. Under the sneer of a strong disgust the lower lip then stayed off the
incisors. Cheek squint keeps its push, which makes up for what a smile presses on the incisors.
"""

from __future__ import annotations

import numpy as np

from model_runtime.contract import UNITS

from .assemble import DECIMETRE, Layout, Person, Selection
from .expressions import left_share
from .lipshape import LipField, press
from .source import Array, MakeHumanData

SNEERS = ("noseSneerLeft", "noseSneerRight")


def quiet_lips(
    expression: Array,
    data: MakeHumanData,
    chosen: Selection,
    who: Person,
    spans: Layout,
    field: LipField,
) -> Array:
    """The basis (52,V,3) whose sneers keep the lips sealed and do no more to them.

    The lining of the mouth stays as it was settled.
    """
    raw = [np.asarray(data.unit(name) * DECIMETRE) for name in SNEERS]
    both = who.full + raw[0] + raw[1]
    change = press(both, field, 0.5, closes=True)
    share = left_share(who.full)[:, None]
    lining = np.isin(chosen.skin, chosen.cavity)[:, None]
    out, skin = expression.copy(), spans.span("skin")
    for name, moved, own in zip(SNEERS, raw, (share, 1 - share), strict=True):
        unit = UNITS.index(name)
        quiet = (moved + change * own)[chosen.skin]
        out[unit, skin] = np.where(lining, out[unit, skin], quiet)
    return out
