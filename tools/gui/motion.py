# SPDX-License-Identifier: GPL-3.0-or-later
"""Facial motion in and out at a real window: dropped, escaped, picked, undone, exported.

Option: `motion` is a motion file that takes a while to read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from measure import Stopwatch
from stage import Flow, Stage, StageError

SLOW = 120.0  # seconds for what takes 3 on a machine that has nothing else to do


def session(stage: Stage) -> Flow:
    scene.empty()
    bpy.ops.thunder.create_head("EXEC_DEFAULT")
    bpy.ops.ed.undo_push(message="Head")
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    yield from escape(stage)
    yield from pick(stage)
    yield from undo(stage)
    yield from pick(stage)
    yield from export(stage)


def escape(stage: Stage) -> Flow:
    """As if dropped: the file is given. Esc over the viewport ends it."""
    with stage.over():
        bpy.ops.thunder.import_motion("INVOKE_DEFAULT", filepath=stage.options["motion"])
    yield from stage.until(running, 5, "the import to start")
    yield from stage.key("ESC")
    yield from stage.until(lambda: not running(), 10, "Esc to end the import")
    if scene.takes():
        raise StageError("a cancelled import left a take")


def pick(stage: Stage) -> Flow:
    """From the file browser; the window stays alive meanwhile."""
    with stage.over():
        bpy.ops.thunder.import_motion("INVOKE_DEFAULT")
    browser = yield from stage.until(browsers, 20, "the file browser")
    yield 1.0
    yield from choose(Path(stage.options["motion"]), browser)
    watch = Stopwatch()
    yield from stage.until(running, 10, "the picked file's import to start")
    watch.start()
    stage.picture("1-importing")
    yield from stage.until(scene.takes, SLOW, "the take")
    stage.results["loop_while_importing"] = watch.stop()
    yield 0.5
    stage.picture("2-imported")


def undo(stage: Stage) -> Flow:
    """One Ctrl Z takes the take away."""
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: not scene.takes(), 20, "one undo to take the take away")


def export(stage: Stage) -> Flow:
    """The browser offers a name after the take; the file is there when its button was pressed."""
    target = stage.folder / "exported.csv"
    with stage.over():
        bpy.ops.thunder.export_motion("INVOKE_DEFAULT", format="LIVE_LINK")
    browser = yield from stage.until(browsers, 20, "the file browser")
    yield 1.5
    stage.picture("3-exporting")
    offered = browser[1].spaces.active.params.filename
    stage.results["offered"] = offered
    if not offered.endswith(".csv"):
        raise StageError(f"the browser offers the name '{offered}'")
    yield from choose(target, browser)
    yield from stage.until(target.is_file, SLOW, "the exported file")
    stage.results["lines"] = target.read_text("utf-8").count("\n")


def choose(path: Path, browser: tuple[Any, Any]) -> Flow:
    """Type folder and name, and press the button."""
    window, area = browser
    params = area.spaces.active.params
    params.directory = f"{path.parent}/".encode()
    params.filename = path.name
    yield 1.0
    region = next(item for item in area.regions if item.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.file.execute("EXEC_DEFAULT")
    yield 0.2


def browsers() -> tuple[Any, Any] | None:
    """Window and area of the file browser that is open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER" and area.spaces.active.params:
                return window, area
    return None


def running() -> Any:
    return scene.room("thunder_blender.import_task").current()


stage = Stage()
stage.play(session(stage))
