# SPDX-License-Identifier: GPL-3.0-or-later
"""What the denoiser is told of the sound: phone posteriors, loudness and decided contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from .contacts import OperatingPoint, decide
from .contract import FloatArray
from .encoder import SpeechEncoder, encode
from .features import SILENT_ENERGY, frame_energy, log_mel, loudness, normalise
from .phones import CONTACTS, PHONE_INDEX, PHONES, SILENCE


@dataclass(frozen=True)
class Calibration:
    """Platt scaling of the encoder's contact logits, fitted on development speakers.

    Platt 1999, one (slope, offset) for each of phones.CONTACTS.
    """

    slope: tuple[float, ...] = (1.0,) * len(CONTACTS)
    offset: tuple[float, ...] = (0.0,) * len(CONTACTS)


class Heard(NamedTuple):
    """One line as the encoder hears it, a row a motion frame."""

    phones: FloatArray  # (frames, len(PHONES)) posteriors
    contacts: FloatArray  # (frames, len(CONTACTS)) calibrated posteriors
    loudness: FloatArray  # (frames,)


def hear(encoder: SpeechEncoder, samples: FloatArray, calibration: Calibration) -> Heard:
    """Listen to 16 kHz sound of any length: (n,) -> Heard of motion_frames(n) frames."""
    return hear_mel(encoder, log_mel(samples), calibration)


def hear_mel(encoder: SpeechEncoder, mel: FloatArray, calibration: Calibration) -> Heard:
    """The same from log-mel features (2 * frames, bands)."""
    device = next(encoder.parameters()).device
    speech = encode(encoder, torch.from_numpy(normalise(mel)).to(device))
    phones = speech.phone_logits.softmax(-1).cpu().numpy()
    logits = speech.contact_logits.cpu().numpy()
    scaled = logits * np.array(calibration.slope) + np.array(calibration.offset)
    contacts = (1.0 / (1.0 + np.exp(-scaled))).astype(np.float32)
    return _hush(Heard(phones, contacts, loudness(mel)), frame_energy(mel) < SILENT_ENERGY)


def _hush(heard: Heard, silent: np.ndarray) -> Heard:
    """Frames without any sound are silence, whatever the network makes of them."""
    phones, contacts = heard.phones.copy(), heard.contacts.copy()
    phones[silent] = np.eye(len(PHONES), dtype=np.float32)[PHONE_INDEX[SILENCE]]
    contacts[silent] = (0.0, 0.0, 0.0, 1.0)
    return Heard(phones, contacts, heard.loudness)


def speech_condition(heard: Heard) -> FloatArray:
    """(frames, len(PHONES) + 1): phone posteriors and loudness."""
    return np.concatenate((heard.phones, heard.loudness[:, None]), axis=1).astype(np.float32)


def contact_condition(heard: Heard, point: OperatingPoint) -> FloatArray:
    """(frames, len(CONTACTS)): contacts decided at the operating point."""
    return decide(heard.contacts, point)
