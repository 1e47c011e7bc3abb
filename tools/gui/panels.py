# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mapping panel of a character of another maker's, and the Batch panel with a report.

Options: `root` is the repository, `report` a batch's report.json. At scale 1, then at 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import PRESS, Flow, Stage, StageError

USE, JUMP = "bpy.ops.thunder.use_character(", "bpy.ops.thunder.batch_jump("
LOAD, AUTO = "bpy.ops.thunder.batch_load(", "bpy.ops.thunder.map_auto("
LINKS, LINES = "thunder_map.active", "thunder_batch.index"
RIG, TEST = "thunder.rig", ".test"
LAST = "thunder_meter.threshold"  # of the panel over Batch
TITLE = 30  # pixels from a panel's first button up to its title
FOLDED = 28  # pixels from title to title of folded panels; five are between Batch and Character
JAW = "jawOpen"


def panels(stage: Stage) -> Flow:
    scene.empty()
    character = build(stage)
    yield from stage.maximize("VIEW_3D")
    yield from stage.open_tab()
    select(stage, character)
    yield 0.5
    yield from stage.click_button(USE)
    yield from stage.until(scene.rig, 60, "the character to be a rig")
    yield from rest(stage)
    yield from batch(stage)
    yield from jump(stage)
    yield from mapping(stage)
    yield from tested(stage)
    bpy.context.preferences.view.ui_scale = 2.0
    yield from rest(stage)
    stage.picture("mapping-2x")


def build(stage: Stage) -> Any:
    """An ARKit character with Live Link's spelling, made from the open head."""
    sys.path.insert(0, stage.options["root"])
    from tools import rig_cast

    return rig_cast.arkit(scene.room("model_runtime.face").load_face())


def select(stage: Stage, character: Any) -> None:
    """The character before the camera, all its meshes selected."""
    for item in (*character.others, character.mesh):
        item.data.shade_smooth()
        item.select_set(True)
    bpy.context.view_layer.objects.active = character.mesh
    with stage.over():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    stage.area().spaces.active.overlay.show_overlays = False


def batch(stage: Stage) -> Flow:
    """Unfold Batch; a report's lines are listed, the worst first."""
    yield from stage.unfold(LAST, LOAD)
    with stage.over():
        bpy.ops.thunder.batch_load("EXEC_DEFAULT", filepath=stage.options["report"])
    yield from alone(stage, LOAD)
    stage.picture("batch-1x")
    rows = bpy.context.window_manager.thunder_batch.rows
    stage.results["rows"] = [[row.line, row.status, round(row.score, 2)] for row in rows]


def jump(stage: Stage) -> Flow:
    """Click a line in the list, then Jump to Line: its take plays on the character."""
    x, y = yield from stage.find(LINES)
    done = [row[1] for row in stage.results["rows"]].index("done")
    yield from stage.press(x, y - int(20 * done * stage._pixel()))
    own = bpy.context.window_manager.thunder_batch
    yield from stage.until(lambda: own.index == done, 10, f"line {done} to be picked")
    yield from rest(stage)
    yield from stage.click_button(JUMP)
    yield from stage.until(scene.chosen, 30, "the line's take to play")
    yield from rest(stage)
    stage.picture("batch-jumped-1x")
    row = own.rows[done]
    now, rate = bpy.context.scene.frame_current, bpy.context.scene.render.fps
    stage.results["jumped"] = [row.line, now, row.start_frame + round(row.worst_second * rate)]
    bpy.context.preferences.view.ui_scale = 2.0
    yield from rest(stage)
    stage.picture("batch-2x")
    bpy.context.preferences.view.ui_scale = 1.0
    yield from rest(stage)


def mapping(stage: Stage) -> Flow:
    """Unfold Character, and Mapping in it; its links are listed."""
    yield from alone(stage, LOAD, TITLE + FOLDED * 5)
    yield from stage.unfold(RIG, AUTO)
    own = scene.rig().mesh.thunder_map
    stage.results["links"] = len(own.rows)
    own.active = next(n for n, row in enumerate(own.rows) if row.source == JAW)
    yield from rest(stage)
    stage.picture("mapping-1x")


def tested(stage: Stage) -> Flow:
    """Drag the link's Test slider: the character shows it."""
    seen = yield from stage.buttons(across=(0.7,))
    place = next((at for name, at in seen.items() if name.endswith(TEST)), None)
    if place is None:
        raise StageError(f"there is no slider {TEST}; seen: {sorted(seen)}")
    x, y = place
    stage._send("MOUSEMOVE", "NOTHING", x, y)
    yield PRESS
    stage._send("LEFTMOUSE", "PRESS", x, y)
    for step in range(1, 6):
        stage._send("MOUSEMOVE", "NOTHING", x + 16 * step, y)
        yield 0.1
    stage._send("LEFTMOUSE", "RELEASE", x + 80, y)
    yield PRESS
    rig = scene.rig()
    own = rig.mesh.thunder_map
    target = own.rows[own.active].target
    yield from rest(stage)
    stage.picture("mapping-tested-1x")
    stage.results["tested"] = [target, rig.keys.key_blocks[JAW[0].upper() + JAW[1:]].value]


def alone(stage: Stage, first: str, above: float = TITLE) -> Flow:
    """Ctrl click on the title of the panel whose first button is given, or `above` that button:
    all other panels are folded."""
    _x, y = yield from stage.find(first)
    region, pixel = stage.sidebar(), bpy.context.preferences.system.ui_scale
    place = {"x": region.x + int(60 * pixel), "y": y + int(above * pixel)}
    stage._send("MOUSEMOVE", "NOTHING", *place.values())
    yield PRESS
    for value in ("PRESS", "RELEASE"):
        stage.window.event_simulate(type="LEFTMOUSE", value=value, ctrl=True, **place)
        yield PRESS
    yield from rest(stage)


def rest(stage: Stage) -> Flow:
    """The pointer off the buttons, everything drawn."""
    area = stage.area()
    stage._send("MOUSEMOVE", "NOTHING", area.x + area.width // 4, area.y + area.height // 3)
    yield from stage.settle(area)


stage = Stage()
stage.play(panels(stage))
