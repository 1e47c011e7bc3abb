# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an animation was changed since it was measured: keyframes, then and now, in seconds.

Everything counts in seconds of the line, so a take that moved with its strip has not changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from . import compat, nla, take_marks
from .lines import Line
from .meter_copy import is_animated
from .rig import Rig

Rows = npt.NDArray[np.float32]  # (keys, 7): second, value, both handles, interpolation
Interval = tuple[float, float]

TOLERANCE = 2e-4  # of seconds and values; what a move of a strip rounds away
BEZIER = take_marks.BEZIER


@dataclass(frozen=True)
class Snapshot:
    """The keyframes that a rig plays over a line, and what else decides how it moves."""

    fixed: tuple[Any, ...]
    curves: dict[tuple[Any, ...], Rows]

    @property
    def digest(self) -> str:
        """The same for the same animation, as far as TOLERANCE goes."""
        found = hashlib.sha256(repr(self.fixed).encode())
        for name in sorted(self.curves, key=repr):
            found.update(repr(name).encode())
            found.update(np.round(self.curves[name] / (8 * TOLERANCE)).astype(np.int32).tobytes())
        return found.hexdigest()[:24]


def snapshot(rig: Rig, line: Line) -> Snapshot:
    """The animation of all data-blocks of `rig` as it is now."""
    fixed: list[Any] = [round(line.start, 4), round(line.duration, 4), round(line.speed, 4)]
    curves: dict[tuple[Any, ...], Rows] = {}
    for number, block in [*rig.parts.items(), *_deformers(rig)]:
        for name, header, part, scale, shift in _sources(block, line):
            fixed.append((number, name, header))
            for curve in compat.fcurves(part):
                key = number, name, curve.data_path, curve.array_index
                fixed.append((*key, curve.mute, curve.extrapolation, len(curve.modifiers)))
                curves[key] = _rows(curve, scale, shift)
    keys = rig.keys.key_blocks
    fixed.append(tuple(block.name for block in keys if block.mute))
    fixed.append(tuple((m.type, m.show_viewport) for m in rig.mesh.modifiers))
    return Snapshot(tuple(fixed), curves)


def changes(old: Snapshot, new: Snapshot, duration: float) -> list[Interval]:
    """Seconds of the line, within 0..duration, whose motion may have changed; joined."""
    apart = old.curves.keys() ^ new.curves.keys()
    differing = set(old.fixed) ^ set(new.fixed)
    if any(not isinstance(item, tuple) or item[:4] not in apart for item in differing):
        return [(0.0, duration)]
    found = [_whole(rows) for rows in _only_in_one(old, new)]
    for name in old.curves.keys() & new.curves.keys():
        found += changed_rows(old.curves[name], new.curves[name])
    return joined([(max(0.0, a), min(duration, b)) for a, b in found])


def changed_rows(old: Rows, new: Rows) -> list[Interval]:
    """Seconds between the keys around each difference."""
    if len(old) == len(new):
        changed = np.flatnonzero((np.abs(old - new) > TOLERANCE).any(1))
        return [_around(old, new, place, place) for place in changed]
    short = min(len(old), len(new))
    same = (np.abs(old[:short] - new[:short]) <= TOLERANCE).all(1)
    head = short if same.all() else int(np.argmin(same))
    tail_same = (np.abs(old[len(old) - short :] - new[len(new) - short :]) <= TOLERANCE).all(1)
    tail = short if tail_same.all() else int(np.argmin(tail_same[::-1]))
    tail = min(tail, short - head)
    sides = [(rows, head, len(rows) - tail - 1) for rows in (old, new)]
    spans = [_between(rows, first, last) for rows, first, last in sides]
    return [(min(a for a, _ in spans), max(b for _, b in spans))]


def joined(intervals: list[Interval]) -> list[Interval]:
    """The same seconds without overlaps, in order; empty ones left out."""
    found: list[list[float]] = []
    for start, end in sorted(interval for interval in intervals if interval[1] > interval[0]):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return [(a, b) for a, b in found]


def moves(rig: Rig) -> bool:
    """Whether anything animates the rig, or what deforms it."""
    blocks = [*rig.blocks, rig.mesh, *(block for _, block in _deformers(rig))]
    return any(is_animated(block) for block in blocks)


def covered(rig: Rig, line: Line) -> float:
    """Seconds of the line from the first to the last key over it; all of it where no curve has
    keys (drivers move it then)."""
    rows = [rows[:, 0] for rows in snapshot(rig, line).curves.values() if len(rows)]
    if not rows:
        return line.duration
    first = max(0.0, float(min(each[0] for each in rows)))
    last = min(line.duration, float(max(each[-1] for each in rows)))
    return max(0.0, last - first)


def _around(old: Rows, new: Rows, first: int, last: int) -> Interval:
    one, other = _between(old, first, last), _between(new, first, last)
    return min(one[0], other[0]), max(one[1], other[1])


def _between(rows: Rows, first: int, last: int) -> Interval:
    """Seconds of the keys before `first` and after `last`; endless at the ends."""
    start = -np.inf if first <= 0 else float(rows[first - 1, 0])
    end = np.inf if last >= len(rows) - 1 else float(rows[last + 1, 0])
    return start, end


def _whole(rows: Rows) -> Interval:
    """A curve that came or went changes all, since it holds its ends."""
    return (-np.inf, np.inf) if len(rows) else (0.0, 0.0)


def _only_in_one(old: Snapshot, new: Snapshot) -> Iterator[Rows]:
    for one, other in ((old, new), (new, old)):
        for name in one.curves.keys() - other.curves.keys():
            yield one.curves[name]


def _sources(
    block: bpy.types.ID, line: Line
) -> Iterator[tuple[str, tuple[Any, ...], compat.ActionPart | None, float, float]]:
    """(name, header, part, scale, shift): seconds = scale * frame of the Action + shift."""
    per_frame = line.speed / line.rate
    base = -line.first_frame * per_frame
    data = getattr(block, "animation_data", None)
    if data is None:
        return
    if data.action and not data.use_tweak_mode:  # else it is that of a strip below
        yield "", (data.action_blend_type,), compat.assigned_part(block), per_frame, base
    number = 0
    for track, strip in nla.strips(block, lambda action: action is not None):
        first = strip.frame_start - strip.action_frame_start * strip.scale
        start = (strip.frame_start - line.first_frame) * per_frame
        end = (strip.frame_end - line.first_frame) * per_frame
        if end <= 0 or start >= line.duration:
            continue
        number += 1  # rather than its name, which the artist may change
        header = (strip.blend_type, strip.mute or track.mute, round(strip.influence, 4))
        scale = per_frame * strip.scale
        yield f"strip {number}", header, compat.strip_part(strip), scale, base + first * per_frame


def _deformers(rig: Rig) -> Iterator[tuple[str, bpy.types.ID]]:
    """What else moves the mesh: the objects of its modifiers, with their shape keys."""
    for modifier in rig.mesh.modifiers:
        target = getattr(modifier, "object", None)
        if target is None or target == rig.armature:
            continue
        yield f"object {modifier.name}", target
        if shape_keys := getattr(target.data, "shape_keys", None):
            yield f"keys {modifier.name}", shape_keys


def _rows(curve: Any, scale: float, shift: float) -> Rows:
    points = curve.keyframe_points
    count = len(points)
    rows = np.zeros((count, 7), np.float32)
    pair, kind = np.empty(2 * count, np.float32), np.empty(count, np.uint8)
    points.foreach_get("interpolation", kind)
    points.foreach_get("co", pair)
    rows[:, :2], rows[:, 6] = pair.reshape(-1, 2), kind
    rows[:, 0] = rows[:, 0] * scale + shift
    if (kind == BEZIER).any():
        for place, side in ((2, "handle_left"), (4, "handle_right")):
            points.foreach_get(side, pair)
            rows[:, place : place + 2] = pair.reshape(-1, 2)
            rows[:, place] = rows[:, place] * scale + shift
    return rows
