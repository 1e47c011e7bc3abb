# SPDX-License-Identifier: GPL-3.0-or-later
"""Animated settings go back to the character that performed with them: as keys, over the line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from . import compat_panels, lines, take_marks
from .request import EMOTION_NAMES

ANIMATABLE = ("intensity", "emotion")
Keys = list[tuple[float, Any]]  # (second of the line, value)


def put_back(mesh: bpy.types.Object, action: bpy.types.Action, name: str, value: Any) -> None:
    """Give a setting of the character the value, or the keys, that a take was made with.

    A value becomes keys, too, where the setting is animated, since the animation would win. The
    character's own keys beside the line stay.
    """
    path = f"thunder.{name}"
    animated = isinstance(value, tuple)
    if not animated and (name not in ANIMATABLE or not compat_panels.object_curve(mesh, path)):
        setattr(mesh.thunder, name, value)
        return
    seconds = float(action.get(take_marks.SECONDS, 0.0))
    keys = list(value) if animated else [(0.0, value), (seconds, value)]
    frame_of = _clock(action)
    _write(mesh, path, [(frame_of(second), _number(item)) for second, item in keys])


def _write(mesh: bpy.types.Object, path: str, keys: Keys) -> None:
    first, last = keys[0][0], keys[-1][0]
    curve: Any = compat_panels.object_curve(mesh, path)
    if curve is None:
        mesh.keyframe_insert(path, frame=first)
        curve = compat_panels.object_curve(mesh, path)
    points = curve.keyframe_points
    for point in [p for p in points if first <= p.co.x <= last][::-1]:
        points.remove(point, fast=True)
    constant = path.endswith("emotion")
    for frame, value in keys:
        points.insert(frame, value).interpolation = "CONSTANT" if constant else "LINEAR"
    curve.update()


def _number(value: Any) -> float:
    """An enum is animated by its number."""
    return float(EMOTION_NAMES.index(value)) if isinstance(value, str) else float(value)


def _clock(action: bpy.types.Action) -> Callable[[float], float]:
    """Second of the take's line -> scene frame: where its strip is now, else where it was."""
    start = float(action.get(take_marks.START, 0.0))
    line_id = take_marks.line_of(action)
    for scene in bpy.data.scenes if line_id else ():
        strip = lines.find_strip(scene, line_id)
        if strip is not None:
            try:
                line = lines.line_of_strip(scene, strip, mark=False)
            except lines.LineError:
                break
            return lambda second: line.frame_of(start + second)
    first = float(action.get(take_marks.HEARD_FRAME, action.get(take_marks.FIRST_FRAME, 1.0)))
    step = float(action.get(take_marks.RATE, 24.0)) / float(action.get(take_marks.SPEED, 1.0))
    return lambda second: first + second * step
