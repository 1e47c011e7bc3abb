# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a sound file that a strip shows, and no more of it in memory than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from .audio import (
    BLOCK,
    SAMPLE_RATE,
    SHORTEST,
    SILENT_PEAK,
    Audio,
    Resampler,
    mono,
    read_audio,
)
from .contract import AudioError, FloatArray
from .files import sha256_of

SEEK_FROM = 30.0  # seconds: a shorter file is read whole, which is simpler and exact
MOST_KEPT = 64 << 20  # bytes of sound that wait for the next take of their line
SEEKABLE = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "FLAC")  # a seek lands on the very sample


def read_part(path: Path, start: float, duration: float | None) -> Audio:
    """The sound from `start` on, `duration` seconds of it or to the end; its hash is the file's.

    Raises AudioError as `read_audio` does, and when the part holds no sound.
    """
    if not start and duration is None:
        return read_audio(path)
    length = _seekable_seconds(path)
    if length > SEEK_FROM:
        _check_part(path, start, duration, length)
        return _read_by_seeking(path, start, duration)
    audio = read_audio(path)
    _check_part(path, start, duration, audio.seconds)
    first = round(start * SAMPLE_RATE)
    last = None if duration is None else first + round(duration * SAMPLE_RATE)
    return _with_samples(audio, audio.samples[first:last].copy())


class LastSound:
    """The sound that was read last, for the next take of the same line."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._audio: Audio | None = None

    def read(self, path: Path, start: float, duration: float | None) -> Audio:
        """`read_part`, or what it gave last if the file is the same still."""
        key = (path, start, duration, *_stamp(path))
        if self._audio is None or key != self._key or len(key) < 4:
            self._audio = None  # make room first
            audio = read_part(path, start, duration)
            if audio.samples.nbytes > MOST_KEPT:
                return audio
            self._audio, self._key = audio, key
        return self._audio


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:  # reading it will tell why
        return ()
    return (stat.st_size, stat.st_mtime_ns)


def _seekable_seconds(path: Path) -> float:
    """Length of a file in which one can seek exactly, else 0."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.SoundFileError, TypeError, OSError):  # read_audio will tell why
        return 0.0
    return info.frames / info.samplerate if info.format in SEEKABLE else 0.0


def _check_part(path: Path, start: float, duration: float | None, length: float) -> None:
    shown = min(length - start, length if duration is None else duration)
    if shown * SAMPLE_RATE < 1:
        raise AudioError(
            f"The part from {start:.2f} s on lies behind the end of '{path}' ({length:.2f} s). "
            "Move the strip's handles over its sound."
        )
    if shown < SHORTEST:
        raise AudioError(
            f"The part of '{path}' is too short ({shown * 1000:.3g} ms). "
            f"A line needs at least {SHORTEST * 1000:.0f} ms of sound."
        )


def _read_by_seeking(path: Path, start: float, duration: float | None) -> Audio:
    with soundfile.SoundFile(path) as file:
        rate, channels = file.samplerate, file.channels
        file.seek(round(start * rate))
        left = file.frames if duration is None else round(duration * rate)
        resampler = Resampler(rate)
        parts: list[FloatArray] = []
        while left > 0 and len(block := file.read(min(left, BLOCK), "float32", always_2d=True)):
            parts.append(resampler.feed(mono(block)[0]))
            left -= len(block)
        parts.append(resampler.finish())
    audio = Audio(parts[-1], rate, channels, 0.0, sha256_of(path))
    return _with_samples(audio, np.concatenate(parts))


def _with_samples(audio: Audio, samples: FloatArray) -> Audio:
    silent = bool(np.abs(samples).max(initial=0.0) < SILENT_PEAK)
    return replace(audio, samples=samples, seconds=len(samples) / SAMPLE_RATE, silent=silent)
