# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the meter's own drawing takes, for strips of several lengths in each editor.

Option: `line` is a sound file. The time is that of the draw handler: the median of many redraws,
while the view stands still. Beside it stands what the same redraws cost without a strip (0 frames).
Where the processor stands in for a GPU, the sequencer's figure contains the wait for Blender's own
waveforms, which the next text or picture has to sit out.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import Flow, Stage

EDITORS = {
    "dope-sheet": "DOPESHEET",
    "graph": "FCURVES",
    "nla": "NLA_EDITOR",
    "sequencer": "SEQUENCE_EDITOR",
    "timeline": "TIMELINE",
}
FRAMES = (0, 500, 5000)
REDRAWS = 60
RATE = 25


def bench(stage: Stage) -> Flow:
    scene.empty()
    bpy.context.scene.render.fps = RATE
    with bpy.context.temp_override(window=stage.window, area=stage.area("VIEW_3D")):
        scene.load(stage.options["line"])
        bpy.ops.thunder.create_head()
    times = watched()
    stage.results["draw_ms"] = {}
    area = stage.area("VIEW_3D")
    for name, kind in EDITORS.items():
        area.ui_type = kind
        yield 1.0
        found = {}
        for frames in FRAMES:
            put(frames)
            yield from redrawn(area, times, found, frames)
        stage.results["draw_ms"][name] = found


def redrawn(area: Any, times: list[float], found: dict[str, float], frames: int) -> Flow:
    region = next(item for item in area.regions if item.type == "WINDOW")
    yield 0.5
    words = scene.room("thunder_blender.meter_words")
    paint, painted = words._paint, []
    words._paint = lambda *given: (painted.append(1), paint(*given))
    times.clear()
    for _ in range(REDRAWS):
        region.tag_redraw()
        yield 0.02
    if len(times) < REDRAWS // 4:
        raise AssertionError(f"only {len(times)} redraws were seen")
    words._paint = paint
    if len(painted) > 2:
        raise AssertionError(f"words were drawn {len(painted)} times in a view that stood still")
    found[str(frames)] = round(1000 * statistics.median(times), 3)


def watched() -> list[float]:
    """Wraps the handlers, so that each of their calls is timed."""
    draw = scene.room("thunder_blender.meter_draw")
    draw.unregister()
    original, times = draw.draw, []

    def timed() -> None:
        start = time.perf_counter()
        original()
        times.append(time.perf_counter() - start)

    draw.draw = timed
    draw.register()
    draw.draw = original
    return times


def put(frames: int) -> None:
    """A record of the line with so many scene frames of noise; none for 0."""
    contract = scene.room("model_runtime.contract")
    store = scene.room("thunder_blender.meter_store")
    curves, lines = scene.room("thunder_blender.meter_curves"), scene.room("thunder_blender.lines")
    strip, head = scene.sequence(), scene.rig()
    line = lines.line_of_strip(bpy.context.scene, strip)
    owner, name = store.owner_of(head, line.line_id)
    if not frames:
        owner.pop(name, None)
        store.look_again()
        return
    count = frames * 50 // RATE
    values = np.random.default_rng(7).random(count).astype(np.float32)
    words = tuple((f"word{n}", n * 0.4, n * 0.4 + 0.35) for n in range(int(count / 50 / 0.4)))
    meter = contract.Meter(
        0.5, values, (values > 0.1).astype(np.float32), 50.0, 0.0, (), (), words, ""
    )
    store.keep(head, line, meter, curves.snapshot(head, line))
    stretch(strip, frames)
    bpy.context.scene.frame_end = frames


def stretch(strip: Any, frames: int) -> None:
    """Let the strip show so many frames, so that all of the record is drawn."""
    known = hasattr(strip, "right_handle")
    setattr(strip, "right_handle" if known else "frame_final_end", frames + 1)


stage = Stage()
stage.play(bench(stage))
