# SPDX-License-Identifier: GPL-3.0-or-later
"""How Blender and the worker talk: frames over pipes, and the contract's data in them.

A frame is a 4-byte length and a 4-byte checksum of a JSON header, the header, then the raw bytes
of the arrays that the header lists. Both ends check every size before they make room for it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args

import numpy as np
import numpy.typing as npt

from . import contract
from .contract import (
    Answer,
    EngineError,
    EngineReport,
    GenerateRequest,
    Hold,
    Progress,
    Question,
    Settings,
    Take,
    ThunderError,
)
from .wire_codec import flatten, rebuild

PROTOCOL = 3  # of the messages; both ends must have the same
# kinds of message, to the worker
GENERATE, ASK, TEST, CANCEL, QUIT = "generate", "ask", "test", "cancel", "quit"
# and from it; ALIVE says that the process is well while it has nothing else to say
HELLO, READY, ALIVE, PROGRESS, TAKE, ANSWER, REPORT, ERROR, BYE = (
    "hello",
    "ready",
    "alive",
    "progress",
    "take",
    "answer",
    "report",
    "error",
    "bye",
)
MAX_HEADER = 4 << 20  # bytes
MAX_ARRAYS = 1 << 30  # bytes of all arrays of a frame together
MAX_COUNT = 256  # arrays in a frame
MAX_DIMENSIONS = 4
DTYPES = ("<f4", "<f8", "<i4", "<i8", "|u1")
_PREFIX = struct.Struct(">II")

Array = npt.NDArray[Any]
Body = dict[str, Any]
DataT = TypeVar("DataT")


class WireError(EngineError):
    """What came through the pipe is not a whole frame of ours."""


@dataclass(frozen=True)
class Message:
    """One frame: its kind, its JSON values and its arrays."""

    kind: str
    body: Body
    arrays: tuple[Array, ...] = ()


def pack(message: Message) -> bytes:
    """The bytes of a frame. Raises WireError when it is over the limits."""
    arrays = [_plain(array) for array in message.arrays]
    raw = [array.tobytes() for array in arrays]
    listed = [
        {"dtype": array.dtype.str, "shape": list(array.shape), "crc": zlib.crc32(data)}
        for array, data in zip(arrays, raw, strict=True)
    ]
    header = json.dumps({"kind": message.kind, "body": message.body, "arrays": listed}).encode()
    if len(header) > MAX_HEADER or sum(map(len, raw)) > MAX_ARRAYS or len(raw) > MAX_COUNT:
        raise WireError("A message to or from the engine is too large. Use a shorter line.")
    return b"".join((_PREFIX.pack(len(header), zlib.crc32(header)), header, *raw))


def read_message(stream: BinaryIO) -> Message | None:
    """The next frame of a blocking stream, None at its orderly end. Raises WireError."""
    prefix = _read(stream, _PREFIX.size, may_end=True)
    if not prefix:
        return None
    length, checksum = _PREFIX.unpack(prefix)
    if length > MAX_HEADER:
        raise _damaged(f"it begins with {bytes(prefix)!r}")
    header = _read(stream, length)
    if zlib.crc32(header) != checksum:
        raise _damaged("the checksum of a header is wrong")
    kind, body, listed = _header(header)
    return Message(kind, body, tuple(_read_array(stream, entry) for entry in _sizes(listed)))


def _read(stream: BinaryIO, size: int, may_end: bool = False) -> bytearray:
    data = bytearray(size)
    place = 0
    view = memoryview(data)
    while place < size:
        got = stream.readinto(view[place:])  # type: ignore[attr-defined]
        if not got:
            if may_end and not place:
                return bytearray()
            raise _damaged("it ends in the middle of a message")
        place += got
    return data


def _header(data: bytearray) -> tuple[str, Body, list[Any]]:
    try:
        header = json.loads(data)
        kind, body, listed = header["kind"], header["body"], header["arrays"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged("a header cannot be read") from error
    if not (isinstance(kind, str) and isinstance(body, dict) and isinstance(listed, list)):
        raise _damaged("a header holds something unexpected")
    return kind, body, listed


@dataclass(frozen=True)
class _Listed:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    crc: int

    @property
    def size(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def _sizes(listed: list[Any]) -> list[_Listed]:
    """What the header says of its arrays, within the limits."""
    if len(listed) > MAX_COUNT:
        raise _damaged(f"a header lists {len(listed)} arrays")
    entries = [_listed(entry) for entry in listed]
    if sum(entry.size for entry in entries) > MAX_ARRAYS:
        raise _damaged("a header lists arrays that are too large")
    return entries


def _listed(entry: Any) -> _Listed:
    try:
        dtype, shape, crc = entry["dtype"], entry["shape"], entry["crc"]
    except (KeyError, TypeError) as error:
        raise _damaged("a header describes no array where one should be") from error
    numbers = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in [*shape, crc])
    if not numbers or dtype not in DTYPES or len(shape) > MAX_DIMENSIONS:
        raise _damaged("a header describes an array that cannot be")
    return _Listed(np.dtype(dtype), tuple(shape), crc)


def _read_array(stream: BinaryIO, listed: _Listed) -> Array:
    data = _read(stream, listed.size)
    if zlib.crc32(data) != listed.crc:
        raise _damaged("the checksum of an array is wrong")
    return np.frombuffer(data, listed.dtype).reshape(listed.shape)


def _plain(array: Array) -> Array:
    """The array in one of DTYPES, little-endian and contiguous."""
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    if plain.dtype.str not in DTYPES:
        raise WireError(f"An array of {array.dtype} cannot be sent to or from the engine.")
    return plain.reshape(array.shape)


def _damaged(how: str) -> WireError:
    return WireError(
        f"What the engine and Blender sent each other is damaged ({how}). "
        "Generate again: a fresh engine is started."
    )


# The contract's data in messages -----------------------------------------------------------------


def request_message(number: int, request: GenerateRequest) -> Message:
    """The message that asks for a take; `number` names the job from then on."""
    settings = request.settings
    body: Body = {**asdict(settings), "id": number, "audio": str(request.audio)}
    body |= {"start": request.start, "duration": request.duration}
    body["transcript"] = request.transcript
    arrays: tuple[Array, ...] = ()
    if request.hold is not None:
        arrays = (request.hold.weights, request.hold.kept)
    body["hold"] = request.hold is not None
    if isinstance(settings.intensity, tuple):  # an animated value has a key a frame
        arrays += (np.array(settings.intensity, np.float64).reshape(-1, 2),)
        body["intensity"] = None
    return Message(GENERATE, body, arrays)


def read_request(message: Message) -> GenerateRequest:
    """What `request_message` wrote. Raises WireError, and RequestError as the contract does."""
    body = message.body
    with _Understood():
        intensity: Any = body["intensity"]
        if intensity is None:
            intensity = tuple((float(second), float(value)) for second, value in message.arrays[-1])
        emotion = body["emotion"]
        if isinstance(emotion, list):
            emotion = tuple((float(second), str(name)) for second, name in emotion)
        rest = {name: body[name] for name in ("seed", "articulation", "smoothing")}
        settings = Settings(intensity=intensity, emotion=emotion, **rest)
        transcript = body["transcript"]
        if not isinstance(transcript, str):
            raise ValueError("a transcript that is no text")
        hold = Hold(*message.arrays[:2]) if body["hold"] else None
        return GenerateRequest(
            Path(body["audio"]), settings, body["start"], body["duration"], transcript, hold
        )


def ask_message(number: int, question: Question) -> Message:
    """The message that puts any other question; `number` names the job from then on."""
    return _told(ASK, number, question)


def read_ask(message: Message) -> Question:
    """What `ask_message` wrote. Raises WireError, and RequestError as the contract does."""
    question: Question = _untold(message, get_args(Question))
    return question


def answer_message(number: int, answer: Answer) -> Message:
    """What came of a question."""
    return _told(ANSWER, number, answer)


def read_answer(message: Message) -> Answer:
    """What `answer_message` wrote. Raises WireError."""
    answer: Answer = _untold(message, get_args(Answer))
    return answer


def _told(kind: str, number: int, value: Question | Answer) -> Message:
    arrays: list[Array] = []
    body = {"id": number, "class": type(value).__name__, "value": flatten(value, arrays)}
    return Message(kind, body, tuple(arrays))


def _untold(message: Message, known: tuple[type, ...]) -> Any:
    with _Understood():
        kinds = {kind.__name__: kind for kind in known}
        kind = kinds[message.body["class"]]
        return rebuild(kind, message.body["value"], message.arrays)


def take_message(number: int, take: Take, work_seconds: float = 0.0) -> Message:
    """A finished take and how long its generation took.

    Provenance travels as JSON: its tuples arrive as lists.
    """
    body = {
        "id": number,
        "channels": list(take.channels),
        "fps": take.fps,
        "provenance": take.provenance,
        "work_seconds": work_seconds,
    }
    return Message(TAKE, body, (np.asarray(take.weights, np.float32),))


def read_take(message: Message) -> Take:
    """What `take_message` wrote. Raises WireError when its weights do not fit its channels."""
    body = message.body
    with _Understood():
        (weights,) = message.arrays
        channels = tuple(str(name) for name in body["channels"])
        if weights.shape != (len(weights), len(channels)):
            raise ValueError("weights and channels differ")
        return Take(weights, channels, float(body["fps"]), dict(body["provenance"]))


def progress_message(number: int, progress: Progress) -> Message:
    return Message(PROGRESS, {"id": number, **asdict(progress)})


def read_progress(message: Message) -> Progress:
    return _read_data(Progress, message.body)


def report_message(number: int, report: EngineReport) -> Message:
    return Message(REPORT, {"id": number, **asdict(report)})


def read_report(message: Message) -> EngineReport:
    return _read_data(EngineReport, message.body)


def error_message(number: int | None, error: ThunderError) -> Message:
    """A failure: the class's name and the user's sentence. `number` None: of the whole engine."""
    return Message(ERROR, {"id": number, "class": type(error).__name__, "message": str(error)})


def read_error(message: Message) -> ThunderError:
    """The error itself; of a class that this side does not know, an EngineError."""
    with _Understood():
        kind = getattr(contract, str(message.body["class"]), EngineError)
        known = isinstance(kind, type) and issubclass(kind, ThunderError)
        return (kind if known else EngineError)(str(message.body["message"]))


def job_number(message: Message) -> int | None:
    """The job that a message is about, None when about none. Raises WireError."""
    number = message.body.get("id")
    if number is not None and type(number) is not int:
        raise _damaged(f"a message '{message.kind}' names no job")
    return number


def _read_data(kind: type[DataT], body: Mapping[str, Any]) -> DataT:
    with _Understood():
        return kind(**{field.name: body[field.name] for field in fields(kind)})  # type: ignore[arg-type]


class _Understood:
    """Turns the errors of reading a body into a WireError; swallows none."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | IndexError | OverflowError):
            raise _damaged(f"a message holds something unexpected: {error}") from error
