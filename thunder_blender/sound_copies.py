# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed sounds as files, for the engine to read: in the extension's own folder, named by their
content. A copy that nobody has used for a month goes; whoever needs it again has it written anew.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path

import bpy

from . import EXTENSION

UNUSED = 30 * 24 * 3600.0  # seconds


def folder() -> Path:
    return Path(bpy.utils.extension_path_user(EXTENSION, path="sounds", create=True))


def copy_of(sound: bpy.types.Sound) -> Path:
    """The packed bytes of `sound` as a file. Raises OSError when it cannot be written."""
    data = bytes(sound.packed_file.data)
    suffix = Path(sound.filepath).suffix or ".wav"
    path = folder() / f"{hashlib.sha256(data).hexdigest()[:32]}{suffix}"
    if path.is_file() and path.stat().st_size == len(data):
        os.utime(path)
        return path
    sweep(time.time())
    partial = path.with_suffix(f".{uuid.uuid4().hex[:8]}")
    partial.write_bytes(data)
    partial.replace(path)
    return path


def sweep(now: float) -> None:
    """Remove the copies that were last used more than UNUSED before `now`."""
    for path in folder().iterdir():
        try:
            if now - path.stat().st_mtime > UNUSED:
                path.unlink()
        except OSError:
            continue  # another Blender has removed it, or reads it: Windows keeps it then
