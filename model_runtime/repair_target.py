# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line's sound asks of the face: speech units, log-mel, voice, and the lips' contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .contacts import contact_condition, runs
from .contract import MOTION_FPS, FloatArray
from .lips import LipProbe
from .meter_hearing import HeardLine
from .phones import BILABIAL, LABIODENTAL

HELD = 0.5  # of a contact's gate, from which on a frame belongs to the contact
SURE = 0.3  # contacts that are heard with less are not asked for
MARGIN = 0.04  # seconds on either side of a contact in which it may happen: labels are no better
CLOSED = 0.3  # mm between lips that look shut
TOOTH_CONTACT = 1.0  # mm from the lower lip to the upper incisors
FRICATIVE = (0.3, 4.0)  # mm between the lips meanwhile
GROUPS = ("p b m", "f v")  # columns 0 and 1 of phones.CONTACTS
Spans = tuple[tuple[int, int], ...]  # half-open ranges of motion frames


@dataclass(frozen=True)
class SoundTarget:
    """A row a motion frame but for `mel`, which has two."""

    units: npt.NDArray[np.int64]  # (frames,) speech units
    mel: FloatArray  # (2 * frames, bands) normalised
    speaker: FloatArray  # (speaker,)
    contacts: FloatArray  # (frames, len(CONTACTS)), decided

    @property
    def frames(self) -> int:
        return len(self.units)

    def events(self, column: int, span: range) -> Spans:
        """Contacts (column of phones.CONTACTS) that lie in `span` with their middle."""
        found = runs(self.contacts[:, column] > HELD)
        return tuple((a, b) for a, b in found if span.start <= (a + b - 1) // 2 < span.stop)


def target_of(heard: HeardLine) -> SoundTarget:
    """The targets of a heard line, its contacts those of the transcript where there is one."""

    def contacts(group: frozenset[str]) -> list[tuple[float, float]]:
        chosen = (c for c in heard.contacts if c.phone in group and c.sure >= SURE)
        return [(contact.start, contact.end) for contact in chosen]

    quiet = [(a / MOTION_FPS, b / MOTION_FPS) for a, b in runs(~heard.spoken)]
    decided = contact_condition(
        contacts(BILABIAL), contacts(LABIODENTAL), np.zeros(heard.frames, np.float32), quiet
    )
    return SoundTarget(heard.units.astype(np.int64), heard.mel, heard.voice, decided)


def made(probe: LipProbe, weights: FloatArray, target: SoundTarget, span: range) -> dict[str, int]:
    """How many of the contacts in a span the lips make: group -> number."""
    aperture = probe.aperture(weights)
    low, high = FRICATIVE
    bitten = probe.labiodental_gap(weights) <= TOOTH_CONTACT
    met = (aperture <= CLOSED, bitten & (aperture >= low) & (aperture <= high))
    return {
        name: sum(bool(met[column][rows].any()) for rows in windows(target, column, span))
        for column, name in enumerate(GROUPS)
        if target.events(column, span)
    }


def asked(target: SoundTarget, span: range) -> dict[str, int]:
    """How many contacts there are in a span: group -> number, groups without any left out."""
    counts = {name: len(target.events(column, span)) for column, name in enumerate(GROUPS)}
    return {name: count for name, count in counts.items() if count}


def windows(target: SoundTarget, column: int, span: range) -> list[slice]:
    """The frames in which each contact of a span counts as made: MARGIN more on either side, but
    not beyond half the way to another of its group, whose lips say nothing of its own."""
    more, frames = round(MARGIN * MOTION_FPS), target.frames
    every = target.events(column, range(frames))
    found: list[slice] = []
    for first, last in target.events(column, span):
        before = max((b for _, b in every if b <= first), default=-frames)
        after = min((a for a, _ in every if a >= last), default=3 * frames)
        low = max(0, first - more, (before + first + 1) // 2)
        high = min(frames, last + more, (last + after + 1) // 2)
        found.append(slice(low, max(low + 1, high)))
    return found
