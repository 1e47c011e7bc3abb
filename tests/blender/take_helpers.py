# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, sounds and takes for the tests of takes. The jaw of a ramp tells the second it plays."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from model_runtime.contract import CHANNELS

JAW = CHANNELS.index("jawOpen")
SECONDS = 4.0  # of the sound


def write_wav(path, clicks=()):
    """Four seconds of a tone, or of silence with clicks at these seconds."""
    samples = (np.sin(np.arange(int(SECONDS * 16000)) / 10) * 9000).astype("<i2")
    if clicks:
        samples[:] = 0
        samples[[round(second * 16000) for second in clicks]] = 30000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.tobytes())
    return path


def ramp(room, start: float = 0.0, seconds: float = SECONDS, seed: int = 7, offset=0.0, neck=0.3):
    """A take with a jaw that is open by a tenth of the file's second, and a neck that turns."""
    weights = np.zeros((round(seconds * 50), len(CHANNELS)), np.float32)
    weights[:, JAW] = (start + np.arange(len(weights)) / 50) / 10 + offset
    weights[:, CHANNELS.index("neckYaw")] = neck
    provenance = {"seed": seed, "emotion": "happy", "intensity": 0.8, "audio": {"sha256": "ab"}}
    provenance["models"] = {"denoiser": "cd"}
    return room("model_runtime.contract").Take(weights, CHANNELS, 50.0, provenance)


def line_without_strip(room, line_id: str = "line-1", frame: float = 11.0, **changes):
    """A line whose strip is not in the file, for Blenders without sound."""
    lines = room("thunder_blender.lines")
    fields = {"strip_name": f"strip {line_id}", "line_id": line_id, "path": None, "start": 0.0}
    fields |= {"duration": SECONDS, "speed": 1.0, "first_frame": frame, "rate": 25.0}
    return lines.Line(**(fields | changes))


def jaw(rig) -> float:
    return rig.keys.key_blocks["jawOpen"].value


def jaw_at(rig, frame: float) -> float:
    import bpy

    bpy.context.scene.frame_set(int(np.floor(frame)), subframe=float(frame % 1))
    return jaw(rig)


def assert_heard_is_seen(rig, line, seconds, slack: float = 0.025) -> None:
    for second in seconds:
        seen = jaw_at(rig, line.frame_of(second)) * 10
        assert seen == pytest.approx(second, abs=slack), f"second {second}"


def set_range(strip, left: int, right: int) -> None:
    names = ("left_handle", "right_handle")
    if not hasattr(strip, "left_handle"):
        names = ("frame_final_start", "frame_final_end")
    for name, frame in zip(names, (left, right), strict=True):
        setattr(strip, name, frame)


def move(strip, frame: int) -> None:
    setattr(strip, "content_start" if hasattr(strip, "content_start") else "frame_start", frame)


def own_key(rig, value: float = 0.25, frame: int = 10):
    """The artist keys the jaw; gives his Action."""
    block = rig.keys.key_blocks["jawOpen"]
    block.value = value
    block.keyframe_insert("value", frame=frame)
    return rig.keys.animation_data.action


def link_character(rig, folder):
    """Save the file with the rig in a collection, and link that into a new one: the collection."""
    import bpy

    character = bpy.data.collections.new("Character")
    bpy.context.scene.collection.children.link(character)
    for item in (rig.mesh, rig.armature):
        character.objects.link(item)
        bpy.context.scene.collection.objects.unlink(item)
    path = str(folder / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, target):
        target.collections = ["Character"]
    bpy.context.scene.render.fps = 25
    bpy.context.scene.collection.children.link(target.collections[0])
    return target.collections[0]
