# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether takes were edited by hand: their keyframes are compared with the hash of those generated.

All keys of a long line take a while to read, so what the panels show is found out in short steps
by a timer, and shown as last known until then.
"""

from __future__ import annotations

import bpy

from . import take_marks
from .redraw import redraw_sidebars
from .steps import PAUSE, Stepped, Steps, finish

INTERVAL = 0.05  # seconds between two stints

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


def remember(action: bpy.types.Action) -> None:
    """The take has just been generated."""
    _known[action.name] = take_marks.key_count(action), False
    _stale.pop(action.name, None)


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
