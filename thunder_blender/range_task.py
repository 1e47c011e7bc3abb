# SPDX-License-Identifier: GPL-3.0-or-later
"""Regenerate Range: which span of which take is sampled anew, and how it comes back as a take."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import bpy

from ..model_runtime.contract import GenerateRequest, Settings, Take
from . import (
    apply_take,
    meter_jumps,
    meter_watch,
    range_curves,
    range_motion,
    range_write,
    repair_curves,
    request,
    steps,
    take_marks,
    take_span,
    takes,
)
from .lines import Line
from .range_motion import Span
from .readiness import engine_reason
from .rig import Rig, RigError, find_rig

SHORTEST = 0.1  # seconds; a shorter range has no motion of its own
NO_RANGE = (
    "There is no range to regenerate. Set a preview range, select keys of the take, go to a frame "
    "that the meter calls weak, or give Start and End."
)
CHANGED = "'{}' was changed while its range was made, so it stays as it is. Try again."


@dataclass(frozen=True)
class Choice:
    """What the caller says; the rest comes from the scene."""

    take: str = ""
    frames: tuple[float, float] | None = None  # of the scene
    seed: int | None = None
    in_place: bool = False


@dataclass(frozen=True)
class Ranging:
    """One range on its way. It names data-blocks, so that it stays true through undo."""

    rig_name: str
    take: str
    line: Line
    span: Span
    content: str  # hash of the take's keys when it was asked for
    in_place: bool
    question: GenerateRequest
    digest: str = field(default="", compare=False)

    @property
    def known(self) -> Take | None:
        """The answer, where this was asked last: the redo panel need not sample again."""
        return _Last.take if _Last.digest == self.digest else None

    def land(self, answer: Any) -> str:
        """Write the range, and say so. Raises RigError where the take has changed meanwhile."""
        return steps.finish(self.land_steps(answer))

    def land_steps(self, answer: Any) -> steps.Steps[str]:
        """The same in steps."""
        assert isinstance(answer, Take), "a GenerateRequest is answered with a Take"
        _Last.digest, _Last.take = self.digest, answer
        rig = find_rig(bpy.data.objects.get(self.rig_name))
        action = bpy.data.actions.get(self.take)
        if rig is None or action is None or take_marks.content_hash(action) != self.content:
            raise RigError(CHANGED.format(self.take))
        seed = self.question.settings.seed
        if not self.in_place:
            action = range_write.copied(action, f"{self.take[:50]}.r{seed}")
        yield steps.PAUSE
        count = yield from range_write.write_steps(rig, action, self.line, self._mended(answer))
        range_write.note(action, self.span, answer, self.take)
        if not self.in_place:
            takes.choose_take(rig, action)
            rig.mesh.thunder.take = action
        meter_watch.measure_again(self.line.line_id)
        first, last = (self.line.frame_of(self.line.start + second) for second in self.span)
        return f"{action.name}: frames {first:.0f} to {last:.0f} anew, {count} keys, seed {seed}"

    def _mended(self, answer: Take) -> repair_curves.Mended:
        hold = self.question.hold
        assert hold is not None, "a range keeps what is beside it"
        after = hold.weights.copy()
        count = min(len(after), len(answer.weights))
        after[:count] = answer.weights[:count]
        after[hold.kept > 0] = hold.weights[hold.kept > 0]
        return repair_curves.Mended(hold.weights, after, self.span)


class _Last:
    digest = ""
    take: Take | None = None


def ranging(context: bpy.types.Context, choice: Choice) -> Ranging:
    """Gather a range from the scene. Raises ThunderError with the reason when none is possible."""
    rig = request.required_rig(context)
    action = _take(context, rig, choice.take)
    line = take_span.line_of(context, action)
    frames = choice.frames or chosen_frames(context, rig, action, line)
    span = take_span.seconds_of(line, frames, SHORTEST)
    settings = request.settings_of(rig.mesh, line, {"seed": seed_for(rig, action, choice)})
    hold = range_motion.range_hold(rig, action, line, span)
    if hold.kept.all():
        raise RigError("All of this range is locked or keyed by hand, so there is nothing to make.")
    content = take_marks.content_hash(action)
    question = GenerateRequest(
        line.path, settings, line.start, line.duration, line.transcript, hold
    )
    mark = _digest(action.name, content, settings, span, hold.kept.tobytes())
    names = rig.mesh.name, action.name
    return Ranging(*names, line, span, content, choice.in_place, question, mark)


def disabled_reason(context: bpy.types.Context) -> str:
    """Why no range can be made whatever the arguments say; cheap enough for drawing."""
    if reason := request.performer_reason(context) or request.strip_reason(context):
        return reason
    rig = request.required_rig(context)
    action = take_span.playing(context, rig)
    if action is None:
        return f"No take plays on '{rig.mesh.name}'; generate one, or switch to one"
    return range_curves.unreadable_reason(rig, action) or engine_reason()


def chosen_frames(
    context: bpy.types.Context, rig: Rig, action: bpy.types.Action, line: Line
) -> tuple[float, float]:
    """The preview range, else the selected keys', else the weak span at the current frame, in
    scene frames. Raises RigError where there is none of these."""
    scene = context.scene
    if scene.use_preview_range:
        return float(scene.frame_preview_start), float(scene.frame_preview_end)
    if found := take_span.selected_frames(take_marks.curves(action), action, line):
        return found
    now = scene.frame_current
    for one in meter_jumps.spans(context):
        if one.first - 1 <= now <= one.last + 1:
            return float(one.first), float(one.last)
    raise RigError(NO_RANGE)


def seed_for(rig: Rig, action: bpy.types.Action, choice: Choice) -> int:
    """The seed that was given, else one that the line's takes do not have."""
    if choice.seed is not None:
        return choice.seed
    return apply_take.roll_seed(apply_take.used_seeds(rig, take_marks.line_of(action)))


def _take(context: bpy.types.Context, rig: Rig, name: str) -> bpy.types.Action:
    action = take_span.named(context, rig, name)
    if action is None:
        what = f"{rig.mesh.name} has no take '{name}'" if name else f"{rig.mesh.name} plays no take"
        raise RigError(f"{what} of this line. Choose one from the list of takes.")
    if reason := range_curves.unreadable_reason(rig, action):
        raise RigError(f"{reason}.")
    return action


def _digest(name: str, content: str, settings: Settings, span: Span, kept: bytes) -> str:
    told = hashlib.sha256(repr((name, content, settings, span)).encode())
    told.update(kept)
    return told.hexdigest()
