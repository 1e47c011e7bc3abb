# SPDX-License-Identifier: GPL-3.0-or-later
"""What a transcript adds to the hearing of a line: phones, and contacts that words decide."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .align import NO_WORDS, AlignConfig, Alignment, align, sayable
from .contacts import Interval, OperatingPoint, contact_condition, peak_events, silence_events
from .contract import MOTION_FPS, FloatArray
from .hearing import Heard
from .hearing import contact_condition as hearing_condition
from .phones import BILABIAL, LABIODENTAL, SILENCE, UNKNOWN_PHONE
from .recognise import RecognisedWord
from .spoken import spoken_words

ENOUGH = 0.35  # score of a transcript that belongs to its sound; see docs/transcript.md
RECOGNISED_ENOUGH = 0.4  # the same of recognised words;
WORD_FITS, WORD_SURE = 0.2, 0.3  # and of each of them: score of the alignment, probability
SHORTEST_REST = 0.06  # seconds of silence between words that the mouth rests in
NOT_READ = "The transcript holds no word that can be read; the take follows the sound alone."
MISFIT = (
    "The transcript does not fit the sound (it agrees to {:.0%}); the take follows the sound "
    "alone. Compare it with what is said."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """A line's contacts and phones, and what became of its transcript."""

    contacts: FloatArray  # (frames, len(CONTACTS)): the denoiser's contact condition
    phones: npt.NDArray[np.int64]  # (frames,) index into PHONES, or UNKNOWN_PHONE
    report: dict[str, Any]  # plain data for the take's provenance; empty without a transcript


def tell(
    heard: Heard, transcript: str, point: OperatingPoint, config: AlignConfig | None = None
) -> Told:
    """Decide a heard line's contacts with its transcript, or with the words recognised in it.

    A transcript that does not fit is left unused, which is logged as a warning and reported;
    recognised words that do not fit are left unused one by one.
    """
    untold = np.full(len(heard.loudness), UNKNOWN_PHONE, np.int64)
    by_sound = hearing_condition(heard, point)
    if not transcript.strip():
        return _tell_recognised(heard, point, config) or Told(by_sound, untold, {})
    words = sayable(spoken_words(transcript))
    if not words:
        return _refused(by_sound, untold, NOT_READ, NO_WORDS)
    found = align(heard.phones, words, config)
    if found.score < ENOUGH:
        return _refused(by_sound, untold, MISFIT.format(found.score), found)
    contacts = _contacts(heard, found.phones, found.segments, point)
    return Told(contacts, found.phones, report(found, used=True))


def _tell_recognised(
    heard: Heard, point: OperatingPoint, config: AlignConfig | None
) -> Told | None:
    """What the recognised words decide; None where there are none, or they do not fit."""
    kept = lay_recognised(heard, config)
    if kept is None:
        return None
    text = " ".join(word.text for word in heard.recognised)
    contacts = _contacts(heard, kept.phones, kept.segments, point)
    return Told(contacts, kept.phones, report(kept, used=True) | {"recognised": text})


def lay_recognised(heard: Heard, config: AlignConfig | None = None) -> Alignment | None:
    """The recognised words that fit, over their sound; None where too few do."""
    laid = lay_words(heard.phones, heard.recognised, config)
    return laid.kept if laid is not None else None


class LaidWords(NamedTuple):
    """Recognised words over their sound."""

    found: Alignment  # of all words
    sure: tuple[float, ...]  # probability of each
    kept: Alignment  # less those that do not fit or are not sure


def lay_words(
    phones: FloatArray, words: Sequence[RecognisedWord], config: AlignConfig | None = None
) -> LaidWords | None:
    """The words over phone posteriors (frames, len(PHONES)); None where too few fit."""
    said = [(one, word.probability) for word in words for one in sayable(spoken_words(word.text))]
    if not said:
        return None
    found = align(phones, [word for word, _ in said], config)
    if found.score < RECOGNISED_ENOUGH:
        return None
    sure = tuple(probability for _, probability in said)
    return LaidWords(found, sure, without_doubtful(found, sure))


def without_doubtful(found: Alignment, sure: Sequence[float]) -> Alignment:
    """An alignment less the words that do not fit or were not recognised surely."""
    phones, segments = found.phones.copy(), list(found.segments)
    for word, probability in zip(found.words, sure, strict=True):
        if word.score >= WORD_FITS and probability >= WORD_SURE:
            continue
        phones[round(word.start * MOTION_FPS) : round(word.end * MOTION_FPS)] = UNKNOWN_PHONE
        segments = [s for s in segments if not word.start <= (s.start + s.end) / 2 < word.end]
    return replace(found, phones=phones, segments=tuple(segments))


def report(found: Alignment, used: bool, note: str = "") -> dict[str, Any]:
    """An alignment as JSON has it: seconds from the line's start, three decimals."""
    shown = found if used else NO_WORDS
    return {
        "used": used,
        "score": round(found.score, 3),
        "note": note,
        "words": [[w.text, *(round(v, 3) for v in w[1:])] for w in shown.words],
        "phones": [[s.phone, *(round(v, 3) for v in s[1:])] for s in shown.segments],
    }


def _refused(
    contacts: FloatArray, untold: npt.NDArray[np.int64], note: str, found: Alignment
) -> Told:
    log.warning("%s", note)
    return Told(contacts, untold, report(found, used=False, note=note))


def _contacts(
    heard: Heard,
    phones: npt.NDArray[np.int64],
    segments: tuple[tuple[str, float, float], ...],
    point: OperatingPoint,
) -> FloatArray:
    """Contacts of the words, and the sound's own where the transcript says nothing."""
    posteriors = heard.contacts

    def joined(group: frozenset[str], heard_events: list[Interval]) -> list[Interval]:
        spans = [(start, end) for phone, start, end in segments if phone in group]
        return spans + [event for event in heard_events if is_untold(event, phones)]

    rests = [(a, b) for a, b in joined(frozenset({SILENCE}), []) if b - a >= SHORTEST_REST]
    quiet = [span for span in silence_events(posteriors[:, 3], point) if is_untold(span, phones)]
    return contact_condition(
        joined(BILABIAL, peak_events(posteriors[:, 0], point.bilabial, point)),
        joined(LABIODENTAL, peak_events(posteriors[:, 1], point.labiodental, point)),
        posteriors[:, 2],
        rests + quiet,
    )


def is_untold(event: Interval, phones: npt.NDArray[np.int64]) -> bool:
    """Whether the transcript says nothing in the middle of an event."""
    middle = int((event[0] + event[1]) / 2 * MOTION_FPS)
    return bool(phones[min(max(middle, 0), len(phones) - 1)] == UNKNOWN_PHONE)
