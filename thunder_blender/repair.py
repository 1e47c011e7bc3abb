# SPDX-License-Identifier: GPL-3.0-or-later
"""Repair in Blender: which span of which take is mended, and how it comes back into its keys."""

from __future__ import annotations

import json
from dataclasses import dataclass

import bpy
import numpy as np

from ..model_runtime.contract import CHANNELS, Answer, FloatArray, Repaired, RepairRequest, Sound
from . import (
    channel_locks,
    hand_edits,
    meter_store,
    meter_watch,
    range_curves,
    range_motion,
    range_write,
    repair_curves,
    request,
    steps,
    take_marks,
    take_span,
)
from .lines import Line
from .readiness import engine_reason
from .rig import Rig, RigError, find_rig

REPAIRS = "repairs"  # in a take's provenance: [{"span": seconds, "sentence": what it reached}]
KEPT = " Your own keys were kept: select them, or let Change My Keys be on."
SHORTEST = 0.5  # seconds; a shorter span is widened to it, for the mouth needs time to move
NO_TAKE = "No take plays on '{}'; generate one, or switch to one"
NO_SPAN = (
    "Select keys of the take, or go to a frame that the meter calls weak, or give Start and End"
)


@dataclass(frozen=True)
class Choice:
    """What the caller says; the rest comes from the scene."""

    take: str = ""
    start: float | None = None  # scene frames
    end: float | None = None
    my_keys: bool = False  # the artist's own keys may change; those that are selected may anyway


@dataclass(frozen=True)
class Repairing:
    """One repair on its way. It names data-blocks, so that it stays true through undo."""

    rig_name: str
    take: str
    line: Line
    frames: tuple[float, float]  # of the scene
    content: str  # hash of the take's keys when it was asked for
    my_keys: bool
    question: RepairRequest

    def land(self, answer: Answer) -> str:
        """Write what was mended, and say so. Raises RigError where the take has changed."""
        return steps.finish(self.land_steps(answer))

    def land_steps(self, answer: Answer) -> steps.Steps[str]:
        """The same in short steps."""
        assert isinstance(answer, Repaired), "a RepairRequest is answered with Repaired"
        rig = find_rig(bpy.data.objects.get(self.rig_name))
        action = bpy.data.actions.get(self.take)
        if rig is None or action is None or take_marks.content_hash(action) != self.content:
            raise RigError(
                f"'{self.take}' was changed while it was repaired, so it stays as it is. "
                "Repair it again."
            )
        if not answer.changed:
            stays = not self.my_keys and bool(hand_edits.artist_keys(action))
            return answer.sentence + (KEPT if stays else "")
        mended = repair_curves.Mended(self.question.weights, answer.weights, self.question.span)
        yield steps.PAUSE
        write = _over_mine if self.my_keys else range_write.write_steps
        count = yield from write(rig, action, self.line, mended)
        _note(action, self.question.span, answer)
        meter_watch.measure_again(self.line.line_id)
        first, last = self.frames
        return f"{self.take}, frames {first:.0f} to {last:.0f}, {count} keys. {answer.sentence}"


def repairing(context: bpy.types.Context, choice: Choice | None = None) -> Repairing:
    """Gather a repair from the scene. Raises ThunderError with the reason when none is possible."""
    choice = choice or Choice()
    rig = request.required_rig(context)
    action = _take(context, rig, choice.take)
    line = take_span.line_of(context, action)
    selected = None
    if choice.start == choice.end:
        selected = take_span.selected_frames(take_marks.curves(action), action, line)
    frames = selected or wanted_frames(context, rig, line, choice)
    span = take_span.seconds_of(line, frames, SHORTEST)
    my_keys = choice.my_keys or selected is not None
    hold = range_motion.range_hold(rig, action, line, span)
    kept = _locked(rig, action, hold.weights) if my_keys else hold.kept.copy()
    kept[:, sorted(set(range(len(CHANNELS))) - range_motion.present(rig, action))] = 1.0
    sound = Sound(line.path, line.start, line.duration, line.transcript)
    question = RepairRequest(sound, hold.weights, span, kept)
    shown = tuple(line.frame_of(line.start + second) for second in span)
    content = take_marks.content_hash(action)
    ends = (shown[0], shown[1])
    return Repairing(rig.mesh.name, action.name, line, ends, content, my_keys, question)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why nothing can be repaired whatever the arguments say; cheap enough for drawing."""
    if reason := request.performer_reason(context) or request.strip_reason(context):
        return reason
    rig = request.required_rig(context)
    action = take_span.playing(context, rig)
    if action is None:
        return NO_TAKE.format(rig.mesh.name)
    return range_curves.unreadable_reason(rig, action) or engine_reason()


def _take(context: bpy.types.Context, rig: Rig, name: str) -> bpy.types.Action:
    action = take_span.named(context, rig, name)
    if action is None:
        raise RigError(f"{NO_TAKE.format(rig.mesh.name)}.")
    if reason := range_curves.unreadable_reason(rig, action):
        raise RigError(f"{reason}.")
    return action


def wanted_frames(
    context: bpy.types.Context, rig: Rig, line: Line, choice: Choice
) -> tuple[float, float]:
    """Scene frames to repair: those given, else the weak span at the current frame.

    Raises RigError where there is none.
    """
    if choice.start is not None and choice.end is not None:
        return choice.start, choice.end
    frame = float(context.scene.frame_current)
    for first, last in _weak(rig, line):
        if first - 1 <= frame <= last + 1:
            return first, last
    raise RigError(f"There is no span to repair. {NO_SPAN}.")


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


def _locked(rig: Rig, action: bpy.types.Action, weights: FloatArray) -> FloatArray:
    """(frames, channels) 1 in the channels that are locked."""
    kept = np.zeros_like(weights)
    kept[:, sorted(channel_locks.locked_channels(rig, action))] = 1.0
    return kept


def _over_mine(
    rig: Rig, action: bpy.types.Action, line: Line, mended: repair_curves.Mended
) -> steps.Steps[int]:
    """Write the span over the artist's own keys, too; they are the take's from then on."""
    own = hand_edits.artist_keys(action)
    yield steps.PAUSE
    count = yield from range_write.bring(rig, action, line, mended)
    yield steps.PAUSE
    clock = repair_curves.clock_of(action, line)
    first, last = (clock.frame(second) for second in mended.span)
    beside = {name: keys[(keys < first) | (keys > last)] for name, keys in own.items()}
    left = {name: keys for name, keys in beside.items() if len(keys)}
    if not left:
        take_marks.mark_content(action)
    hand_edits.remember(action, left)
    hand_edits.forget(action.name)
    return count


def _note(action: bpy.types.Action, span: tuple[float, float], answer: Repaired) -> None:
    """The take's provenance tells what was mended: its seed alone does not make it again."""
    known = json.loads(action.get(take_marks.PROVENANCE, "{}"))
    entry = {"span": [round(second, 3) for second in span], "sentence": answer.sentence}
    known[REPAIRS] = [*known.get(REPAIRS, []), {**entry, "judge": answer.after.model}]
    action[take_marks.PROVENANCE] = json.dumps(known, sort_keys=True)
    meter_store.outdate(action)
