# SPDX-License-Identifier: GPL-3.0-or-later
"""Locked channels of a new take are those of the take they were locked on, key by key.

The engine keeps them, too, but between it and the keys lies a change of frame rates.
"""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from . import apply_take, channel_locks, compat, range_movers, take_marks
from .export_sample import Address
from .fit_take import FittedTake
from .keys import Curve
from .request import Order
from .rig import Rig


def kept(order: Order, fitted: FittedTake) -> FittedTake:
    """`fitted` with the locked curves of the order's held take; as it is where that is gone.

    Locked are curves that locked channels alone move, on whatever kind of rig, and those with a
    padlock of their own. Raises RigError where the rig is gone.
    """
    action = bpy.data.actions.get(order.held_take)
    if action is None:
        return fitted
    rig, hold = apply_take.ordered_rig(order), order.hold
    locked = frozenset(np.flatnonzero(hold.kept.all(0)).tolist() if hold else ())
    old, movers = _addressed(rig, action), range_movers.movers_of(rig)
    recording = take_marks.recording(action, order.line.rate)

    def again(part: int, curve: Curve) -> Curve:
        places = movers.of(curve.data_path)
        was = old.get((part, curve.data_path, curve.index))
        if was is None or not (channel_locks.is_locked(was) or (places and locked >= places)):
            return curve
        seconds = order.line.start + np.arange(len(curve.values)) / order.line.rate
        values = [was.evaluate(recording.frame(float(second))) for second in seconds]
        return replace(curve, values=np.array(values, np.float32))

    parts = enumerate(fitted.curves)
    return replace(fitted, curves=tuple([again(n, c) for c in part] for n, part in parts))


def _addressed(rig: Rig, action: bpy.types.Action) -> dict[Address, bpy.types.FCurve]:
    """The curves of a take by the rig's part, path and index."""
    numbers = {block: number for number, block in rig.parts.items()}
    return {
        (numbers[block], curve.data_path, curve.array_index): curve
        for block, part in take_marks.parts(action, rig)
        for curve in compat.fcurves(part)
    }
