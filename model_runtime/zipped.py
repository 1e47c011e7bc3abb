# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of a .npz as bytes: what they unpack to is limited before memory is taken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from .contract import ThunderError

MEMBERS = 200


def unzipped(data: bytes, most: int, what: str, error: type[ThunderError]) -> dict[str, bytes]:
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


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, error: type[ThunderError]) -> bytes:
    with archive.open(entry) as member:
        raw = member.read(entry.file_size)
    if len(raw) != entry.file_size:
        raise error("it breaks off")
    return raw
