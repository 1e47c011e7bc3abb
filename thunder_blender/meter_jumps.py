# SPDX-License-Identifier: GPL-3.0-or-later
"""From weak span to weak span, on the timeline."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import bpy

from . import meter_draw, meter_places, meter_record, meter_store, request, takes
from .lines import LineError
from .meter_record import Span

NO_MORE = "There is no weak span {} this frame"


@dataclass(frozen=True)
class FrameSpan:
    """A weak span on the timeline: scene frames, the last one included."""

    first: int
    last: int
    span: Span


def spans(context: bpy.types.Context) -> list[FrameSpan]:
    """The weak spans of the current rig's lines, in the order of the timeline."""
    found = []
    for place in meter_places.places(context):
        meter = place.record.meter
        for span in meter_record.places(meter_record.weak_spans(meter, place.threshold)):
            if place.shown[0] <= span.start < place.shown[1]:
                first = math.floor(place.frame_of(span.start) + 0.5)
                last = max(first, math.ceil(place.frame_of(span.end) - 0.5) - 1)
                words = meter_record.told(span, first, meter, place.rate)
                found.append(FrameSpan(first, last, replace(span, sentence=words)))
    return sorted(found, key=lambda one: (one.first, one.last))


def jump(context: bpy.types.Context, forward: bool) -> str:
    """Go to the nearest weak span after, or before, the current frame; the sentence to report."""
    now, found = context.scene.frame_current, spans(context)
    there = [one for one in found if (one.first > now if forward else one.first < now)]
    if not there:
        return NO_MORE.format("after" if forward else "before")
    chosen = there[0] if forward else there[-1]
    context.scene.frame_set(chosen.first)
    return told(chosen.first, chosen.span)


def go_to(context: bpy.types.Context, line_id: str, take: str, second: float) -> str:
    """Go to a second of a record, with the take that was measured chosen. Raises ThunderError."""
    rig = request.required_rig(context)
    action = bpy.data.actions.get(take) if take else None
    if action is not None and takes.chosen_take(rig, line_id) != action:
        takes.choose_take(rig, action)
        meter_store.look_again()
    line = meter_store.line_named(context, line_id)
    record = meter_store.record_of(rig, line_id)
    if line is None or record is None:
        raise LineError("The sound strip of this line is gone, so there is no frame to go to.")
    frame = math.floor(meter_store.frame_of(line, record, second) + 0.5)
    context.scene.frame_set(frame)
    meter_draw.redraw()
    return f"Frame {frame}"


def told(frame: int, span: Span) -> str:
    return f"Frame {frame}: {span.sentence} ({span.score:.2f})"
