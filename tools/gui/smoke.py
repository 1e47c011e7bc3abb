# SPDX-License-Identifier: GPL-3.0-or-later
"""The tab opens and a click on Create Head makes a head."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))

from stage import Flow, Stage, StageError


def flow(stage: Stage) -> Flow:
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    stage.picture("tab")
    stage.results["buttons"] = yield from stage.buttons()
    before = len(bpy.data.objects)
    yield from stage.click_button("bpy.ops.thunder.create_head")
    yield from stage.until(lambda: len(bpy.data.objects) > before, 20, "a head")
    yield 1.0
    stage.picture("head")
    yield from stage.key("Z", ctrl=True)
    yield 1.0
    if len(bpy.data.objects) > before:
        raise StageError("undo left the head in the scene")


stage = Stage()
stage.play(flow(stage))
