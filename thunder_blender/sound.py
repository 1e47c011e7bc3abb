# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound strip of a line, the scene's frame range and its frame rate.

Files never go to `aud.Sound`: in Blender 4.5 and 5.0 it ends the whole process when it cannot read
one. A strip of such a file is harmless, and its sound says that it is invalid.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import AudioError
from . import compat

NTSC_BASE = 1.001
UNREADABLE = "INVALID"  # what Blender gives as the channels of a sound it cannot read
NOT_READ = "Blender cannot read the sound {path}. Convert it to WAV and try again."


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames a second, as the render settings say."""
    return float(scene.render.fps / scene.render.fps_base)


def set_scene_rate(scene: bpy.types.Scene, rate: float) -> None:
    """Set any rate from 1 to 240; 23.976, 29.97 and 59.94 become whole numbers over 1.001."""
    whole = round(rate)
    ntsc = abs(rate - round(rate * NTSC_BASE) / NTSC_BASE) < 2e-3 < abs(rate - whole)
    scene.render.fps = round(rate * NTSC_BASE) if ntsc else max(1, whole)
    scene.render.fps_base = NTSC_BASE if ntsc else scene.render.fps / rate


def add_sound(scene: bpy.types.Scene, path: Path, frame: int, channel: int = 1) -> Any:
    """Put the sound on a new strip whose first sample is heard at `frame`.

    Raises AudioError, and leaves no strip, when the file is missing or not a sound.
    """
    if not path.is_file():
        raise AudioError(f"There is no sound at {path}. Check the name and the folder.")
    strips = compat.sequences(scene)
    try:
        strip = strips.new_sound(path.stem, str(path), channel, frame)
    except RuntimeError as error:
        raise AudioError(f"{NOT_READ.format(path=path)} ({error})") from error
    if strip.sound.channels == UNREADABLE:
        unread = strip.sound
        strips.remove(strip)
        bpy.data.sounds.remove(unread)
        raise AudioError(NOT_READ.format(path=path))
    return strip


def show_range(scene: bpy.types.Scene, first: int, last: int, sync_audio: bool = False) -> None:
    """Make `first`..`last` the scene's range and go to its start; `sync_audio` drops frames
    on playback rather than the sound."""
    scene.frame_start, scene.frame_end = first, last
    scene.frame_set(first)
    if sync_audio:
        scene.sync_mode = "AUDIO_SYNC"
