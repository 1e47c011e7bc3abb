# SPDX-License-Identifier: GPL-3.0-or-later
"""BEAT: NAME.json of ARKit curves beside NAME.wav. BEAT2: NAME.npz of SMPL-X with FLAME's face.

NAME is NUMBER_PERSON_KIND_FIRST_LAST; in a speech (KIND 0, 2, 4, 6) the number of the sentence
tells the emotion, as BEAT's readme says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from model_runtime.contract import UNITS
from model_runtime.motion_files import Curves, MotionError, beat, flame_npz
from model_runtime.motion_files.npz import read_npz

from .record import DataError, Reader, Recording, first_sound, found

WANTS = "NAME.json files of ARKit curves, each beside NAME.wav"
WANTS2 = "NAME.npz files of BEAT2 (smplxflame_30), and their sound in wave16k beside that folder"
NAME = re.compile(r"(\d+_[^_]+)_(\d)_(\d+)_(\w+)")
LAST_OF = {  # last sentence of each emotion
    64: "neutral",
    72: "happy",
    80: "angry",
    86: "sad",
    94: "contempt",
    102: "surprised",
    110: "afraid",
    118: "disgusted",
}


def read(folder: Path) -> Iterator[Recording]:
    for path in found(folder, "*.json", WANTS):
        yield _beat(path)


def read2(folder: Path) -> Iterator[Recording]:
    for path in found(folder, "*.npz", WANTS2):
        yield _beat2(path)


def speaker_of(stem: str) -> str:
    matched = NAME.fullmatch(stem)
    return matched[1] if matched else "_".join(stem.split("_")[:2])


def emotion_of(stem: str) -> str | None:
    """Emotion of a file by its name; conversations are labelled neutral."""
    matched = NAME.fullmatch(stem)
    if not matched:
        return None
    if int(matched[2]) % 2:
        return "neutral"
    return next((name for last, name in LAST_OF.items() if int(matched[3]) <= last), None)


def _beat(path: Path) -> Recording:
    try:
        file = beat.from_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, MotionError) as error:
        raise DataError(
            f"'{path}' is no face of BEAT ({error!r}). "
            "It needs 'names', and 'frames' with 'weights'."
        ) from error
    motion = file.motion
    if not isinstance(motion, Curves) or not set(motion.names) <= set(UNITS):
        raise DataError(f"'{path}': each frame must hold a weight for each of the ARKit 'names'.")
    sound = first_sound([path.with_suffix("")], path.name)
    speaker, emotion = speaker_of(path.stem), emotion_of(path.stem)
    return Recording(path.stem, speaker, sound, file.fps, motion, emotion)


def _beat2(path: Path) -> Recording:
    try:
        file = flame_npz.from_beat2(read_npz(path.read_bytes()))
    except (OSError, KeyError, MotionError) as error:
        raise DataError(f"'{path}' is no motion of BEAT2 ({error}).") from error
    stems = [path.with_suffix(""), path.parent.parent / "wave16k" / path.stem]
    sound = first_sound(stems, path.name)
    speaker, emotion = speaker_of(path.stem), emotion_of(path.stem)
    return Recording(path.stem, speaker, sound, file.fps, file.motion, emotion)


READER = Reader("beat", WANTS, read)
READER2 = Reader("beat2", WANTS2, read2)
