# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist can do in the middle of a generation, with a real window and the real worker.

Options: `line` and `long_line` are sound files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import Flow, Stage, StageError

SLOW = 150.0  # seconds for what takes 5 on a machine that has nothing else to do


def troubles(stage: Stage) -> Flow:
    scene.empty()
    scene.load(stage.options["long_line"])
    create_head(stage)
    yield 0.5
    for name, trouble in (
        ("file", another_file),
        ("rig", rig_deleted),
        ("strip", strip_deleted),
        ("worker", worker_killed),
        ("extension", extension_disabled),
    ):
        yield from trouble(stage)
        stage.results[name] = "survived"


def another_file(stage: Stage) -> Flow:
    """Saved and reopened in mid-generation: the job is gone, the file as it was saved."""
    path = str(stage.folder / "saved.blend")
    yield from started(stage)
    yield from stage.until(lambda: scene.status().fraction > 0, SLOW, "the first step")
    with stage.over():
        bpy.ops.wm.save_as_mainfile(filepath=path)
    if not scene.status().running:
        raise StageError("saving ended the generation")
    with bpy.context.temp_override(window=stage.window):
        bpy.ops.wm.open_mainfile(filepath=path)
    yield 1.5
    expect(not scene.status().running, "the generation went on in another file")
    expect(scene.rig() is not None, "the file lost its head")
    expect(not scene.takes(), "a take of the abandoned generation appeared")


def rig_deleted(stage: Stage) -> Flow:
    """The take has nowhere to go, and says so."""
    bpy.context.scene.thunder.strip = scene.load(stage.options["line"])
    yield from started(stage)
    scene.empty()
    yield from stage.until(lambda: not scene.status().running, SLOW, "the end")
    expect("deleted" in scene.status().error, f"the panel says: '{scene.status().error}'")
    bpy.ops.thunder.dismiss_error()


def strip_deleted(stage: Stage) -> Flow:
    """The take is kept, where the strip was."""
    create_head(stage)
    yield 0.5
    yield from started(stage)
    editor = stage.window.scene.sequence_editor
    strips = getattr(editor, "strips", None) or editor.sequences
    strips.remove(strips[bpy.context.scene.thunder.strip])
    yield from stage.until(lambda: not scene.status().running, SLOW, "the end")
    expect(len(scene.takes()) == 1, f"the take was lost: '{scene.status().error}'")


def worker_killed(stage: Stage) -> Flow:
    """One sentence, and the next line is performed by a new worker."""
    import os
    import signal

    bpy.context.scene.thunder.strip = scene.load(stage.options["line"])
    yield from started(stage)
    yield from stage.until(scene.workers, SLOW, "the worker")
    for process in scene.workers():
        os.kill(process, signal.SIGKILL)
    yield from stage.until(lambda: not scene.status().running, SLOW, "the end")
    expect(bool(scene.status().error), "nothing was said of the killed worker")
    stage.results["sentence"] = scene.status().error
    bpy.ops.thunder.dismiss_error()
    before = len(scene.takes())
    yield from started(stage)
    yield from stage.until(lambda: len(scene.takes()) > before, SLOW, "the take after it")
    yield from stage.until(lambda: not scene.status().running, 10, "the end")


def extension_disabled(stage: Stage) -> Flow:
    """In mid-generation: no process stays, and Blender goes on."""
    import addon_utils

    yield from started(stage)
    yield 2.0
    addon_utils.disable(scene.OWN)
    yield from stage.until(lambda: not scene.workers(), 20, "the worker to end")
    yield 1.0
    addon_utils.enable(scene.OWN)
    yield 0.5
    expect(not scene.status().running, "the enabled extension believes that a job runs")


def started(stage: Stage) -> Flow:
    with stage.over():
        bpy.ops.thunder.generate("INVOKE_DEFAULT")
    yield from stage.until(lambda: scene.status().running, 10, "the generation to start")
    yield 0.3


def create_head(stage: Stage) -> None:
    with stage.over():
        bpy.ops.thunder.create_head()


def expect(true: bool, otherwise: str) -> None:
    if not true:
        raise StageError(otherwise)


stage = Stage()
stage.play(troubles(stage))
