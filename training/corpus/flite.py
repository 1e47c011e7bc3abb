# SPDX-License-Identifier: GPL-3.0-or-later
"""flite's voices through its command line, which prints every phone's end time with -psdur."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from model_runtime.contract import ThunderError
from model_runtime.phones import SILENCE

from .alignment import Segment

SPEAKERS = {  # slt and kal speak in festival too and count once
    "slt": "flite:slt",
    "rms": "flite:rms",
    "awb": "flite:awb",
    "kal16": "flite:kal",
}
VOICE_WEIGHTS = {"slt": 1.0, "rms": 1.0, "awb": 1.0, "kal16": 0.5}
PITCH = {"slt": 175.0, "rms": 105.0, "awb": 125.0, "kal16": 105.0}  # Hz, each voice's middle
US_PHONES = {"pau": "SIL", "ssil": "SIL", "h#": "SIL", "#": "SIL", "brth": "SIL"} | {
    "ax": "AH",
    "axr": "ER",
    "ix": "IH",
    "dx": "D",
    "el": "L",
    "em": "M",
    "en": "N",
    "nx": "N",
    "hv": "HH",
}
TIME_LIMIT = 60.0  # s for one sentence


def is_installed() -> bool:
    return shutil.which("flite") is not None


def us_phone(name: str) -> str:
    """Phone of the US radio set that flite and festival speak."""
    return US_PHONES.get(name, name.upper())


def say(
    text: str, voice: str, stretch: float, pitch: float, pitch_range: float
) -> tuple[npt.NDArray[np.float32], int, list[Segment]]:
    """Samples (n,), their rate, and phones. `pitch` and `pitch_range` in Hz.

    Raises ThunderError when flite fails or its timings do not cover its sound.
    """
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "line.wav"
        settings = {
            "duration_stretch": stretch,
            "int_f0_target_mean": pitch,
            "int_f0_target_stddev": pitch_range,
        }
        pairs = [f"{name}={value:.4g}" for name, value in settings.items()]
        knobs = [part for pair in pairs for part in ("--setf", pair)]
        command = ["flite", "-voice", voice, "-t", one_utterance(text), "-o", str(wave), "-psdur"]
        try:
            done = subprocess.run(
                [*command, *knobs], capture_output=True, text=True, timeout=TIME_LIMIT, check=True
            )
            samples, rate = soundfile.read(wave, dtype="float32")
        except (OSError, subprocess.SubprocessError, soundfile.LibsndfileError) as error:
            raise ThunderError(f"flite could not speak '{text}' with voice {voice}.") from error
    segments = parse_durations(done.stdout)
    seconds = len(samples) / rate
    if not _covers(segments, seconds):
        raise ThunderError(f"flite's timings for '{text}' do not cover its sound.")
    return samples, rate, segments


def one_utterance(text: str) -> str:
    """Text that flite speaks as one utterance (its clock restarts with each)."""
    return re.sub(r"[.?!;:]", ",", text).rstrip(", ")


def parse_durations(printed: str) -> list[Segment]:
    """Segments of 'phone:end_seconds ...'."""
    found: list[Segment] = []
    start = 0.0
    for field in printed.split():
        name, _, end = field.rpartition(":")
        found.append(Segment(us_phone(name), start, float(end)))
        start = float(end)
    return found


def _covers(segments: list[Segment], seconds: float) -> bool:
    """Whether the phones are this sound's: kal16 leaves out the end of its last silence."""
    if not segments:
        return False
    last = segments[-1]
    earliest = last.start if last.phone == SILENCE else last.end
    return earliest - 0.05 <= seconds <= last.end + 0.05
