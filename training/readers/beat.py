# SPDX-License-Identifier: GPL-3.0-or-later
"""BEAT: NAME.json of ARKit curves beside NAME.wav. BEAT2: NAME.npz of SMPL-X with FLAME's face.

NAME is NUMBER_PERSON_KIND_FIRST_LAST; in a speech (KIND 0, 2, 4, 6) the number of the sentence
tells the emotion, as BEAT's readme says.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from model_runtime.contract import UNITS, FloatArray

from .record import (
    Curves,
    DataError,
    FlameCurves,
    Reader,
    Recording,
    first_sound,
    found,
)

FPS = 60.0
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
NECK, HEAD, JAW = 12, 15, 22  # SMPL-X's joints


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
        content = json.loads(path.read_text(encoding="utf-8"))
        names = tuple(str(name) for name in content["names"])
        weights = np.array([frame["weights"] for frame in content["frames"]], np.float32)
        times = np.array([frame.get("time", np.nan) for frame in content["frames"]], float)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"'{path}' is no face of BEAT ({error!r}). "
            "It needs 'names', and 'frames' with 'weights'."
        ) from error
    if weights.ndim != 2 or weights.shape[1] != len(names) or not set(names) <= set(UNITS):
        raise DataError(f"'{path}': each frame must hold a weight for each of the ARKit 'names'.")
    sound = first_sound([path.with_suffix("")], path.name)
    motion = Curves(names, weights)
    return Recording(
        path.stem, speaker_of(path.stem), sound, _rate(times), motion, emotion_of(path.stem)
    )


def _rate(times: FloatArray) -> float:
    if len(times) < 2 or not np.isfinite(times).all() or times[-1] <= times[0]:
        return FPS
    rate = (len(times) - 1) / float(times[-1] - times[0])
    return float(round(rate)) if abs(rate - round(rate)) < 0.01 * rate else rate


def _beat2(path: Path) -> Recording:
    try:
        with np.load(path, allow_pickle=False) as archive:
            expression, poses = (
                np.asarray(archive[name], np.float32) for name in ("expressions", "poses")
            )
            rate = float(archive["mocap_frame_rate"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"'{path}' is no motion of BEAT2 ({error}).") from error
    if poses.ndim != 2 or poses.shape[1] < 3 * (JAW + 1) or len(poses) != len(expression):
        raise DataError(f"'{path}': poses must be (frames, 165) and expressions (frames, 100).")
    neck, head, jaw = (poses[:, 3 * joint : 3 * joint + 3] for joint in (NECK, HEAD, JAW))
    turn = Rotation.from_rotvec(neck) * Rotation.from_rotvec(head)
    motion = FlameCurves(expression, jaw, np.asarray(turn.as_rotvec(), np.float32))
    stems = [path.with_suffix(""), path.parent.parent / "wave16k" / path.stem]
    sound = first_sound(stems, path.name)
    emotion = emotion_of(path.stem)
    return Recording(path.stem, speaker_of(path.stem), sound, rate, motion, emotion)


READER = Reader("beat", WANTS, read)
READER2 = Reader("beat2", WANTS2, read2)
