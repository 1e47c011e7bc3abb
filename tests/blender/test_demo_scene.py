# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's scene, made small: what it prints and what the files hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave

import numpy as np
import pytest

from model_runtime.contract import CHANNELS
from tools.build_extension import ROOT
from tools.demo_scene import SHEET_FRAMES, sheet_frames

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

TILE = 320  # pixels of a picture of the sheet
FRAMES = 8  # of the take, at 50 a second


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        weights = 0.3 * rng.random((FRAMES, len(CHANNELS)), np.float32)
        np.savez(folder / f"{name}.npz", weights=weights, channels=np.array(CHANNELS), fps=50.0)
    with wave.open(str(folder / "line.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((9000 * np.sin(np.arange(2560) / 6)).astype("<i2").tobytes())
    return folder


def run_demo(work, archive, out, *more):
    command = [sys.executable, "tools/demo_scene.py", "--zip", archive, "--out", out]
    command += ["--take", work / "a.npz", "--take", work / "b.npz", "--size", "64", *more]
    environment = os.environ | {"LIBGL_ALWAYS_SOFTWARE": "1"}
    environment.pop("BLENDER_USER_RESOURCES")
    return subprocess.run(
        list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def demo(work, extension_zip):
    sound = ["--audio", work / "line.wav"] if bpy.app.build_options.audaspace else []
    done = run_demo(work, extension_zip, work / "out", *sound)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_every_line_it_prints_is_json_with_its_timings(demo) -> None:
    lines = [json.loads(line) for line in demo.splitlines()]
    stages = [line["stage"] for line in lines]
    assert stages == ["install", "head", "keys", "take", "take", "blend", "sheet", "movie"]
    assert all(line["keys_ms"] > 0 for line in lines if line["stage"] in ("keys", "take"))
    assert lines[-1]["seconds_per_frame"] > 0


def test_the_file_holds_takes_sound_and_textures(demo, work, room) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(work / "out" / "demo.blend"))
    scene = bpy.context.scene
    rig = room("thunder_blender.rig").find_scene_rig(scene, None)
    takes = room("thunder_blender.takes")
    assert [action.name for action in takes.list_takes(rig)] == ["a", "b"]
    assert takes.active_take(rig).name == "a"
    assert (scene.frame_start, scene.frame_end) == (1, 5)
    assert scene.camera
    packed = [(sound.filepath, sound.packed_file.size > 1000) for sound in bpy.data.sounds]
    assert packed == [("//line.wav", True)] * bpy.app.build_options.audaspace
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert images
    assert all(image.packed_file for image in images)


def test_the_pictures_show_something(demo, work) -> None:
    assert (work / "out" / "demo.mp4").stat().st_size > 1000
    sheet = bpy.data.images.load(str(work / "out" / "demo_sheet.png"))
    pixels = np.empty(len(sheet.pixels), np.float32)
    sheet.pixels.foreach_get(pixels)
    assert pixels.reshape(-1, 4)[:, :3].std() > 0.05


def test_the_file_opened_afresh_looks_as_it_was_rendered(demo, work, tmp_path) -> None:
    """The first tile of the sheet but its foot, where the number of the frame stands."""
    bpy.ops.wm.open_mainfile(filepath=str(work / "out" / "demo.blend"))
    scene = bpy.context.scene
    scene.frame_set(1)
    scene.render.resolution_x = scene.render.resolution_y = TILE
    scene.render.filepath = str(tmp_path / "now.png")
    bpy.ops.render.render(write_still=True)
    now, sheet = pixels_of(tmp_path / "now.png"), pixels_of(work / "out" / "demo_sheet.png")
    first = sheet[-TILE:, :TILE]
    assert np.abs(now - first)[40:].mean() < 0.006  # a byte is 0.004


def test_the_viewport_is_shaded_as_it_was_rendered(demo, work) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(work / "out" / "demo.blend"))
    rendered = bpy.context.scene.display.shading
    views = [area for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    names = ("light", "studio_light", "color_type", "show_cavity", "cavity_type")
    names += ("cavity_valley_factor", "curvature_ridge_factor", "background_type", "show_shadows")
    assert views
    for shading in (view.spaces.active.shading for view in views):
        assert shading.type == "SOLID"
        for name in names:
            assert getattr(shading, name) == getattr(rendered, name), name


def pixels_of(path):
    """Colours (H, W, 3), first row at the bottom."""
    image = bpy.data.images.load(str(path))
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(image.size[1], image.size[0], 4)[..., :3]


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="built without sound")
def test_the_movie_is_not_silent(demo, work) -> None:
    import aud

    samples = aud.Sound(str(work / "out" / "demo.mp4")).data()
    assert np.abs(samples).max() > 0.1


@pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="built without sound")
def test_a_bad_sound_ends_it_with_one_sentence(work, extension_zip) -> None:
    done = run_demo(work, extension_zip, work / "bad", "--audio", work / "a.npz")
    assert done.returncode == 1
    assert "error: Blender cannot read the sound" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("last", "count"), [(200, SHEET_FRAMES), (4, 4), (1, 1)])
def test_the_sheet_shows_the_chosen_frames_and_even_ones(last, count) -> None:
    frames = sheet_frames([3, 77, 999], 1, last)
    assert len(frames) >= min(count, SHEET_FRAMES - 1)
    assert set(frames) <= set(range(1, last + 1))
    assert all(frame in frames for frame in (3, 77) if frame <= last)
