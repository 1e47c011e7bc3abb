# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound strips, and an engine that costs nothing, for the tests of this folder."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import bpy
import pytest


def write_wave(path: Path, seconds: float = 2.0) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"\1\0" * int(16000 * seconds))
    return path


def add_strip(room: Any, path: Path, frame: int, seconds: float = 2.0, channel: int = 1) -> Any:
    """A strip with a sound of that length; skips where bpy was built without sound."""
    if not bpy.app.build_options.audaspace:
        pytest.skip("this bpy is built without sound")
    scene = bpy.context.scene
    write_wave(path, seconds)
    strip = room("thunder_blender.sound").add_sound(scene, path, frame, channel)
    scene.sequence_editor.active_strip = strip
    return strip


def use_fake_engine(room: Any, **options: Any) -> Any:
    fake = room("thunder_blender.engine_fake").FakeEngine(**options)
    room("thunder_blender.engine").set_engine(fake)
    return fake


def put_engine_away(room: Any) -> None:
    room("thunder_blender.jobs").abandon()
    room("thunder_blender.engine").set_engine(None)
