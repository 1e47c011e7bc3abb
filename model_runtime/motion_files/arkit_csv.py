# SPDX-License-Identifier: GPL-3.0-or-later
"""A csv of ARKit curves by their own names, with time in seconds: plain tables for any program.

Ours: `time`, the 52 units as ARKit names and orders them, then the neck's axis-angle in radians.
Read are also NVIDIA's animation_frames.csv (`timeCode`, `blendShapes.JawOpen`) and tables without
any time, whose rate has to be told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contract import NECK, UNITS, Take
from . import live_link
from .csv_table import Table
from .motion import Curves, MotionError, MotionFile

Doubles = npt.NDArray[np.float64]

TITLE = "ARKit csv"
LEAST = 10  # units that make a table a face
TIMES = {"time": 1.0, "timecode": 1.0, "seconds": 1.0, "timestamp_ms": 1e-3, "time_ms": 1e-3}


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
    if len(units) < LEAST:
        raise MotionError(f"only {len(units)} of its columns are ARKit units such as jawOpen")
    seconds = None if fps else _time(table)
    if fps is None and seconds is None:
        raise MotionError("it does not tell its time; set its rate")
    rate = fps or live_link.rate_of(np.asarray(seconds))
    place = None if seconds is None else live_link.uniform(seconds, rate)
    weights = live_link.placed(np.stack(list(units.values()), axis=1), place)
    neck = table.columns(NECK)
    head = None if neck is None else live_link.placed(neck, place).astype(np.float32)
    return MotionFile(Curves(tuple(units), weights.astype(np.float32), head), rate, TITLE)


def _time(table: Table) -> Doubles | None:
    """Seconds of each row; None where no column tells."""
    for name, scale in TIMES.items():
        if table.names[0].lower() == name:
            return scale * _first(table)
        if (column := table.column(name)) is not None:
            return scale * column
    return None


def _first(table: Table) -> Doubles:
    try:
        return np.array([float(cell) for cell in table.first])
    except ValueError as error:
        raise MotionError(f"its {table.names[0]} is not a number of seconds") from error
