# SPDX-License-Identifier: GPL-3.0-or-later
"""A csv of ARKit curves by their own names, with time in seconds: plain tables for any program.

Ours: `time`, the 52 units as ARKit names and orders them, then the neck's axis-angle in radians.
Read are also NVIDIA's animation_frames.csv (`timeCode`, `blendShapes.JawOpen`), what face trackers
write (`frame`, `timestamp_ms`, units; NaN where they saw no face), and tables without any time, or
with frame numbers in its place, whose rate has to be told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contract import NECK, UNITS, Take
from . import live_link
from .clock import is_time, seconds
from .csv_table import Table
from .motion import Curves, MotionError, MotionFile

Doubles = npt.NDArray[np.float64]

TITLE = "ARKit csv"


def csv_text(take: Take) -> str:
    """A take as csv, one row a frame; units the take lacks are 0."""
    rest = np.zeros(len(take.weights), np.float32)
    names = (*UNITS, *NECK)
    known = [take.channel(name) if name in take.channels else rest for name in names]
    lines = [",".join(("time", *names))]
    for frame, row in enumerate(np.stack(known, axis=1).tolist()):
        values = ",".join(f"{value:.7f}" for value in row)
        lines.append(f"{frame / take.fps:.6f},{values}")
    return "\n".join(lines) + "\n"


def from_table(table: Table, fps: float | None = None) -> MotionFile:
    """What a csv of named curves holds; `fps` stands in for its time. Raises MotionError."""
    if table.names[0].lower() == "timecode" and live_link.is_timecode(table.first[0]):
        return live_link.from_table(table, fps)
    units = table.units()
    if len(units) < live_link.LEAST:
        raise MotionError(f"only {len(units)} of its columns are ARKit units such as jawOpen")
    times = None if fps else _time(table)
    if fps is None and times is None:
        raise MotionError("it does not tell its time; set its rate")
    rate = fps or live_link.rate_of(np.asarray(times))
    place = None if times is None else live_link.uniform(times, rate)
    weights = live_link.placed(np.stack(list(units.values()), axis=1), place)
    neck = table.columns(NECK)
    head = None if neck is None else live_link.placed(neck, place).astype(np.float32)
    return MotionFile(Curves(tuple(units), weights.astype(np.float32), head), rate, TITLE)


def _time(table: Table) -> Doubles | None:
    """Seconds of each row; None where no column tells."""
    if is_time(table.names[0]):
        return seconds(table.names[0], _first(table))
    for name in table.names[1:]:
        if is_time(name):
            return seconds(name, np.asarray(table.column(name)))
    return None


def _first(table: Table) -> Doubles:
    try:
        return np.array([float(cell) for cell in table.first])
    except ValueError as error:
        raise MotionError(f"its {table.names[0]} is not a number of seconds") from error
