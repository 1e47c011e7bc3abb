# SPDX-License-Identifier: GPL-3.0-or-later
"""An animator's desk: Graph Editor, Sequencer and Timeline beside the head and its sidebar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
import scene
from stage import Flow, Stage, StageError

Keys = dict[str, tuple[Any, Any]]  # curve -> (frame, value) rows, interpolation numbers

SOON = 0.5  # seconds until a change has been drawn
KEYS_SHOWN = 14  # frames beside those of interest
PAD = 12  # pixels around what a box select is to take


def arrange(stage: Stage) -> Flow:
    """Graph Editor over Sequencer on the left, the head on the right, the Timeline below."""
    for kind in ("PROPERTIES", "OUTLINER"):
        with bpy.context.temp_override(window=stage.window, area=stage.area(kind)):
            bpy.ops.screen.area_close()
        yield SOON
    left = yield from split(stage, stage.area("VIEW_3D"), "VERTICAL", 0.46)
    left.ui_type = "FCURVES"
    yield SOON
    lower = yield from split(stage, stage.area("GRAPH_EDITOR"), "HORIZONTAL", 0.3)
    lower.ui_type = "SEQUENCE_EDITOR"
    yield SOON
    stage.area("GRAPH_EDITOR").spaces.active.show_region_ui = False
    area = stage.area("VIEW_3D")
    area.spaces.active.show_region_ui = True
    area.spaces.active.overlay.show_overlays = False
    area.spaces.active.show_gizmo = False
    yield SOON


def split(stage: Stage, area: Any, direction: str, share: float) -> Flow:
    """Split an area; gives the left or the lower part."""
    with bpy.context.temp_override(window=stage.window, area=area):
        bpy.ops.screen.area_split(direction=direction, factor=share)
    yield SOON
    kind = area.type
    parts = [item for item in stage.window.screen.areas if item.type == kind]
    return min(parts, key=lambda item: (item.x, item.y))


def show_head(stage: Stage) -> None:
    """The face from the front, as large as the editor allows."""
    with stage.over():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    area = stage.area()
    area.spaces.active.region_3d.view_distance *= 0.75


def show_line(stage: Stage) -> None:
    """The whole line in Sequencer and Timeline."""
    for kind, room in (("SEQUENCE_EDITOR", "sequencer"), ("DOPESHEET_EDITOR", "action")):
        with over(stage, kind):
            getattr(bpy.ops, room).view_all()


def over(stage: Stage, kind: str) -> Any:
    area = stage.area(kind)
    return bpy.context.temp_override(window=stage.window, area=area, region=window_of(area))


def window_of(area: Any) -> Any:
    return next(region for region in area.regions if region.type == "WINDOW")


def show_curve(stage: Stage, unit: str, first: int, last: int) -> Flow:
    """One unit's curve around some frames, in the Graph Editor, by its search field."""
    area = stage.area("GRAPH_EDITOR")
    area.spaces.active.dopesheet.filter_text = unit
    yield SOON
    with over(stage, "GRAPH_EDITOR"):
        bpy.ops.graph.view_all()
        region = window_of(area)
        to_region = region.view2d.view_to_region
        left = to_region(first - KEYS_SHOWN, 0, clip=False)[0]
        right = to_region(last + KEYS_SHOWN, 0, clip=False)[0]
        box = {"xmin": left, "xmax": right, "ymin": 0, "ymax": region.height}
        bpy.ops.view2d.zoom_border("EXEC_DEFAULT", **box)
    yield SOON


def pick_keys(stage: Stage, curve: Any, first: int, last: int) -> Flow:
    """Box select the keys of a curve on these scene frames, by B and a drag."""
    region = window_of(stage.area("GRAPH_EDITOR"))
    with over(stage, "GRAPH_EDITOR"):
        bpy.ops.graph.select_all(action="DESELECT")
    place = region.view2d.view_to_region
    values = [key.co[1] for key in curve.keyframe_points]
    left, low = place(first - 0.5, min(values), clip=False)
    right, high = place(last + 0.5, max(values), clip=False)
    stage._send("MOUSEMOVE", "NOTHING", region.x + left, region.y + high + PAD)
    yield SOON
    yield from stage.key("B")
    yield from drag(stage, region, (left, high + PAD), (right, low - PAD))
    yield from stage.until(lambda: chosen_keys(curve), 20, "the keys to be selected")


def drag(stage: Stage, region: Any, start: tuple[int, int], end: tuple[int, int]) -> Flow:
    places = [
        tuple(a + (b - a) * share for a, b in zip(start, end, strict=True))
        for share in (0.0, 0.3, 0.7, 1.0)
    ]
    for number, (x, y) in enumerate(places):
        stage._send("MOUSEMOVE", "NOTHING", region.x + x, region.y + y)
        yield SOON / 3
        if number == 0:
            stage._send("LEFTMOUSE", "PRESS", region.x + x, region.y + y)
            yield SOON / 3
    stage._send("LEFTMOUSE", "RELEASE", region.x + places[-1][0], region.y + places[-1][1])
    yield SOON


def chosen_keys(curve: Any) -> list[float]:
    """Frames of the selected keys of a curve."""
    return [key.co[0] for key in curve.keyframe_points if key.select_control_point]


def type_text(stage: Stage, text: str) -> Flow:
    """Digits and points, as in the middle of a move."""
    names = {".": "PERIOD", "-": "MINUS"} | dict(
        zip("0123456789", "ZERO ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE".split(), strict=True)
    )
    for letter in text:
        at = {"x": stage._at[0], "y": stage._at[1]}
        stage.window.event_simulate(type=names[letter], value="PRESS", unicode=letter, **at)
        yield 0.1
        stage.window.event_simulate(type=names[letter], value="RELEASE", **at)
        yield 0.1


# what the take says


def curve_of(action: Any, unit: str) -> Any:
    wanted = f'key_blocks["{unit}"].value'
    for curve in scene.room("thunder_blender.take_marks").curves(action):
        if curve.data_path == wanted:
            return curve
    raise StageError(f"'{action.name}' has no curve of {unit}")


def keys_of(action: Any) -> Keys:
    """A take's keys: of each curve (frame, value) rows and how the keys are joined."""
    found = {}
    for curve in scene.room("thunder_blender.take_marks").curves(action):
        points = curve.keyframe_points
        places, kinds = np.empty(2 * len(points), np.float32), np.empty(len(points), np.uint8)
        points.foreach_get("co", places)
        points.foreach_get("interpolation", kinds)
        found[f"{curve.data_path}[{curve.array_index}]"] = places.reshape(-1, 2), kinds
    return found


def parts(keys: Keys, first: float, last: float) -> dict[str, str]:
    """Hashes of the keys outside of some frames, within them, and of the brows and nose."""
    inside = {
        name: (rows[:, 0] > first - 0.01) & (rows[:, 0] < last + 0.01)
        for name, (rows, _) in keys.items()
    }
    return {
        "outside": digest({n: (r[~inside[n]], k[~inside[n]]) for n, (r, k) in keys.items()}),
        "inside": digest({n: (r[inside[n]], k[inside[n]]) for n, (r, k) in keys.items()}),
        "brows": digest({n: part for n, part in keys.items() if "brow" in n or "Sneer" in n}),
    }


def changed(before: Keys, after: Keys) -> list[str]:
    """Names of the units and channels whose keys differ."""
    names = sorted(before.keys() | after.keys())
    found = [n for n in names if n not in before or n not in after or not same(before, after, n)]
    return [name.removeprefix('key_blocks["').partition('"]')[0] for name in found]


def same(before: Keys, after: Keys, name: str) -> bool:
    return digest({name: before[name]}) == digest({name: after[name]})


def digest(keys: Keys) -> str:
    told = hashlib.sha256()
    for name, (rows, kinds) in sorted(keys.items()):
        told.update(name.encode() + rows.tobytes() + kinds.tobytes())
    return told.hexdigest()


def mesh_hash(frames: Iterator[int]) -> str:
    """A hash of the head's vertices as they are shown on these scene frames."""
    told, now = hashlib.sha256(), bpy.context.scene.frame_current
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        shown = scene.rig().mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
        places = np.empty(3 * len(shown.data.vertices), np.float32)
        shown.data.vertices.foreach_get("co", places)
        told.update(places.tobytes())
    bpy.context.scene.frame_set(now)
    return told.hexdigest()


def aperture(frames: Iterator[int]) -> list[float]:
    """Millimetres between the lips on these scene frames, of what the shape keys have there."""
    contract = scene.room("model_runtime.contract")
    now, rows = bpy.context.scene.frame_current, []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        blocks = scene.rig().keys.key_blocks
        rows.append([blocks[unit].value for unit in contract.UNITS])
    bpy.context.scene.frame_set(now)
    face = scene.room("model_runtime.face").load_face()
    gaps = scene.room("model_runtime.lips").lip_probe(face).aperture(np.array(rows, np.float32))
    return [round(float(gap), 3) for gap in gaps]
