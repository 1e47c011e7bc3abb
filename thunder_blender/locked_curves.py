# SPDX-License-Identifier: GPL-3.0-or-later
"""Locked channels of a new take are those of the take they were locked on, key by key.

The engine keeps them, too, but between it and the keys lies a change of frame rates.
"""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from . import channel_locks, take_marks
from .fit_take import FittedTake
from .keys import Curve
from .request import Order


def kept(order: Order, fitted: FittedTake) -> FittedTake:
    """`fitted` with the locked curves of the order's held take; as it is where that is gone."""
    action = bpy.data.actions.get(order.held_take)
    if order.hold is None or action is None:
        return fitted
    locked = set(np.flatnonzero(order.hold.kept.all(0)).tolist())
    old = {(c.data_path, c.array_index): c for c in take_marks.curves(action)}
    recording = take_marks.recording(action, order.line.rate)

    def again(curve: Curve) -> Curve:
        places, was = (
            channel_locks.places_of(curve.data_path),
            old.get((curve.data_path, curve.index)),
        )
        if was is None or not places or not locked.issuperset(places):
            return curve
        seconds = order.line.start + np.arange(len(curve.values)) / order.line.rate
        values = [was.evaluate(recording.frame(float(second))) for second in seconds]
        return replace(curve, values=np.array(values, np.float32))

    return replace(fitted, curves=tuple([again(c) for c in part] for part in fitted.curves))
