# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the measured lines of the current rig lie on the timeline now; cheap at each redraw.

All is looked up anew when something may have changed (`meter_store.version`); beside that only the
frames of the strips are compared, since moves of strips are not always announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from . import compat, lines, meter_store, request, take_places
from .meter_curves import Interval
from .meter_record import Record
from .meter_store import PROPERTY
from .rig import Rig
from .takes import line_of, take_strips


@dataclass(frozen=True)
class Place:
    """A measured line. Seconds count from its record's first moment."""

    record: Record
    line_id: str
    frame: float  # scene frame of that moment
    rate: float  # scene frames a second
    shown: Interval  # seconds that are heard now
    stale: tuple[Interval, ...]
    threshold: float

    def frame_of(self, second: float) -> float:
        return self.frame + second * self.rate


class _Known:
    key: tuple[Any, ...] = ()
    strips: tuple[tuple[str, str], ...] = ()  # (scene, strip) names that were looked at
    frames: tuple[Any, ...] = ()  # where they lay
    places: list[Place] = []


def places(context: bpy.types.Context) -> list[Place]:
    """The measured lines of the current rig that are heard, in their order."""
    chosen = getattr(context, "object", None)
    key = (
        meter_store.version(),
        context.scene.name,
        chosen.name if chosen else "",
        context.scene.thunder_meter.threshold,
    )
    if key != _Known.key or _frames() != _Known.frames:
        _Known.key = key
        _look(context)
    return _Known.places


def forget() -> None:
    _Known.key, _Known.strips, _Known.frames, _Known.places = (), (), (), []


def measured_lines(rig: Rig) -> list[str]:
    """Identifiers of the lines with a record of what plays over them."""
    found = [line_of(strip.action) for _, strip in take_strips(rig) if PROPERTY in strip.action]
    start = f"{PROPERTY}_"
    found += [n.removeprefix(start) for n in list(rig.mesh.keys()) if n.startswith(start)]
    return [one for one in dict.fromkeys(found) if one and meter_store.record_of(rig, one)]


def _look(context: bpy.types.Context) -> None:
    rig = request.current_rig(context)
    wanted = measured_lines(rig) if rig else []
    heard = take_places.HeardLines() if wanted else None
    found, strips = [], []
    for line_id in wanted:
        strips += _strips_of(line_id)
        if rig and heard and (place := _place(context, rig, line_id, heard)):
            found.append(place)
    _Known.strips = tuple(strips)
    _Known.frames = _frames()
    _Known.places = sorted(found, key=lambda place: place.frame)


def _place(
    context: bpy.types.Context, rig: Rig, line_id: str, heard: take_places.HeardLines
) -> Place | None:
    record, part = meter_store.record_of(rig, line_id), heard.find(line_id)
    line = meter_store.line_named(context, line_id)
    if record is None or part is None or line is None:
        return None
    now = part[1]
    start, end = now.start - record.start, now.end - record.start
    shown = max(0.0, start), min(record.duration, end)
    if shown[1] <= shown[0]:
        return None
    stale = meter_store.stale_spans(rig, line, record)
    shift = line.start - record.start
    aged = tuple((a + shift, b + shift) for a, b in stale)
    frame, rate = now.frame_of(record.start), now.frames_per_second
    return Place(record, line_id, frame, rate, shown, aged, context.scene.thunder_meter.threshold)


def _strips_of(line_id: str) -> list[tuple[str, str]]:
    return [
        (scene.name, strip.name)
        for scene in bpy.data.scenes
        for strip in lines.sound_strips(scene)
        if lines.line_id(strip) == line_id
    ]


def _frames() -> tuple[Any, ...]:
    """Where the strips that were looked at lie now."""
    found: list[Any] = []
    for scene_name, strip_name in _Known.strips:
        scene = bpy.data.scenes.get(scene_name)
        editor = scene.sequence_editor if scene else None
        if editor is None:
            found.append(None)
            continue
        every = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
        strip = every.get(strip_name)
        found.append(strip and (compat.strip_range(strip), compat.strip_content(strip)))
    return tuple(found)
