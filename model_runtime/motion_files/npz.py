# SPDX-License-Identifier: GPL-3.0-or-later
"""The arrays of a .npz by name. Nothing pickled is read, and sizes are checked before memory is
taken: an array can say that it is larger than the disk."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..zipped import unzipped
from .motion import MOST_BYTES, MotionError

Array = npt.NDArray[Any]

ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same arrays give the same bytes
KINDS = "biufU"  # of numbers and texts
LONGEST_HEAD = 20_000  # bytes; numpy refuses to read heads of over 10,000


def read_npz(data: bytes) -> dict[str, Array]:
    """Raises MotionError with half a sentence for anything that is no npz of numbers and texts."""
    found = unzipped(data, MOST_BYTES, "motion", MotionError)
    return {name: _array(raw) for name, raw in found.items()}


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """The same arrays give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(entry, member.getvalue())
    return out.getvalue()


def rows(arrays: Mapping[str, Array], key: str, least: int = 1) -> npt.NDArray[np.float32]:
    """The array called `key` as float32 (frames, n), n at least `least`; a leading axis of 1 is
    taken off. Raises MotionError."""
    if key not in arrays:
        raise MotionError(f"it has no '{key}'")
    values = arrays[key]
    if values.ndim == 3 and len(values) == 1:
        values = values[0]
    if values.ndim != 2 or values.shape[1] < least or values.dtype.kind not in "biuf":
        raise MotionError(f"its '{key}' is {values.shape} and should be (frames, {least} or more)")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, np.float32)


def number(arrays: Mapping[str, Array], key: str, otherwise: float) -> float:
    """The single number called `key`. Raises MotionError."""
    if key not in arrays:
        return otherwise
    value = arrays[key]
    if value.size != 1 or value.dtype.kind not in "iuf":
        raise MotionError(f"its '{key}' is not a number")
    return float(value.reshape(-1)[0])


def _array(raw: memoryview) -> Array:
    member = io.BytesIO(raw[:LONGEST_HEAD])
    try:
        version = np.lib.format.read_magic(member)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, fortran, dtype = read(member)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError) as error:
        raise MotionError("one of its parts is no array") from error
    left = len(raw) - member.tell()
    if dtype.kind not in KINDS:
        raise MotionError("one of its parts holds objects in place of numbers")
    if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != left:
        raise MotionError("one of its arrays has another size than it says")
    values = np.frombuffer(raw, dtype, offset=member.tell())
    return values.reshape(shape, order="F" if fortran else "C")
