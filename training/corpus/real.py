# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded English speech from a folder with manifest.json.gz, aligned by its makers."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from model_runtime.contract import ThunderError

from .alignment import Segment, Segments, tidy
from .quality import speaks_in_silence
from .splits import split_of
from .store import RATE, Draft

READ_ALOUD = frozenset({"dctts", "ljspeech"})  # they read what synthesis draws its lines from
LIBRISPEECH_SETS = frozenset({"librispeech", "devclean", "train100"})
LONGEST_DISAGREEMENT = 0.06  # s between the alignment's end and the clip's: more is another clip's


@dataclass(frozen=True)
class Recording:
    """One usable entry of the manifest."""

    id: str
    path: Path
    source: str
    speaker: str
    transcript: str
    segments: Segments


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Entries of FOLDER/manifest.json.gz. Raises ThunderError when it is missing or damaged."""
    path = folder / "manifest.json.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return list(json.load(file))
    except (OSError, ValueError, EOFError) as error:
        raise ThunderError(
            f"The list of recordings {path} cannot be read. Give --speech a folder with "
            "manifest.json.gz in it."
        ) from error


def source_of(entry: dict[str, Any]) -> str:
    return str(entry["file"]).split("/", 1)[0]


def speaker_of(entry: dict[str, Any]) -> str:
    """Speaker id; LibriSpeech's numbers are shared by its three sets, so they count once."""
    source = source_of(entry)
    name = str(entry["speaker"])
    if source in LIBRISPEECH_SETS:
        return f"librispeech:{name}"
    return name if name.startswith(source) else f"{source}:{name}"


def speakers_by_source(folder: Path) -> dict[str, set[str]]:
    """Source -> its speaker ids."""
    table: dict[str, set[str]] = defaultdict(set)
    for entry in read_manifest(folder):
        table[source_of(entry)].add(speaker_of(entry))
    return dict(table)


def held_out_sentences(folder: Path) -> list[str]:
    """Transcripts that no synthetic voice may read: of held-out speakers and of LJ's readers."""
    return [
        str(entry["transcript"])
        for entry in read_manifest(folder)
        if entry.get("transcript")
        and (source_of(entry) in READ_ALOUD or split_of(speaker_of(entry)) != "train")
    ]


def usable(folder: Path) -> Iterator[Recording]:
    """Recordings with a sound alignment, without those kept for demos under FOLDER/dev."""
    shown = {path.stem for path in (folder / "dev").glob("*.wav")}
    for entry in read_manifest(folder):
        recording = None if entry["id"] in shown else _recording(folder, entry)
        if recording is not None:
            yield recording


def _recording(folder: Path, entry: dict[str, Any]) -> Recording | None:
    phones = entry.get("phones")
    transcript = entry.get("transcript")
    if not phones or not transcript or re.search(r"\d", transcript):  # nobody aligned a number
        return None
    seconds = float(entry["seconds"])
    spans = [(str(phone), float(start), float(end)) for phone, start, end in phones]
    if abs(spans[-1][2] - seconds) > LONGEST_DISAGREEMENT:
        return None
    return Recording(
        id=str(entry["id"]),
        path=folder / str(entry["file"]),
        source=source_of(entry),
        speaker=speaker_of(entry),
        transcript=str(transcript),
        segments=tidy((Segment(*span) for span in spans), seconds),
    )


def load_recordings(
    recordings: Iterable[Recording],
) -> Iterator[tuple[Draft, npt.NDArray[np.float32]]]:
    """Clips and samples (n,) at 16 kHz, without those that speak where they should be silent."""
    for recording in recordings:
        draft, samples = load_recording(recording)
        if not speaks_in_silence(samples, draft.segments):
            yield draft, samples


def load_recording(recording: Recording) -> tuple[Draft, npt.NDArray[np.float32]]:
    """The clip and its samples (n,) at 16 kHz."""
    samples, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE)
    draft = Draft(
        id=recording.id,
        source=recording.source,
        kind="real",
        speaker=recording.speaker,
        transcript=recording.transcript,
        segments=tidy(recording.segments, len(mono) / RATE),
    )
    return draft, mono.astype(np.float32)
