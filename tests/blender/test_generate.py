# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate through both doors: the blocking one of scripts, and the steps of the modal one."""

from __future__ import annotations

import wave

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


@pytest.fixture
def engine(room):
    """A fake engine in place of the worker."""
    fake = room("thunder_blender.engine_fake").FakeEngine()
    room("thunder_blender.engine").set_engine(fake)
    yield fake
    room("thunder_blender.jobs").abandon()
    room("thunder_blender.engine").set_engine(None)


@pytest.fixture
def hello(room, empty_scene, tmp_path):
    """A sound strip of two seconds at frame 10, in a scene of 25 frames a second."""
    empty_scene.render.fps = 25
    return add_strip(room, empty_scene, tmp_path / "hello.wav", 10)


def add_strip(room, scene, path, frame, seconds=2.0, channel=1):
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"\1\0" * int(16000 * seconds))
    try:
        strip = room("thunder_blender.sound").add_sound(scene, path, frame, channel)
    except Exception as error:
        if "Audaspace" in str(error):
            pytest.skip("this bpy is built without sound")
        raise
    return strip


def test_a_script_generates_with_everything_said(engine, rig, hello, room) -> None:
    done = bpy.ops.thunder.generate(
        strip="hello", rig=rig.mesh.name, seed=7, intensity=0.8, emotion="happy", name="First"
    )
    assert done == {"FINISHED"}
    (request,) = engine.requests
    assert request.audio.name == "hello.wav"
    assert (request.settings.seed, request.settings.intensity) == (7, 0.8)
    assert request.settings.emotion == "happy"
    takes = room("thunder_blender.takes")
    (action,) = takes.list_takes(rig)
    info = takes.take_info(action)
    assert (info.name, info.seed, info.chosen) == ("First", 7, True)
