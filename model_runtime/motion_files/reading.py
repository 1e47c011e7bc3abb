# SPDX-License-Identifier: GPL-3.0-or-later
"""Which format a motion file has, and what it holds; one sentence where it cannot be used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from . import arkit_csv, audio2face, beat, emote_pkl, face_cap, flame_npz, named_frames, take_npz
from .csv_table import read_table
from .motion import MOST_BYTES, MotionError, MotionFile, checked
from .npz import read_npz

KNOWN = (
    "Import a csv of ARKit or Live Link Face, a json of Audio2Face or BEAT, a npz of FLAME "
    "parameters, BEAT2 or THUNDER, a pkl of EMOTE, or a txt of Face Cap."
)


def read_motion(path: Path, fps: float | None = None) -> MotionFile:
    """What the file at `path` holds; `fps` wins over the rate that the file tells.

    Nothing in the file is executed. Raises MotionError with the user's sentence.
    """
    data = _read(path)
    try:
        decode = _DECODERS.get(path.suffix.lower())
        if decode is None:
            raise MotionError(f"its name does not end in {', '.join(ENDINGS)}")
        found = checked(decode(data, fps))
    except MotionError as error:
        raise MotionError(f"'{path.name}' is not imported: {error}. {KNOWN}") from error
    except MemoryError as error:
        raise MotionError(f"There is not enough memory to open '{path.name}'.") from error
    return replace(found, sha256=hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            most = MOST_BYTES / 1e6
            raise MotionError(
                f"'{path.name}' is not imported: it has {size / 1e6:.0f} MB, and {most:.0f} is the "
                "most. Cut it into lines."
            )
        if not size:
            raise MotionError(f"'{path.name}' is not imported: the file is empty. {KNOWN}")
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "the system refused it").lower()
        raise MotionError(f"'{path}' cannot be read: {reason}. Choose another file.") from error


def _csv(data: bytes, fps: float | None) -> MotionFile:
    return arkit_csv.from_table(read_table(data), fps)


def _json(data: bytes, fps: float | None) -> MotionFile:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MotionError("it is no json file, or breaks off") from error
    try:
        if isinstance(document, dict) and "facsNames" in document:
            return audio2face.from_document(document, fps)
        if isinstance(document, dict) and "names" in document:
            return beat.from_document(document, fps)
        if named_frames.frames_of(document) is not None:
            return named_frames.from_document(document, fps)
    except (KeyError, TypeError, ValueError) as error:
        raise MotionError(f"a part of it is missing or damaged ({error})") from error
    raise MotionError(
        "it holds no motion: no 'facsNames' (Audio2Face), no 'names' (BEAT), no frames of units"
    )


def _npz(data: bytes, fps: float | None) -> MotionFile:
    arrays = read_npz(data)
    if {"weights", "channels"} <= set(arrays):
        return take_npz.from_arrays(arrays, fps)
    if "expressions" in arrays:
        return flame_npz.from_beat2(arrays, fps)
    if "exp" in arrays:
        return flame_npz.from_arrays(arrays, fps)
    some = ", ".join(sorted(arrays)[:6]) or "nothing"
    raise MotionError(f"it has no 'exp', 'expressions' or 'weights' (it has {some})")


_DECODERS: dict[str, Callable[[bytes, float | None], MotionFile]] = {
    ".csv": _csv,
    ".json": _json,
    ".npz": _npz,
    ".pkl": emote_pkl.decode,
    ".txt": face_cap.from_text,
}
ENDINGS = tuple(_DECODERS)
