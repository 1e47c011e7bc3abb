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

from . import compat, meter_shapes, nla, take_marks
from .lines import Line
from .meter_copy import is_animated
from .rig import Rig

Rows = npt.NDArray[np.float32]  # (keys, 7): second, value, both handles, interpolation
Interval = tuple[float, float]

TOLERANCE = 2e-4  # of seconds and values; what a move of a strip rounds away
COVERS = 0.1  # seconds of a line that a strip may leave out and still count as all of it
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
        hidden: set[compat.Channel] = set()  # by what lies above and replaces
        for source in reversed(list(_sources(block, line))):
            seen = [c for c in compat.fcurves(source.part) if _channel(c) not in hidden]
            if seen:
                fixed.append((number, source.name, source.header))
            for curve in seen:
                key = number, source.name, *_channel(curve)
                fixed.append((*key, curve.mute, curve.extrapolation, len(curve.modifiers)))
                curves[key] = _rows(curve, source.scale, source.shift)
            if source.replaces:
                hidden.update(_channel(curve) for curve in seen)
    keys = rig.keys.key_blocks
    fixed.append(tuple(block.name for block in keys if block.mute))
    fixed.extend(meter_shapes.state(rig))
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
    """Seconds of the pieces between keys that differ, endless where an end that is held does."""
    if not len(old) or not len(new):
        return [(-np.inf, np.inf)] if len(old) != len(new) else []
    return [*_held_ends(old, new), *_pieces_apart(_pieces(old), _pieces(new))]


def _pieces(rows: Rows) -> Rows:
    """The curve between each two keys: (keys - 1, 9), all that decides its shape."""
    return np.concatenate([rows[:-1][:, [0, 1, 4, 5, 6]], rows[1:][:, [0, 1, 2, 3]]], 1)


def _pieces_apart(old: Rows, new: Rows) -> list[Interval]:
    """Seconds of the pieces that are not in both."""
    short = min(len(old), len(new))
    if len(old) == len(new):
        wrong = np.flatnonzero((np.abs(old - new) > TOLERANCE).any(1))
        return [_both(old[[place]], new[[place]]) for place in wrong]
    head = _same(old[:short], new[:short])
    tail = _same(old[::-1][: short - head], new[::-1][: short - head])
    return [_both(old[head : len(old) - tail], new[head : len(new) - tail])]


def _same(one: Rows, other: Rows) -> int:
    """How many pieces from the start on are the same."""
    alike = (np.abs(one - other) <= TOLERANCE).all(1)
    return len(alike) if alike.all() else int(np.argmin(alike))


def _both(old: Rows, new: Rows) -> Interval:
    """From the first to the last second of some pieces; pieces may be missing on one side."""
    every = np.concatenate([old, new])
    return float(every[:, 0].min()), float(every[:, 5].max())


def _held_ends(old: Rows, new: Rows) -> list[Interval]:
    """What lies before the first and after the last key, where those differ."""
    found = []
    if (np.abs(old[0, :2] - new[0, :2]) > TOLERANCE).any():
        found.append((-np.inf, float(max(old[0, 0], new[0, 0]))))
    if (np.abs(old[-1, :2] - new[-1, :2]) > TOLERANCE).any():
        found.append((float(min(old[-1, 0], new[-1, 0])), np.inf))
    return found


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


def _whole(rows: Rows) -> Interval:
    """A curve that came or went changes all, since it holds its ends."""
    return (-np.inf, np.inf) if len(rows) else (0.0, 0.0)


def _only_in_one(old: Snapshot, new: Snapshot) -> Iterator[Rows]:
    for one, other in ((old, new), (new, old)):
        for name in one.curves.keys() - other.curves.keys():
            yield one.curves[name]


@dataclass(frozen=True)
class _Source:
    """Curves that play: seconds of the line = scale * frame of the Action + shift."""

    name: str
    header: tuple[Any, ...]
    part: compat.ActionPart | None
    scale: float
    shift: float
    replaces: bool  # all that lies below it, over the whole line


def _sources(block: bpy.types.ID, line: Line) -> Iterator[_Source]:
    """What plays on a data-block over the line, from the lowest up."""
    per_frame = line.speed / line.rate
    data = getattr(block, "animation_data", None)
    if data is None:
        return
    playing = []
    for track, strip in nla.strips(block, lambda action: action is not None):
        start = (strip.frame_start - line.first_frame) * per_frame
        end = (strip.frame_end - line.first_frame) * per_frame
        if end <= 0 or start >= line.duration:
            continue
        quiet, varies = strip.mute or track.mute, strip.use_animated_influence
        header = (strip.blend_type, quiet, round(strip.influence, 4) if varies else 1.0)
        covers = start <= COVERS and end >= line.duration - COVERS
        replaces = covers and header == ("REPLACE", False, 1.0)
        shift = start - strip.action_frame_start * strip.scale * per_frame
        part, scale = compat.strip_part(strip), per_frame * strip.scale
        playing.append((header, part, scale, shift, replaces))
    for depth, each in zip(range(len(playing), 0, -1), playing, strict=True):
        yield _Source(f"strip {depth}", *each)  # counted from above: what is below may go
    if data.action and not data.use_tweak_mode:  # else it is that of a strip
        own, shift = (data.action_blend_type,), -line.first_frame * per_frame
        mine = compat.assigned_part(block)
        yield _Source("", own, mine, per_frame, shift, own == ("REPLACE",))


def _channel(curve: Any) -> compat.Channel:
    return curve.data_path, curve.array_index


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
