# SPDX-License-Identifier: GPL-3.0-or-later
"""A range that was sampled anew comes into a take's keys; all beside it stays bit for bit."""

from __future__ import annotations

import json
import math
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import FloatArray, Take
from . import (
    hand_edits,
    keys,
    meter_store,
    range_curves,
    range_movers,
    repair_curves,
    steps,
    take_marks,
)
from .hand_edits import ArtistKeys
from .lines import Line
from .range_motion import NECK_PLACES, Span, neck_curves
from .repair_curves import Mended
from .rig import Rig

RANGES = "ranges"  # in a take's provenance: [{"span": seconds, "seed": n}]
POINT = ("co", "handle_left", "handle_right")
Points = dict[int, list[tuple[float, ...]]]  # of the artist: all their numbers, by curve


def copied(action: bpy.types.Action, name: str) -> bpy.types.Action:
    """A take that is a copy of another, with Actions of its own for all of its parts."""
    twin = action.copy()
    twin.name = name
    copies = {action: twin}
    names = list(twin.keys())
    for key in [name for name in names if isinstance(twin[name], bpy.types.Action)]:
        part = twin[key]
        if part not in copies:
            copies[part] = part.copy()
        twin[key] = copies[part]
    for each in copies.values():
        each.use_fake_user = True
    return twin


def write(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> int:
    """Bring a span into the take's keys; how many have another value now.

    Keys beside the span and the artist's own keys keep every bit.
    """
    return steps.finish(write_steps(rig, action, line, mended))


def write_steps(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> steps.Steps[int]:
    """The same in steps."""
    own = hand_edits.artist_keys(action)
    before = _points(action, own)
    yield steps.PAUSE
    edited = hand_edits.is_hand_edited(action)
    yield steps.PAUSE
    count = yield from bring(rig, action, line, mended)
    yield steps.PAUSE
    _put_back(action, before)
    if not edited:
        take_marks.mark_content(action)
    yield steps.PAUSE
    hand_edits.remember(action, own)
    hand_edits.forget(action.name)
    return count


def bring(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> steps.Steps[int]:
    """As `write_steps`, over the artist's own keys as well."""
    if not range_movers.is_direct(rig):
        return range_curves.write(rig, action, line, mended)
    count = yield from repair_curves.write_steps(rig, action, line, mended)
    return count + _write_neck(rig, action, line, mended)


def note(action: bpy.types.Action, span: Span, take: Take, original: str) -> None:
    """The take's provenance tells which span has another seed; its meter is no longer known.

    `original` is the name of the take that it was, or is a copy of.
    """
    known = json.loads(action.get(take_marks.PROVENANCE, "{}"))
    entry = {"span": [round(second, 3) for second in span], "seed": take.provenance.get("seed")}
    known[RANGES] = [*known.get(RANGES, []), entry]
    action[take_marks.PROVENANCE] = json.dumps(known, sort_keys=True)
    meter_store.outdate(action, original)


def _write_neck(rig: Rig, action: bpy.types.Action, line: Line, mended: Mended) -> int:
    curves = neck_curves(rig, action)
    if len(curves) != len(NECK_PLACES):
        return 0
    clock = repair_curves.clock_of(action, line)
    before, after = (
        keys.euler_from_axis_angle(motion[:, NECK_PLACES])
        for motion in (mended.before, mended.after)
    )
    low, high = (clock.frame(second) for second in mended.span)
    changed = 0
    for axis, curve in enumerate(curves):
        difference = after[:, axis] - before[:, axis]
        changed += _add(curve, clock, difference, math.ceil(low - 1e-4), math.floor(high + 1e-4))
    return changed


def _add(
    curve: Any, clock: repair_curves.Clock, difference: FloatArray, low: int, high: int
) -> int:
    """Add a difference at 50 frames a second to a curve's keys from `low` to `high`."""
    changed = 0
    for point in curve.keyframe_points:
        if not low - 1e-3 <= point.co[0] <= high + 1e-3:
            continue
        place = clock.second(point.co[0]) * 50.0
        step = float(np.interp(place, np.arange(len(difference)), difference))
        if abs(step) > repair_curves.CHANGED:
            for name in POINT:
                getattr(point, name)[1] += step
            changed += 1
    curve.update()
    return changed


def _points(action: bpy.types.Action, own: ArtistKeys) -> Points:
    """All numbers of the artist's keys."""
    found: Points = {}
    for place, curve in enumerate(take_marks.curves(action)):
        frames = own.get((curve.data_path, curve.array_index), ())
        if len(frames):
            wanted = {round(float(frame), 3) for frame in frames}
            found[place] = [
                tuple(number for name in POINT for number in getattr(point, name))
                for point in curve.keyframe_points
                if round(point.co[0], 3) in wanted
            ]
    return found


def _put_back(action: bpy.types.Action, before: Points) -> None:
    for number, curve in enumerate(take_marks.curves(action)):
        known = {row[0]: row for row in before.get(number, ())}
        for point in curve.keyframe_points if known else ():
            row = known.get(point.co[0])
            if row is None:
                continue
            for place, name in enumerate(POINT):
                setattr(point, name, row[2 * place : 2 * place + 2])
