# SPDX-License-Identifier: GPL-3.0-or-later
"""A csv with a header becomes names and numbers; what is wrong with it is told with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..contract import UNITS
from .motion import MOST_FRAMES, MotionError

Doubles = npt.NDArray[np.float64]

BLOCK = 4096  # rows that are Python numbers at once
MISSING = frozenset(("", "nan", "null", "none", "n/a", "na", "-"))  # cells without a measurement
WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16, as Excel's "Unicode text" has
SIDES = {"l": "left", "r": "right"}
_BY_FOLDED = {unit.lower(): unit for unit in UNITS}


@dataclass(frozen=True)
class Table:
    """Column names, the first column as text, and all others as numbers (rows, columns - 1)."""

    names: tuple[str, ...]
    first: tuple[str, ...]
    values: Doubles

    def column(self, name: str) -> Doubles | None:
        """The column called `name`, in any case; None where there is none, or it is the first."""
        lowered = [each.lower() for each in self.names]
        if name.lower() not in lowered[1:]:
            return None
        return np.asarray(self.values[:, lowered.index(name.lower(), 1) - 1])

    def columns(self, names: Sequence[str]) -> Doubles | None:
        """These columns side by side; None where one of them is missing."""
        found = [self.column(name) for name in names]
        kept = [column for column in found if column is not None]
        return np.stack(kept, axis=1) if len(kept) == len(found) else None

    def units(self) -> dict[str, Doubles]:
        """The columns that are ARKit units, by the unit's own name."""
        found: dict[str, Doubles] = {}
        for place, name in enumerate(self.names[1:]):
            if (unit := unit_of(name)) is not None:
                found.setdefault(unit, np.asarray(self.values[:, place]))
        return found


def read_table(data: bytes) -> Table:
    """Commas, semicolons or tabs; a row in which no face was seen repeats the one before it.

    Such rows have nothing, or NaN and the like, in every unit's cell, whatever their other cells
    tell. Lines before the header that are comments (`#`) or Excel's `sep=` are passed over, and so
    are columns at the end that have no name. Raises MotionError.
    """
    if data.count(b"\n") > MOST_FRAMES + 100:
        raise MotionError(f"it has more than {MOST_FRAMES} lines, too many to import")
    text = _after_comments(_text(data))
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise MotionError("it is not a csv file") from error
    if len(rows) < 2:
        raise MotionError("it has no frames")
    names = _names(rows[0])
    faces = [place for place, name in enumerate(names[1:]) if unit_of(name) is not None]
    starts = range(1, len(rows), BLOCK)
    blocks = [_numbers(rows[at : at + BLOCK], at, len(names), faces, delimiter) for at in starts]
    values = _held(np.concatenate(blocks), faces)
    return Table(names, tuple(row[0].strip() for row in rows[1:]), values)


def unit_of(name: str) -> str | None:
    """The ARKit unit that a column or curve is named after: eyeBlinkLeft, EyeBlinkLeft,
    eyeBlink_L, eye_blink_left, blendShapes.EyeBlinkLeft; None for anything else."""
    tail = name.rpartition(".")[2] if not name.lower().endswith((".l", ".r")) else name
    parts = [part for part in re.split(r"[^0-9a-z]+", tail.lower()) if part]
    if len(parts) > 1 and parts[-1] in SIDES:
        parts[-1] = SIDES[parts[-1]]
    return _BY_FOLDED.get("".join(parts))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16" if data.startswith(WIDE) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise MotionError("it is not a text file") from error


def _after_comments(text: str) -> str:
    while text.startswith(("#", "sep=")):
        text = text.partition("\n")[2]
    return text


def _names(header: Sequence[str]) -> tuple[str, ...]:
    names = [name.strip() for name in header]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return tuple(names)


def _numbers(
    rows: Sequence[Sequence[str]], first: int, width: int, faces: Sequence[int], delimiter: str
) -> Doubles:
    """Rows as numbers (rows, width - 1); NaN, to be held, where a row has no measurement."""
    block = np.zeros((len(rows), width - 1))
    for place, row in enumerate(rows):
        cells = row[1:width]
        if not any(cell.strip() not in ("", "0") for cell in cells) and "" in (
            *cells,
            *row[width:],
        ):
            block[place] = np.nan
            continue
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            raise MotionError(
                f"line {first + place + 1} has {len(row)} cells and its header has {width}"
            )
        block[place] = _row(cells, first + place + 1, delimiter)
        if faces and all(cells[at].strip().lower() in MISSING for at in faces):
            lacking = [at for at, cell in enumerate(cells) if _is_missing(cell)]
            block[place, lacking] = np.nan
    return block


def _row(cells: Sequence[str], line: int, delimiter: str) -> list[float]:
    if delimiter == ";":
        cells = [cell.replace(",", ".") for cell in cells]
    try:
        return [float(cell or 0) for cell in cells]
    except ValueError:
        return [_number(cell.strip(), line) for cell in cells]


def _number(cell: str, line: int) -> float:
    if _is_missing(cell):
        return float("nan") if cell else 0.0
    try:
        return float(cell)
    except ValueError as error:
        raise MotionError(f"line {line} holds '{cell[:30]}' in place of a number") from error


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def _held(values: Doubles, faces: Sequence[int]) -> Doubles:
    """Rows with NaN for every unit take what they lack from the row before them; rest before the
    first measurement. Other numbers of such a row, as its time, stay."""
    seen = np.asarray(faces) if len(faces) else np.arange(values.shape[1])
    empty = np.asarray(np.isnan(values[:, seen]).all(axis=1))
    if not empty.any() or not values.shape[1]:
        return values
    source = np.maximum.accumulate(np.where(empty, -1, np.arange(len(values))))
    before = values[np.maximum(source, 0)]
    before[source < 0] = 0.0
    return np.where(np.expand_dims(empty, 1) & np.isnan(values), before, values)
