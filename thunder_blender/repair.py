# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair in Blender: which span of which take is mended, and how it comes back into its keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import Answer, FloatArray, Repaired, RepairRequest, Sound
from . import compat, hand_edits, lines, meter_store, repair_curves, request, take_marks, takes
from .lines import Line
from .readiness import engine_reason
from .rig import Rig, RigError, find_rig

REPAIRS = "thunder_repairs"  # custom property of a take: what was mended in it, as JSON
SHORTEST = 0.5  # seconds; a shorter span is widened to it, for the mouth needs time to move
NO_TAKE = "No take plays on '{}'; generate one, or switch to one"
NO_UNITS = "'{}' keys no unit shape keys; Repair needs a head that has them. Generate it anew"
NO_SPAN = (
    "Select keys of the take, or go to a frame that the meter calls weak, or give Start and End"
)


@dataclass(frozen=True)
class Choice:
    """What the caller says; the rest comes from the scene."""

    take: str = ""
    start: float | None = None  # scene frames
    end: float | None = None


@dataclass(frozen=True)
class Repairing:
    """One repair on its way. It names data-blocks, so that it stays true through undo."""

    rig_name: str
    take: str
    line: Line
    frames: tuple[float, float]  # of the scene
    content: str  # hash of the take's keys when it was asked for
    question: RepairRequest

    def land(self, answer: Answer) -> str:
        """Write what was mended, and say so. Raises RigError where the take has changed."""
        assert isinstance(answer, Repaired), "a RepairRequest is answered with Repaired"
        if not answer.changed:
            return answer.sentence
        rig = find_rig(bpy.data.objects.get(self.rig_name))
        action = bpy.data.actions.get(self.take)
        if rig is None or action is None or take_marks.content_hash(action) != self.content:
            raise RigError(
                f"'{self.take}' was changed while it was repaired, so it stays as it is. "
                "Repair it again."
            )
        mended = repair_curves.Mended(self.question.weights, answer.weights, self.question.span)
        count = repair_curves.write(rig, action, self.line, mended)
        _remember(action, self.question.span, answer)
        hand_edits.forget(action.name)
        first, last = self.frames
        return f"{self.take}, frames {first:.0f} to {last:.0f}, {count} keys. {answer.sentence}"


def repairing(context: bpy.types.Context, choice: Choice | None = None) -> Repairing:
    """Gather a repair from the scene. Raises ThunderError with the reason when none is possible."""
    choice = choice or Choice()
    rig = request.required_rig(context)
    action = _take(context, rig, choice.take)
    line = _line(context, action)
    frames = wanted_frames(context, rig, action, line, choice)
    weights = repair_curves.sampled(action, line)
    span = _span(line, frames)
    kept = kept_motion(rig, action, line, weights)
    sound = Sound(line.path, line.start, line.duration, line.transcript)
    question = RepairRequest(sound, weights, span, kept)
    shown = tuple(line.frame_of(line.start + second) for second in span)
    content = take_marks.content_hash(action)
    return Repairing(rig.mesh.name, action.name, line, (shown[0], shown[1]), content, question)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be repaired whatever the arguments say; cheap enough for drawing."""
    if reason := request.performer_reason(context) or request.strip_reason(context):
        return reason
    rig = request.required_rig(context)
    action = _playing(context, rig)
    if action is None:
        return NO_TAKE.format(rig.mesh.name)
    if not repair_curves.unit_columns(action):
        return NO_UNITS.format(action.name)
    return engine_reason()


def _playing(context: bpy.types.Context, rig: Rig) -> bpy.types.Action | None:
    line_id = request.current_line_id(context)
    return takes.chosen_take(rig, line_id) if line_id else None


def _take(context: bpy.types.Context, rig: Rig, name: str) -> bpy.types.Action:
    known = {action.name: action for action in takes.list_takes(rig)}
    action = known.get(name) if name else _playing(context, rig)
    if action is None:
        raise RigError(f"{NO_TAKE.format(rig.mesh.name)}.")
    if not repair_curves.unit_columns(action):
        raise RigError(f"{NO_UNITS.format(action.name)}.")
    return action


def _line(context: bpy.types.Context, action: bpy.types.Action) -> Line:
    """The line of a take where its strip is now. Raises LineError."""
    scene = compat.sequencer_scene(context)
    strip = lines.find_strip(scene, take_marks.line_of(action))
    return lines.line_of_strip(scene, strip)


def wanted_frames(
    context: bpy.types.Context, rig: Rig, action: bpy.types.Action, line: Line, choice: Choice
) -> tuple[float, float]:
    """Scene frames to repair: those given, else those of the selected keys, else the weak span at
    the current frame. Raises RigError where there is none of these."""
    if choice.start is not None and choice.end is not None:
        return choice.start, choice.end
    if found := _selected(action, line):
        return found
    frame = float(context.scene.frame_current)
    for first, last in _weak(rig, line):
        if first - 1 <= frame <= last + 1:
            return first, last
    raise RigError(f"There is no span to repair. {NO_SPAN}.")


def _selected(action: bpy.types.Action, line: Line) -> tuple[float, float] | None:
    """Scene frames of the selected keys, where more than one frame and not all is selected."""
    clock = repair_curves.clock_of(action, line)
    chosen: set[float] = set()
    every: set[float] = set()
    for curve in repair_curves.unit_columns(action).values():
        points = curve.keyframe_points
        places, picked = np.empty(2 * len(points), np.float32), np.empty(len(points), bool)
        points.foreach_get("co", places)
        points.foreach_get("select_control_point", picked)
        every.update(places[::2].tolist())
        chosen.update(places[::2][picked].tolist())
    if len(chosen) < 2 or len(chosen) >= len(every):
        return None
    ends = (clock.second(min(chosen)), clock.second(max(chosen)))
    return line.frame_of(line.start + ends[0]), line.frame_of(line.start + ends[1])


def _weak(rig: Rig, line: Line) -> list[tuple[float, float]]:
    """Scene frames of the weak spans that the meter knows, worst first."""
    record = meter_store.record_of(rig, line.line_id)
    if record is None:
        return []
    spans = meter_store.weak_spans(rig, line)
    return [
        (meter_store.frame_of(line, record, s.start), meter_store.frame_of(line, record, s.end))
        for s in spans
    ]


def _span(line: Line, frames: tuple[float, float]) -> tuple[float, float]:
    """Seconds of the line for scene frames, widened to SHORTEST. Raises RigError outside of it."""
    per_frame = line.speed / line.rate
    first, last = sorted((frame - line.first_frame) * per_frame for frame in frames)
    if last <= 0.0 or first >= line.duration:
        raise RigError(
            f"Frames {frames[0]:.0f} to {frames[1]:.0f} lie outside of '{line.strip_name}'. "
            "Choose frames of the line."
        )
    more = max(0.0, SHORTEST - (last - first)) / 2
    return max(0.0, first - more), min(line.duration, last + more)


def kept_motion(
    rig: Rig, action: bpy.types.Action, line: Line, weights: FloatArray
) -> FloatArray | None:
    """(frames, channels) 1 where nothing may change, None where all may."""
    return None


def _remember(action: bpy.types.Action, span: tuple[float, float], answer: Repaired) -> None:
    """What was mended stays with the take; its seed alone does not make it again."""
    try:
        known: list[Any] = list(json.loads(action.get(REPAIRS, "[]")))
    except (TypeError, ValueError):
        known = []
    seconds = [round(span[0], 3), round(span[1], 3)]
    known.append({"span": seconds, "judge": answer.after.model, "sentence": answer.sentence})
    action[REPAIRS] = json.dumps(known)
