# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact gates for motion that came without phone alignments: heard, and seen on the lips.

The gate is a promise to the denoiser: where it is open, the lips touch. What the encoder hears
alone breaks it where it errs and where the capture missed a closure; what the lips do alone takes
every resting mouth for a p, b or m. So a contact is where both agree: the encoder gives it some
chance, and the measured gap falls to a contact or to a clear dip of this clip's own speech.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from model_runtime.contacts import (
    Interval,
    OperatingPoint,
    contact_condition,
    peak_events,
    runs,
    silence_events,
)
from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.hearing import Heard
from model_runtime.lips import LipProbe
from model_runtime.phones import CONTACTS


@dataclass(frozen=True)
class SeenContacts:
    """When a gap counts as a contact, and how far sound and lips may lie apart."""

    lowered: float = 0.5  # share of the operating point that is enough where the lips agree
    closed_mm: float = 0.4  # a gap between the lips that is a contact on any face
    tooth_mm: float = 1.0  # likewise between the lower lip and the upper incisors
    dip: float = (
        0.15  # or this share of the clip's typical opening in speech: captures rarely touch
    )
    deepest_mm: float = 1.5  # no dip above this is a contact
    slack: float = 0.06  # seconds between what is heard and what is seen


def contacts_of(
    heard: Heard,
    motion: FloatArray,
    probe: LipProbe,
    point: OperatingPoint,
    seen: SeenContacts | None = None,
) -> FloatArray:
    """The denoiser's contact condition (frames, len(CONTACTS)) of a clip's sound and motion."""
    seen = seen or SeenContacts()
    silence = silence_events(heard.contacts[:, CONTACTS.index("silence")], point)
    rounded = heard.contacts[:, CONTACTS.index("rounded")]
    lower = replace(
        point,
        bilabial=point.bilabial * seen.lowered,
        labiodental=point.labiodental * seen.lowered,
    )
    bilabial, labiodental = (
        _agreed(
            peak_events(heard.contacts[:, column], threshold, lower),
            gap <= closed_level(gap, silence, least, seen),
            seen.slack,
        )
        for column, threshold, gap, least in (
            (0, lower.bilabial, probe.aperture(motion), seen.closed_mm),
            (1, lower.labiodental, probe.labiodental_gap(motion), seen.tooth_mm),
        )
    )
    return contact_condition(bilabial, labiodental, rounded, silence)


def closed_level(
    gap: FloatArray, silence: list[Interval], least: float, seen: SeenContacts
) -> float:
    """The gap in mm up to which this clip's lips count as touching."""
    speaking = np.ones(len(gap), bool)
    for start, end in silence:
        speaking[int(start * MOTION_FPS) : int(end * MOTION_FPS) + 1] = False
    opening = float(np.median(gap[speaking])) if speaking.any() else 0.0
    return float(np.clip(seen.dip * opening, least, max(least, seen.deepest_mm)))


def _agreed(
    events: list[Interval], touching: npt.NDArray[np.bool_], slack: float
) -> list[Interval]:
    """Of heard contacts those that the lips make, at the time at which they make them."""
    spans = [(first / MOTION_FPS, last / MOTION_FPS) for first, last in runs(touching)]
    return [
        (max(a, start - slack), min(b, end + slack))
        for start, end in events
        for a, b in spans
        if a < end + slack and start - slack < b
    ]
