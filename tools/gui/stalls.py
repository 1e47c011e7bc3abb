# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything an artist does, one after the other, with the longest call of ours in each of them.

The real engine and model. Options: `line` is a sound file, `flame` a FLAME file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from measure import OwnTime, Stopwatch
from stage import Flow, Stage

SLOW = 240.0  # seconds for what takes 5 on a machine that has nothing else to do
SAMPLE = 5.0  # seconds of what takes long
POINTER = "THUNDER_OT_meter_pointer"  # looks on as long as a window is open
RATE, FIRST, LAST = 25, 40, 70  # frames of the span that is repaired and made anew


class Phases:
    """Runs one thing after the other and writes down how long our own functions took."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.own = stage, OwnTime()
        self.own.hear_the_rest()
        self.told: dict[str, Any] = stage.results.setdefault("phases", {})

    def invoke(self, name: str, title: str = "", **chosen: Any) -> Flow:
        """An operator as from its button."""
        yield from self._do(title or name, lambda: operator(name)("INVOKE_DEFAULT", **chosen))

    def execute(self, name: str, title: str = "", **chosen: Any) -> Flow:
        """An operator as after its file browser."""
        yield from self._do(title or name, lambda: operator(name)("EXEC_DEFAULT", **chosen))

    def sample(self, name: str, title: str = "", **chosen: Any) -> Flow:
        """The first seconds of what takes many: then Esc ends it."""
        title = title or name
        yield from self._do(title, lambda: operator(name)("INVOKE_DEFAULT", **chosen), SAMPLE, True)

    def wait(self, title: str, act: Callable[[], object], seconds: float = 0.5) -> Flow:
        yield from self._do(title, act, seconds)

    def _do(
        self, title: str, act: Callable[[], object], seconds: float = 0.3, esc: bool = False
    ) -> Flow:
        yield 0.3
        self.own.take()
        watch = Stopwatch()
        watch.start()
        with self.stage.over():
            act()
        yield seconds
        if esc and not idle():
            yield from self.stage.key("ESC")
        yield from self.stage.until(idle, SLOW, f"{title} to end")
        yield 0.3
        self.told[title] = {"loop": watch.stop(), "own": self.own.take()}


def operator(name: str) -> Any:
    room, _, short = name.rpartition(".")
    return getattr(getattr(bpy.ops, room or "thunder"), short)


def idle() -> bool:
    """Whether none of our operators, jobs and children is at work."""
    window = bpy.context.window_manager.windows[0]
    waiting = {item.bl_idname for item in window.modal_operators if item}
    ours = {name for name in waiting if name.startswith("THUNDER_")} - {POINTER}
    child = scene.room("thunder_blender.runtime_watch").busy()
    measuring = scene.room("thunder_blender.meter_task").running()
    return not (ours or child or measuring or scene.status().running)


def everything(stage: Stage) -> Flow:
    scene.empty()
    bpy.context.scene.render.fps = RATE
    yield from stage.maximize("VIEW_3D")
    phases = Phases(stage)
    yield from phases.wait("first drawing of the panels", lambda: None)
    yield from stage.open_tab()
    yield from phases.wait("drawing the panels", stage.sidebar().tag_redraw)
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    try:
        for part in (begin, takes, meter_and_mending, files, flame, runtime):
            if part.__name__ in stage.options.get("parts", [part.__name__]):
                yield from part(stage, phases)
    finally:
        phases.own.restore()
    stage.picture("last")


def begin(stage: Stage, phases: Phases) -> Flow:
    yield from phases.invoke("create_head")
    yield from phases.execute("load_line", filepath=stage.options["line"], frame=1)
    scene.rig().mesh.thunder.variants = 3
    yield from phases.invoke("generate", "generate, cold")
    yield from phases.invoke("generate", "generate, warm")
    scene.takes()[0].name = "Mine"


def takes(stage: Stage, phases: Phases) -> Flow:
    yield from phases.invoke("variants")
    other = next(take.name for take in scene.takes() if take.name != scene.chosen())
    yield from phases.invoke("switch_take", take=other)
    yield from phases.invoke("star_take", take=other)
    yield from phases.invoke("edit_take", take=other)
    yield from phases.invoke("finish_editing")
    yield from phases.execute("rename_take", take=other, new_name="Other")
    yield from phases.execute("copy_settings", take="Mine")
    yield from phases.sample("bake_take", take="Other")
    yield from phases.invoke("why_not_moving")
    yield from phases.invoke("roll_seed")
    yield from phases.invoke("ed.undo")
    yield from phases.invoke("ed.redo")
    yield from phases.wait("playing", lambda: bpy.ops.screen.animation_play(), 3.0)
    bpy.ops.screen.animation_cancel()


def meter_and_mending(stage: Stage, phases: Phases) -> Flow:
    yield from phases.invoke("measure")
    yield from phases.invoke("repair", start=FIRST, end=LAST)
    yield from phases.invoke("regenerate_range", start=FIRST, end=LAST)
    yield from phases.invoke("hear_mesh")
    yield from phases.invoke("best_of", count=2, keep="ALL")
    yield from phases.invoke("transcribe", replace=True)


def files(stage: Stage, phases: Phases) -> Flow:
    take, rig = stage.folder / "take.csv", stage.folder / "rig.csv"
    chosen = {"format": "LIVE_LINK", "overwrite": True}
    yield from phases.execute("export_motion", filepath=str(take), take="Mine", **chosen)
    yield from phases.sample("export_shown", filepath=str(rig), source="RIG", **chosen)
    yield from phases.invoke("import_motion", filepath=str(take))
    yield from phases.invoke("delete_take", take="Mine", force=True)
    yield from phases.invoke("restore_mine")


def flame(stage: Stage, phases: Phases) -> Flow:
    scene.empty()
    yield from phases.invoke("import_flame", filepath=stage.options["flame"])
    yield from phases.invoke("generate", "generate on a FLAME")
    yield from phases.invoke("update_flame_joints")
    scene.empty()
    title = "import_flame, fitted before"
    yield from phases.invoke("import_flame", title, filepath=stage.options["flame"])


def runtime(stage: Stage, phases: Phases) -> Flow:
    yield from phases.invoke("test_runtime")
    yield from phases.invoke("free_gpu")
    yield from phases.invoke("open_preferences")


stage = Stage()
stage.play(everything(stage))
