# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes on disk, at any rate: npz and json for programs, csv for Live Link Face readers.

The formats themselves are in `motion_files`: npz (`take_npz`), json in Audio2Face's layout
(`audio2face`), csv (`live_link`). The same take gives the same bytes, and a file is written whole
or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from .contract import NECK, OutputError, RequestError, Take
from .files import check_writable, write_atomic
from .motion_files import Curves, MotionError, read_motion, take_npz
from .motion_files.audio2face import json_text
from .motion_files.live_link import csv_text
from .motion_files.motion import FPS_RANGE, checked
from .motion_files.npz import read_npz

LIVE_LINK_FPS = 60.0  # the rate Live Link Face records at


def check_output(path: Path, fps: float | None = None) -> None:
    """Refuse, before the work starts, what `write_take` would refuse after it.

    Raises OutputError for a file that cannot be written, RequestError for an unusable rate.
    """
    _pick(path, _WRITERS, OutputError)
    if fps is not None:
        _check_rate(fps)
    check_writable(path)


def write_take(take: Take, path: Path, fps: float | None = None) -> None:
    """Write a take as .npz, .csv or .json, by the name's ending, at `fps` frames a second.

    Without `fps`, npz and json keep the take's own rate and csv has Live Link Face's 60.
    Raises OutputError when the file cannot be written, RequestError for an unusable rate.
    """
    encode = _pick(path, _WRITERS, OutputError)
    if fps is None:
        fps = LIVE_LINK_FPS if path.suffix.lower() == ".csv" else take.fps
    write_atomic(path, encode(at_rate(take, fps)))


def read_take(path: Path) -> Take:
    """Read a take that `write_take` wrote, or a csv that Live Link Face recorded.

    Nothing in the file is executed. Raises RequestError when it is missing or damaged.
    """
    _pick(path, _WRITERS, RequestError)
    try:
        return _npz_take(path) if path.suffix.lower() == ".npz" else _take_of(path)
    except OSError as error:
        reason = (error.strerror or "the system refused it").lower()
        raise RequestError(f"The take '{path}' cannot be read: {reason}.") from error
    except (MotionError, KeyError) as error:
        raise RequestError(
            f"'{path}' is not a take that can be read ({error}). Generate it again."
        ) from error


def at_rate(take: Take, fps: float) -> Take:
    """The take at another frame rate, both starting at the same moment.

    Monotone cubic interpolation (Fritsch and Carlson 1980): a held closure stays held, and no
    value leaves the range of its two neighbours, so units stay inside 0..1.
    """
    _check_rate(fps)
    if fps == take.fps or len(take.weights) < 2:
        return Take(take.weights, take.channels, fps, take.provenance)
    seconds = np.arange(len(take.weights)) / take.fps
    wanted = np.arange(int(seconds[-1] * fps + 1e-6) + 1) / fps
    weights = PchipInterpolator(seconds, take.weights)(np.minimum(wanted, seconds[-1]))
    return Take(weights.astype(np.float32), take.channels, fps, take.provenance)


def _check_rate(fps: float) -> None:
    low, high = FPS_RANGE
    if not low <= fps <= high:
        raise RequestError(f"{fps:g} frames a second is out of range. Use {low:g} to {high:g}.")


def _npz_take(path: Path) -> Take:
    arrays = read_npz(path.read_bytes())
    checked(take_npz.from_arrays(arrays))
    return take_npz.take_from(arrays)


def _take_of(path: Path) -> Take:
    """What a file of curves holds, as a take with a neck."""
    file = read_motion(path)
    if not isinstance(file.motion, Curves):
        raise MotionError(f"it holds {file.format}")
    head = file.motion.head
    neck = np.zeros((file.frames, len(NECK)), np.float32) if head is None else head
    weights = np.concatenate([file.motion.weights, neck], axis=1)
    return Take(weights, (*file.motion.names, *NECK), file.fps, file.provenance)


def _csv_bytes(take: Take) -> bytes:
    return csv_text(take).encode()


def _json_bytes(take: Take) -> bytes:
    return json_text(take).encode()


def _pick(path: Path, table: dict[str, Any], error: type[Exception]) -> Callable[[Any], Any]:
    try:
        choice: Callable[[Any], Any] = table[path.suffix.lower()]
    except KeyError:
        raise error(
            f"'{path}' does not end in {', '.join(table)}. Name the file with one of these."
        ) from None
    return choice


_WRITERS = {".npz": take_npz.take_bytes, ".csv": _csv_bytes, ".json": _json_bytes}
