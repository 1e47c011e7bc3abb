# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether takes were edited by hand: their keyframes are compared with the hash of those generated.

All keys of a long line take a while to read, so what the panels show is found out in short steps
by a timer, and shown as last known until then.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from . import take_marks
from .redraw import redraw_sidebars
from .steps import PAUSE, Stepped, Steps, finish

INTERVAL = 0.05  # seconds between two stints

KEYS = "thunder_keys"  # JSON: curve -> first frame, and two bytes for each key as generated
STEPS = 1e5  # of a value that a key's two bytes tell apart
SLACK = 3  # steps that rounding may make
FOREIGN = 1 << 15  # added to the mark of a key that is not ours; no mark is so far off
LINEAR = 1  # Keyframe.interpolation's number

ArtistKeys = Mapping[tuple[str, int], npt.NDArray[np.float32]]  # curve -> frames of its keys

_known: dict[str, tuple[int, bool]] = {}  # by name: number of keys, edited by hand
_stale: dict[str, None] = {}  # names to look at again, in the order of asking


class _Looking:
    at: Stepped[None] | None = None


def is_hand_edited(action: bpy.types.Action) -> bool:
    """Whether any keyframe differs from what was generated; reads all of them."""
    return finish(_look(action.name))


def seems_hand_edited(action: bpy.types.Action) -> bool:
    """`is_hand_edited` as last known, for drawing; found out soon where it is not known."""
    count, edited = _known.get(action.name, (-1, False))
    if count == take_marks.key_count(action) and action.name not in _stale:
        return edited
    if bpy.app.background:
        return is_hand_edited(action)
    _stale[action.name] = None
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=INTERVAL)
    return edited


def remember(action: bpy.types.Action, own: ArtistKeys | None = None) -> None:
    """The take has just been generated, all but the `own` keys of the artist."""
    _known[action.name] = take_marks.key_count(action), bool(own)
    record = {}
    for curve in take_marks.curves(action):
        frames, values, _ = _keys_of(curve)
        rounded, marks = np.round(frames), _marks(values)
        whole = np.abs(frames - rounded) < 1e-3
        if whole.any():
            mine = (own or {}).get((curve.data_path, curve.array_index), ())
            if len(mine):
                marks = marks + np.where(np.isin(frames, mine), FOREIGN, 0).astype(np.uint16)
            first, places = float(frames[whole][0]), rounded[whole].astype(int)
            row = np.full(int(places[-1] - places[0]) + 1, FOREIGN, "<u2")
            row[places - places[0]] = marks[whole]
            record[_name(curve)] = [first, base64.b64encode(row.tobytes()).decode()]
    action[KEYS] = json.dumps(record)
    _stale.pop(action.name, None)


def artist_keys(action: bpy.types.Action) -> ArtistKeys:
    """The keys of a take that are not as generated: moved, added, or given another interpolation.

    Of takes that were made before this was kept, only the last kind and those between frames.
    """
    if not is_hand_edited(action):
        return {}
    record = _record(action)
    found = {}
    for curve in take_marks.curves(action):
        frames, values, kinds = _keys_of(curve)
        own = (kinds != LINEAR) | (np.abs(frames - np.round(frames)) > 1e-3)
        if record:
            own |= ~_as_generated(
                frames, values, record.get(_name(curve), (0.0, _marks(frames[:0])))
            )
        if own.any():
            found[curve.data_path, curve.array_index] = frames[own]
    return found


def _as_generated(
    frames: npt.NDArray[np.float32], values: npt.NDArray[np.float32], record: tuple[float, Any]
) -> npt.NDArray[np.bool_]:
    first, marks = record
    places = np.round(frames - first).astype(int)
    inside = (places >= 0) & (places < len(marks))
    there = np.zeros(len(frames), np.uint16)
    there[inside] = marks[places[inside]]
    apart = (_marks(values) - there).astype(np.int16).astype(int)  # it wraps, as the marks do
    return np.asarray(inside & (np.abs(apart) <= SLACK))


def _record(action: bpy.types.Action) -> dict[str, tuple[float, Any]]:
    try:
        known = json.loads(action.get(KEYS, "{}"))
        return {
            name: (float(first), np.frombuffer(base64.b64decode(text), "<u2"))
            for name, (first, text) in known.items()
        }
    except (TypeError, ValueError):  # the artist has changed it beyond reading
        return {}


def _marks(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Two bytes for each value: its steps, counted round and round."""
    return (np.round(values.astype(np.float64) * STEPS).astype(np.int64) % (1 << 16)).astype(
        np.uint16
    )


def _keys_of(curve: Any) -> tuple[npt.NDArray[Any], ...]:
    """Frames, values and interpolation numbers of a curve's keys."""
    points = curve.keyframe_points
    places, kinds = np.empty(2 * len(points), np.float32), np.empty(len(points), np.uint8)
    points.foreach_get("co", places)
    points.foreach_get("interpolation", kinds)
    return places[::2], places[1::2], kinds


def _name(curve: Any) -> str:
    return f"{curve.data_path}[{curve.array_index}]"


def forget(name: str | None = None) -> None:
    """Look at the keyframes of this Action again, or at all."""
    _Looking.at = None
    if name is None:
        _known.clear()
        _stale.clear()
    elif name in _known:
        _stale[name] = None


def stop() -> None:
    """Leave no timer."""
    forget()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _look(name: str) -> Steps[bool]:
    """Compare; the Action is found anew at each step, since undo and the artist may take it."""
    action = bpy.data.actions[name]
    count, content = take_marks.key_count(action), action.get(take_marks.CONTENT)
    found = yield from take_marks.hash_steps(lambda: take_marks.curves(bpy.data.actions[name]))
    edited = content is not None and content != found
    _known[name] = count, edited
    _stale.pop(name, None)
    return edited


def _look_at_all() -> Steps[None]:
    while name := next(iter(_stale), None):
        try:
            yield from _look(name)
        except (KeyError, IndexError):  # it was renamed, deleted or changed meanwhile
            _stale.pop(name, None)
        yield PAUSE


def _tick() -> float | None:
    looking = _Looking.at = _Looking.at or Stepped(_look_at_all())
    if not looking.go_on():
        return INTERVAL
    _Looking.at = None
    redraw_sidebars()
    return INTERVAL if _stale else None
