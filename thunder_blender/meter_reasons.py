# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing can be measured, and what to know of what can be; cheap enough for drawing."""

from __future__ import annotations

from typing import Any

import bpy

from . import compat, lines, meter_curves, meter_mesh, meter_store, meter_task, request
from .lines import Line, LineError
from .meter_record import Record
from .readiness import engine_reason
from .rig import Rig, RigError

MUTED = "The strip '{}' is muted; unmute it, since nobody hears what it says"
QUIET = "{} is muted, with the strip '{}' on it; unmute it, since nobody hears what it says"
STILL = "Nothing moves '{}' yet; generate a take, or animate it"
SHORTER = "The animation covers {:.1f} of the strip's {:.1f} seconds; beyond it the face is still"


def disabled_reason(context: bpy.types.Context) -> str:
    """Why Measure cannot run with what is chosen; empty when it can."""
    if reason := request.rig_reason(context) or request.strip_reason(context):
        return reason
    strip = request.current_strip(context)
    if reason := muted_reason(strip):
        return reason
    rig = request.required_rig(context)
    return rig_reason(rig) or engine_reason() or meter_task.running_reason()


def scripted_reason(context: bpy.types.Context) -> str:
    """Why Measure could not run whatever its arguments say; empty when it could."""
    return request.scripted_reason(context) or meter_task.running_reason()


def rig_reason(rig: Rig) -> str:
    """Why this rig's mouth cannot be measured; empty when it can."""
    if reason := meter_mesh.unmapped_reason(rig):
        return reason
    return "" if meter_curves.moves(rig) else STILL.format(rig.mesh.name)


def muted_reason(strip: Any) -> str:
    """Why a strip is not heard: it, its channel or a meta strip around it is muted; else empty."""
    if strip.mute:
        return MUTED.format(strip.name)
    around = strip.parent_meta()
    owner = around or strip.id_data.sequence_editor
    channel = owner.channels[strip.channel] if strip.channel < len(owner.channels) else None
    if channel is not None and channel.mute:
        return QUIET.format(channel.name, strip.name)
    return muted_reason(around) if around else ""


def subject(context: bpy.types.Context, strip_name: str, rig_name: str) -> tuple[Rig, Line]:
    """The rig and the line to measure. Raises a ThunderError with the reason."""
    rig = request.named_rig(rig_name) if rig_name else request.required_rig(context)
    scene = compat.sequencer_scene(context)
    named = lines.find_strip(scene, strip_name) if strip_name else None
    strip = named if strip_name else request.current_strip(context)
    if strip is None:
        raise LineError(f"{request.NO_SUCH_STRIP.format(strip_name)}.")
    if reason := muted_reason(strip):
        raise LineError(f"{reason}.")
    if reason := rig_reason(rig):
        raise RigError(f"{reason}.")
    return rig, lines.line_of_strip(scene, strip)


def hint(context: bpy.types.Context) -> str:
    """What to know of the measured line: its animation is shorter, or nothing is said."""
    rig, line_id = request.current_rig(context), request.current_line_id(context)
    if rig is None or not line_id:
        return ""
    record = meter_store.record_of(rig, line_id)
    line = meter_store.line_named(context, line_id)
    if record is None or line is None:
        return ""
    return _silence(line, record) or _shorter(rig, line)


def _silence(line: Line, record: Record) -> str:
    score = record.meter.score
    return meter_task.NOTHING_SAID.format(line.strip_name) if score != score else ""


def _shorter(rig: Rig, line: Line) -> str:
    covered = meter_curves.covered(rig, line)
    if covered > line.duration - 2.0 * line.speed / line.rate - 0.05:
        return ""
    return SHORTER.format(covered, line.duration)
