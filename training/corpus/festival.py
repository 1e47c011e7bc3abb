# SPDX-License-Identifier: GPL-3.0-or-later
"""festival's English voices: one process speaks a batch and writes sound, phones and stress."""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from model_runtime.contract import ThunderError
from model_runtime.phones import VOWELS

from .alignment import Segment
from .flite import us_phone
from .languages import FESTIVAL_PHONES

log = logging.getLogger(__name__)

VOICES_FOLDER = Path("/usr/share/festival/voices")
SPEAKERS = {
    "cmu_us_slt_arctic_hts": "flite:slt",
    "kal_diphone": "flite:kal",
    "ked_diphone": "festival:ked",
}
LANGUAGE_OF = {  # voices of other languages; their speakers are 'festival:VOICE'
    "czech_dita": "cs",
    "czech_krb": "cs",
    "czech_machac": "cs",
    "czech_ph": "cs",
    "lp_diphone": "it",
    "pc_diphone": "it",
    "suo_fi_lj_diphone": "fi",
    "hy_fi_mv_diphone": "fi",
    "upc_ca_ona_hts": "ca",
}
ENCODINGS = {"en": "utf-8", "cs": "iso-8859-2"}  # of the text each voice reads, else Latin 1
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


def installed_voices(wanted: Iterable[str] = tuple(SPEAKERS)) -> list[str]:
    """Those of the wanted voices, the English ones by default, that festival has here."""
    if shutil.which("festival") is None:
        return []
    return [voice for voice in wanted if any(VOICES_FOLDER.glob(f"*/{voice}"))]


def say_batch(texts: Sequence[str], voice: str, stretch: float, pitch: float) -> list[Spoken]:
    """Speak all texts with one voice; those that festival fails on are left out.

    `pitch` in Hz moves the English diphone voices only. Raises ThunderError when festival cannot
    run.
    """
    language = LANGUAGE_OF.get(voice, "en")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "batch.scm"
        lines = _script(texts, voice, stretch, pitch, folder)
        script.write_bytes(lines.encode(ENCODINGS.get(language, "iso-8859-1"), "replace"))
        try:
            command = ["festival", "-b", str(script)]
            subprocess.run(command, capture_output=True, timeout=TIME_LIMIT, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise ThunderError(f"festival could not run its voice {voice}.") from error
        found = [_read(Path(folder), index, language) for index in range(len(texts))]
    return [spoken for spoken in found if spoken is not None]


def parse_labels(text: str, language: str = "en") -> list[Segment]:
    """Segments of lines 'phone end_seconds stress'; stress is kept on English vowels.

    Raises ValueError when the language has no such phone.
    """
    if language != "en":
        return _foreign_labels(text, FESTIVAL_PHONES[language])
    found: list[Segment] = []
    start = 0.0
    for line in text.splitlines():
        name, end, stress = line.split()
        phone = us_phone(name)
        mark = int(stress) if phone in VOWELS else None
        found.append(Segment(phone, start, float(end), mark))
        start = float(end)
    return found


def _foreign_labels(text: str, table: dict[str, str]) -> list[Segment]:
    found: list[Segment] = []
    start = 0.0
    for line in text.splitlines():
        name, end, _ = line.split()
        if name not in table:
            raise ValueError(f"festival's phone '{name}' has no phone. Add it to languages.py.")
        phones = table[name].split()
        step = (float(end) - start) / len(phones)
        for number, phone in enumerate(phones):
            first = start + number * step
            found.append(Segment(phone, first, first + step))
        start = float(end)
    return found


def _script(texts: Sequence[str], voice: str, stretch: float, pitch: float, folder: str) -> str:
    lines = [_DUMP, f"(voice_{voice})", f"(Parameter.set 'Duration_Stretch {stretch:.4g})"]
    if voice in SPEAKERS and voice.endswith("_diphone"):
        lines.append(
            f"(set! int_lr_params '((target_f0_mean {pitch:.4g}) (target_f0_std {pitch * 0.13:.4g})"
            " (model_f0_mean 170) (model_f0_std 34)))"
        )
    for index, text in enumerate(texts):
        plain = text.replace('"', "").replace("\\", "")
        call = f'(thunder_say "{plain}" "{folder}/{index}.wav" "{folder}/{index}.txt")'
        lines.append(f"(unwind-protect {call} nil)")
    return "\n".join(lines)


def _read(folder: Path, index: int, language: str) -> Spoken | None:
    labels = folder / f"{index}.txt"
    try:
        samples, rate = soundfile.read(folder / f"{index}.wav", dtype="float32")
        segments = parse_labels(labels.read_text(errors="replace"), language)
    except (OSError, soundfile.LibsndfileError, ValueError) as error:
        log.info("festival: %s", error)
        return None
    if not segments or abs(segments[-1].end - len(samples) / rate) > 0.1:
        return None
    return Spoken(index, samples, rate, segments)
