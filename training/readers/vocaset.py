# SPDX-License-Identifier: GPL-3.0-or-later
"""Vertices in VOCASET's way: as the talking-head repositories store them, and as it is published.

Stored: `vertices_npy/SPEAKER_sentenceNN.npy` (frames, V * 3), `wav/` with the same names,
`templates.pkl` {speaker: (V, 3)}; 30 frames a second (the published 60, every other one).
Published: `data_verts.npy` (all frames, V, 3), `subj_seq_to_idx.pkl` {speaker: {sentence: {frame:
row}}}, `raw_audio_fixed.pkl` {speaker: {sentence: {audio, sample_rate}}}, `templates.pkl`; 60.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from model_runtime.contract import FloatArray

from .pickles import dictionary_file, inner, numbers, single, whole
from .record import DataError, Reader, Recording, Sound, Vertices, first_sound, found

STORED_FPS, PUBLISHED_FPS = 30.0, 60.0
WANTS = "vertices_npy/, wav/ and templates.pkl, or VOCASET as published with data_verts.npy"


def read(folder: Path) -> Iterator[Recording]:
    published = folder / "data_verts.npy"
    yield from _published(folder) if published.is_file() else _stored(folder)


def _stored(folder: Path) -> Iterator[Recording]:
    templates = _templates(folder)
    for path in found(folder / "vertices_npy", "*.npy", WANTS):
        speaker = _speaker(path.stem, templates)
        points = _load(path)
        template = templates[speaker]
        if points.size % template.size:
            raise DataError(
                f"'{path}' has {points.shape[-1]} numbers a frame and the template of '{speaker}' "
                f"has {template.size}. They belong to different meshes."
            )
        sound = first_sound([folder / "wav" / path.stem], path.name)
        shaped = np.asarray(points, np.float32).reshape(-1, *template.shape)
        yield Recording(path.stem, speaker, sound, STORED_FPS, Vertices(shaped, template))


def _published(folder: Path) -> Iterator[Recording]:
    vertices = _load(folder / "data_verts.npy")
    templates = _templates(folder)
    sounds = dictionary_file(folder / "raw_audio_fixed.pkl")
    for speaker, sentences in dictionary_file(folder / "subj_seq_to_idx.pkl").items():
        for sentence, rows in inner(sentences, speaker).items():
            name = f"{speaker}_{sentence}"
            said = inner(sounds.get(speaker, {}), speaker).get(sentence)
            if said is None or not rows or speaker not in templates:
                continue  # as published, a few sentences lack sound or frames
            order = [row for _, row in sorted(dict(rows).items())]
            places = np.array([int(single(row, name)) for row in order])
            points = np.asarray(vertices[places], np.float32)
            motion = Vertices(points, templates[speaker])
            yield Recording(name, speaker, _sound(said, name), PUBLISHED_FPS, motion)


def _sound(said: Any, name: str) -> Sound:
    parts = inner(said, name)
    samples = numbers(parts, "audio", name)
    scale = 32768.0 if samples.dtype.kind in "iu" else 1.0
    rate = whole(parts, "sample_rate", name)
    return Sound(np.asarray(samples / scale, np.float32), rate)


def _templates(folder: Path) -> dict[str, FloatArray]:
    path = folder / "templates.pkl"
    parts = dictionary_file(path)
    rests = {name: np.asarray(numbers(parts, name, path.name), np.float32) for name in parts}
    wrong = [name for name, points in rests.items() if points.ndim != 2 or points.shape[1] != 3]
    if wrong or not rests:
        raise DataError(f"'{path}' must hold a face at rest (V, 3) for each speaker.")
    return rests


def _speaker(stem: str, templates: dict[str, FloatArray]) -> str:
    """The speaker whose name the file begins with; the longest, as names may begin alike."""
    fitting = [name for name in templates if stem.startswith(name)]
    if not fitting:
        raise DataError(
            f"'{stem}.npy' belongs to nobody in templates.pkl. Name it SPEAKER_SENTENCE.npy."
        )
    return max(fitting, key=len)


def _load(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"'{path}' is no array of numbers ({error}).") from error


READER = Reader("vocaset", WANTS, read)
