# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of the panels as a picture for people to judge; the engine is the fake one.

Option: `line` is a sound file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import Flow, Stage

GENERATE = "bpy.ops.thunder.generate("
WRONG = (
    "The engine ran out of memory twice, on the GPU and on the CPU. Close other programs, "
    "or split the line, and generate again."
)


def pictures(stage: Stage) -> Flow:
    scene.empty()
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    yield from greyed(stage)
    fake = put_fake_engine()
    yield from working(stage, fake)
    yield from sequencer(stage)
    yield from preferences(stage)


def greyed(stage: Stage) -> Flow:
    """Nothing there yet; then all there but an engine. The pointer rests on the greyed button."""
    stage.picture("nothing-yet")
    x, y = yield from stage.find(GENERATE)
    yield from stage.point(x, y)
    stage.picture("greyed-tooltip")
    scene.load(stage.options["line"])
    make_head(stage)
    scene.room("thunder_blender.engine").set_launch(no_python)
    original = scene.room("thunder_blender.preferences").find_python
    scene.room("thunder_blender.preferences").find_python = no_python
    scene.room("thunder_blender.readiness").forget()
    yield from rest(stage)
    stage.picture("no-engine")
    scene.room("thunder_blender.preferences").find_python = original
    scene.room("thunder_blender.readiness").forget()


def working(stage: Stage, fake: object) -> Flow:
    """Idle, running, done, several takes, error."""
    yield from rest(stage)
    stage.picture("idle")
    generate(stage)
    yield from stage.until(lambda: scene.status().fraction > 0.2, 60, "progress")
    yield 0.5
    stage.picture("running")
    bpy.ops.thunder.cancel()
    yield from stage.until(lambda: not scene.status().running, 20, "the end")
    fake.seconds_per_line = 0.2
    for count in (1, 2, 3):
        generate(stage)
        yield from stage.until(lambda n=count: len(scene.takes()) == n, 30, "a take")
        yield from stage.until(lambda: not scene.status().running, 20, "the end")
    yield from rest(stage)
    stage.picture("done")
    fake.fail_with = scene.room("model_runtime.contract").EngineError(WRONG)
    generate(stage)
    yield from stage.until(lambda: scene.status().error, 30, "the error")
    yield from rest(stage)
    stage.picture("error")
    fake.fail_with = None
    bpy.ops.thunder.dismiss_error()


def sequencer(stage: Stage) -> Flow:
    """The same tab beside the strips."""
    with stage.over():
        bpy.ops.screen.back_to_previous()
    yield 1.0
    yield from stage.maximize("SEQUENCE_EDITOR")
    yield from stage.open_tab()
    yield from rest(stage)
    stage.picture("sequencer")


def preferences(stage: Stage) -> Flow:
    """The extension's own, in the window that Blender opens for them."""
    with stage.over():
        bpy.ops.thunder.open_preferences()
    yield 3.0
    stage.picture("preferences")


def put_fake_engine() -> object:
    engine = scene.room("thunder_blender.engine")
    fake = scene.room("thunder_blender.engine_fake").FakeEngine(seconds_per_line=12.0)
    engine.set_engine(fake)
    return fake


def no_python(*_arguments: object, **_named: object) -> None:
    raise scene.room("model_runtime.contract").EngineError(
        "THUNDER needs a Python with torch, and none was found. Press Install Runtime in Edit > "
        "Preferences > Add-ons > THUNDER, or name an interpreter there."
    )


def make_head(stage: Stage) -> None:
    with stage.over():
        bpy.ops.thunder.create_head()
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()


def generate(stage: Stage) -> None:
    with stage.over():
        bpy.ops.thunder.generate("INVOKE_DEFAULT")


def rest(stage: Stage) -> Flow:
    """The pointer off the buttons, everything drawn."""
    area = stage.area()
    yield from stage.point(area.x + area.width // 4, area.y + area.height // 3)
    yield from stage.settle(area)


stage = Stage()
stage.play(pictures(stage))
