# SPDX-License-Identifier: GPL-3.0-or-later
"""An artist's first session, clicked: head, take, another take, cancel, switch, undo, goodbye.

Options: `line` and `long_line` are sound files.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from measure import OwnTime, Stopwatch
from stage import Flow, Stage, StageError

GENERATE, CANCEL = "bpy.ops.thunder.generate(", "bpy.ops.thunder.cancel("
SWITCH, CREATE = "bpy.ops.thunder.switch_take(", "bpy.ops.thunder.create_head("
SLOW = 150.0  # seconds for what takes 5 on a machine that has nothing else to do


def session(stage: Stage) -> Flow:
    scene.empty()
    own = OwnTime()
    stage.results["strip"] = scene.load(stage.options["line"])
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    stage.picture("1-no-head")
    yield from create_head(stage)
    place = yield from stage.find(GENERATE)
    stage.picture("2-idle")
    own.take()
    stage.results["redrawing_only"] = yield from baseline(stage)
    for name in ("cold", "warm"):
        stage.results[name] = yield from generate(stage, place, own)
        yield 1.0
    stage.picture("3-two-takes")
    yield from cancel(stage)
    yield from escape(stage)
    yield from switch(stage)
    yield from undo(stage)
    yield from disable(stage)


def baseline(stage: Stage) -> Flow:
    """The loop's gaps when the sidebar is redrawn as often as while generating, and that is all."""
    watch = Stopwatch()
    watch.start()
    for _ in range(40):
        stage.sidebar().tag_redraw()
        yield 0.05
    return watch.stop()


def create_head(stage: Stage) -> Flow:
    seen = yield from stage.buttons(stop=CREATE)
    if not any(name.startswith(CREATE) for name in seen):
        yield from stage.unfold("thunder.rig", CREATE)
    yield from stage.click_button(CREATE)
    yield from stage.until(scene.rig, 20, "a head")
    with stage.over():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    yield 0.5


def generate(stage: Stage, place: tuple[int, int], own: OwnTime) -> Flow:
    """Click Generate, wait for the take; gives what it took."""
    before, watch = len(scene.takes()), Stopwatch()
    yield from stage.click_again(GENERATE, *place)
    clicked = stage.released
    watch.start()
    yield from stage.until(lambda: running_or_done(before), 5, "the generation to start")
    yield from stage.until(lambda: len(scene.takes()) > before, SLOW, "a take")
    seconds = time.perf_counter() - clicked
    yield from stage.until(lambda: not scene.status().running, 5, "the panels to rest")
    yield 0.3
    return {"click_to_keys_s": round(seconds, 2), "loop": watch.stop(), "own_ms": own.take()}


def running_or_done(before: int) -> bool:
    """Whether the click did anything. Raises StageError with what the panel says otherwise."""
    if scene.status().error:
        raise StageError(scene.status().error)
    return scene.status().running or len(scene.takes()) > before


def cancel(stage: Stage) -> Flow:
    """Start a long line and click Cancel when it is under way."""
    bpy.context.scene.thunder.strip = scene.load(stage.options["long_line"])
    yield 0.5
    _x, y = yield from stage.click_button(GENERATE)
    before = len(scene.takes())
    yield from stage.until(lambda: scene.status().running, 5, "the long line to start")
    yield from stage.until(lambda: scene.status().fraction > 0, SLOW, "the first step")
    top = y + 20
    yield from stage.find(CANCEL, top=top)
    stage.picture("4-running")
    stage.results["cancelled_at"] = round(scene.status().fraction, 2)
    yield from stage.click_button(CANCEL, top=top)
    asked = time.perf_counter()
    yield from stage.until(lambda: not scene.status().running, 30, "the cancelled line to end")
    stage.results["cancel_s"] = round(time.perf_counter() - asked, 2)
    if len(scene.takes()) != before:
        raise StageError("a cancelled line left a take")
    if scene.status().error:
        raise StageError(f"a cancelled line left an error: {scene.status().error}")
    stage.picture("5-cancelled")


def escape(stage: Stage) -> Flow:
    """Start the long line once more and press Esc while the pointer is over the head."""
    yield from stage.click_button(GENERATE)
    before = len(scene.takes())
    yield from stage.until(lambda: scene.status().running, 5, "the long line to start again")
    yield from stage.until(lambda: scene.status().fraction > 0, SLOW, "the first step")
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    if not scene.status().running:
        raise StageError("the long line was over before Esc")
    stage.results["escaped_at"] = round(scene.status().fraction, 2)
    asked = time.perf_counter()
    yield from stage.key("ESC")
    yield from stage.until(lambda: not scene.status().running, 30, "Esc to end the line")
    stage.results["escape_s"] = round(time.perf_counter() - asked, 2)
    if len(scene.takes()) != before:
        raise StageError("a line that Esc has cancelled left a take")
    if scene.status().error:
        raise StageError(f"Esc left an error: {scene.status().error}")
    yield 0.5
    stage.picture("5-escaped")


def switch(stage: Stage) -> Flow:
    """Let the take play that does not."""
    bpy.context.scene.thunder.strip = stage.results["strip"]
    yield 0.5
    before = scene.chosen()
    other = next(action.name for action in scene.takes() if action.name != before)
    command = f'{SWITCH}take="{other}"'
    yield from stage.click_button(command, across=(0.06, 0.09, 0.12))
    yield from stage.until(lambda: scene.chosen() == other, 10, f"{other} to play")
    stage.results["switched"] = [before, other]
    yield 1.0
    stage.picture("6-switched")


def undo(stage: Stage) -> Flow:
    """One step back is the other take, one more is a scene with one take less."""
    before, other = stage.results["switched"]
    count = len(scene.takes())
    area = stage.area()
    yield from stage.point(area.x + area.width // 3, area.y + area.height // 2)
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: scene.chosen() == before, 10, f"undo to bring {before} back")
    stage.results["undone"] = [scene.chosen(), len(scene.takes())]
    yield from stage.key("Z", ctrl=True, shift=True)
    yield from stage.until(lambda: scene.chosen() == other, 10, f"redo to bring {other} back")
    if len(scene.takes()) != count:
        raise StageError("undo and redo changed the takes")


def disable(stage: Stage) -> Flow:
    """Nothing stays behind: no process, no panel, no timer."""
    import addon_utils

    stage.results["workers"] = len(scene.workers())
    addon_utils.disable(scene.OWN)
    yield from stage.until(lambda: not scene.workers(), 15, "the worker to end")
    yield 0.5
    if hasattr(bpy.types.Scene, "thunder"):
        raise StageError("the disabled extension left its properties")
    stage.picture("7-disabled")


stage = Stage()
stage.play(session(stage))
