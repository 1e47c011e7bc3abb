# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound strip of a line, the scene's frame range and its frame rate.

Blender 4.5 and 5.0 end the whole process when their sound library meets a file it cannot read,
so a file's header is checked before Blender sees it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import bpy

from ..model_runtime.contract import AudioError
from . import compat

NTSC_BASE = 1.001
READABLE = {b"fLaC": "FLAC", b"OggS": "Ogg"}


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

    Raises AudioError when the file is missing or is not a sound that Blender surely reads.
    """
    check_sound(path)
    try:
        return compat.sequences(scene).new_sound(path.stem, str(path), channel, frame)
    except RuntimeError as error:
        raise AudioError(
            f"Blender cannot use the sound {path}: {error}. Convert it to WAV and try again."
        ) from error


def show_range(scene: bpy.types.Scene, first: int, last: int, sync_audio: bool = False) -> None:
    """Make `first`..`last` the scene's range and go to its start; `sync_audio` drops frames
    on playback rather than the sound."""
    scene.frame_start, scene.frame_end = first, last
    scene.frame_set(first)
    if sync_audio:
        scene.sync_mode = "AUDIO_SYNC"


def check_sound(path: Path) -> None:
    """Raise AudioError unless the file's header is that of a WAV, FLAC or Ogg sound."""
    if not path.is_file():
        raise AudioError(f"There is no sound at {path}. Check the name and the folder.")
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not (head[:4] in READABLE or _is_wav(head)):
        raise AudioError(
            f"{path} is not a WAV, FLAC or Ogg sound. Convert it to WAV and try again."
        )


def _is_wav(head: bytes) -> bool:
    """Whether a file that begins with `head` is a RIFF WAVE with a format and some samples."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return False
    position, formatted = 12, False
    while position + 8 <= len(head):
        name, size = struct.unpack_from("<4sI", head, position)
        if name == b"data":
            return formatted and size > 0
        if name == b"fmt " and position + 24 <= len(head):
            _, channels, rate, _, block = struct.unpack_from("<HHIIH", head, position + 8)
            formatted = min(channels, rate, block) > 0
        position += 8 + size + size % 2
    return False
