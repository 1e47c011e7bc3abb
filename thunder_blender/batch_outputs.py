# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made of a batch's open scene: whole or not there, whatever Blender writes them with."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
from mathutils import Vector

from ..model_runtime.batch_journal import PART_LETTERS
from ..model_runtime.contract import OutputError
from . import compat
from .rig import Rig

STAMPS = ("date", "render_time", "filename", "memory", "hostname")  # differ from run to run
ENDINGS = {"blend": "blend", "gltf": "glb", "abc": "abc", "usd": "usdc", "mp4": "mp4"}
SIZE = 512  # pixels of a playblast without a camera of the scene's own
LENS = 100.0  # mm
DISTANCE = 3.0  # heights of the head
AUDIO_KBITS = 160


def write(kind: str, path: Path, rig: Rig) -> None:
    """Write one kind of output. Raises OutputError."""
    with _whole(path) as part:
        _WRITERS[kind](part, rig)


def save(path: Path) -> None:
    """Save the open file. Raises OutputError."""
    with _whole(path) as part:
        _blend(part, None)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A path beside `path` that takes its place when the block has written it."""
    letters = path.name[:PART_LETTERS]
    part = path.with_name(f".{letters}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _flush(part)
        part.replace(path)
        if os.name != "nt":
            _flush(path.parent)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"'{path}' cannot be written: {_reason(error)}.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def half_written(out: Path) -> dict[Path, str]:
    """What runs that died have left in a folder of results, and the names it was to have."""
    found = [*out.glob("takes/.*.part.*"), *out.glob("scenes/.*.part.*")]
    return {path: path.name[1:].rsplit(".", 3)[0] for path in found}


def _flush(path: Path) -> None:
    file = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split())[:300].rstrip(".")


def _blend(path: Path, rig: Rig | None) -> None:
    with _sounds_from(path.parent):
        bpy.ops.wm.save_as_mainfile(
            filepath=str(path), copy=True, compress=True, relative_remap=False
        )


@contextmanager
def _sounds_from(folder: Path) -> Iterator[None]:
    """Within the block the sounds' paths count from `folder`, where the open file is not.

    They are put back after it: a movie that is made next would be silent.
    """
    known = {item: item.filepath for item in bpy.data.sounds}
    try:
        for item, path in known.items():
            with contextlib.suppress(ValueError):  # another drive, on Windows
                item.filepath = bpy.path.relpath(bpy.path.abspath(path), start=str(folder))
        yield
    finally:
        for item, path in known.items():
            item.filepath = path


def _gltf(path: Path, rig: Rig) -> None:
    _enable("io_scene_gltf2")
    _select(rig)
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_format="GLB",
        use_selection=True,
        export_animation_mode="SCENE",
        export_force_sampling=True,
    )


def _alembic(path: Path, rig: Rig) -> None:
    _select(rig)
    scene = bpy.context.scene
    bpy.ops.wm.alembic_export(
        filepath=str(path),
        start=scene.frame_start,
        end=scene.frame_end,
        selected=True,
        as_background_job=False,
    )


def _usd(path: Path, rig: Rig) -> None:
    _select(rig)
    bpy.ops.wm.usd_export(filepath=str(path), selected_objects_only=True, export_animation=True)


def _movie(path: Path, rig: Rig) -> None:
    """A playblast with the scene's sound, by Workbench."""
    scene = bpy.context.scene
    if scene.camera is None:
        _add_camera(rig)
    compat.set_movie_output(scene)
    video = scene.render.ffmpeg
    video.format, video.codec, video.constant_rate_factor = "MPEG4", "H264", "HIGH"
    video.audio_codec, video.audio_bitrate = "AAC", AUDIO_KBITS
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.use_sequencer = True  # without it the movie is silent
    scene.render.use_file_extension = False
    scene.render.filepath = str(path)
    scene.display.shading.color_type = "TEXTURE"
    for stamp in STAMPS:
        setattr(scene.render, f"use_stamp_{stamp}", False)
    bpy.ops.render.render(animation=True)


def _add_camera(rig: Rig) -> None:
    """A portrait lens in front of the face, which looks along -Y."""
    scene = bpy.context.scene
    corners = [rig.mesh.matrix_world @ Vector(corner) for corner in rig.mesh.bound_box]
    axes = list(zip(*corners, strict=True))
    low, high = Vector([min(axis) for axis in axes]), Vector([max(axis) for axis in axes])
    data = bpy.data.cameras.new("Batch")
    data.lens, data.clip_start = LENS, 0.01
    camera = bpy.data.objects.new("Batch", data)
    middle, height = (low + high) / 2, high.z - low.z
    camera.location = middle + height * Vector((0.0, -DISTANCE, 0.08))
    camera.rotation_euler = (1.5707963, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    scene.view_settings.view_transform = "Standard"
    for modifier in rig.mesh.modifiers:
        if modifier.type == "SUBSURF":  # twice the time a frame, and hard to see
            modifier.render_levels = 0


def _select(rig: Rig) -> None:
    view = bpy.context.view_layer
    wanted = {rig.armature, *rig.meshes}
    for item in view.objects:
        item.select_set(item in wanted)
    view.objects.active = rig.mesh


def _enable(module: str) -> None:
    if module not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module=module)


_WRITERS: dict[str, Callable[[Path, Rig], None]] = {
    "blend": _blend,
    "gltf": _gltf,
    "abc": _alembic,
    "usd": _usd,
    "mp4": _movie,
}
