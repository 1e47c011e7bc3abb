# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a repair helped, by a judge that had no part in it, and how the user reads it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .contract import Meter

CLEARLY, HINT = 0.03, 0.005  # of the meter: what counts as better, alone and with evidence
HARDLY = 0.05  # what a contact may cost of it
EVIDENT = 0.5  # nats a frame: so much more of the sound's units does the judge see
STRETCH = 25  # frames, of the worst half second
GOOD = 0.93  # meter of a span that says its words and makes its contacts: nothing to mend
SURELY = 0.96  # and of one that misses a contact, which may have been misheard then
NOTHING = "Nothing was changed: "
LOCKED = f"{NOTHING}the mouth is locked or keyed by hand everywhere in this span."
SAYS_IT = NOTHING + "the mouth says the words here (meter {before:.2f})."
NO_BETTER = (
    NOTHING + "no small change of this span makes the mouth say the words better (meter "
    "{before:.2f}, at best {after:.2f}). Generate the range anew instead."
)


@dataclass(frozen=True)
class Standing:
    """Meter of a span, what the judge sees in its very frames, and the contacts its lips make.

    The meter looks at seconds around a frame, so that words which come too early or late for a
    moment only hardly lower it; the evidence is of the frames themselves.
    """

    score: float
    made: dict[str, int]
    evidence: float = 0.0  # mean log-probability of the sound's speech units
    worst: float | None = None  # mean of the worst half second; as `score` if not given


def standing(meter: Meter, made: dict[str, int], span: range, evidence: float = 0.0) -> Standing:
    """The mean of a span's frames in which something is said, or of all where nothing is.

    Not the meter's own score: that is of lines, and one open closure hardly lowers it.
    """
    rows = slice(span.start, span.stop)
    frames, spoken = meter.frames[rows], meter.spoken[rows] > 0
    chosen = frames[spoken] if spoken.any() else frames
    known = chosen[np.isfinite(chosen)]
    means = np.convolve(known, np.full(STRETCH, 1 / STRETCH), "valid")
    worst = float(means.min()) if len(known) > STRETCH else None
    return Standing(float(known.mean()), made, evidence, worst)


def says_it(before: Standing, asked: dict[str, int]) -> bool:
    """Whether nothing is wrong with a span, so that it is left as it is.

    A contact that is missed is no fault by itself: where it counts the meter falls.
    """
    worst = before.score if before.worst is None else before.worst
    return worst >= (GOOD if before.made == asked else SURELY)


def helped(before: Standing, after: Standing) -> bool:
    """Whether the meter rose, for which the judge's evidence need not fall much: clearly, or a
    little and the judge sees much more, or a contact is won and the meter hardly fell.

    None may be lost.
    """
    if any(after.made[name] < count for name, count in before.made.items()):
        return False
    seen, risen = after.evidence - before.evidence, after.score - before.score
    if sum(after.made.values()) > sum(before.made.values()):
        least = -HARDLY
    else:
        least = HINT if seen >= EVIDENT else CLEARLY
    return risen >= least and seen > -EVIDENT


def refusal(before: Standing, after: Standing, asked: dict[str, int]) -> str:
    """Why nothing is changed, in a sentence."""
    sentence = SAYS_IT if says_it(before, asked) else NO_BETTER
    return sentence.format(before=before.score, after=after.score)


def told(before: Standing, after: Standing, asked: dict[str, int]) -> str:
    """What a repair reached, in one sentence."""
    words = [f"meter {before.score:.2f} before, {after.score:.2f} now"]
    for name, count in asked.items():
        what = "lips meet on" if name == "p b m" else "lip at the teeth on"
        words.append(f"{what} {after.made[name]} of {count} {name} ({before.made[name]} before)")
    return "Repaired: " + "; ".join(words) + "."
