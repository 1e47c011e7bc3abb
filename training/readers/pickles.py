# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's pickles, read without running them: `model_runtime.flame_pickle` does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.flame_pickle import FlameError, array, items, read_pickle

from .record import DataError


def dictionary(data: bytes, name: str) -> dict[str, Any]:
    """The dictionary that a pickle of either Python holds. Raises DataError that names it."""
    try:
        return items(read_pickle(data))
    except FlameError as error:
        raise DataError(f"'{name}' was not read: {error}. Nothing in it was run.") from error


def dictionary_file(path: Path) -> dict[str, Any]:
    """The dictionary of a pickle file. Raises DataError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"'{path}' cannot be read ({error.strerror}).") from error
    return dictionary(data, path.name)


def inner(value: Any, name: str) -> dict[str, Any]:
    """A dictionary inside one."""
    try:
        return items(value)
    except FlameError as error:
        raise DataError(f"'{name}' was not read: {error}.") from error


def numbers(parts: dict[str, Any], key: str, name: str) -> npt.NDArray[Any]:
    """The array called `key`. Raises DataError."""
    if key not in parts:
        raise DataError(f"'{name}' has no '{key}'.")
    return _array(parts[key], f"{name}: {key}")


def single(value: Any, name: str) -> float:
    """One number, of Python or of numpy."""
    return float(_array(value, name).reshape(-1)[0])


def _array(value: Any, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(array(value))
    except FlameError as error:
        raise DataError(f"'{name}' was not read: {error}.") from error


def whole(parts: dict[str, Any], key: str, name: str) -> int:
    """The whole number called `key`. Raises DataError."""
    return int(numbers(parts, key, name).reshape(-1)[0])
