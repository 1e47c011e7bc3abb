# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a .npz as bytes: what they unpack to is limited before memory is taken.

Blender reads files in a thread beside its own: an entry is unpacked in pieces, since what joins
bytes keeps all other threads waiting.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np

from .contract import ThunderError

MEMBERS = 200
PIECE = 1_000_000  # bytes; joined in less than a millisecond


def unzipped(data: bytes, most: int, what: str, error: type[ThunderError]) -> dict[str, memoryview]:
    """Entries by name, without the ending .npy; at most `most` bytes in all.

    Raises `error` with half a sentence for anything that is no such file, or holds more than a
    `what` needs.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MEMBERS or sum(entry.file_size for entry in entries) > most:
                raise error(f"it unpacks to more than a {what} needs")
            named = ((entry.filename.removesuffix(".npy"), entry) for entry in entries)
            return {name: _unpacked(archive, entry, error) for name, entry in named}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, struct.error) as trouble:
        raise error("it is damaged or no npz file") from trouble
    except (NotImplementedError, RuntimeError, KeyError) as trouble:
        raise error("it is packed in an unknown way") from trouble


def _unpacked(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, error: type[ThunderError]
) -> memoryview:
    raw, place = np.empty(entry.file_size, np.uint8).data, 0
    with archive.open(entry) as member:
        while piece := member.read(min(PIECE, len(raw) - place)):
            raw[place : place + len(piece)] = piece
            place += len(piece)
    if place != len(raw):
        raise error("it breaks off")
    return raw
