# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of other people's data: each gives `Recording`s, nothing more is known of the formats."""

from __future__ import annotations

from . import arkit, beat, diffposetalk, inferno, vocaset
from .record import (
    Curves,
    DataError,
    FlameCurves,
    Reader,
    Recording,
    Sound,
    Vertices,
    relative_turn,
    sound_of,
)

READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        arkit.READER,
        beat.READER,
        beat.READER2,
        diffposetalk.READER,
        inferno.READER,
        vocaset.READER,
    )
}

__all__ = [
    "READERS",
    "Curves",
    "DataError",
    "FlameCurves",
    "Reader",
    "Recording",
    "Sound",
    "Vertices",
    "relative_turn",
    "sound_of",
]
