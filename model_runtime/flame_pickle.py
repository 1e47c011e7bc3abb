# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the numbers out of a pickle without running it.

Python's own unpickler imports and calls what a file names. This one is a reader of its own: it
knows the opcodes that hold data, and the dozen classes that model files are made of, each as an
inert record of its arguments. Nothing is imported and nothing is called; any other name ends the
reading. Arrays are views of the bytes that were read, so memory stays within the file's size.
"""

from __future__ import annotations

import codecs
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from .contract import ThunderError
from .flame_text import LongText, unquoted

Array = npt.NDArray[Any]

MOST_STEPS = 1_000_000  # opcodes; a FLAME file has under a thousand
LONG = 100_000  # bytes
MOST_DIGITS = 300  # of a whole number written as text
SPARSE = ("csc_matrix", "csr_matrix", "csc_array", "csr_array")
MAKERS = ("_reconstructor", "__newobj__")  # their first argument is the class
ALLOWED = {
    "numpy.ndarray",
    "numpy.dtype",
    "_codecs.encode",
    *(f"{room}.{name}" for room in ("copy_reg", "copyreg") for name in MAKERS),
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch.storage._load_from_bytes",
    *(f"torch.{kind}Storage" for kind in ("Float", "Double", "Long", "Int")),
    *(f"{room}.{name}" for room in ("__builtin__", "builtins") for name in ("object", "set")),
    *(
        f"numpy.{core}.{name}"
        for core in ("core", "_core")
        for name in ("multiarray._reconstruct", "multiarray.scalar", "numeric._frombuffer")
    ),
    *(f"scipy.sparse.{room}.{name}" for name in SPARSE for room in (name[:3], f"_{name[:3]}")),
}
CHUMPY = "chumpy."  # its classes are inert records, too
NUMBERS = {"b1", "f2", "f4", "f8", *(f"{sign}{size}" for sign in "iu" for size in (1, 2, 4, 8))}
DEEPEST = 4  # chumpy arrays inside chumpy arrays


class FlameError(ThunderError):
    """A face file cannot be used; the message says which and why."""


@dataclass
class Record:
    """What stands in for an object: its class by name, and what it was made of."""

    kind: str
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(frozen=True)
class Name:
    """A class or function that the file names."""

    path: str


MARK = object()


@dataclass
class _Reader:
    data: bytes
    place: int = 0
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def take(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.data):
            raise FlameError("the file breaks off")
        self.place += count
        return self.data[self.place - count : self.place]

    def raw(self, count: int) -> bytes | memoryview:
        """The same; what is long is not copied, which would keep other threads waiting."""
        if count < LONG:
            return self.take(count)
        start = self.place
        if start + count > len(self.data):
            raise FlameError("the file breaks off")
        self.place += count
        return memoryview(self.data)[start : self.place]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> bytes:
        return bytes(self.raw_line())

    def raw_line(self) -> bytes | memoryview:
        """The same, not copied where it is long."""
        end = self.data.find(b"\n", self.place)
        if end < 0:
            raise FlameError("the file breaks off")
        return self.raw(end + 1 - self.place)[:-1]

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise FlameError("the file is damaged")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise FlameError("the file is damaged")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise FlameError("the file is damaged")


def read_pickle(data: bytes) -> Any:
    """What the pickle holds: plain values, and a Record for each object.

    Raises FlameError with half a sentence that says what is wrong with the file.
    """
    return _read_one(_Reader(data))


def read_pickles(data: bytes, count: int) -> tuple[list[Any], bytes]:
    """What `count` pickles hold that follow each other, and the bytes after them."""
    reader, found = _Reader(data), []
    for _ in range(count):
        reader.stack, reader.memo = [], {}
        found.append(_read_one(reader))
    return found, data[reader.place :]


def _read_one(reader: _Reader) -> Any:
    for _ in range(MOST_STEPS):
        code = reader.take(1)
        if code == b".":
            return reader.pop()
        step = STEPS.get(code)
        if step is None:
            raise FlameError("it is not a pickle of numbers")
        step(reader)
    raise FlameError("it has more parts than a face")


def text(value: Any) -> str:
    """A string of either Python; '' for what is none."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def items(value: Any) -> dict[str, Any]:
    """A dictionary by its text keys. Raises FlameError for anything else."""
    if isinstance(value, Record) and value.kind == "collections.OrderedDict":
        value = value.state
    if not isinstance(value, dict):
        raise FlameError("it does not hold a dictionary")
    return {text(key): entry for key, entry in value.items()}


def array(value: Any) -> Array:
    """The numbers of a value: an array, a chumpy array, a sparse matrix (made dense), a list."""
    for _ in range(DEEPEST):
        if isinstance(value, Record) and value.kind == "chumpy.ch.Ch":
            value = items(value.state).get("x")
    if isinstance(value, Record):
        return _record_array(value)
    if isinstance(value, int | float):
        return np.asarray(value)
    if isinstance(value, list | tuple) and all(type(entry) in (int, float) for entry in value):
        return np.asarray(value)
    raise FlameError("one of its parts is not an array of numbers")


def _record_array(record: Record) -> Array:
    name = record.kind.rpartition(".")[2]
    if record.kind.startswith(CHUMPY):
        raise FlameError(f"it holds an expression ({record.kind}) in place of numbers")
    if name == "_reconstruct" and isinstance(record.state, tuple) and len(record.state) == 5:
        _, shape, dtype, fortran, raw = record.state
        return _from_bytes(raw, dtype, shape, "F" if fortran else "C")
    if name == "_frombuffer" and len(record.arguments) == 4:
        raw, dtype, shape, order = record.arguments
        return _from_bytes(raw, dtype, shape, text(order))
    if name == "scalar" and len(record.arguments) == 2:
        return _from_bytes(record.arguments[1], record.arguments[0], (), "C")
    if name in SPARSE:
        return _dense(items(record.state), by_column=name.startswith("csc"))
    raise FlameError("one of its parts is not an array of numbers")


def _from_bytes(raw: Any, dtype: Any, shape: Any, order: str) -> Array:
    kind = _dtype(dtype)
    if isinstance(raw, Record) and raw.kind == "_codecs.encode" and raw.arguments:
        said = raw.arguments[0]
        long = isinstance(said, LongText)
        raw = said.latin() if long else text(said).encode("latin-1", "replace")
    if not isinstance(raw, bytes | memoryview) or not _is_shape(shape):
        raise FlameError("one of its arrays is damaged")
    if math.prod(shape) * kind.itemsize != len(raw):
        raise FlameError("one of its arrays has another size than it says")
    flat = np.frombuffer(raw, kind)
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _is_shape(shape: Any) -> TypeGuard[tuple[int, ...]]:
    return (
        isinstance(shape, tuple)
        and len(shape) <= 4
        and all(type(size) is int and 0 <= size < 2**32 for size in shape)
    )


def _dtype(record: Any) -> np.dtype[Any]:
    """Numbers only: no objects, no structures."""
    if not isinstance(record, Record) or record.kind != "numpy.dtype" or not record.arguments:
        raise FlameError("one of its arrays is damaged")
    code = text(record.arguments[0])
    if code not in NUMBERS:
        raise FlameError(f"one of its arrays holds '{code[:20]}' and not numbers")
    order = text(record.state[1]) if isinstance(record.state, tuple) and record.state[1:] else "<"
    return np.dtype((">" if order == ">" else "<") + code)


def _dense(state: dict[str, Any], by_column: bool) -> Array:
    shape = state.get("_shape", state.get("shape"))
    if not _is_shape(shape) or len(shape) != 2 or min(shape) > 64 or max(shape) > 1_000_000:
        raise FlameError("its sparse matrix is damaged")
    data, inner, starts = (array(state.get(key)).ravel() for key in ("data", "indices", "indptr"))
    outer = shape[1] if by_column else shape[0]
    starts = starts.astype(np.int64)
    counts = starts[1:] - starts[:-1]
    if len(starts) != outer + 1 or (counts < 0).any() or counts.sum() != len(inner):
        raise FlameError("its sparse matrix is damaged")
    if len(inner) != len(data) or starts[0] != 0:
        raise FlameError("its sparse matrix is damaged")
    place = np.stack([inner.astype(np.int64), np.repeat(np.arange(outer), counts)])
    rows, columns = place if by_column else place[::-1]
    if len(inner) and (place.min() < 0 or rows.max() >= shape[0] or columns.max() >= shape[1]):
        raise FlameError("its sparse matrix is damaged")
    dense = np.zeros(shape, np.float64)
    np.add.at(dense, (rows, columns), data)
    return dense


# What each opcode does: one small function each, by the byte that names it.


def _name(reader: _Reader, module: str, name: str) -> None:
    path = f"{module}.{name}"
    if path not in ALLOWED and not path.startswith(CHUMPY):
        raise FlameError(f"it asks for '{path[:80]}', which no face file needs, and was not opened")
    reader.stack.append(Name(path))


def _global(reader: _Reader) -> None:
    module = reader.line().decode("latin-1")
    _name(reader, module, reader.line().decode("latin-1"))


def _stack_global(reader: _Reader) -> None:
    name, module = text(reader.pop()), text(reader.pop())
    _name(reader, module, name)


def _reduce(reader: _Reader) -> None:
    arguments, called = reader.pop(), reader.pop()
    if not isinstance(called, Name) or not isinstance(arguments, tuple):
        raise FlameError("the file is damaged")
    if called.path.endswith(MAKERS) and arguments and isinstance(arguments[0], Name):
        called, arguments = arguments[0], ()
    reader.stack.append(Record(called.path, arguments))


def _build(reader: _Reader) -> None:
    state, record = reader.pop(), reader.top()
    if not isinstance(record, Record):
        raise FlameError("the file is damaged")
    record.state = state


def _target(reader: _Reader, kind: type) -> Any:
    """The list or dictionary on top, or what holds the items of a Record."""
    top = reader.top()
    if isinstance(top, Record):
        top.state = kind() if top.state is None else top.state
        top = top.state
    if not isinstance(top, kind):
        raise FlameError("the file is damaged")
    return top


def _put_items(reader: _Reader, entries: list[Any]) -> None:
    target = _target(reader, dict)
    for key, value in zip(entries[::2], entries[1::2], strict=False):
        if not isinstance(key, str | bytes | int):
            raise FlameError("the file is damaged")
        target[key] = value


def _dict(reader: _Reader) -> None:
    entries = reader.since_mark()
    reader.stack.append({})
    _put_items(reader, entries)


def _set_item(reader: _Reader) -> None:
    value, key = reader.pop(), reader.pop()
    _put_items(reader, [key, value])


def _append(reader: _Reader) -> None:
    value = reader.pop()
    _target(reader, list).append(value)


def _appends(reader: _Reader) -> None:
    entries = reader.since_mark()
    _target(reader, list).extend(entries)


def _tuple(reader: _Reader, count: int) -> None:
    entries = [reader.pop() for _ in range(count)]
    reader.stack.append(tuple(reversed(entries)))


def _get(reader: _Reader, key: int) -> None:
    if key not in reader.memo:
        raise FlameError("the file is damaged")
    reader.stack.append(reader.memo[key])


def _whole(digits: bytes) -> Any:
    """Protocol 0's whole numbers, in which 00 and 01 are False and True."""
    if digits in (b"00", b"01"):
        return digits == b"01"
    if len(digits) > MOST_DIGITS:
        raise FlameError("the file is damaged")
    try:
        return int(digits.rstrip(b"L"))
    except ValueError as error:
        raise FlameError("the file is damaged") from error


def _real(digits: bytes) -> float:
    try:
        return float(digits)
    except ValueError as error:
        raise FlameError("the file is damaged") from error


def _quoted(line: bytes | memoryview) -> bytes | memoryview:
    if len(line) < 2 or line[0] != line[-1] or bytes(line[:1]) not in b"'\"":
        raise FlameError("the file is damaged")
    try:
        if isinstance(line, memoryview):
            return unquoted(line[1:-1])
        return bytes(codecs.escape_decode(line[1:-1])[0])
    except ValueError as error:
        raise FlameError("the file is damaged") from error


def _utf8(raw: bytes | memoryview) -> str | LongText:
    return LongText(raw) if isinstance(raw, memoryview) else raw.decode("utf-8", "replace")


def _escaped(raw: bytes | memoryview) -> str | LongText:
    if isinstance(raw, memoryview):
        return LongText(raw, escaped=True)
    return raw.decode("raw-unicode-escape", "replace")


def _long(raw: bytes) -> int:
    if len(raw) > MOST_DIGITS:
        raise FlameError("the file is damaged")
    return int.from_bytes(raw, "little", signed=True)


Step = Callable[[_Reader], None]


def _pushes(value: Callable[[_Reader], Any]) -> Step:
    return lambda reader: reader.stack.append(value(reader))


def _skips(value: Callable[[_Reader], Any]) -> Step:
    def step(reader: _Reader) -> None:
        value(reader)

    return step


def _sized(form: str, of: Callable[[bytes], Any]) -> Step:
    return _pushes(lambda reader: of(reader.take(reader.number(form))))


def _raw(form: str) -> Step:
    return _pushes(lambda reader: reader.raw(reader.number(form)))


def _text(form: str) -> Step:
    return _pushes(lambda reader: _utf8(reader.raw(reader.number(form))))


def _remember(key: Callable[[_Reader], int]) -> Step:
    def step(reader: _Reader) -> None:
        reader.memo[key(reader)] = reader.top()

    return step


def _recall(key: Callable[[_Reader], int]) -> Step:
    return lambda reader: _get(reader, key(reader))


def _line_key(reader: _Reader) -> int:
    return int(_whole(reader.line()))


STEPS: dict[bytes, Step] = {
    b"\x80": _skips(lambda reader: reader.take(1)),  # protocol
    b"\x95": _skips(lambda reader: reader.take(8)),  # frame
    b"(": lambda reader: reader.stack.append(MARK),
    b"0": _skips(_Reader.pop),
    b"1": _skips(_Reader.since_mark),
    b"2": _pushes(_Reader.top),
    b"N": _pushes(lambda reader: None),
    b"\x88": _pushes(lambda reader: True),
    b"\x89": _pushes(lambda reader: False),
    b"I": _pushes(lambda reader: _whole(reader.line())),
    b"L": _pushes(lambda reader: _whole(reader.line())),
    b"F": _pushes(lambda reader: _real(reader.line())),
    b"G": _pushes(lambda reader: struct.unpack(">d", reader.take(8))[0]),
    b"J": _pushes(lambda reader: reader.number("<i")),
    b"K": _pushes(lambda reader: reader.number("<B")),
    b"M": _pushes(lambda reader: reader.number("<H")),
    b"\x8a": _sized("<B", _long),
    b"\x8b": _sized("<i", _long),
    b"S": _pushes(lambda reader: _quoted(reader.raw_line())),
    b"T": _raw("<i"),
    b"U": _raw("<B"),
    b"B": _raw("<I"),
    b"C": _raw("<B"),
    b"\x8e": _raw("<Q"),
    b"\x96": _raw("<Q"),
    b"V": _pushes(lambda reader: _escaped(reader.raw_line())),
    b"X": _text("<I"),
    b"\x8c": _text("<B"),
    b"\x8d": _text("<Q"),
    b"c": _global,
    b"\x93": _stack_global,
    b"R": _reduce,
    b"Q": _pushes(lambda reader: Record("persistent", (reader.pop(),))),
    b"\x81": _reduce,  # a new object: its class and arguments
    b"b": _build,
    b"}": _pushes(lambda reader: {}),
    b"d": _dict,
    b"s": _set_item,
    b"u": lambda reader: _put_items(reader, reader.since_mark()),
    b"]": _pushes(lambda reader: []),
    b"l": _pushes(_Reader.since_mark),
    b"a": _append,
    b"e": _appends,
    b"\x8f": _pushes(lambda reader: []),  # a set; its members matter to no array
    b"\x90": _appends,
    b")": _pushes(lambda reader: ()),
    b"t": _pushes(lambda reader: tuple(reader.since_mark())),
    b"\x85": lambda reader: _tuple(reader, 1),
    b"\x86": lambda reader: _tuple(reader, 2),
    b"\x87": lambda reader: _tuple(reader, 3),
    b"p": _remember(_line_key),
    b"q": _remember(lambda reader: reader.number("<B")),
    b"r": _remember(lambda reader: reader.number("<I")),
    b"\x94": _remember(lambda reader: len(reader.memo)),
    b"g": _recall(_line_key),
    b"h": _recall(lambda reader: reader.number("<B")),
    b"j": _recall(lambda reader: reader.number("<I")),
}
