# SPDX-License-Identifier: GPL-3.0-or-later
"""A line's sound file as 16 kHz mono samples, read in blocks whatever its format and length."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.signal import firwin, upfirdn

from .contract import AudioError, FloatArray
from .files import sha256_of

SAMPLE_RATE = 16_000  # samples a second, of everything the models hear
SHORTEST = 0.05  # seconds: below this there is nothing to say
LONGEST = 4 * 3600  # seconds
LOWEST_RATE = 4_000  # samples a second: below this no consonant is left
SILENT_PEAK = 1e-4  # -80 dB under full scale
LOUDEST = 1e4  # anything beyond is damage, not sound
BLOCK = 1 << 15  # sample frames read at once; what a damaged file loses before the damage
ZERO_CROSSINGS = 32  # of the resampling filter, each side
CUTOFF = 0.92  # of the lower Nyquist frequency; with KAISER_BETA -80 dB at 1.0
KAISER_BETA = 7.86
RATIO_LIMIT = 2048  # odd rates are rounded to a ratio of at most this, under 2e-7 off
KINDS = "wav, flac, ogg, mp3, aiff, m4a, aac, mp4 or mov"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Audio:
    """Sound of one line: mono `samples` at SAMPLE_RATE, and what the file was."""

    samples: FloatArray  # (n,)
    source_rate: int
    channels: int
    seconds: float
    sha256: str  # of the file's bytes
    silent: bool = False  # nothing above SILENT_PEAK: the take will be at rest


def read_audio(path: Path) -> Audio:
    """Read a sound file, or the sound of a video, mixed down to mono and resampled to 16 kHz.

    Raises AudioError when the file is missing, is no sound, or is shorter than SHORTEST or longer
    than LONGEST. A silent file is allowed (see `Audio.silent`). Samples that are not numbers
    become 0. Both, and a file that breaks off, are logged as warnings.
    """
    _check_file(path)
    sound = _open(path)
    resampler = Resampler(sound.rate)
    collected = bytearray()
    damaged = 0
    for block in _limited(path, sound):
        merged, bad = mono(block)
        damaged += bad
        collected += resampler.feed(merged).tobytes()
    collected += resampler.finish().tobytes()
    samples = np.frombuffer(collected, np.float32)
    seconds = resampler.taken / sound.rate
    _check_length(path, seconds)
    silent = bool(max(samples.max(), -samples.min()) < SILENT_PEAK)
    _warn(path, damaged, silent)
    return Audio(samples, sound.rate, sound.channels, seconds, _hash(path), silent)


class Resampler:
    """Band-limited polyphase resampling to SAMPLE_RATE, fed block by block.

    The result is the same however the sound is cut into blocks. Its length is the source's
    duration rounded up to a whole sample. The filter is a Kaiser-windowed sinc, -80 dB.
    """

    def __init__(self, rate: int) -> None:
        ratio = Fraction(SAMPLE_RATE, rate).limit_denominator(RATIO_LIMIT)
        self.up, self.down = ratio.numerator, ratio.denominator
        self.taken = 0  # source samples so far
        self._given = 0
        slowest = max(self.up, self.down)
        # half a filter is a whole number of output samples, so that the delay is one too
        self._delay = -(-ZERO_CROSSINGS * slowest // self.down)
        half = self._delay * self.down
        taps = firwin(2 * half + 1, CUTOFF / slowest, window=("kaiser", KAISER_BETA))
        self._taps = (taps * self.up).astype(np.float32)
        self._context = -(-half // (self.up * self.down)) * self.down
        self._buffer = np.zeros(self._context, np.float32)

    def feed(self, block: FloatArray) -> FloatArray:
        """Take source samples (n,), give the output samples that are settled by now (m,)."""
        self.taken += len(block)
        if self.up == self.down:
            self._given += len(block)
            return block
        return self._push(block)

    def finish(self) -> FloatArray:
        """Give the output samples still owed."""
        owed = -(-self.taken * self.up // self.down) - self._given
        if owed <= 0:
            return np.zeros(0, np.float32)
        return self._push(np.zeros(self._context + 2 * self.down, np.float32))[:owed]

    def _push(self, block: FloatArray) -> FloatArray:
        buffer = np.concatenate([self._buffer, block])
        steps = (len(buffer) - 2 * self._context) // self.down
        if steps <= 0:
            self._buffer = buffer
            return np.zeros(0, np.float32)
        core = steps * self.down
        out = upfirdn(self._taps, buffer[: core + 2 * self._context], self.up, self.down)
        first = self._context // self.down * self.up + self._delay
        self._buffer = buffer[core:].copy()
        self._given += steps * self.up
        return np.asarray(out[first : first + steps * self.up], np.float32)


@dataclass(frozen=True)
class _Sound:
    rate: int
    channels: int
    blocks: Iterator[FloatArray]  # each (n, channels)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise AudioError(f"'{path}' is a folder. Give one sound file ({KINDS}).")
    if not path.exists():
        raise AudioError(f"The sound file '{path}' does not exist. Check its name and folder.")
    if not path.is_file():
        raise AudioError(f"'{path}' is not an ordinary file. Give one sound file ({KINDS}).")
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        reason = (error.strerror or "the system refused it").lower()
        raise AudioError(
            f"The sound file '{path}' cannot be opened: {reason}. Check who may read it."
        ) from error
    if size == 0:
        raise AudioError(f"The sound file '{path}' is empty (0 bytes). Export it again.")


def _open(path: Path) -> _Sound:
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, TypeError):  # TypeError: headerless .raw wants its format
        sound = _open_with_av(path)
    else:
        sound = _Sound(file.samplerate, file.channels, _soundfile_blocks(path, file))
    if sound.rate < LOWEST_RATE:
        raise AudioError(
            f"'{path}' has only {sound.rate} samples a second, which holds no speech. "
            "Use a recording of 8000 or more, best 16000."
        )
    return sound


def _soundfile_blocks(path: Path, file: soundfile.SoundFile) -> Iterator[FloatArray]:
    read = 0
    with file:
        promised = file.frames
        try:
            while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
                read += len(block)
                yield block
        except soundfile.SoundFileError as error:
            log.warning("'%s' is damaged after %.2f s: %s", path, read / file.samplerate, error)
        else:
            if read < promised < 2**40:  # some formats promise "endless"
                log.warning("'%s' breaks off after %.2f s.", path, read / file.samplerate)


def _open_with_av(path: Path) -> _Sound:
    av = _import_av(path)
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise AudioError(f"'{path}' is not a sound file that can be read. Use {KINDS}.") from error
    if not container.streams.audio:
        container.close()
        raise AudioError(f"'{path}' has no sound in it. Use {KINDS} with a sound track.")
    stream = container.streams.audio[0]
    rate, channels = int(stream.rate or 0), int(stream.channels or 1)
    return _Sound(rate, channels, _av_blocks(path, av, container, stream))


def _import_av(path: Path) -> Any:
    try:
        import av
    except ImportError as error:
        raise AudioError(
            f"'{path}' is no format that the engine reads by itself, and PyAV, which decodes m4a, "
            "aac and video, is missing. Install it with 'pip install av', or use wav or flac."
        ) from error
    return av


def _av_blocks(path: Path, av: Any, container: Any, stream: Any) -> Iterator[FloatArray]:
    planar = av.AudioResampler(format="fltp")
    seconds = 0.0
    with container:
        try:
            for decoded in container.decode(stream):
                for frame in planar.resample(decoded):
                    block = frame.to_ndarray().T
                    seconds += len(block) / frame.sample_rate
                    yield block
        except av.FFmpegError as error:
            log.warning("'%s' is damaged after %.2f s: %s", path, seconds, error)


def _limited(path: Path, sound: _Sound) -> Iterator[FloatArray]:
    taken = 0
    for block in sound.blocks:
        taken += len(block)
        if taken > LONGEST * sound.rate:
            raise AudioError(
                f"'{path}' is longer than {LONGEST // 3600} hours. Cut it into single lines."
            )
        yield block


def mono(block: FloatArray) -> tuple[FloatArray, int]:
    """Mean of the channels (n,), and how many samples were damaged and became 0."""
    sane = np.abs(block) < LOUDEST  # False for NaN too
    damaged = int(block.size - np.count_nonzero(sane))
    if damaged:
        block = np.where(sane, block, np.float32(0))
    return block.mean(axis=1, dtype=np.float32), damaged


def _check_length(path: Path, seconds: float) -> None:
    if seconds == 0:
        raise AudioError(f"'{path}' holds no sound (0 samples). Export it again.")
    if seconds < SHORTEST:
        raise AudioError(
            f"'{path}' is too short ({seconds * 1000:.3g} ms). "
            f"A line needs at least {SHORTEST * 1000:.0f} ms of sound."
        )


def _warn(path: Path, damaged: int, silent: bool) -> None:
    if damaged:
        log.warning("'%s': %d samples are not numbers; they were set to 0.", path, damaged)
    if silent:
        log.warning("'%s' is silent: the take will be at rest.", path)


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise AudioError(f"The sound file '{path}' can no longer be read.") from error
