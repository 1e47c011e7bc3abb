# SPDX-License-Identifier: GPL-3.0-or-later
"""What the meter knows of a line's sound: speech units, log-mel, phones, contacts, words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from .align import AlignedPhone, Alignment, align, sayable
from .contacts import OperatingPoint, peak_events, runs
from .contract import MOTION_FPS, FloatArray
from .encoder import Speech, SpeechEncoder, encode
from .features import SILENT_ENERGY, frame_energy, log_mel, loudness, normalise
from .hearing import calibrated, contact_posteriors
from .mesh_to_speech import nearest_unit, speaker_embedding
from .meter_config import MeterConfig, MeterNet
from .meter_lips import LipMatch, lip_shapes
from .meter_motion import Mouth
from .phones import (
    BILABIAL,
    LABIODENTAL,
    PHONE_INDEX,
    PHONES,
    SILENCE,
    UNKNOWN_PHONE,
    VOWELS,
)
from .recognise import RecognisedWord
from .spoken import spoken_words
from .transcript import ENOUGH, lay_words
from .words import load_words, trust, weigh_contacts, weigh_phones

SWITCH = 2.5  # nats that a change of phone costs
SHORTEST_PAUSE = 8  # frames; what is shorter belongs to the words around it
PARTED = 0.75  # of the lower of two peaks: where a contact's curve falls below it are two contacts
Spans = tuple[tuple[str, float, float], ...]
Words = Callable[[FloatArray], Sequence[RecognisedWord]]  # phone posteriors -> what is said
BoolArray = npt.NDArray[np.bool_]


class Contact(NamedTuple):
    """A phone that the lips show, in seconds, and how sure it is, 0..1."""

    phone: str
    start: float
    end: float
    sure: float


@dataclass(frozen=True)
class HeardLine:
    """A line's sound as the meter compares it; the motion has no part in it."""

    units: npt.NDArray[np.uint8]  # (frames,) speech unit
    mel: FloatArray  # (2 * frames, bands), normalised
    voice: FloatArray
    spoken: BoolArray  # (frames,)
    cues: FloatArray  # (frames, CUES): phone posteriors and loudness
    lips: FloatArray  # (frames, MEETING): which lips it lets expect, beside meter_lips
    contacts: tuple[Contact, ...]  # p b m, f v and vowels
    phones: Spans
    words: Spans

    @property
    def frames(self) -> int:
        return len(self.units)


def hear_line(
    samples: FloatArray,
    encoder: SpeechEncoder,
    centroids: FloatArray,
    net: MeterNet,
    transcript: str = "",
    recognised: Words = lambda phones: (),
) -> HeardLine:
    """Listen to 16 kHz sound (n,). A transcript that does not fit is left unused.

    Without one the words that are `recognised` in what it hears take its place, as in a generation,
    those that fit.
    """
    config, natural = net.config, log_mel(samples)
    mel = normalise(natural)
    device = next(encoder.parameters()).device
    speech = encode(encoder, torch.from_numpy(mel).to(device))
    silent = frame_energy(natural) < SILENT_ENERGY
    ear, posteriors, contacts = opinions(speech, config.words)
    contacts = calibrated(contacts, config.contacts)
    ear[silent] = posteriors[silent] = np.eye(len(PHONES), dtype=np.float32)[PHONE_INDEX[SILENCE]]
    contacts[silent] = (0.0, 0.0, 0.0, 1.0)
    cues = np.concatenate((posteriors, loudness(natural)[:, None]), 1).astype(np.float32)
    heard = heard_phones(posteriors)
    said, found = _aligned(ear, transcript), heard_contacts(posteriors, contacts, heard, config)
    if said is not None:
        found = _told_contacts(found, said, _known(said, config.told), config)
    elif not transcript.strip():
        said, sure = _recognised(ear, recognised(ear), config)
        if said is not None:
            found = _told_contacts(found, said, sure, config)
    return HeardLine(
        nearest_unit(speech.features.cpu().numpy(), centroids),
        mel,
        speaker_embedding(natural),
        _spoken(contacts[:, 3] < 0.5),
        cues,
        expected_lips(net.lips, cues),
        found,
        heard if said is None else _told_phones(heard, said),
        () if said is None else tuple((w.text, w.start, w.end) for w in said.words),
    )


def opinions(speech: Speech, words: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Posteriors of the phones as the ear has them, of the phones, and of phones.CONTACTS.

    With `words` the last two are weighed by the words that the sound can form, as far as those
    account for it; else they are the ear's.
    """
    ear = speech.phone_logits.softmax(-1).float().cpu().numpy()
    contacts = contact_posteriors(speech)
    if not words:
        return ear, ear.copy(), contacts
    model = load_words()
    said = weigh_phones(model, ear)
    share = (model.config.share * trust(model, ear, said))[:, None]
    phones = ((1.0 - share) * ear + share * said).astype(np.float32)
    return ear, phones, weigh_contacts(model, contacts, ear, said)


@torch.inference_mode()
def expected_lips(match: LipMatch, cues: FloatArray) -> FloatArray:
    """(frames, MEETING): the side of the sound of `LipMatch`, from cues (frames, CUES)."""
    lips: FloatArray = match.of_sound(torch.from_numpy(cues)).numpy()
    return lips


@torch.inference_mode()
def seen_lips(match: LipMatch, mouth: Mouth) -> FloatArray:
    """(frames, MEETING): the side of the motion."""
    lips: FloatArray = match.of_lips(torch.from_numpy(lip_shapes(mouth))).numpy()
    return lips


def heard_phones(posteriors: FloatArray) -> Spans:
    """Likeliest phones of posteriors (frames, len(PHONES)): every change costs SWITCH."""
    path = likeliest_path(np.log(np.maximum(posteriors, 1e-6)), SWITCH)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], len(path))
    return tuple(
        (PHONES[path[a]], float(a / MOTION_FPS), float(b / MOTION_FPS))
        for a, b in zip(starts, ends, strict=True)
    )


def likeliest_path(log: FloatArray, change: float) -> npt.NDArray[np.int64]:
    """The best state of each frame (frames,) of log likelihoods (frames, states): Viterbi, where
    every change of state costs `change`."""
    frames, count = log.shape
    path, back = np.zeros(frames, np.int64), np.zeros((frames, count), np.int64)
    if not frames:
        return path
    score, stay = log[0].copy(), np.arange(count)
    for frame in range(1, frames):
        best = int(score.argmax())
        back[frame] = np.where(score < score[best] - change, best, stay)
        score = np.maximum(score, score[best] - change) + log[frame]
    path[-1] = int(score.argmax())
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = back[frame, path[frame]]
    return path


def heard_contacts(
    posteriors: FloatArray, contacts: FloatArray, phones: Spans, config: MeterConfig
) -> tuple[Contact, ...]:
    """p b m and f v by the calibrated contact posteriors, vowels by the phones as heard."""
    point = OperatingPoint()
    found: list[Contact] = []
    for column, group in ((0, BILABIAL), (1, LABIODENTAL)):
        curve = contacts[:, column]
        for start, end in parted(curve, peak_events(curve, config.sure, point)):
            rows = _rows(start, end, len(curve))
            phone = _likeliest(posteriors[rows], group)
            found.append(Contact(phone, start, end, float(curve[rows].max())))
    for phone, start, end in phones:
        if phone in VOWELS:
            rows = _rows(start, end, len(posteriors))
            vowel = posteriors[rows][:, [PHONE_INDEX[one] for one in sorted(VOWELS)]].sum(1)
            found.append(Contact(phone, start, end, float(vowel.mean())))
    return tuple(sorted(found, key=lambda contact: contact.start))


def parted(curve: FloatArray, events: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Contacts (seconds) of a curve (frames,), those cut in two that are two in a row ("p p").

    A valley between them parts them that is too shallow to end a contact by itself.
    """
    found: list[tuple[float, float]] = []
    for start, end in events:
        rows = _rows(start, end, len(curve))
        inner = curve[rows]
        valley = _valley(inner)
        if valley is None:
            found.append((start, end))
            continue
        least = PARTED * min(inner[:valley].max(), inner[valley:].max())
        above = rows.start + np.flatnonzero(inner >= least)
        before, after = above[above < rows.start + valley], above[above > rows.start + valley]
        found.append((start, float(before[-1] + 1) / MOTION_FPS))
        found.append((float(after[0]) / MOTION_FPS, end))
    return found


def _valley(inner: FloatArray) -> int | None:
    """The lowest frame that has a clearly higher one on either side of it."""
    before, after = np.maximum.accumulate(inner), np.maximum.accumulate(inner[::-1])[::-1]
    depth = inner / np.maximum(np.minimum(before, after), 1e-6)
    lowest = int(depth.argmin()) if len(depth) else 0
    return lowest if len(depth) and depth[lowest] < PARTED else None


def _told_contacts(
    heard: tuple[Contact, ...], said: Alignment, sure: FloatArray, config: MeterConfig
) -> tuple[Contact, ...]:
    """Those of the words, as `sure` (frames,) as these are, and as far as they are not what was
    heard: a contact is there by its word, or else by the ear."""
    groups = (BILABIAL, LABIODENTAL, VOWELS)
    told: list[Contact] = []
    for segment in said.segments:
        group = next((group for group in groups if segment.phone in group), None)
        if group is not None:
            share = float(sure[_rows(segment.start, segment.end, len(sure))].mean())
            by_ear = max(
                (c.sure for c in heard if c.phone in group and _meet(c, segment)), default=0.0
            )
            told.append(Contact(*segment, share + (1.0 - share) * by_ear))
    for contact in heard:
        group = next(group for group in groups if contact.phone in group)
        if not any(one.phone in group and _meet(one, contact) for one in told):
            share = float(sure[_rows(contact.start, contact.end, len(sure))].mean())
            left = contact._replace(sure=contact.sure * (1.0 - share))
            told += [left] if left.sure >= config.sure else []
    return tuple(sorted(told, key=lambda contact: contact.start))


def _meet(one: Contact | AlignedPhone, other: Contact | AlignedPhone) -> bool:
    return one.start < other.end and other.start < one.end


def _known(said: Alignment, sure: float) -> FloatArray:
    """(frames,) `sure` where the words say something, else 0."""
    return np.where(said.phones == UNKNOWN_PHONE, 0.0, sure).astype(np.float32)


def _told_phones(heard: Spans, said: Alignment) -> Spans:
    """The phones of the words, and those heard where no word is known."""
    told = [(s.phone, s.start, s.end) for s in said.segments]
    rest = [span for span in heard if _untold(said, *span[1:])]
    return tuple(sorted([*told, *rest], key=lambda span: span[1]))


def _untold(said: Alignment, start: float, end: float) -> bool:
    return bool((said.phones == UNKNOWN_PHONE)[_rows(start, end, len(said.phones))].all())


def _aligned(posteriors: FloatArray, transcript: str) -> Alignment | None:
    words = sayable(spoken_words(transcript)) if transcript.strip() else []
    found = align(posteriors, words) if words else None
    return found if found is not None and found.score >= ENOUGH else None


def _recognised(
    posteriors: FloatArray, words: Sequence[RecognisedWord], config: MeterConfig
) -> tuple[Alignment | None, FloatArray]:
    """The recognised words that fit, laid over the sound, None where none does; and (frames,) how
    sure they are."""
    laid = lay_words(posteriors, words)
    if laid is None:
        return None, np.zeros(0, np.float32)
    sure = _known(laid.kept, config.recognised)
    for word, chance in zip(laid.found.words, laid.sure, strict=True):
        sure[_rows(word.start, word.end, len(sure))] *= chance
    kept = [w for w in laid.found.words if not _untold(laid.kept, w.start, w.end)]
    return replace(laid.kept, words=tuple(kept)) if kept else None, sure


def _rows(start: float, end: float, frames: int) -> slice:
    first = min(max(0, round(start * MOTION_FPS)), frames - 1)
    return slice(first, max(first + 1, min(frames, round(end * MOTION_FPS))))


def _likeliest(posteriors: FloatArray, group: frozenset[str]) -> str:
    return max(sorted(group), key=lambda phone: float(posteriors[:, PHONE_INDEX[phone]].sum()))


def _spoken(voiced: BoolArray) -> BoolArray:
    """Where something is said: pauses too short to be one are filled."""
    filled = voiced.copy()
    for first, last in runs(~voiced):
        if last - first < SHORTEST_PAUSE and first > 0 and last < len(voiced):
            filled[first:last] = True
    return filled
