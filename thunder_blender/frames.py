# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a scene on one frame after another, in steps between which it is back on its own."""

from __future__ import annotations

import time
from collections.abc import Callable

import bpy

from .steps import PAUSE, Steps

STINT = 0.012  # seconds; going back to the scene's frame and what one frame takes come on top


def each_frame(scene: bpy.types.Scene, frames: range, look: Callable[[], object]) -> Steps[None]:
    """Put the scene on each of `frames` and call `look` there."""
    left = list(reversed(frames))
    while left:
        now, end = (scene.frame_current, scene.frame_subframe), time.perf_counter() + STINT
        try:
            while left and time.perf_counter() < end:
                scene.frame_set(left.pop())
                look()
        finally:
            scene.frame_set(now[0], subframe=now[1])
        yield PAUSE
