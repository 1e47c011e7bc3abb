# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the demo's .blend, video and contact sheet with the built extension.

    python tools/demo_scene.py --zip EXTENSION.zip --take a.npz --take b.npz --audio line.wav \\
        --fps 25 --out DIR [--engine CYCLES] [--sheet-frames 12,40,77]

Runs where the bpy module is installed. Prints one JSON object per line: what was done, how long
it took. Blender's own chatter goes to stderr.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "bl_ext.user_default.thunder_blender"
FIRST_FRAME = 1
SHEET_FRAMES = 16
SIZE = 512

Room = Callable[[str], ModuleType]


class Report:
    """Prints JSON lines to the real stdout."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, **facts: Any) -> None:
        print(json.dumps(facts), file=self.stream, flush=True)

    @contextmanager
    def timed(self, stage: str) -> Iterator[dict[str, Any]]:
        """Report `stage` with its seconds and whatever the block puts into the dictionary."""
        facts: dict[str, Any] = {}
        start = time.perf_counter()
        yield facts
        self(stage=stage, seconds=round(time.perf_counter() - start, 3), **facts)


def quiet_stdout() -> TextIO:
    """The stdout as it was; from now on what is printed to file 1 goes to stderr."""
    real = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return real


def install_extension(archive: Path, resources: Path | None = None) -> Room:
    """Install and enable the zip in a throw-away user folder; gives its modules by name.

    Without `resources` the environment says already which folder that is.
    """
    if resources is not None:
        os.environ["BLENDER_USER_RESOURCES"] = str(resources)
    import bpy

    bpy.ops.extensions.package_install_files(
        filepath=str(archive.resolve()), repo="user_default", enable_on_install=True
    )
    return lambda name: importlib.import_module(f"{PACKAGE}.{name}")


def build_scene(room: Room, options: argparse.Namespace, report: Report) -> Any:
    """A new file with the head, its takes and the sound. Returns the rig."""
    import bpy

    from tools import bench_keys

    bpy.ops.wm.read_homefile(use_empty=False)
    bpy.data.batch_remove(list(bpy.data.objects))
    scene = bpy.context.scene
    room("thunder_blender.sound").set_scene_rate(scene, options.fps)
    with report.timed("head"):
        rig = make_head(room, scene, options.identity)
    report(stage="keys", keys=bench_keys.KEYS, keys_ms=round(bench_keys.measure(room, rig), 1))
    load_takes(room, rig, options, report)
    return rig


def make_head(room: Room, scene: Any, identity: str | None) -> Any:
    head = room("thunder_blender.head")
    params = head.HeadParams(identity or head.AVERAGE)
    return head.create_head(scene.collection, params)


def load_takes(room: Room, rig: Any, options: argparse.Namespace, report: Report) -> None:
    """Every take as an Action of its own, of the sound's line where there is one; the first one
    plays."""
    import bpy

    takes, sound = room("thunder_blender.takes"), room("thunder_blender.sound")
    scene, actions = bpy.context.scene, []
    line = add_line(room, scene, options.audio) if options.audio else None
    for path in options.take:
        take = room("thunder_blender.take_file").read_take(path)
        start = time.perf_counter()
        if line:
            actions.append(takes.add_take(rig, line, take, path.stem))
        else:
            rate = sound.scene_rate(scene)
            actions.append(takes.create_take(rig, path.stem, take, rate, FIRST_FRAME))
        keys_ms = round(1000 * (time.perf_counter() - start), 1)
        first, last = takes.take_frames(actions[-1])
        report(stage="take", name=path.stem, keys_ms=keys_ms, frames=last - first + 1)
    takes.choose_take(rig, actions[0])
    sound.show_range(scene, *takes.take_frames(actions[0]), sync_audio=True)


def add_line(room: Room, scene: Any, audio: Path) -> Any:
    """The sound as a strip from the first frame on, and the line that it is."""
    strip = room("thunder_blender.sound").add_sound(scene, audio.resolve(), FIRST_FRAME)
    return room("thunder_blender.lines").line_of_strip(scene, strip)


def save(path: Path) -> None:
    """Save with texture and sound packed, so that the one file is all there is."""
    import bpy

    bpy.ops.file.pack_all()
    for sound in bpy.data.sounds:
        sound.filepath = f"//{sound.name}"  # where it came from is nobody else's folder
    for image in bpy.data.images:
        image.filepath_raw = f"//{image.name}"
    bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True)


def sheet_frames(chosen: list[int], first: int, last: int) -> list[int]:
    """The `chosen` frames that lie in the range, and evenly spread ones up to SHEET_FRAMES."""
    wanted = {frame for frame in chosen if first <= frame <= last}
    free = max(0, SHEET_FRAMES - len(wanted))
    spread = {first + round((i + 0.5) * (last - first) / free) for i in range(free)}
    return sorted(wanted | spread)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the demo's .blend, video and sheet.")
    parser.add_argument("--zip", type=Path, required=True, help="the built extension")
    parser.add_argument("--take", type=Path, action="append", required=True, help="npz; repeat")
    parser.add_argument("--audio", type=Path, help="WAV of the line")
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--identity", help="whose face, by name")
    parser.add_argument("--engine", choices=("WORKBENCH", "CYCLES"), default="WORKBENCH")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of the square video")
    parser.add_argument("--sheet-frames", default="", help="frames that the sheet must show")
    parser.add_argument("--no-movie", action="store_true", help="leave the video out")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, resources: Path, report: Report) -> None:
    """The whole demo; a sentence and exit code 1 where a take, a name or the sound is bad."""
    with report.timed("install"):
        room = install_extension(options.zip, resources)
    try:
        make(room, options, report)
    except room("model_runtime.contract").ThunderError as error:
        sys.exit(f"error: {error}")


def make(room: Room, options: argparse.Namespace, report: Report) -> None:
    """Scene, .blend, sheet and video in `options.out`."""
    import bpy

    from tools import demo_render, demo_stage

    options.out.mkdir(parents=True, exist_ok=True)
    rig = build_scene(room, options, report)
    scene = bpy.context.scene
    demo_stage.set_stage(scene, rig, options.engine, options.size)
    with report.timed("blend"):
        save(options.out / "demo.blend")
    chosen = [int(frame) for frame in options.sheet_frames.split(",") if frame]
    frames = sheet_frames(chosen, scene.frame_start, scene.frame_end)
    with report.timed("sheet") as facts:
        facts["frames"] = frames
        demo_render.render_sheet(scene, frames, options.out / "demo_sheet.png")
    if options.no_movie:
        return
    with report.timed("movie") as facts:
        movie, compat = options.out / "demo.mp4", room("thunder_blender.compat")
        facts["seconds_per_frame"] = round(demo_render.render_movie(scene, movie, compat), 3)


def main(arguments: list[str] | None = None) -> None:
    options = parse(arguments)
    report = Report(quiet_stdout())
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="thunder-demo-") as resources:
        run(options, Path(resources), report)


if __name__ == "__main__":
    main()
