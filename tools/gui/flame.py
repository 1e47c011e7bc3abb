# SPDX-License-Identifier: GPL-3.0-or-later
"""Import FLAME at a real window: progress is shown, Esc ends it, the second time the rig comes.

Option: `flame` is a FLAME file.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from measure import Stopwatch
from stage import Flow, Stage, StageError

SLOW = 240.0  # seconds for what takes 6 on a machine that has nothing else to do
CANCEL, IMPORT = "bpy.ops.thunder.cancel_flame(", "bpy.ops.thunder.import_flame("
JOINTS = "bpy.ops.thunder.update_flame_joints("


def importing(stage: Stage) -> Flow:
    scene.empty()
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    yield from escape(stage)
    yield from whole(stage)


def begin(stage: Stage) -> Flow:
    with stage.over():
        bpy.ops.thunder.import_flame("INVOKE_DEFAULT", filepath=stage.options["flame"])
    yield from stage.until(task().current, 5, "the import to start")


def task() -> object:
    return scene.room("thunder_blender.flame_task")


def escape(stage: Stage) -> Flow:
    """Esc over the 3D viewport."""
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    yield from begin(stage)
    if task().current() is None:
        raise StageError("the import was over before Esc")
    yield from stage.key("ESC")
    yield from stage.until(lambda: task().current() is None, 10, "Esc to end the import")
    yield 0.5
    stage.picture("1-escaped")
    if bpy.data.objects:
        raise StageError("a cancelled import left something")


def whole(stage: Stage) -> Flow:
    """The panel and the status bar tell how far it is; the rig comes, and goes in one undo."""
    for path in scene.room("thunder_blender.flame_import").kept_folder().glob("*.npz"):
        path.unlink()  # a fit that was done before Esc was seen
    watch, start = Stopwatch(), time.perf_counter()
    yield from begin(stage)
    running = task().current()
    yield 0.5
    stage.picture("2-importing")
    watch.start()
    yield from stage.until(lambda: running.ready, SLOW, "the fit")
    stage.results["loop_while_fitting"] = watch.stop()
    yield from stage.until(lambda: bpy.data.objects.get("FLAME"), 60, "the rig")
    stage.results["seconds"] = round(time.perf_counter() - start, 1)
    with stage.over():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    yield 1.0
    yield from stage.find(JOINTS)
    stage.picture("3-imported")
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(
        lambda: "FLAME" not in bpy.data.objects, 20, "one undo to take the rig away"
    )


stage = Stage()
stage.play(importing(stage))
