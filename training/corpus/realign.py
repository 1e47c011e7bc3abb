# SPDX-License-Identifier: GPL-3.0-or-later
"""Forced phone alignment by pocketsphinx in two passes: words first, then the phones inside them.

Used for the aligner's own repeatability, the figure no model trained on its labels can beat: the
same clip aligned again after a small change of speed. Traps: digital silence, sound up to the very
edge and wide beams make a pass fail, so the clip gets silence around it, a little noise (another
amount at each try) and the default beams.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from model_runtime.contract import ThunderError
from model_runtime.phones import PHONE_INDEX, SILENCE

from . import espeak
from .alignment import Segment, Segments, scale_segments, shift_segments, tidy
from .augment import change_speed
from .store import RATE

Samples = npt.NDArray[np.float32]
Pronounce = Callable[[str], str | None]  # word -> phones apart by spaces

PADDING = 0.2  # s of silence on either side
PEAK = 9000.0  # of 32767
NOISE = (2.0, 1.0, 3.0, 6.0, 12.0, 30.0, 60.0)  # standard deviation, one value a try
FRAME = 0.01  # s


class Aligner:
    """pocketsphinx with its English model. Raises ThunderError when it is not installed."""

    def __init__(self, pronounce: Pronounce | None = None) -> None:
        self._pronounce = pronounce or letters_to_sounds
        self._added: dict[str, str] = {}
        self._decoder = self._new_decoder()

    def align(self, samples: Samples, transcript: str) -> Segments | None:
        """Phones of a 16 kHz clip (n,) that says `transcript`; None when it cannot be aligned."""
        words = self._words(transcript)
        if not words or len(samples) == 0:
            return None
        seconds = len(samples) / RATE
        for sound in _noisy_versions(samples):
            found = self._two_passes(sound, words)
            if found:
                return tidy(shift_segments(found, -PADDING), seconds)
        return None

    def _words(self, transcript: str) -> list[str]:
        """The transcript's words, each known to the decoder; empty if one has no pronunciation."""
        words = split_words(transcript)
        for word in words:
            if self._decoder.lookup_word(word) is None:
                phones = self._pronounce(word)
                if not phones:
                    return []
                self._added[word] = phones
                self._decoder.add_word(word, phones, True)
        return words

    def _two_passes(self, sound: bytes, words: list[str]) -> list[Segment]:
        decoder = self._decoder
        try:
            decoder.set_align_text(" ".join(words))
            _decode(decoder, sound)
            heard = decoder.hyp()
            if heard is None or len(heard.hypstr.split()) < len(words):
                return []
            decoder.set_alignment()
            _decode(decoder, sound)
            alignment = decoder.get_alignment()
        except (RuntimeError, ValueError):
            self._decoder = self._new_decoder()  # a failed pass leaves the decoder unusable
            return []
        return [] if alignment is None else list(_phones(alignment))

    def _new_decoder(self) -> Any:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise ThunderError(
                "pocketsphinx is not installed, so nothing can be aligned. "
                "Install it with: pip install pocketsphinx"
            ) from error
        decoder = Decoder(lm=None, loglevel="FATAL", cmn="batch")
        for word, phones in self._added.items():
            decoder.add_word(word, phones, True)
        return decoder


def align(samples: Samples, transcript: str) -> Segments | None:
    """Phones of a 16 kHz clip (n,) that says `transcript`; None when it cannot be aligned."""
    return _aligner().align(samples, transcript)


def align_again(samples: Samples, transcript: str, speed: float = 1.05) -> Segments | None:
    """The clip aligned at another speed, its times brought back to the clip's own clock."""
    changed = change_speed(samples, speed)
    found = align(changed, transcript)
    return None if found is None else scale_segments(found, len(samples) / len(changed))


def split_words(transcript: str) -> list[str]:
    """Lower-case words, digits read out by nobody and so dropped."""
    plain = re.sub(r"[^a-z' ]", " ", transcript.lower().replace("\u2019", "'"))
    return [bare for word in plain.split() if (bare := word.strip("'"))]


def letters_to_sounds(word: str) -> str | None:
    """Phones of a word by espeak-ng's American rules; None without espeak-ng."""
    if not espeak.is_installed():
        return None
    _, segments = _speaker().say(word, "en-us")
    return " ".join(s.phone for s in segments if s.phone != SILENCE) or None


def _noisy_versions(samples: Samples) -> Iterator[bytes]:
    edge = np.zeros(round(PADDING * RATE))
    loud = samples * (PEAK / max(float(np.abs(samples).max()), 1e-6))
    padded = np.concatenate([edge, loud, edge])
    for number, deviation in enumerate(NOISE):
        noise = np.random.default_rng(number).normal(0.0, deviation, len(padded))
        yield np.clip(padded + noise, -32768, 32767).astype("<i2").tobytes()


def _decode(decoder: Any, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()


def _phones(alignment: Any) -> Iterator[Segment]:
    for word in alignment:
        for phone in word:
            name = phone.name if phone.name in PHONE_INDEX else SILENCE
            start = phone.start * FRAME
            yield Segment(name, start, start + phone.duration * FRAME)


@cache
def _aligner() -> Aligner:
    return Aligner()


@cache
def _speaker() -> espeak.Espeak:
    return espeak.Espeak()
