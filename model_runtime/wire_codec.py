# SPDX-License-Identifier: GPL-3.0-or-later
"""Any frozen dataclass of the contract as JSON and arrays, and back with every type checked."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ARRAY = "array"  # key of the placeholder that stands for an array in the JSON


def flatten(value: Any, arrays: list[Array]) -> Any:
    """JSON of a value; its arrays are appended to `arrays`. Raises TypeError on what is neither."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {ARRAY: len(arrays) - 1}
    if is_dataclass(value):
        return {f.name: flatten(getattr(value, f.name), arrays) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): flatten(item, arrays) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [flatten(item, arrays) for item in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def rebuild(kind: Any, data: Any, arrays: tuple[Array, ...]) -> Any:
    """The value of type `kind` that `flatten` took apart.

    Raises TypeError, ValueError, KeyError or IndexError on anything else, and what the dataclass
    itself raises.
    """
    origin = get_origin(kind)
    if kind is Any:
        return data
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, data, arrays)
    if origin in (Union, types.UnionType):
        return _union(kind, data, arrays)
    if origin is tuple:
        return _tuple(get_args(kind), data, arrays)
    if origin is dict:
        if not isinstance(data, dict):
            raise TypeError("an object was expected")
        item = get_args(kind)[1]
        return {name: rebuild(item, one, arrays) for name, one in data.items()}
    if origin is np.ndarray:
        return _array(kind, data, arrays)
    return _plain(kind, data)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _dataclass(kind: Any, data: Any, arrays: tuple[Array, ...]) -> Any:
    hints = _hints(kind)
    return kind(**{f.name: rebuild(hints[f.name], data[f.name], arrays) for f in fields(kind)})


def _union(kind: Any, data: Any, arrays: tuple[Array, ...]) -> Any:
    """The first alternative that fits; None only where None was sent."""
    options = [one for one in get_args(kind) if one is not type(None)]
    if data is None and len(options) < len(get_args(kind)):
        return None
    for option in options[:-1]:
        try:
            return rebuild(option, data, arrays)
        except (TypeError, ValueError, KeyError):
            continue
    return rebuild(options[-1], data, arrays)


def _tuple(kinds: tuple[Any, ...], data: Any, arrays: tuple[Array, ...]) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise TypeError("a list was expected")
    if kinds[-1] is Ellipsis:
        return tuple(rebuild(kinds[0], item, arrays) for item in data)
    return tuple(rebuild(one, item, arrays) for one, item in zip(kinds, data, strict=True))


def _array(kind: Any, data: Any, arrays: tuple[Array, ...]) -> Array:
    (wanted,) = get_args(get_args(kind)[1])
    array = arrays[int(data[ARRAY])]
    if array.dtype != np.dtype(wanted):
        raise TypeError(f"an array of {array.dtype} where one of {np.dtype(wanted)} should be")
    return array


def _plain(kind: Any, data: Any) -> Any:
    if kind is Path and isinstance(data, str):
        return Path(data)
    if kind is float and type(data) in (int, float):
        return float(data)
    if type(data) is not kind:
        raise TypeError(f"a {type(data).__name__} where a {kind} should be")
    return data
