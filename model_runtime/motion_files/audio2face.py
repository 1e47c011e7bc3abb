# SPDX-License-Identifier: GPL-3.0-or-later
"""Audio2Face's json: `exportFps`, `trackPath`, `numPoses`, `numFrames`, `facsNames` [poses],
`weightMat` [frames][poses]. Ours adds the neck in `neckNames` and `neckRotations` [frames][3]
(axis-angle, radians) and `provenance`, which other readers pass over.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..contract import NECK, FloatArray, Take
from .clock import rate_in
from .csv_table import unit_of
from .motion import Curves, MotionError, MotionFile

TITLE = "Audio2Face json"


def json_text(take: Take) -> str:
    """A take as json with sorted keys: the same take gives the same text."""
    faces = [index for index, name in enumerate(take.channels) if name not in NECK]
    necks = [index for index, name in enumerate(take.channels) if name in NECK]
    document = {
        "exportFps": int(take.fps) if float(take.fps).is_integer() else take.fps,
        "trackPath": _sound_of(take),
        "numPoses": len(faces),
        "numFrames": len(take.weights),
        "facsNames": [take.channels[index] for index in faces],
        "weightMat": _rounded(take.weights[:, faces]),
        "neckNames": [take.channels[index] for index in necks],
        "neckRotations": _rounded(take.weights[:, necks]),
        "provenance": take.provenance,
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def from_document(document: dict[str, Any], fps: float | None = None) -> MotionFile:
    """What such a json holds; names that are ARKit units in another spelling become those.

    Raises MotionError.
    """
    names = tuple(str(name) for name in document["facsNames"])
    weights = matrix(document["weightMat"], len(names), "weightMat")
    rate = fps or rate_in(document) or 0.0
    if not rate:
        raise MotionError("it does not tell its rate; set it")
    head = None
    if tuple(document.get("neckNames", ())) == NECK:
        head = matrix(document["neckRotations"], len(NECK), "neckRotations")
        if len(head) != len(weights):
            raise MotionError("its neckRotations have another length than its weightMat")
    known = tuple(unit_of(name) or name for name in names)
    provenance = document.get("provenance", {})
    motion = Curves(known, weights, head)
    return MotionFile(motion, rate, TITLE, provenance if isinstance(provenance, dict) else {})


def matrix(rows: Any, width: int, name: str) -> FloatArray:
    """A list of lists as float32 (frames, width). Raises MotionError that names the first frame
    of another width."""
    if not isinstance(rows, list):
        raise MotionError(f"its {name} is no list of frames")
    for frame, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != width:
            count = len(row) if isinstance(row, list) else "no"
            raise MotionError(f"frame {frame + 1} of its {name} has {count} numbers, not {width}")
    try:
        return np.array(rows, np.float32).reshape(len(rows), width)
    except (ValueError, TypeError, OverflowError) as error:
        raise MotionError(f"its {name} does not hold numbers only") from error


def _sound_of(take: Take) -> str:
    audio = take.provenance.get("audio")
    return str(audio.get("name", "")) if isinstance(audio, dict) else ""


def _rounded(values: FloatArray) -> list[list[float]]:
    """Seven decimals, as many as a float32 near 1 has."""
    rows: list[list[float]] = np.round(values.astype(np.float64), 7).tolist()
    return rows
