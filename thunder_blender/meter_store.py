# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured, kept with the file: on a take's Action, or on the mesh for the artist's own.

The custom properties are the only truth, so undo, saving, loading and renaming need no care. What
is stale follows from them too: each record names the animation it was measured on, by a digest,
and that is compared with the one that plays now.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import bpy

from ..model_runtime.contract import Meter
from . import compat, lines, meter_curves, meter_record, take_marks, takes
from .lines import Line, LineError
from .meter_curves import Interval, Snapshot
from .meter_mesh import Gathered
from .meter_record import Record, Span
from .rig import Rig

PROPERTY = "thunder_measured"  # of a take's Action; of a mesh, with the line's identifier
FIRST_SEEN = "as first seen {}"  # digest of what was measured elsewhere, by name of the Action
MOST_SNAPSHOTS = 64
MOST_MOTIONS = 6  # of ten seconds, 2.7 MB each
MOST_RECORDS = 256

Value = TypeVar("Value")


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    line_id: str
    title: str
    take: str  # name of its Action, empty for the artist's own animation
    score: float
    spans: tuple[Span, ...]
    record: Record


class _Recent(Generic[Value]):
    """The values that were used last."""

    def __init__(self, most: int) -> None:
        self._most, self._values = most, OrderedDict[str, Value]()

    def get(self, key: str) -> Value | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: str, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    def clear(self) -> None:
        self._values.clear()


_records: _Recent[Record | None] = _Recent(MOST_RECORDS)  # by their text
_snapshots: _Recent[Snapshot] = _Recent(MOST_SNAPSHOTS)  # by their digest
_motions: _Recent[Gathered] = _Recent(MOST_MOTIONS)  # by the digest of the animation


class _Version:
    number = 0


_stale: dict[tuple[str, str, str], tuple[Interval, ...]] = {}  # (rig, line, digest)


def owner_of(rig: Rig, line_id: str) -> tuple[bpy.types.ID, str]:
    """The data-block that holds the record of what plays over a line, and the property's name."""
    if action := takes.chosen_take(rig, line_id):
        return action, PROPERTY
    return rig.mesh, f"{PROPERTY}_{line_id}"


def record_of(rig: Rig, line_id: str) -> Record | None:
    """The measurement of what plays over a line on this rig; None where there is none."""
    owner, name = owner_of(rig, line_id)
    return read_property(owner, name)


def read_property(owner: bpy.types.ID, name: str = PROPERTY) -> Record | None:
    text = owner.get(name)
    if not isinstance(text, str):
        return None
    known = _records.get(text)
    if known is None:
        known = meter_record.read(text)
        _records.put(text, known)
    return known


def meter_of(rig: Rig, line_id: str) -> Meter | None:
    """The meter of what plays over a line on this rig."""
    record = record_of(rig, line_id)
    return record.meter if record else None


def keep(
    rig: Rig, line: Line, meter: Meter, measured: Snapshot, motion: Gathered | None = None
) -> Record:
    """Keep what was measured of the animation `measured`; gives the record."""
    owner, name = owner_of(rig, line.line_id)
    record = Record(meter, line.start, line.duration, measured.digest)
    owner[name] = record.text()
    if isinstance(owner, bpy.types.Action):
        owner[take_marks.METER] = meter.score
    _snapshots.put(record.digest, measured)
    if motion is not None:
        _motions.put(record.digest, motion)
    look_again()
    return record


def keep_for_take(action: bpy.types.Action, line: Line, meter: Meter) -> None:
    """Keep the meter of a take that nobody has changed since, as Best of N measures them.

    It counts as fresh from the first look at it on.
    """
    action[PROPERTY] = Record(meter, line.start, line.duration, "").text()
    action[take_marks.METER] = meter.score
    look_again()


def outdate(action: bpy.types.Action, name: str = "") -> None:
    """A take was changed by us since it was measured, when its Action was called `name`.

    Until it is measured again it has no score; its strip stays, stale where it no longer holds.
    """
    if take_marks.METER in action:
        del action[take_marks.METER]
    record = read_property(action)
    if record is not None and not record.digest:
        digest = FIRST_SEEN.format(name or action.name)
        action[PROPERTY] = replace(record, digest=digest).text()
    look_again()


def motion_of(record: Record) -> Gathered | None:
    """The mouth's motion that was measured, while it is in memory."""
    return _motions.get(record.digest)


def look_again() -> None:
    """The animation may have changed: what is stale is found out anew when it is asked for."""
    _Version.number += 1
    _stale.clear()


def version() -> int:
    """A number that grows whenever what is kept here may have changed."""
    return _Version.number


def forget() -> None:
    """Another file."""
    for cache in (_records, _snapshots, _motions):
        cache.clear()
    look_again()


def stale_spans(rig: Rig, line: Line, record: Record) -> tuple[Interval, ...]:
    """Seconds of the line whose values no longer hold; kept until `look_again`."""
    key = rig.identifier, line.line_id, record.digest
    if key not in _stale:
        _stale[key] = tuple(_find_stale(rig, line, record))
    return _stale[key]


def _find_stale(rig: Rig, line: Line, record: Record) -> list[Interval]:
    now = meter_curves.snapshot(rig, line)
    digest = record.digest or FIRST_SEEN.format(owner_of(rig, line.line_id)[0].name)
    before = _snapshots.get(digest)
    if digest == now.digest or (before is None and not record.digest):
        _snapshots.put(digest, now)
        return []
    if before is None:  # a file that was saved with a stale record, or edited elsewhere
        return [(0.0, line.duration)]
    return meter_curves.changes(before, now, line.duration)


def weak_spans(rig: Rig, line: Line | str) -> list[Span]:
    """The weak spans of what plays over a line, worst first; none where it was not measured.

    Seconds count from where the line began when it was measured; see `frame_of`.
    """
    record = record_of(rig, line if isinstance(line, str) else line.line_id)
    return meter_record.weak_spans(record.meter) if record else []


def frame_of(line: Line, record: Record, second: float) -> float:
    """Scene frame of a second of a record, wherever the strip is now."""
    return line.frame_of(record.start + second)


def sentence_of(line: Line | None, record: Record, span: Span) -> str:
    """A span's sentence with the frames of where its line is now; in seconds where it is gone."""
    if line is None:
        return meter_record.told_in_seconds(span, record.meter)
    frame = frame_of(line, record, span.start)
    return meter_record.told(span, frame, record.meter, line.rate / line.speed)


def lines_of(scene: bpy.types.Scene) -> Iterator[Line]:
    """The lines of a scene that have an identifier, in the order they are heard."""
    for strip in lines.sound_strips(scene):
        if lines.line_id(strip) and strip.sound is not None:
            try:
                yield lines.line_of_strip(scene, strip, mark=False)
            except LineError:
                continue


def report(rig: Rig) -> list[Row]:
    """Every measured take of the rig and his own animation, the worst first; not those that were
    changed by us since, which the list of takes does not call measured either."""
    measured = [action for action in takes.list_takes(rig) if take_marks.METER in action]
    rows = [_row(action, PROPERTY, action) for action in measured]
    names = [name for name in list(rig.mesh.keys()) if name.startswith(f"{PROPERTY}_")]
    rows += [_row(rig.mesh, name, None) for name in names]
    found = [row for row in rows if row is not None]
    return sorted(found, key=lambda row: (row.score != row.score, row.score, row.title))


def _row(owner: bpy.types.ID, name: str, action: bpy.types.Action | None) -> Row | None:
    record = read_property(owner, name)
    if record is None:
        return None
    spans = tuple(meter_record.weak_spans(record.meter))
    if action is None:
        line_id = name.removeprefix(f"{PROPERTY}_")
        return Row(line_id, _strip_name(line_id), "", record.meter.score, spans, record)
    line_id, name = take_marks.line_of(action), action.name
    return Row(line_id, name, name, record.meter.score, spans, record)


def _strip_name(line_id: str) -> str:
    found = (lines.find_strip(scene, line_id) for scene in bpy.data.scenes)
    return next((str(strip.name) for strip in found if strip), "A line that is gone")


def line_named(context: bpy.types.Context, line_id: str) -> Line | None:
    """The line with this identifier in the sequencer's scene, else in any; None where there is
    none, or its sound is missing: that is asked at each redraw, and Measure says it."""
    scenes: list[Any] = [compat.sequencer_scene(context), *bpy.data.scenes]
    for scene in scenes:
        strip = lines.find_strip(scene, line_id)
        if strip is not None:
            try:
                return lines.line_of_strip(scene, strip, mark=False)
            except LineError:
                return None
    return None
