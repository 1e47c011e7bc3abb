# SPDX-License-Identifier: GPL-3.0-or-later
"""A take of any rig as the engine's motion, and a span that was made anew back through the mapping.

The motion before and after the change both become curves as a new take's would, and their
difference is added to the take's own keys. So what the mapping cannot say stays, and where nothing
changes no key does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import CHANNELS, MOTION_FPS, FloatArray, Take
from . import (
    channel_locks,
    compat,
    export_sample,
    flame_mapping,
    flame_rig,
    keys,
    mapping,
    range_movers,
    range_units,
    repair_curves,
    rig_mapping,
    rig_store,
    take_marks,
)
from .export_sample import Address
from .lines import Line
from .repair_curves import CHANGED, Clock, Mended
from .rig import Rig

AROUND = 0.5  # seconds beside a span that are mapped with it
REPLACED = 0.1  # change of a weight from which on a curve is what a new take's would be
FREE = (-np.inf, np.inf)
Values = dict[Address, FloatArray]

NO_UNITS = "'{}' keys no unit shape keys, and its rig has no mapping. Generate it anew"
LOST_FLAME = "'{}' has lost how the units map to its FLAME. Import the FLAME again"
OTHER = (
    "'{}' keys nothing that the mapping of '{}' moves, as it may after a change of the mapping. "
)
ANEW = "Generate it anew"


def unreadable_reason(rig: Rig, action: bpy.types.Action) -> str:
    """Why a take cannot be read as motion; empty when it can. Cheap enough for drawing."""
    name, keyed = action.name, (curve.data_path for curve in take_marks.curves(action))
    if flame_rig.is_flame(rig):
        if f"{flame_mapping.PREFIX}coefficients" not in rig.mesh:
            return LOST_FLAME.format(rig.mesh.name)
        known = any(path.startswith('key_blocks["Exp') for path in keyed)
    elif rig_store.is_mapped(rig):
        targets = _target_paths(str(rig.mesh[rig_store.LINKS]))
        known = any(path in targets for path in keyed)
    else:
        return "" if repair_curves.unit_columns(action) else NO_UNITS.format(name)
    return "" if known else OTHER.format(name, rig.mesh.name) + ANEW


@lru_cache(maxsize=8)
def _target_paths(text: str) -> frozenset[str]:
    found = rig_mapping.from_json(text, "mapping")
    return frozenset(target.path for target in found.targets())


def sampled(rig: Rig, action: bpy.types.Action, line: Line) -> FloatArray:
    """The motion (frames, len(CHANNELS)) at MOTION_FPS that a take of a FLAME or of a mapped rig
    says over a line."""
    seen = export_sample.of_take(rig, action, bpy.context.scene)
    motion = range_units.motion_of(rig, seen)
    clock = repair_curves.clock_of(action, line)
    frames = max(1, math.ceil(line.duration * MOTION_FPS - 1e-6))
    places = [clock.frame(n / MOTION_FPS) for n in range(frames)]
    first = round(clock.recording.first_frame)
    return repair_curves.at(motion, np.array(places) - first)


def write(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> int:
    """Bring a mended span into the keys of a take of a FLAME or of a mapped rig; how many keys have
    another value now.

    Keys outside of the span, locked curves and those of locked channels stay bit for bit.
    """
    clock = repair_curves.clock_of(action, line)
    frames = repair_curves.frames_of(clock, mended.span)
    if not len(frames):
        return 0
    planned, locks = _planned(rig, clock, frames, mended), _locks(rig, action)
    numbers = {block: number for number, block in rig.parts.items()}
    count = 0
    for block, part in take_marks.parts(action, rig):
        for curve in compat.fcurves(part):
            address = numbers[block], curve.data_path, curve.array_index
            if address not in planned.after or locks.closed(curve):
                continue
            change = planned.change(address, _values(curve, frames), locks.touches(curve))
            reach = float(np.abs(planned.after[address]).max()) or 1.0
            if np.abs(change).max() > CHANGED * min(1.0, reach):
                count += repair_curves.add(curve, frames, change, FREE)
    return count


@dataclass(frozen=True)
class _Locks:
    """What of a take is locked, curve by curve."""

    channels: frozenset[int]
    movers: range_movers.Movers

    def closed(self, curve: Any) -> bool:
        """Whether the curve must not change at all."""
        moved_by = self.movers.of(curve.data_path)
        return channel_locks.is_locked(curve) or self.channels.issuperset(moved_by)

    def touches(self, curve: Any) -> bool:
        """Whether a locked channel is among those that move the curve."""
        return bool(self.channels & self.movers.of(curve.data_path))


def _locks(rig: Rig, action: bpy.types.Action) -> _Locks:
    locked = frozenset(channel_locks.locked_channels(rig, action))
    return _Locks(locked, range_movers.movers_of(rig))


@dataclass(frozen=True)
class _Planned:
    """What a new take would have on some frames, of the motion before and of the one after."""

    before: Values
    after: Values
    moved: FloatArray  # (frames,) 0 where the motion stays, 1 where it changes by REPLACED or more

    def change(self, address: Address, now: FloatArray, touched: bool) -> FloatArray:
        """What to add to a curve whose values are `now` (frames,).

        The more the motion changes, the less is left of what tells the curve from its mapping:
        lips would stay apart by that where they have to meet. All of it stays in curves that a
        locked channel moves, too.
        """
        apart = now - self.before[address]
        left = 0.0 if touched else self.moved
        return np.asarray(self.after[address] - self.before[address] - left * apart, np.float32)


def _planned(rig: Rig, clock: Clock, frames: Any, mended: Mended) -> _Planned:
    rate = clock.recording.rate
    seconds = np.array([clock.second(float(frame)) for frame in frames])
    low, high = math.floor((seconds[0] - AROUND) * rate), math.ceil((seconds[-1] + AROUND) * rate)
    low = max(0, low)

    def values(motion: FloatArray) -> Values:
        whole = keys.scene_motion(rig, Take(motion, CHANNELS, float(MOTION_FPS)), rate)
        parts = mapping.plan_for(rig)(whole[low : high + 1], CHANNELS)
        return {
            (number, curve.data_path, curve.index): _at(curve.values, seconds * rate - low)
            for number, part in enumerate(parts)
            for curve in part
        }

    size = np.abs(mended.after - mended.before).max(1) / REPLACED
    moved = _at(size.clip(0.0, 1.0), seconds * MOTION_FPS)
    return _Planned(values(mended.before), values(mended.after), moved)


def _at(values: FloatArray, places: Any) -> FloatArray:
    return np.interp(places, np.arange(len(values)), values).astype(np.float32)


def _values(curve: Any, frames: Any) -> FloatArray:
    return np.array([curve.evaluate(float(frame)) for frame in frames], np.float32)
