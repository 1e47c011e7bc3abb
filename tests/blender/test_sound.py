# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound strips and frame rates. Files that are no sounds leave nothing behind."""

from __future__ import annotations

import wave

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

RATES = (23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0, 120.0, 12.5)


@pytest.fixture
def sound(room):
    return room("thunder_blender.sound")


needs_audaspace = pytest.mark.skipif(
    not bpy.app.build_options.audaspace, reason="this Blender is built without sound"
)


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.wav"
    samples = (np.sin(np.arange(32000) / 10) * 9000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.parametrize("rate", RATES)
def test_the_scene_takes_any_rate(sound, empty_scene, rate) -> None:
    sound.set_scene_rate(empty_scene, rate)
    assert sound.scene_rate(empty_scene) == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize(("rate", "fps"), [(23.976, 24), (29.97, 30), (59.94, 60)])
def test_ntsc_rates_are_whole_numbers_over_1001(sound, empty_scene, rate, fps) -> None:
    sound.set_scene_rate(empty_scene, rate)
    assert empty_scene.render.fps == fps
    assert empty_scene.render.fps_base == pytest.approx(1.001)


@needs_audaspace
def test_a_strip_starts_at_its_frame_and_lasts_as_long_as_the_sound(
    sound, room, empty_scene, line
) -> None:
    compat = room("thunder_blender.compat")
    sound.set_scene_rate(empty_scene, 25)
    strip = sound.add_sound(empty_scene, line, 11)
    assert compat.strip_range(strip) == (11, 61)


def test_the_range_and_playback(sound, empty_scene) -> None:
    sound.show_range(empty_scene, 3, 80, sync_audio=True)
    shown = (empty_scene.frame_start, empty_scene.frame_end, empty_scene.frame_current)
    assert shown == (3, 80, 3)
    assert empty_scene.sync_mode == "AUDIO_SYNC"


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"RIFF",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"RIFF\x24\0\0\0WAVE" + b"data\x04\0\0\0abcd",
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\x04\0\0\0abcd",
        b"\0\0\0\x18ftypmp42",
        b"hello, this is text",
    ],
)
def test_a_file_that_is_no_sound_is_refused_and_leaves_no_strip(
    sound, room, empty_scene, tmp_path, content
) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(room("model_runtime.contract").AudioError, match=r"bad\.wav"):
        sound.add_sound(empty_scene, path, 1)
    assert not list(room("thunder_blender.compat").sequences(empty_scene))
    assert not bpy.data.sounds
