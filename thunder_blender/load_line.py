# SPDX-License-Identifier: GPL-3.0-or-later
"""A sound file becomes the line of a scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import compat, sound

CHANNELS = 128  # as many as the sequencer has


def load_line(context: bpy.types.Context, path: Path, frame: int, fit_range: bool = True) -> Any:
    """Put the sound on a strip that begins at `frame`, on a channel that is free from there on,
    and make it the line. `fit_range` moves the scene's end where the line ends later. Raises
    AudioError."""
    scene = compat.sequencer_scene(context)
    compat.sequences(scene)
    strip = sound.add_sound(scene, path, frame, free_channel(scene, frame))
    scene.sequence_editor.active_strip = strip
    compat.show_in_sequencer(context, scene)
    context.scene.thunder.strip = ""  # the active strip it is
    if fit_range:
        _, after = compat.strip_range(strip)
        scene.frame_end = max(scene.frame_end, after - 1)
    return strip


def free_channel(scene: bpy.types.Scene, frame: int) -> int:
    """The lowest channel on which nothing ends after `frame`."""
    strips = compat.all_sequences(scene)
    taken = {strip.channel for strip in strips if compat.strip_range(strip)[1] > frame}
    return next(channel for channel in range(1, CHANNELS + 1) if channel not in taken)
