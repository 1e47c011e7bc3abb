# SPDX-License-Identifier: GPL-3.0-or-later
"""The timers of operators that wait. Blender forgets those operators when the extension is disabled
and does not tell them, so what they leave is cleared away here."""

from __future__ import annotations

from typing import Any

import bpy

_ticking: list[Any] = []


def add(window: bpy.types.Window, seconds: float) -> Any:
    """A timer whose events reach the modal operators of `window`; give it to `remove`."""
    timer = bpy.context.window_manager.event_timer_add(seconds, window=window)
    _ticking.append(timer)
    return timer


def remove(timer: Any) -> None:
    """Stop a timer; one that was stopped before is left alone."""
    if timer in _ticking:
        _ticking.remove(timer)
        bpy.context.window_manager.event_timer_remove(timer)


def register() -> None:
    """There is nothing to begin with."""


def unregister() -> None:
    if not _ticking:
        return
    for timer in _ticking:
        remove(timer)
    for window in bpy.context.window_manager.windows:
        window.workspace.status_text_set(None)
