# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's video and contact sheet."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

COLUMNS = 4
TILE = 320  # pixels
AUDIO_KBITS = 160

Pixels = npt.NDArray[np.float32]


def render_movie(scene: bpy.types.Scene, path: Path, compat: Any) -> float:
    """Render the scene's range to H.264 with the sound as AAC. Returns seconds per frame."""
    compat.set_movie_output(scene)
    video = scene.render.ffmpeg
    video.format, video.codec = "MPEG4", "H264"
    video.constant_rate_factor = "HIGH"
    video.audio_codec, video.audio_bitrate = "AAC", AUDIO_KBITS
    scene.render.filepath = str(path.resolve())
    scene.render.use_sequencer = True  # without it the movie is silent
    start = time.perf_counter()
    bpy.ops.render.render(animation=True)
    frames = scene.frame_end - scene.frame_start + 1
    return (time.perf_counter() - start) / frames


def render_sheet(scene: bpy.types.Scene, frames: list[int], path: Path) -> None:
    """Render `frames` small and lay them out in rows, each with its frame number."""
    size = scene.render.resolution_x
    _stamp_frame_only(scene.render)
    scene.render.resolution_x = scene.render.resolution_y = TILE
    with tempfile.TemporaryDirectory() as folder:
        tiles = [_render_tile(scene, frame, Path(folder)) for frame in frames]
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.use_stamp = False
    _save_png(layout(tiles), path)


def layout(tiles: list[Pixels]) -> Pixels:
    """Tiles (H, W, 4), first row of pixels at the bottom -> one sheet, COLUMNS wide."""
    blank = np.ones_like(tiles[0])
    tiles = tiles + [blank] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], axis=1) for i in range(0, len(tiles), COLUMNS)]
    return np.concatenate(rows[::-1], axis=0)


def _render_tile(scene: bpy.types.Scene, frame: int, folder: Path) -> Pixels:
    scene.frame_set(frame)
    scene.render.filepath = str(folder / f"{frame}.png")
    bpy.ops.render.render(write_still=True)
    return _read_png(folder / f"{frame}.png")


def _stamp_frame_only(render: Any) -> None:
    render.use_stamp = True
    for name in (key for key in dir(render) if key.startswith("use_stamp_")):
        setattr(render, name, name == "use_stamp_frame")
    render.stamp_font_size = 14
    render.stamp_background = (0, 0, 0, 0)


def _read_png(path: Path) -> Pixels:
    image = bpy.data.images.load(str(path))
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def _save_png(pixels: Pixels, path: Path) -> None:
    height, width, _ = pixels.shape
    image = bpy.data.images.new("sheet", width, height)
    image.pixels.foreach_set(np.ascontiguousarray(pixels).ravel())
    image.filepath_raw, image.file_format = str(path.resolve()), "PNG"
    image.save()
    bpy.data.images.remove(image)
