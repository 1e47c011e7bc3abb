# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a repair helped, by a judge that had no part in it, and how the user reads it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .contract import Meter

CLEARLY = 0.03  # of the meter: what counts as better
HARDLY = 0.05  # what a contact may cost
GOOD = 0.9  # meter of a span that needs no repair
NOTHING = "Nothing was changed: "
LOCKED = f"{NOTHING}the mouth is locked or keyed by hand everywhere in this span."
SAYS_IT = NOTHING + "the mouth says the words here (meter {before:.2f})."
NO_BETTER = (
    NOTHING + "no small change of this span makes the mouth say the words better (meter "
    "{before:.2f}, at best {after:.2f}). Generate the range anew instead."
)


@dataclass(frozen=True)
class Standing:
    """Meter of a span and the contacts that its lips make."""

    score: float
    made: dict[str, int]


def standing(meter: Meter, made: dict[str, int], span: range) -> Standing:
    """The mean of a span's frames in which something is said, or of all where nothing is.

    Not the meter's own score: that is of lines, and one open closure hardly lowers it.
    """
    rows = slice(span.start, span.stop)
    frames, spoken = meter.frames[rows], meter.spoken[rows] > 0
    return Standing(float(np.nanmean(frames[spoken] if spoken.any() else frames)), made)


def helped(before: Standing, after: Standing) -> bool:
    """Whether the meter rose, or a contact is won and the meter hardly fell; and none is lost."""
    if any(after.made[name] < count for name, count in before.made.items()):
        return False
    won = sum(after.made.values()) > sum(before.made.values())
    return after.score >= before.score + (-HARDLY if won else CLEARLY)


def is_fine(before: Standing, asked: dict[str, int]) -> bool:
    """Whether there is nothing to repair."""
    return before.score >= GOOD and before.made == asked


def told(before: Standing, after: Standing, asked: dict[str, int]) -> str:
    """What a repair reached, in one sentence."""
    words = [f"meter {before.score:.2f} before, {after.score:.2f} now"]
    for name, count in asked.items():
        what = "lips meet on" if name == "p b m" else "lip at the teeth on"
        words.append(f"{what} {after.made[name]} of {count} {name} ({before.made[name]} before)")
    return "Repaired: " + "; ".join(words) + "."
