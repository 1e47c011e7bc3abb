# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch's report in Blender: its lines worst first, and the way to the take and frame of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bpy

from ..model_runtime.batch_work import nearest_frame
from ..model_runtime.contract import RequestError
from . import batch_scene, lines, request, sound, take_file, takes
from .rig import Rig

LARGEST = 256 << 20  # bytes of a report
NO_SCORE = -1.0


class THUNDER_BatchRow(bpy.types.PropertyGroup):
    """One line of a report"""

    line: bpy.props.StringProperty(name="Line", description="Identifier of the line in its list")
    character: bpy.props.StringProperty(name="Character", description="Who says it")
    status: bpy.props.StringProperty(name="Status", description="done, failed or missing")
    error: bpy.props.StringProperty(name="Error", description="Why it failed")
    advice: bpy.props.StringProperty(name="Advice", description="The meter's first word on it")
    audio: bpy.props.StringProperty(name="Sound", description="The line's sound file")
    take: bpy.props.StringProperty(name="Take", description="The take's npz file")
    blend: bpy.props.StringProperty(name="Scene", description="The line's .blend file")
    score: bpy.props.FloatProperty(name="Score", description="0 to 1; below 0 where there is none")
    worst_frame: bpy.props.IntProperty(name="Worst Frame", description="Where the score is lowest")
    start_frame: bpy.props.IntProperty(name="Start", description="Frame the sound begins on")
    worst_second: bpy.props.FloatProperty(name="Worst Second", description="The same in the sound")


class THUNDER_BatchReview(bpy.types.PropertyGroup):
    """The report that is looked through"""

    path: bpy.props.StringProperty(
        name="Report", description="report.json of a batch", subtype="FILE_PATH"
    )
    rows: bpy.props.CollectionProperty(type=THUNDER_BatchRow)
    index: bpy.props.IntProperty(name="Line", description="The line that is looked at")


def review(context: bpy.types.Context) -> THUNDER_BatchReview:
    return context.window_manager.thunder_batch


def selected(context: bpy.types.Context) -> THUNDER_BatchRow | None:
    """The row that is picked in the list."""
    own = review(context)
    return own.rows[own.index] if 0 <= own.index < len(own.rows) else None


def page(context: bpy.types.Context) -> Path:
    """The report.html beside the report that is looked through."""
    return Path(review(context).path).with_name("report.html")


def page_address(context: bpy.types.Context, row: THUNDER_BatchRow) -> str:
    """Of a row's place in report.html."""
    return f"{page(context).absolute().as_uri()}#{quote(row.name)}"


def load(context: bpy.types.Context, path: Path, chosen: str = "") -> int:
    """Show a report.json; how many lines it has. `chosen` is the take to pick.

    Raises RequestError when it is none.
    """
    rows = _read(path)
    own = review(context)
    own.path = str(path)
    own.rows.clear()
    for row in rows:
        _fill(own.rows.add(), row, path.parent)
    own.index = next((i for i, row in enumerate(own.rows) if chosen and row.name == chosen), 0)
    return len(own.rows)


def jump(context: bpy.types.Context, row: THUNDER_BatchRow) -> str:
    """Let a row's take play and go to its worst frame; the take is loaded where it is not here.

    Returns the sentence to report. Raises ThunderError.
    """
    action = batch_scene.action_of(row.name)
    rig = _rig_with(context, action, row)
    if action is None or not takes.line_of(action):
        action = _bring(context, rig, row)
    else:
        takes.choose_take(rig, action)
    rig.mesh.thunder.take = action
    frame = _worst_frame(action, row, context.scene)
    context.scene.frame_set(frame)
    return f"{row.line} at frame {frame}"


def open_scene(context: bpy.types.Context, row: THUNDER_BatchRow) -> str:
    """Open a row's own .blend at its worst frame, with the report still at hand."""
    own, name = Path(review(context).path), row.name
    if not Path(row.blend).is_file():
        raise RequestError(f"There is no scene '{row.blend}'. Run the batch again.")
    bpy.ops.wm.open_mainfile(filepath=row.blend)
    load(bpy.context, own, name)
    again = selected(bpy.context)
    assert again is not None
    return jump(bpy.context, again)


def _bring(context: bpy.types.Context, rig: Rig, row: THUNDER_BatchRow) -> bpy.types.Action:
    """The row's sound and take, in the scene that is open."""
    take = take_file.read_take(Path(row.take))
    strip = batch_scene.add_strip(context.scene, Path(row.audio), row.start_frame, row.line)
    line = lines.line_of_strip(context.scene, strip)
    action = takes.add_take(rig, line, take, row.name[:60])
    action[batch_scene.ITEM] = row.name
    takes.choose_take(rig, action)
    return action


def _rig_with(
    context: bpy.types.Context, action: bpy.types.Action | None, row: THUNDER_BatchRow
) -> Rig:
    """The rig that has the take; else the row's character where it is here, else the current."""
    for mesh in request.rig_meshes(bpy.data.objects):
        found = request.named_rig(mesh.name)
        if action is not None and action in takes.list_takes(found):
            return found
    if row.character and row.character in bpy.data.objects:
        return request.named_rig(row.character)
    return request.required_rig(context)


def _worst_frame(action: bpy.types.Action, row: THUNDER_BatchRow, scene: bpy.types.Scene) -> int:
    """The worst moment on the take's own frames, wherever it stands by now."""
    first, last = takes.take_frames(action)
    return min(last, nearest_frame(first, row.worst_second, sound.scene_rate(scene)))


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        rows = json.loads(path.read_text(encoding="utf-8"))["lines"]
        if not all(isinstance(row, dict) and isinstance(row["outputs"], dict) for row in rows):
            raise ValueError("its lines are none")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            f"'{path}' is not a batch's report.json ({error}). Choose one from a folder of results."
        ) from error
    return list(rows)


def _fill(entry: THUNDER_BatchRow, row: dict[str, Any], folder: Path) -> None:
    entry.name = str(row.get("item") or "")
    entry.line = str(row.get("id") or "")
    for name in ("character", "status", "error", "advice", "audio"):
        setattr(entry, name, str(row.get(name) or ""))
    score = row.get("score")
    entry.score = NO_SCORE if score is None else float(score)
    entry.worst_frame = int(row.get("worst_frame") or 1)
    entry.start_frame = int(row.get("start_frame") or 1)
    entry.worst_second = float(row.get("worst_second") or 0.0)
    outputs = row["outputs"]
    entry.take = str(folder / outputs["npz"]) if "npz" in outputs else ""
    entry.blend = str(folder / outputs["blend"]) if "blend" in outputs else ""


_CLASSES = (THUNDER_BatchRow, THUNDER_BatchReview)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.thunder_batch = bpy.props.PointerProperty(type=THUNDER_BatchReview)


def unregister() -> None:
    del bpy.types.WindowManager.thunder_batch
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
