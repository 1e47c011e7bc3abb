# SPDX-License-Identifier: GPL-3.0-or-later
"""The lip-sync meter over every editor with time across, in dark and light; the engine is fake.

Option: `line` is a sound file. Tells for each picture where the strip must be and where nothing of
it may be, in pixels of the window from the bottom left.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import scene
from stage import Flow, Stage, StageError

EDITORS = {  # name: ui type, switch
    "timeline": ("TIMELINE", "in_timeline"),
    "dope-sheet": ("DOPESHEET", "in_dope_sheet"),
    "graph": ("FCURVES", "in_graph_editor"),
    "nla": ("NLA_EDITOR", "in_nla"),
    "sequencer": ("SEQUENCE_EDITOR", "in_sequencer"),
}
RATE, SECONDS = 25, 8.0
WEAK = ((1.2, 1.5, "Lips stay open on p at frame 32"), (5.0, 5.6, "The mouth is still here"))
WORDS = ("stop", "being", "so", "particular", "about", "a", "small", "matter", "of", "timing")
SOON = 0.8  # seconds until a change has been drawn
REST = 180.0  # in which Blender's own work, like a sound's waveform, has been drawn
APART = 12  # of 255, from which two colours differ


def pictures(stage: Stage) -> Flow:
    scene.empty()
    put_engine()
    yield from animate(stage)
    bpy.ops.thunder.measure("EXEC_DEFAULT")
    stage.results["pictures"] = {}
    editor(stage).ui_type = "DOPESHEET"  # 3D views smooth their picture all the time
    yield from away(stage)
    for theme in ("dark", "light"):
        if theme == "light" and not use_light():
            stage.results["no_light_theme"] = True
            break
        for name, (kind, switch) in EDITORS.items():
            yield from in_editor(stage, f"{name}-{theme}", kind, switch)
    yield from behaviour(stage)


def in_editor(stage: Stage, name: str, kind: str, switch: str) -> Flow:
    """A picture with the strip, one without, and the strip's place."""
    area = editor(stage, kind)
    area.ui_type = kind
    yield SOON
    show_all(stage, area)
    yield from away(stage)
    stage.results["pictures"][name] = where(area)
    end = time.monotonic() + REST
    while not (yield from compared(stage, name, switch)):
        if time.monotonic() > end:
            raise StageError(f"{name}: the screen did not come to rest in {REST:g} s")


def compared(stage: Stage, name: str, switch: str) -> Flow:
    """Pictures with the strip and without; whether all else stood still meanwhile."""
    choices = bpy.context.scene.thunder_meter
    first = colours(stage.picture(name))
    setattr(choices, switch, False)
    yield SOON
    stage.picture(f"{name}-off")
    setattr(choices, switch, True)
    yield SOON
    again = stage.picture("again")
    still = np.abs(colours(again) - first).max() <= APART
    again.unlink()
    return bool(still)


def colours(picture: Path) -> Any:
    """The colours of a picture's pixels in one row."""
    command = ["convert", str(picture), "-depth", "8", "rgb:-"]
    ran = subprocess.run(command, check=True, timeout=60, stdout=subprocess.PIPE)
    return np.frombuffer(ran.stdout, np.uint8).astype(np.int16)


def away(stage: Stage) -> Flow:
    """The pointer leaves the editors with time across."""
    stage._send("MOUSEMOVE", "NOTHING", 5, stage.window.height // 2)
    yield SOON


def behaviour(stage: Stage) -> Flow:
    """Hover, zoom, a strip that moves, stale values, Live and the jumps."""
    area = editor(stage)
    area.ui_type = "DOPESHEET"
    yield SOON
    show_all(stage, area)
    yield SOON
    place = where(area)
    x = place["left"] + (place["right"] - place["left"]) * 1.35 / SECONDS
    stage._send("MOUSEMOVE", "NOTHING", int(x) - 5, int(place["bottom"] + 10))
    yield 0.3
    stage._send("MOUSEMOVE", "NOTHING", int(x), int(place["bottom"] + 10))
    hover = scene.room("thunder_blender.meter_hover")
    told = listened(hover)
    yield from stage.until(lambda: hover.pointer(window_of(area)), 20, "the pointer")
    yield from stage.until(lambda: told, 20, "a text beside the pointer")
    yield SOON
    stage.picture("hover")
    stage.results["hover"] = told[-1]
    zoom(stage, area)
    yield SOON
    stage.picture("zoomed")
    stage.results["zoomed"] = where(area)
    show_all(stage, area)
    yield from jumps(stage)
    yield from edits(stage)
    yield from cancelled(stage)


def listened(hover: Any) -> list[str]:
    """What the box beside the pointer says, from now on."""
    told: list[str] = []
    original = hover.text_at
    hover.text_at = lambda *given: (told.append(original(*given)), told[-1])[1]
    return told


def jumps(stage: Stage) -> Flow:
    bpy.context.scene.frame_set(1)
    found = []
    for _ in WEAK:
        with over(stage):
            bpy.ops.thunder.next_weak_span("INVOKE_DEFAULT")
        found.append(bpy.context.scene.frame_current)
    stage.results["jumps"] = found
    area = editor(stage)
    stage._send("MOUSEMOVE", "NOTHING", area.x + area.width // 2, area.y + area.height - 60)
    yield SOON
    bpy.ops.ed.undo_push(message="before the jump")
    yield from stage.key("DOWN_ARROW", shift=True, alt=True)
    yield from stage.until(lambda: frame() != found[-1], 20, "the key")
    stage.results["jumped_by_key"] = frame()
    yield from stage.key("Z", ctrl=True)
    yield from stage.until(lambda: frame() == found[-1], 20, "one undo to go back")
    yield from stage.key("Z", ctrl=True, shift=True)
    yield from stage.until(lambda: frame() == stage.results["jumped_by_key"], 20, "redo")


def frame() -> int:
    return int(bpy.context.scene.frame_current)


def edits(stage: Stage) -> Flow:
    """An edit makes its frames stale; Live measures them again."""
    head = scene.rig()
    key(head, "jawOpen", 120, 0.7)
    places = scene.room("thunder_blender.meter_places")

    def stale() -> bool:
        with over(stage):
            return bool(places.places(bpy.context)[0].stale)

    yield from stage.until(stale, 60, "the watch")
    yield SOON
    stage.picture("stale")
    with over(stage):
        stage.results["stale"] = [list(one.stale) for one in places.places(bpy.context)]
    bpy.context.scene.thunder_meter.live = True
    engine = scene.room("thunder_blender.engine").get_engine()
    asked = len(engine.requests)

    def fresh() -> bool:
        with over(stage):
            return len(engine.requests) > asked and not places.places(bpy.context)[0].stale

    yield from stage.until(fresh, 60, "Live")
    stage.results["live_span"] = engine.requests[-1].span
    yield SOON
    stage.picture("live")
    bpy.context.scene.thunder_meter.live = False


def cancelled(stage: Stage) -> Flow:
    """Esc stops a measurement and leaves nothing."""
    engine = scene.room("thunder_blender.engine").get_engine()
    engine.seconds_per_line = 60.0
    names = sorted(item.name for item in bpy.data.objects)
    with over(stage):
        bpy.ops.thunder.measure("INVOKE_DEFAULT")
    yield 1.0
    stage.picture("measuring")
    yield from stage.key("ESC")
    status = bpy.context.window_manager.thunder_meter
    yield from stage.until(lambda: not status.running, 30, "the end")
    stage.results["left_over"] = [
        item.name for item in bpy.data.objects if item.name not in names
    ] + [item.name for item in bpy.data.scenes if item.name.startswith(".")]


def editor(stage: Stage, kind: str = "") -> Any:
    """The largest area takes each editor in turn; the Timeline is the low one at the bottom."""
    areas = list(stage.window.screen.areas)
    if kind == "TIMELINE":
        return min((a for a in areas if a.width > 600), key=lambda area: area.height)
    return max(areas, key=lambda area: area.width * area.height)


def over(stage: Stage, area: Any = None) -> Any:
    """The context of the editor's main region."""
    area = area or editor(stage)
    return bpy.context.temp_override(window=stage.window, area=area, region=window_of(area))


def window_of(area: Any) -> Any:
    return next(region for region in area.regions if region.type == "WINDOW")


def show_all(stage: Stage, area: Any) -> None:
    """Let the whole scene range fill the editor."""
    with over(stage, area):
        kind = {"GRAPH_EDITOR": "graph", "NLA_EDITOR": "nla", "SEQUENCE_EDITOR": "sequencer"}
        room = getattr(bpy.ops, kind.get(area.type, "action"))
        if room.view_all.poll():
            room.view_all()


def zoom(stage: Stage, area: Any) -> None:
    with over(stage, area):
        region = window_of(area)
        box = {"ymin": 0, "ymax": region.height, "xmin": region.width // 10}
        bpy.ops.view2d.zoom_border("EXEC_DEFAULT", xmax=region.width // 3, **box)


def where(area: Any) -> dict[str, Any]:
    """The strip's box and the region around it: pixels of the window from the bottom left."""
    region, view = window_of(area), window_of(area).view2d
    draw = scene.room("thunder_blender.meter_draw")
    scale = bpy.context.preferences.system.ui_scale
    box = draw.box_of(region.height, scale, bool(bpy.context.scene.timeline_markers))
    left, right = (view.view_to_region(f, 0, clip=False)[0] for f in (1, 1 + SECONDS * RATE))
    return {
        "region": [region.x, region.y, region.width, region.height],
        "left": region.x + left,
        "right": region.x + right,
        "bottom": region.y + box.bottom,
        "top": region.y + box.top,
        "words": region.y + box.words,
    }


def animate(stage: Stage) -> Flow:
    """A head that speaks over the line, with the strip in the sequencer."""
    bpy.context.scene.render.fps = RATE
    scene.load(stage.options["line"])
    with bpy.context.temp_override(window=stage.window, area=stage.area("VIEW_3D")):
        bpy.ops.thunder.create_head()
    head = scene.rig()
    for frame in range(1, int(SECONDS * RATE) + 2, 8):
        key(head, "jawOpen", frame, 0.25 + 0.25 * float(np.sin(frame)))
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, int(SECONDS * RATE) + 1
    yield SOON


def key(head: Any, unit: str, frame: int, value: float) -> None:
    block = head.keys.key_blocks[unit]
    block.value = value
    block.keyframe_insert("value", frame=frame)


def put_engine() -> None:
    contract = scene.room("model_runtime.contract")
    fake = scene.room("thunder_blender.engine_fake").FakeEngine
    engine = fake(answers={contract.MeasureRequest: answer})
    scene.room("thunder_blender.engine").set_engine(engine)


def answer(request: Any) -> Any:
    """A line with two weak spans, a silence, and words."""
    contract = scene.room("model_runtime.contract")
    seconds = np.arange(int(SECONDS * 50)) / 50
    values = (0.86 + 0.1 * np.sin(seconds * 5)).astype(np.float32)
    for start, end, _ in WEAK:
        values[(seconds >= start) & (seconds < end)] = 0.15
    values[(seconds > 3.0) & (seconds < 3.3)] = 0.55
    spoken = ((seconds < 3.6) | (seconds > 4.3)).astype(np.float32)
    if request.span:
        values[(seconds < request.span[0]) | (seconds > request.span[1])] = np.nan
    advice = tuple(contract.Advice("open", a, b, 0.15, text, "p") for a, b, text in WEAK)
    starts = (0.1, 0.8, 1.5, 2.2, 2.9, 4.3, 5.0, 5.7, 6.4, 7.1)
    words = tuple((word, a, a + 0.65) for word, a in zip(WORDS, starts, strict=True))
    return contract.Meter(0.81, values, spoken, 50.0, 12.0, advice, (), words, "fake")


def use_light() -> bool:
    """Blender's own light theme; False where it is not shipped."""
    paths = bpy.utils.preset_paths("interface_theme")
    found = [path for folder in paths for path in Path(folder).glob("*ight*.xml")]
    if not found:
        return False
    bpy.ops.script.execute_preset(
        filepath=str(found[0]), menu_idname="USERPREF_MT_interface_theme_presets"
    )
    return True


stage = Stage()
stage.play(pictures(stage))
