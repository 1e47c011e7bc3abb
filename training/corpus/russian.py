# SPDX-License-Identifier: GPL-3.0-or-later
"""The 620 recorded Russian sentences of the Debian package festvox-ru, with their phone labels.

One male speaker, 99.5 min, BSD-like licence. Phone set: voice's own definition (Zaharov 2004).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from .alignment import Segment, Segments, tidy
from .store import RATE, Draft

FOLDER = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")
SPEAKER = "russian:nsh"
STRESSED = frozenset({"aa", "ee", "ii", "oo", "uu", "yy"})  # doubled vowels carry the stress
_OTHERS = """
    h=HH hh=HH j=Y c=T+S ch=CH sh=SH sch=SH zh=ZH pau=SIL ssil=SIL
    aa=AA a=AH ae=AH ay=AH ee=EH e=EH ii=IY i=IH yy=IH y=IH oo=AO uu=UW u=UW ur=UH
"""
_SAME_LETTER = "p pp b bb m mm f ff v vv t tt d dd n nn l ll k kk g gg s ss z zz r rr"
PHONES: dict[str, tuple[str, ...]] = {
    **{name: (name[0].upper(),) for name in _SAME_LETTER.split()},
    **{entry.split("=")[0]: tuple(entry.split("=")[1].split("+")) for entry in _OTHERS.split()},
}


def is_installed(folder: Path = FOLDER) -> bool:
    return (folder / "wav").is_dir() and (folder / "lab").is_dir()


def recordings(folder: Path = FOLDER) -> list[tuple[str, str]]:
    """(id, text) of every recorded sentence."""
    text = (folder / "etc" / "txt.done.data").read_text(encoding="utf-8", errors="replace")
    return re.findall(r'^\(\s*(\S+)\s+"(.*)"\s*\)', text, flags=re.MULTILINE)


def read_labels(path: Path, seconds: float) -> Segments:
    """Segments of an xwaves label file: lines 'end_seconds colour phone' after '#'."""
    found: list[Segment] = []
    start = 0.0
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) == 3:
            end = float(fields[0])
            found.extend(_split_phone(fields[2], start, end))
            start = end
    return tidy(found, seconds)


def load(
    chosen: list[tuple[str, str]], folder: Path = FOLDER
) -> Iterator[tuple[Draft, npt.NDArray[np.float32]]]:
    """Clips and samples (n,) at 16 kHz of the chosen (id, text) pairs."""
    for name, text in chosen:
        samples, rate = soundfile.read(folder / "wav" / f"{name}.wav", dtype="float32")
        if rate != RATE:
            samples = soxr.resample(samples, rate, RATE)
        segments = read_labels(folder / "lab" / f"{name}.lab", len(samples) / RATE)
        yield Draft(name, "russian", "real", SPEAKER, text, segments), samples


def _split_phone(name: str, start: float, end: float) -> list[Segment]:
    phones = PHONES[name]
    stress = 1 if name in STRESSED else 0 if phones[0] in {"AH", "EH", "IH", "UW", "UH"} else None
    step = (end - start) / len(phones)
    return [
        Segment(phone, start + k * step, start + (k + 1) * step, stress)
        for k, phone in enumerate(phones)
    ]
