# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames arrive as they were sent, or are refused in one sentence before they take any memory."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from model_runtime import wire
from model_runtime.contract import (
    CHANNELS,
    UNITS,
    Advice,
    AudioError,
    BestRequest,
    CancelledError,
    EngineError,
    EngineReport,
    FaceMotion,
    GenerateRequest,
    HeardMesh,
    HearRequest,
    Hold,
    MeasureRequest,
    Meter,
    Progress,
    Ranked,
    Recognised,
    RecogniseRequest,
    Repaired,
    RepairRequest,
    RequestError,
    Settings,
    Sound,
    Take,
)

TAKE = Take(np.random.default_rng(0).random((20, 55), np.float32), CHANNELS, 50.0, {"seed": 7})


def through(message: wire.Message) -> wire.Message:
    stream = io.BytesIO(wire.pack(message))
    back = wire.read_message(stream)
    assert wire.read_message(stream) is None
    assert back is not None
    return back


def frame(header: object, rest: bytes = b"") -> io.BytesIO:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(struct.pack(">II", len(data), zlib.crc32(data)) + data + rest)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(3, 0.25, "happy", 1.2, 0.5),
        Settings(intensity=((0.0, 0.2), (1.0, 1.5)), emotion=((0.0, "sad"), (2.5, "happy"))),
        Settings(intensity=tuple((n / 24, 0.5) for n in range(100_000))),
    ],
    ids=["plain", "all", "keys", "an hour of keys"],
)
def test_requests_arrive_whole(settings):
    request = GenerateRequest(
        Path("a b/Größe \udcff.wav"), settings, 1.25, 2.5, "Bob\u2019s \u201cno\u201d"
    )
    assert wire.read_request(through(wire.request_message(4, request))) == request


def test_held_motion_arrives_beside_animated_intensity():
    hold = Hold(TAKE.weights, (TAKE.weights > 0.5).astype(np.float32))
    settings = Settings(intensity=((0.0, 0.2), (1.0, 1.5)))
    back = wire.read_request(
        through(wire.request_message(4, GenerateRequest(Path("a"), settings, hold=hold)))
    )
    assert back.settings == settings and back.hold is not None
    assert np.array_equal(back.hold.weights, hold.weights)
    assert np.array_equal(back.hold.kept, hold.kept)


SOUND = Sound(Path("a b/Größe.wav"), 1.5, None, "no")
MOTION = FaceMotion(24.0, offsets=np.ones((5, 7, 3), np.float32))
METER = Meter(
    0.5,
    np.ones(5, np.float32),
    np.zeros(5, np.float32),
    24.0,
    -20.0,
    (Advice("open", 0.1, 0.2, 0.3, "Lips stay open on p at frame 4", "P"),),
    (("P", 0.1, 0.2),),
    (),
    "abc",
)
LINE = GenerateRequest(
    Path("a.wav"), Settings(3, ((0.0, 1.0), (1.0, 0.5)), ((0.0, "sad"),)), 0.5, 2.0, "no"
)


@pytest.mark.parametrize(
    "question",
    [
        BestRequest(LINE, (1, 2, 3)),
        BestRequest(LINE, (1, 2, 3), 3),
        MeasureRequest(SOUND, MOTION, (0.5, 1.0)),
        MeasureRequest(SOUND, FaceMotion(50.0, weights=np.zeros((4, len(UNITS)), np.float32))),
        RepairRequest(SOUND, TAKE.weights, (0.1, 0.2), None),
        HearRequest(SOUND, MOTION),
        RecogniseRequest(SOUND),
    ],
    ids=lambda question: type(question).__name__,
)
def test_questions_arrive_whole(question):
    back = wire.read_ask(through(wire.ask_message(3, question)))
    assert type(back) is type(question) and repr(back) == repr(question)


@pytest.mark.parametrize(
    "answer",
    [
        METER,
        Ranked((TAKE, TAKE), (METER, METER)),
        Repaired(TAKE.weights, True, "Mended.", METER, METER, {"pbm": (0.5, 1.0)}),
        HeardMesh(np.zeros(100, np.float32), 16_000),
        Recognised("Ma\u00efbe, Pam", "Recognised 2 words"),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_answers_arrive_whole(answer):
    back = wire.read_answer(through(wire.answer_message(3, answer)))
    assert type(back) is type(answer) and repr(back) == repr(answer)


@pytest.mark.parametrize(
    "spoil",
    [
        {"class": "EngineReport"},
        {"class": "__import__"},
        {"value": None},
        {"value": {"sound": 1}},
        {"value": {"sound": {"audio": 1, "start": 0, "duration": None, "transcript": ""}}},
    ],
)
def test_a_damaged_question_is_refused(spoil):
    message = wire.ask_message(3, MeasureRequest(SOUND, MOTION))
    message.body.update(spoil)
    with pytest.raises(wire.WireError):
        wire.read_ask(message)


def test_takes_arrive_whole_and_writable():
    back = wire.read_take(through(wire.take_message(9, TAKE)))
    assert np.array_equal(back.weights, TAKE.weights) and back.weights.flags.writeable
    assert (back.channels, back.fps, back.provenance) == (CHANNELS, 50.0, {"seed": 7})


def test_an_empty_take_arrives():
    empty = Take(np.zeros((0, 55), np.float32))
    assert wire.read_take(through(wire.take_message(1, empty))).weights.shape == (0, 55)


def test_progress_and_reports_arrive():
    progress = Progress("Listening", 0.5, 3.0)
    assert wire.read_progress(through(wire.progress_message(1, progress))) == progress
    report = EngineReport("cpu", "Some processor", "3.11", "2.13", 0.5, 300.0, 2.0)
    assert wire.read_report(through(wire.report_message(1, report))) == report


@pytest.mark.parametrize("kind", [AudioError, RequestError, CancelledError, EngineError])
def test_errors_keep_their_class_and_sentence(kind):
    back = wire.read_error(through(wire.error_message(None, kind("No sound. Make some."))))
    assert type(back) is kind and str(back) == "No sound. Make some."


@pytest.mark.parametrize("name", ["SystemExit", "Path", "Unheard", "_check_seed"])
def test_only_the_contracts_own_errors_are_made(name):
    message = wire.Message(wire.ERROR, {"id": None, "class": name, "message": "x"})
    assert type(wire.read_error(message)) is EngineError


def test_settings_out_of_range_are_refused_on_arrival():
    message = wire.request_message(1, GenerateRequest(Path("a.wav")))
    message.body["seed"] = -1
    with pytest.raises(RequestError, match="Seed -1"):
        wire.read_request(message)


@pytest.mark.parametrize(
    "change",
    [
        {"audio": None},
        {"seed": "x"},
        {"start": "soon"},
        {"emotion": [[1]]},
        {"emotion": 3},
        {"intensity": None},
        {"articulation": [1]},
        {"transcript": None},
    ],
)
def test_requests_of_another_shape_are_refused(change):
    message = wire.request_message(1, GenerateRequest(Path("a.wav")))
    message.body.update(change)
    with pytest.raises((wire.WireError, RequestError)):
        wire.read_request(message)


@pytest.mark.parametrize("missing", ["id", "channels", "fps", "provenance"])
def test_takes_with_something_missing_are_refused(missing):
    message = wire.take_message(1, TAKE)
    del message.body[missing]
    if missing == "id":
        assert wire.job_number(message) is None
        return
    with pytest.raises(wire.WireError, match="fresh engine"):
        wire.read_take(message)


def test_takes_whose_weights_do_not_fit_are_refused():
    message = wire.take_message(1, TAKE)
    with pytest.raises(wire.WireError):
        wire.read_take(wire.Message(message.kind, message.body, (TAKE.weights[:, :3],)))
    with pytest.raises(wire.WireError):
        wire.read_take(wire.Message(message.kind, message.body))


def test_any_flipped_byte_is_noticed():
    data = wire.pack(wire.take_message(1, Take(TAKE.weights[:2])))
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with pytest.raises(wire.WireError):
            wire.read_message(io.BytesIO(damaged))


def test_a_frame_that_breaks_off_is_noticed():
    data = wire.pack(wire.take_message(1, Take(TAKE.weights[:2])))
    for length in range(1, len(data)):
        with pytest.raises(wire.WireError, match="middle of a message"):
            wire.read_message(io.BytesIO(data[:length]))


def test_rubbish_is_refused():
    rng = np.random.default_rng(1)
    for length in (8, 9, 100, 5000):
        with pytest.raises(wire.WireError):
            wire.read_message(io.BytesIO(rng.bytes(length)))
    with pytest.raises(wire.WireError, match="Warning"):
        wire.read_message(io.BytesIO(b"Warning: torch has something to say\n" * 10))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        {"kind": "take"},
        {"kind": 1, "body": {}, "arrays": []},
        {"kind": "take", "body": [], "arrays": []},
        {"kind": "take", "body": {}, "arrays": {}},
        {"kind": "take", "body": {}, "arrays": [{}]},
        {"kind": "take", "body": {}, "arrays": [3]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "<f4", "shape": [-1], "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "<f4", "shape": [True], "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "<f4", "shape": "12", "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "|O", "shape": [1], "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": ["<f4"], "shape": [1], "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "<f4", "shape": [1] * 9, "crc": 0}]},
        {"kind": "take", "body": {}, "arrays": [{"dtype": "<f4", "shape": [0], "crc": 0}] * 257},
    ],
)
def test_headers_of_another_shape_are_refused(header):
    with pytest.raises(wire.WireError):
        wire.read_message(frame(header))


@pytest.mark.parametrize(
    "stream",
    [
        io.BytesIO(struct.pack(">II", 2**31, 0)),
        frame({"kind": "t", "body": {}, "arrays": [{"dtype": "<f8", "shape": [2**40], "crc": 0}]}),
        frame(
            {
                "kind": "t",
                "body": {},
                "arrays": [{"dtype": "<f4", "shape": [2**27], "crc": 0}] * 3,
            }
        ),
    ],
    ids=["header", "one array", "all arrays together"],
)
def test_sizes_are_checked_before_memory_is_taken(stream):
    tracemalloc.start()
    try:
        with pytest.raises(wire.WireError):
            wire.read_message(stream)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_is_too_large_is_not_sent():
    with pytest.raises(wire.WireError, match="too large"):
        wire.pack(wire.Message("x", {"text": "x" * wire.MAX_HEADER}))
    with pytest.raises(wire.WireError, match="object"):
        wire.pack(wire.Message("x", {}, (np.array([None]),)))


def test_arrays_of_every_layout_arrive():
    array = np.arange(24, dtype=">f4").reshape(2, 3, 4).transpose(2, 0, 1)
    (back,) = through(wire.Message("x", {}, (array,))).arrays
    assert np.array_equal(back, array) and back.dtype == np.dtype("<f4")
    (scalar,) = through(wire.Message("x", {}, (np.array(3.0),))).arrays
    assert scalar.shape == () and scalar == 3.0
