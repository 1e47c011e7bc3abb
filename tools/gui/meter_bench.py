# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the meter's own drawing takes, for strips of several lengths in each editor.

Options: `line` is a sound file, `editor` one of EDITORS or empty for all. While the view stands
still, medians of many redraws of

- `draw_ms`: the draw handler, once all that Blender drew before it is finished; beside it what the
  same redraws cost without a strip (0 frames)
- `waiting_ms`: the same without waiting first. Where the processor stands in for a GPU, the first
  picture that is drawn has to sit out what was begun before: in the sequencer Blender's own
  waveforms, which the screen would wait for a moment later
- `window_ms`: processor time, of all threads, of the whole window until it is on the screen, with
  the strip of the longest line and with the meter switched off, by turns
- `parts_ms`: the parts of the handler with the longest line
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import gpu
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
REDRAWS = 40
TURNS = 15
RATE = 25


def bench(stage: Stage) -> Flow:
    scene.empty()
    bpy.context.scene.render.fps = RATE
    with bpy.context.temp_override(window=stage.window, area=stage.area("VIEW_3D")):
        scene.load(stage.options["line"])
        bpy.ops.thunder.create_head()
    times, parts = watched()
    results = stage.results
    for kind in ("draw_ms", "waiting_ms", "window_ms", "parts_ms"):
        results[kind] = {}
    area = stage.area("VIEW_3D")
    only = stage.options.get("editor")
    for name, kind in EDITORS.items():
        if only not in ("", None, name):
            continue
        area.ui_type = kind
        yield 1.0
        results["draw_ms"][name], results["waiting_ms"][name] = {}, {}
        for frames in FRAMES:
            put(frames)
            for settled, kind in ((False, "waiting_ms"), (True, "draw_ms")):
                parts.clear()
                times.settled = settled
                yield from redrawn(area, times, results[kind][name], frames)
        results["parts_ms"][name] = {part: median(each) for part, each in parts.items()}
        results["window_ms"][name] = yield from whole(stage, area)


def median(seconds: list[float]) -> float:
    """In milliseconds."""
    return round(1000 * statistics.median(seconds), 3)


def whole(stage: Stage, area: Any) -> Flow:
    """What a redraw of the window costs, with the meter and without it, by turns."""
    draw, settings = scene.room("thunder_blender.meter_draw"), bpy.context.scene.thunder_meter
    switch = draw.setting_of(area.spaces.active)
    found: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(2 * TURNS):
        kind = ("with", "without")[turn % 2]
        setattr(settings, switch, kind == "with")
        with bpy.context.temp_override(window=stage.window, area=area):
            bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)  # what changed is made
            start = time.process_time()
            bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=3)
            found[kind].append((time.process_time() - start) / 3)
        yield 0.02
    setattr(settings, switch, True)
    return {kind: median(each) for kind, each in found.items()}


def redrawn(area: Any, times: Times, found: dict[str, float], frames: int) -> Flow:
    region = next(item for item in area.regions if item.type == "WINDOW")
    yield 0.5
    words = scene.room("thunder_blender.meter_words")
    paint, painted = words._paint, []
    words._paint = lambda *given: (painted.append(1), paint(*given))
    times.seconds.clear()
    for _ in range(REDRAWS):
        region.tag_redraw()
        yield 0.02
    if len(times.seconds) < REDRAWS // 4:
        raise AssertionError(f"only {len(times.seconds)} redraws were seen")
    words._paint = paint
    if len(painted) > 2:
        raise AssertionError(f"words were drawn {len(painted)} times in a view that stood still")
    found[str(frames)] = median(times.seconds)


class Times:
    """Of the handler's calls."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.settled = False  # whether what was drawn before is finished first


def settle() -> None:
    """Have the graphics finish what they were given, by asking for one pixel of it."""
    gpu.state.active_framebuffer_get().read_color(0, 0, 1, 1, 4, 0, "UBYTE")


def watched() -> tuple[Times, dict[str, list[float]]]:
    """Wraps the handlers, so that each of their calls is timed, and the longest of their parts."""
    draw = scene.room("thunder_blender.meter_draw")
    draw.unregister()
    parts: dict[str, list[float]] = {}
    for module, name in (
        ("meter_places", "places"),
        ("meter_draw", "_draw_strip"),
        ("meter_words", "draw"),
    ):
        time_part(scene.room(f"thunder_blender.{module}"), name, parts)
    original, times = draw.draw, Times()

    def timed() -> None:
        if times.settled:
            settle()
        start = time.perf_counter()
        original()
        times.seconds.append(time.perf_counter() - start)

    draw.draw = timed
    draw.register()
    draw.draw = original
    return times, parts


def time_part(module: Any, name: str, parts: dict[str, list[float]]) -> None:
    """Note how long each call of a module's function takes."""
    original, key = getattr(module, name), f"{module.__name__.rpartition('.')[2]}.{name}"

    def timed(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return original(*given, **named)
        finally:
            parts.setdefault(key, []).append(time.perf_counter() - start)

    setattr(module, name, timed)


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
