# SPDX-License-Identifier: GPL-3.0-or-later
"""Face Cap's text recording: a line `bs` with the units' names, then a line `k` a frame.

A frame has milliseconds since the start, the head's place (3) and turn (3, degrees), two angles of
each eye, and a weight for each name. Lines of other kinds are passed over. The head is left out:
about which axes it turns is not told.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from . import live_link
from .csv_table import unit_of
from .motion import MOST_FRAMES, Curves, MotionError, MotionFile

TITLE = "Face Cap recording"
NAMES, FRAME = "bs", "k"
BEFORE = 12  # cells of a frame before its weights
MS = 1e-3


def from_text(data: bytes, fps: float | None = None) -> MotionFile:
    """What such a recording holds; `fps` stands in for its times. Raises MotionError."""
    names, rows = _parts(data)
    if not names or not rows:
        raise MotionError("it is no Face Cap recording: it has no line 'bs' or no lines 'k'")
    try:
        table = np.array([row[1:] for row in rows], np.float64)
    except ValueError as error:
        raise MotionError("its frames have different lengths, or hold no numbers") from error
    if table.shape[1] != BEFORE - 1 + len(names):
        raise MotionError(
            f"its frames have {table.shape[1] + 1} cells, and {BEFORE} and {len(names)} weights "
            "are expected"
        )
    if not np.isfinite(table).all():
        raise MotionError("its frames hold values that are not numbers")
    rate = fps or live_link.rate_of(table[:, 0] * MS)
    place = None if fps else live_link.uniform(table[:, 0] * MS, rate)
    weights = live_link.placed(table[:, BEFORE - 1 :], place).astype(np.float32)
    known = tuple(unit_of(name) or name for name in names)
    return MotionFile(Curves(known, weights), rate, TITLE)


def _parts(data: bytes) -> tuple[list[str], list[list[str]]]:
    """The names and the frames' cells."""
    if data.count(b"\n") > MOST_FRAMES + 100:
        raise MotionError(f"it has more than {MOST_FRAMES} lines, too many to import")
    try:
        lines = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise MotionError("it is not a text file") from error
    kinds = [row[0].strip() for row in lines]
    names = lines[kinds.index(NAMES)][1:] if NAMES in kinds else []
    rows = [row for row, kind in zip(lines, kinds, strict=True) if kind == FRAME]
    names = [name.strip() for name in names if name.strip()]
    width = BEFORE + len(names)
    return names, [row[:width] if not any(row[width:]) else row for row in rows]
