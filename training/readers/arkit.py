# SPDX-License-Identifier: GPL-3.0-or-later
"""Live Link Face and other ARKit csv: NAME.csv beside NAME.wav (or the app's NAME.mov).

The speaker is the folder that the files lie in; files at the top belong to one speaker.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model_runtime.contract import NECK, UNITS
from model_runtime.motion_files import MotionError
from model_runtime.motion_files.live_link import take_from_csv

from .record import Curves, DataError, Reader, Recording, found, sound_beside

WANTS = "NAME.csv files of 52 ARKit curves, each beside NAME.wav"


def read(folder: Path) -> Iterator[Recording]:
    for path in found(folder, "*.csv", WANTS):
        yield recording(path, folder)


def recording(path: Path, folder: Path) -> Recording:
    """One csv with the sound beside it. Raises DataError."""
    try:
        take = take_from_csv(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, MotionError) as error:
        raise DataError(
            f"'{path}' is no Live Link Face csv ({error}). It needs a Timecode, the column "
            "BlendShapeCount and the 52 ARKit curves by name."
        ) from error
    neck = take.channels.index(NECK[0])
    curves = Curves(UNITS, take.weights[:, : len(UNITS)], take.weights[:, neck : neck + 3])
    inside = path.parent.relative_to(folder)
    speaker = inside.parts[0] if inside.parts else folder.name
    name = path.relative_to(folder).with_suffix("").as_posix()
    return Recording(name, speaker, sound_beside(path), take.fps, curves)


READER = Reader("arkit", WANTS, read)
