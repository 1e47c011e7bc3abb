# SPDX-License-Identifier: GPL-3.0-or-later
"""What the denoiser is told of the sound: phone posteriors, loudness and decided contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from .contacts import OperatingPoint, decide
from .contract import FloatArray
from .encoder import Speech, SpeechEncoder, encode
from .features import SILENT_ENERGY, frame_energy, log_mel, loudness, normalise
from .phones import BILABIAL, CONTACTS, LABIODENTAL, PHONE_INDEX, PHONES, SILENCE
from .recognise import RecognisedWord
from .words import WordModel, weigh_contacts, weigh_phones


@dataclass(frozen=True)
class Calibration:
    """Platt scaling of the contact posteriors, fitted on development speakers.

    Platt 1999, one (slope, offset) for each of phones.CONTACTS.
    """

    slope: tuple[float, ...] = (1.0,) * len(CONTACTS)
    offset: tuple[float, ...] = (0.0,) * len(CONTACTS)


class Heard(NamedTuple):
    """One line as the encoder hears it, a row a motion frame."""

    phones: FloatArray  # (frames, len(PHONES)) posteriors
    contacts: FloatArray  # (frames, len(CONTACTS)) calibrated posteriors
    loudness: FloatArray  # (frames,)
    recognised: tuple[RecognisedWord, ...] = ()  # what is said, where nobody wrote it down


def hear(
    encoder: SpeechEncoder,
    samples: FloatArray,
    calibration: Calibration,
    words: WordModel | None = None,
) -> Heard:
    """Listen to 16 kHz sound of any length: (n,) -> Heard of motion_frames(n) frames.

    With `words` the contacts are weighed by the words that the sound can form; the calibration must
    have been fitted with them.
    """
    return hear_mel(encoder, log_mel(samples), calibration, words)


def hear_mel(
    encoder: SpeechEncoder,
    mel: FloatArray,
    calibration: Calibration,
    words: WordModel | None = None,
) -> Heard:
    """The same from log-mel features (2 * frames, bands)."""
    device = next(encoder.parameters()).device
    speech = encode(encoder, torch.from_numpy(normalise(mel)).to(device))
    phones = speech.phone_logits.softmax(-1).float().cpu().numpy()
    posteriors = contact_posteriors(speech)
    if words is not None:
        posteriors = weigh_contacts(words, posteriors, phones, weigh_phones(words, phones))
    contacts = calibrated(posteriors, calibration)
    return _hush(Heard(phones, contacts, loudness(mel)), frame_energy(mel) < SILENT_ENERGY)


def contact_posteriors(speech: Speech) -> FloatArray:
    """Posteriors of phones.CONTACTS: (frames, len(CONTACTS)).

    For p b m and f v the mean of the encoder's two opinions, its contact head and its phones: they
    err in different places.
    """
    contacts = speech.contact_logits.sigmoid().cpu().numpy()
    phones = speech.phone_logits.softmax(-1).cpu().numpy()
    for column, group in ((0, BILABIAL), (1, LABIODENTAL)):
        said = phones[:, [PHONE_INDEX[phone] for phone in sorted(group)]].sum(1)
        contacts[:, column] = (contacts[:, column] + said) / 2
    return np.asarray(contacts, np.float32)


def calibrated(posteriors: FloatArray, calibration: Calibration) -> FloatArray:
    """Platt scaling of posteriors (frames, len(CONTACTS)), on their logits."""
    clipped = np.clip(posteriors, 1e-6, 1 - 1e-6)
    logits = np.log(clipped / (1 - clipped))
    scaled = logits * np.array(calibration.slope) + np.array(calibration.offset)
    return np.asarray(1.0 / (1.0 + np.exp(-scaled)), np.float32)


def _hush(heard: Heard, silent: np.ndarray) -> Heard:
    """Frames without any sound are silence, whatever the network makes of them."""
    phones, contacts = heard.phones.copy(), heard.contacts.copy()
    phones[silent] = np.eye(len(PHONES), dtype=np.float32)[PHONE_INDEX[SILENCE]]
    contacts[silent] = (0.0, 0.0, 0.0, 1.0)
    return heard._replace(phones=phones, contacts=contacts)


def speech_condition(heard: Heard) -> FloatArray:
    """(frames, len(PHONES) + 1): phone posteriors and loudness."""
    return np.concatenate((heard.phones, heard.loudness[:, None]), axis=1).astype(np.float32)


def contact_condition(heard: Heard, point: OperatingPoint) -> FloatArray:
    """(frames, len(CONTACTS)): contacts decided at the operating point."""
    return decide(heard.contacts, point)
