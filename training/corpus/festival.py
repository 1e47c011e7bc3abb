# SPDX-License-Identifier: GPL-3.0-or-later
"""festival's English voices: one process speaks a batch and writes sound, phones and stress."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from model_runtime.contract import ThunderError
from model_runtime.phones import VOWELS

from .alignment import Segment
from .flite import us_phone

VOICES_FOLDER = Path("/usr/share/festival/voices")
SPEAKERS = {
    "cmu_us_slt_arctic_hts": "flite:slt",
    "kal_diphone": "flite:kal",
    "ked_diphone": "festival:ked",
}
VOICE_WEIGHTS = {"cmu_us_slt_arctic_hts": 1.0, "kal_diphone": 0.6, "ked_diphone": 1.0}
TIME_LIMIT = 600.0  # s for a batch

_DUMP = """
(define (thunder_say text wave labels)
  (let ((utt (SynthText text)) (file nil))
    (utt.save.wave utt wave)
    (set! file (fopen labels "w"))
    (mapcar (lambda (item)
      (format file "%s %f %s\\n" (item.name item) (item.feat item "end")
              (item.feat item "R:SylStructure.parent.stress")))
      (utt.relation.items utt 'Segment))
    (fclose file)))
"""


@dataclass(frozen=True)
class Spoken:
    """One sentence of a batch: samples (n,), their rate, phones."""

    index: int
    samples: npt.NDArray[np.float32]
    rate: int
    segments: list[Segment]


def installed_voices() -> list[str]:
    """Names of this module's voices that festival has here."""
    if shutil.which("festival") is None:
        return []
    return [voice for voice in SPEAKERS if any(VOICES_FOLDER.glob(f"*/{voice}"))]


def say_batch(texts: Sequence[str], voice: str, stretch: float, pitch: float) -> list[Spoken]:
    """Speak all texts with one voice; those that festival fails on are left out.

    `pitch` in Hz moves the diphone voices only. Raises ThunderError when festival cannot run.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "batch.scm"
        script.write_text(_script(texts, voice, stretch, pitch, folder), encoding="utf-8")
        try:
            command = ["festival", "-b", str(script)]
            subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise ThunderError(f"festival could not run its voice {voice}.") from error
        found = [_read(Path(folder), index) for index in range(len(texts))]
    return [spoken for spoken in found if spoken is not None]


def parse_labels(text: str) -> list[Segment]:
    """Segments of lines 'phone end_seconds stress'; stress is kept on vowels."""
    found: list[Segment] = []
    start = 0.0
    for line in text.splitlines():
        name, end, stress = line.split()
        phone = us_phone(name)
        mark = int(stress) if phone in VOWELS else None
        found.append(Segment(phone, start, float(end), mark))
        start = float(end)
    return found


def _script(texts: Sequence[str], voice: str, stretch: float, pitch: float, folder: str) -> str:
    lines = [_DUMP, f"(voice_{voice})", f"(Parameter.set 'Duration_Stretch {stretch:.4g})"]
    if voice.endswith("_diphone"):
        lines.append(
            f"(set! int_lr_params '((target_f0_mean {pitch:.4g}) (target_f0_std {pitch * 0.13:.4g})"
            " (model_f0_mean 170) (model_f0_std 34)))"
        )
    for index, text in enumerate(texts):
        plain = text.replace('"', "").replace("\\", "")
        call = f'(thunder_say "{plain}" "{folder}/{index}.wav" "{folder}/{index}.txt")'
        lines.append(f"(unwind-protect {call} nil)")
    return "\n".join(lines)


def _read(folder: Path, index: int) -> Spoken | None:
    labels = folder / f"{index}.txt"
    try:
        samples, rate = soundfile.read(folder / f"{index}.wav", dtype="float32")
        segments = parse_labels(labels.read_text())
    except (OSError, soundfile.LibsndfileError, ValueError):
        return None
    if not segments or abs(segments[-1].end - len(samples) / rate) > 0.1:
        return None
    return Spoken(index, samples, rate, segments)
