# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the meter's own drawing takes, for strips of several lengths in each editor.

Option: `editor`, one of EDITORS or empty for all. The sound is 200 s of noise, so that a strip of
5000 frames is heard, and drawn, over all of them. While the view of all frames stands still,
medians of many redraws of

- `draw_ms`: the draw handler, once all that Blender drew before it is finished; beside it what the
  same redraws cost without a strip (0 frames)
- `waiting_ms`: the same without waiting first. Where the processor stands in for a GPU, the first
  picture that is drawn has to sit out what was begun before: in the sequencer Blender's own
  waveforms, which the screen would wait for a moment later
- `moving_ms`: the draw handler with the longest line while the view is scrolled, or zoomed, before
  each redraw
- `lines_ms`: the draw handler with as many frames in LINES lines beside each other
- `window_ms`: processor time, of all threads, of the whole window until it is on the screen, with
  the strip of the longest line and with the meter switched off, by turns
- `parts_ms`: the parts of the handler with the longest line
"""

from __future__ import annotations

import statistics
import sys
import time
import wave
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
LINES = 20
HERTZ = 8000


def bench(stage: Stage) -> Flow:
    scene.empty()
    bpy.context.scene.render.fps = RATE
    with bpy.context.temp_override(window=stage.window, area=stage.area("VIEW_3D")):
        scene.load(str(noise(stage.folder / "noise.wav")))
        bpy.ops.thunder.create_head()
    times, parts = watched()
    results = stage.results
    kinds = ("draw_ms", "waiting_ms", "moving_ms", "lines_ms", "window_ms", "parts_ms")
    results.update({kind: {} for kind in kinds})
    only = stage.options.get("editor")
    chosen = {name: kind for name, kind in EDITORS.items() if only in ("", None, name)}
    for name, kind in chosen.items():
        yield from in_editor(stage, name, kind, times, parts)
    many(LINES)
    for name, kind in chosen.items():
        area = yield from opened(stage, kind)
        results["lines_ms"][name] = {}
        yield from redrawn(area, times, results["lines_ms"][name], f"{LINES} lines")


def in_editor(
    stage: Stage, name: str, kind: str, times: Times, parts: dict[str, list[float]]
) -> Flow:
    """All figures of one editor but `lines_ms`."""
    results = stage.results
    for each in ("draw_ms", "waiting_ms", "moving_ms"):
        results[each][name] = {}
    for frames in FRAMES:
        put(frames)
        area = yield from opened(stage, kind)
        for settled, each in ((False, "waiting_ms"), (True, "draw_ms")):
            parts.clear()
            times.settled = settled
            yield from redrawn(area, times, results[each][name], str(frames))
    results["parts_ms"][name] = {part: median(each) for part, each in parts.items()}
    for move in (scrolled, zoomed):
        found = results["moving_ms"][name]
        yield from redrawn(area, times, found, move.__name__, lambda n, m=move: m(stage, area, n))
    results["window_ms"][name] = yield from whole(stage, area)


_opened: list[Any] = []  # the area that the editors take turns in


def opened(stage: Stage, kind: str) -> Flow:
    """The area with this editor, all of the scene's frames in view."""
    if not _opened:
        _opened.append(stage.area("VIEW_3D"))
    area = _opened[0]
    area.ui_type = kind
    yield 0.5
    rooms = {"GRAPH_EDITOR": "graph", "NLA_EDITOR": "nla", "SEQUENCE_EDITOR": "sequencer"}
    with over(stage, area):
        room = getattr(bpy.ops, rooms.get(area.type, "action"))
        if room.view_all.poll():
            room.view_all()
    yield 1.0
    return area


def over(stage: Stage, area: Any) -> Any:
    region = next(item for item in area.regions if item.type == "WINDOW")
    return bpy.context.temp_override(window=stage.window, area=area, region=region)


def scrolled(stage: Stage, area: Any, turn: int) -> None:
    with over(stage, area):
        bpy.ops.view2d.pan(deltax=(7, -7)[turn % 2])


def zoomed(stage: Stage, area: Any, turn: int) -> None:
    with over(stage, area):
        step = (0.04, -0.04)[turn % 2] * (1 + turn % 3)
        (bpy.ops.view2d.zoom_in if step > 0 else bpy.ops.view2d.zoom_out)(zoomfacx=step)


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


def redrawn(area: Any, times: Times, found: dict[str, float], name: str, move: Any = None) -> Flow:
    """The median of the handler's calls, after `move` for each where the view does not stand."""
    region = next(item for item in area.regions if item.type == "WINDOW")
    yield 0.5
    words = scene.room("thunder_blender.meter_words")
    paint, painted = words._paint, []
    words._paint = lambda *given: (painted.append(1), paint(*given))
    times.seconds.clear()
    for turn in range(REDRAWS):
        if move:
            move(turn)
        region.tag_redraw()
        yield 0.02
    if len(times.seconds) < REDRAWS // 4:
        raise AssertionError(f"only {len(times.seconds)} redraws were seen")
    words._paint = paint
    if len(painted) > 2:
        raise AssertionError(f"words were drawn {len(painted)} times in {REDRAWS} redraws")
    found[name] = median(times.seconds)


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
        ("meter_strips", "draw"),
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
    strip, head = scene.sequence(), scene.rig()
    stretch(strip, frames or FRAMES[-1])
    line = scene.room("thunder_blender.lines").line_of_strip(bpy.context.scene, strip)
    store = scene.room("thunder_blender.meter_store")
    owner, name = store.owner_of(head, line.line_id)
    if frames:
        keep(line, frames)
    else:
        owner.pop(name, None)
        store.look_again()
    bpy.context.scene.frame_end = frames or FRAMES[-1]


def keep(line: Any, frames: int) -> None:
    """Noise as the line's record, with a word on every ten frames."""
    contract = scene.room("model_runtime.contract")
    store = scene.room("thunder_blender.meter_store")
    curves, head = scene.room("thunder_blender.meter_curves"), scene.rig()
    count = frames * 50 // RATE
    values = np.random.default_rng(7).random(count).astype(np.float32)
    words = tuple((f"word{n}", n * 0.4, n * 0.4 + 0.35) for n in range(int(count / 50 / 0.4)))
    meter = contract.Meter(
        0.5, values, (values > 0.1).astype(np.float32), 50.0, 0.0, (), (), words, ""
    )
    store.keep(head, line, meter, curves.snapshot(head, line))


def many(count: int) -> None:
    """The line as so many of an equal share of its frames, each with a record of its own."""
    strip, lines = scene.sequence(), scene.room("thunder_blender.lines")
    path, each = bpy.path.abspath(strip.sound.filepath), FRAMES[-1] // count
    editor = bpy.context.window_manager.windows[0].scene.sequence_editor
    strips = getattr(editor, "strips", None) or editor.sequences
    strips.remove(strip)
    for number in range(count):
        made = strips.new_sound(f"line {number}", path, 1, 1 + number * each)
        stretch(made, each - 1, 1 + number * each)
        keep(lines.line_of_strip(bpy.context.scene, made), each - 1)


def stretch(strip: Any, frames: int, first: int = 1) -> None:
    """Let the strip show so many frames, so that all of the record is drawn."""
    known = hasattr(strip, "right_handle")
    setattr(strip, "right_handle" if known else "frame_final_end", first + frames)


def noise(path: Path) -> Path:
    """A sound of as many seconds as the longest line, and a bit."""
    count = HERTZ * (FRAMES[-1] // RATE + 2)
    samples = np.random.default_rng(3).normal(0.0, 3000.0, count).clip(-30000, 30000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(HERTZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


stage = Stage()
stage.play(bench(stage))
