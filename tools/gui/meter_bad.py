# SPDX-License-Identifier: GPL-3.0-or-later
"""What the meter says where there is little to measure, with a real window and the real worker.

No strip, a muted one, one whose sound is gone, damaged or silent, one that is longer than the
animation, and a rig that nobody mapped. Option: `line` is a sound file.
"""

from __future__ import annotations

import shutil
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).parent))

import desk
import scene
from stage import Flow, Stage, StageError

RATE, KEYED = 25, 2.0  # seconds of the line that are animated
SLOW = 180.0  # seconds for what takes 5 on a machine that has nothing else to do
_back: list[Callable[[], None]] = []  # what makes all well again, after the picture
BUTTONS = ("measure", "repair", "hear_mesh", "regenerate_range")


def bad_inputs(stage: Stage) -> Flow:
    scene.empty()
    bpy.context.scene.render.fps = RATE
    yield from desk.arrange(stage)
    with stage.over():
        bpy.ops.thunder.create_head()
    desk.show_head(stage)
    animate()
    yield from stage.open_tab()
    for case in (no_strip, longer, muted, missing, damaged, silent, unmapped):
        stage.results[case.__name__] = yield from case(stage)
        yield from drawn(stage)
        stage.picture(f"bad-{case.__name__}")
        while _back:
            _back.pop()()


def no_strip(stage: Stage) -> Flow:
    yield from drawn(stage)
    return refusals(stage, BUTTONS)


def longer(stage: Stage) -> Flow:
    """The strip goes on after the last key."""
    scene.load(stage.options["line"])
    desk.show_line(stage)
    yield from measured(stage)
    record = kept(stage)
    values, spoken = record.meter.frames, record.meter.spoken > 0.5
    after = spoken.copy()
    after[: int((KEYED + 1.0) * record.meter.fps)] = False
    return {
        "hint": hint(stage),
        "seconds": len(values) / record.meter.fps,
        "line": record.duration,
        "still": float(values[after].mean()),
        "weak": len(spans(stage)),
    }


def muted(stage: Stage) -> Flow:
    scene.sequence().mute = True
    yield from drawn(stage)
    _back.append(lambda: setattr(scene.sequence(), "mute", False))
    return refusals(stage)


def missing(stage: Stage) -> Flow:
    """The sound was moved away on the disk."""
    sound = scene.sequence().sound
    path = sound.filepath
    sound.filepath = str(stage.folder / "gone.wav")
    _back.append(lambda: setattr(sound, "filepath", path))
    yield from drawn(stage)
    return refusals(stage)


def damaged(stage: Stage) -> Flow:
    """The file is there, and is no sound: the engine says so, and what was measured stays."""
    before = kept(stage).digest
    path = Path(shutil.copy(stage.options["line"], stage.folder / "damaged.wav"))
    path.write_bytes(b"RIFF" + bytes(400))
    sound = scene.sequence().sound
    good, sound.filepath = sound.filepath, str(path)
    status = bpy.context.window_manager.thunder_meter
    start_measuring(stage)
    yield from stage.until(lambda: not status.running, SLOW, "the end")
    _back.append(lambda: setattr(sound, "filepath", good))
    return {"error": str(status.error), "kept": kept(stage).digest == before}


def silent(stage: Stage) -> Flow:
    """Two seconds of nothing in place of the line."""
    path = stage.folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 16000 * 2))
    strips().remove(scene.sequence())
    scene.load(str(path))
    desk.show_line(stage)
    yield from measured(stage)
    meter = kept(stage).meter
    told = [one.span.sentence for one in spans(stage)]
    return {"hint": hint(stage), "score": repr(float(meter.score)), "told": told}


def unmapped(stage: Stage) -> Flow:
    """A rig whose keys have names that say nothing."""
    for block in scene.rig().keys.key_blocks[1:]:
        block.name = f"x{block.name}"
    scene.room("thunder_blender.meter_store").look_again()
    yield from drawn(stage)
    return refusals(stage, BUTTONS)


# small things


def animate() -> None:
    block = scene.rig().keys.key_blocks["jawOpen"]
    for frame in range(1, int(KEYED * RATE) + 2, 5):
        block.value = 0.3 * (frame % 2)
        block.keyframe_insert("value", frame=frame)


def refusals(stage: Stage, buttons: tuple[str, ...] = ("measure",)) -> dict[str, Any]:
    """Why Measure is greyed out, and what each button says that is pressed anyway."""
    said = {"reason": in_view(stage, "meter_reasons.disabled_reason")}
    for name in buttons:
        with stage.over():
            try:
                found = getattr(bpy.ops.thunder, name)("INVOKE_DEFAULT")
                raise StageError(f"{name} ran: {found}")
            except RuntimeError as error:
                said[name] = str(error).partition("Error: ")[2].strip() or str(error)
    if bpy.context.window_manager.thunder_meter.running:
        raise StageError("something is measured")
    return said


def in_view(stage: Stage, name: str) -> Any:
    """What a function of the extension makes of the 3D viewport's context."""
    module, _, function = name.partition(".")
    with stage.over():
        return getattr(scene.room(f"thunder_blender.{module}"), function)(bpy.context)


def hint(stage: Stage) -> str:
    return str(in_view(stage, "meter_reasons.hint"))


def spans(stage: Stage) -> list[Any]:
    with desk.over(stage, "GRAPH_EDITOR"):
        return list(scene.room("thunder_blender.meter_jumps").spans(bpy.context))


def kept(stage: Stage) -> Any:
    """The record of what plays over the line."""
    lines, store = (scene.room(f"thunder_blender.{name}") for name in ("lines", "meter_store"))
    return store.record_of(scene.rig(), lines.line_id(scene.sequence()))


def start_measuring(stage: Stage) -> None:
    with stage.over():
        bpy.ops.thunder.measure("INVOKE_DEFAULT")


def measured(stage: Stage) -> Flow:
    start_measuring(stage)
    yield from stage.until(lambda: kept(stage) is not None, SLOW, "the meter")
    yield from drawn(stage)


def strips() -> Any:
    editor = bpy.context.window_manager.windows[0].scene.sequence_editor
    return getattr(editor, "strips", None) or editor.sequences


def drawn(stage: Stage) -> Flow:
    """Everything is drawn as it is now."""
    for area in stage.window.screen.areas:
        area.tag_redraw()
    yield 0.8


stage = Stage()
stage.play(bad_inputs(stage))
