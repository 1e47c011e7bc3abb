# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that an old pickle holds as text: decoded in pieces.

Python 2's first protocol quotes bytes, and Python 3 writes them as text where it keeps to an old
protocol. Decoding fifty million of them at a stroke would keep all other threads, Blender's among
them, waiting for a quarter of a second.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

PIECE = 500_000  # bytes; decoded in about 3 ms
LOOK_BACK = 1_000  # bytes in which an escape begins, if one is cut
BACKSLASH = b"\\"


@dataclass(frozen=True)
class LongText:
    """A text as it stands in the file, too long to be anything but numbers."""

    raw: memoryview
    escaped: bool = False  # as Python source writes it, else UTF-8

    def latin(self) -> memoryview:
        """The bytes that it says, one for each character; '?' for what is none."""
        pieces = _escaped(self.raw) if self.escaped else _utf8(self.raw)
        return _joined((piece.encode("latin-1", "replace") for piece in pieces), len(self.raw))


def unquoted(raw: memoryview) -> memoryview:
    """The bytes that a quoted string says, without its quotes. Raises ValueError."""
    pieces = (bytes(codecs.escape_decode(bytes(piece))[0]) for piece in _whole_escapes(raw))
    return _joined(pieces, len(raw))


def _utf8(raw: memoryview) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for start in range(0, len(raw), PIECE):
        yield decoder.decode(bytes(raw[start : start + PIECE]), start + PIECE >= len(raw))


def _escaped(raw: memoryview) -> Iterator[str]:
    return (bytes(p).decode("raw-unicode-escape", "replace") for p in _whole_escapes(raw))


def _whole_escapes(raw: memoryview) -> Iterator[memoryview]:
    """Pieces of `raw` that cut no escape in two."""
    start = 0
    while start < len(raw):
        end = min(start + PIECE, len(raw))
        end -= _begun(raw[max(start, end - LOOK_BACK) : end]) if end < len(raw) else 0
        yield raw[start:end]
        start = end


def _begun(tail: memoryview) -> int:
    """How many bytes before the end the last backslash stands that begins an escape, else 0."""
    before, found, after = bytes(tail).rpartition(BACKSLASH)
    pairs = len(before) - len(before.rstrip(BACKSLASH))
    return len(after) + 1 if found and pairs % 2 == 0 else 0


def _joined(pieces: Iterable[bytes], most: int) -> memoryview:
    out, place = np.empty(most, np.uint8).data, 0
    for piece in pieces:
        out[place : place + len(piece)] = piece
        place += len(piece)
    return out[:place]
