# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a listener hears phones and lip contacts: tallies of clips and figures of their sums.

The figures are those that decide whether lips close: per frame what is said, and per event whether
the posterior of a contact rises above a threshold somewhere within 40 ms of the phone, against how
often it does so at the middle of a vowel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.phones import BILABIAL, LABIODENTAL, PHONE_INDEX, PHONES, VISEME_OF, VOWELS
from training.pack import Item
from training.phone_strings import string_counts

THRESHOLDS = (0.5, 0.3, 0.2, 0.15, 0.1)
FALSE_RATE = 0.02  # of the vowels' middles, at which recall is compared
SLACK = 0.04  # s
RESAMPLES = 400
CONTACT_GROUPS = {"pbm": BILABIAL, "fv": LABIODENTAL}
CLASSES = np.array([VISEME_OF[phone] for phone in PHONES])
SILENT = PHONE_INDEX["SIL"]
Figures = dict[str, float]
Curve = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """What a listener makes of a clip, a row a motion frame; both posteriors in 0..1."""

    phones: FloatArray  # (frames, len(PHONES))
    contacts: FloatArray  # (frames, 2): p b m, f v


@dataclass(frozen=True)
class Tally:
    """Counts of one clip, and the posteriors at its events: `peaks` by contact, `false` likewise"""

    counts: npt.NDArray[np.int64]  # (len(COUNTS),)
    peaks: dict[str, Curve]
    false: dict[str, Curve]


COUNTS = (
    "frames",
    "phone",
    "viseme",
    "speech",
    "speech_viseme",
    "pbm",
    "pbm_heard",
    "fv",
    "fv_heard",
    "said",
    "spelled_wrong",
    "wrong_in_bounds",
)


def viseme_posteriors(phones: FloatArray) -> FloatArray:
    """Phone posteriors (frames, phones) summed into the 12 classes: (frames, 12)."""
    member = np.eye(int(CLASSES.max()) + 1, dtype=np.float32)[CLASSES]
    return np.asarray(phones @ member, np.float32)


def tally(heard: Heard, labels: npt.NDArray[np.int64], item: Item) -> Tally:
    """Compare what was heard with a clip's phones (frames,) and segments."""
    classes, said = CLASSES[labels], viseme_posteriors(heard.phones).argmax(1)
    right, speech = said == classes, labels != SILENT
    frames = [len(labels), (heard.phones.argmax(1) == labels).sum(), right.sum()]
    frames += [speech.sum(), (right & speech).sum()]
    for group in CONTACT_GROUPS.values():
        its = np.isin(labels, [PHONE_INDEX[phone] for phone in group])
        frames += [its.sum(), (right & its).sum()]
    frames += string_counts(heard.phones, item.segments).tolist()
    peaks, false = {}, {}
    for column, (name, group) in enumerate(CONTACT_GROUPS.items()):
        curve = heard.contacts[:, column]
        peaks[name] = np.array([_peak(curve, s, e) for p, s, e in item.segments if p in group])
        middles = [(s + e) / 2 for p, s, e in item.segments if p in VOWELS]
        places = np.minimum((np.array(middles) * MOTION_FPS).astype(int), len(curve) - 1)
        false[name] = curve[places].astype(float)
    return Tally(np.array(frames, np.int64), peaks, false)


def figures(tallies: Sequence[Tally]) -> Figures:
    """Figures of clips taken together; an empty count gives NaN."""
    counts = np.sum([one.counts for one in tallies], axis=0)
    n = dict(zip(COUNTS, counts.tolist(), strict=True))
    result = {
        "viseme_accuracy": _ratio(n["viseme"], n["frames"]),
        "phone_accuracy": _ratio(n["phone"], n["frames"]),
        "speech_viseme_accuracy": _ratio(n["speech_viseme"], n["speech"]),
        "pbm_frame_recall": _ratio(n["pbm_heard"], n["pbm"]),
        "fv_frame_recall": _ratio(n["fv_heard"], n["fv"]),
        "phone_error_rate": _ratio(n["spelled_wrong"], n["said"]),
        "phone_error_rate_in_bounds": _ratio(n["wrong_in_bounds"], n["said"]),
    }
    for name in CONTACT_GROUPS:
        peaks = np.concatenate([one.peaks[name] for one in tallies])
        false = np.concatenate([one.false[name] for one in tallies])
        result |= contact_figures(name, peaks, false)
    return result


def contact_figures(name: str, peaks: Curve, false: Curve) -> Figures:
    """Recall of events and false contacts at each threshold, and recall at 2 % false ones."""
    result: Figures = {}
    for threshold in THRESHOLDS:
        result[f"{name}_recall@{threshold}"] = _share(peaks > threshold)
        result[f"{name}_false@{threshold}"] = _share(false > threshold)
    limit = float(np.quantile(false, 1 - FALSE_RATE)) if len(false) else 1.0
    result[f"{name}_recall_at_2pct"] = _share(peaks > limit)
    result[f"{name}_threshold_at_2pct"] = limit
    return result


def intervals(
    tallies: Sequence[Tally],
    seed: int = 0,
    of: Callable[[Sequence[Tally]], Figures] = figures,
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals over clips of every figure (Efron & Tibshirani 1993)."""
    rng = np.random.default_rng(seed)
    drawn = [
        of([tallies[k] for k in rng.integers(0, len(tallies), len(tallies))])
        for _ in range(RESAMPLES)
    ]
    names = drawn[0]
    ends = {name: np.nanpercentile([row[name] for row in drawn], (2.5, 97.5)) for name in names}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def difference(
    one: Sequence[Tally], other: Sequence[Tally], seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """Figures of `one` minus those of `other` on the same clips: value and 95 % interval."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(RESAMPLES):
        picks = rng.integers(0, len(one), len(one))
        first, second = figures([one[k] for k in picks]), figures([other[k] for k in picks])
        rows.append({name: first[name] - second[name] for name in first})
    first, second = figures(one), figures(other)
    result = {}
    for name in first:
        low, high = np.nanpercentile([row[name] for row in rows], (2.5, 97.5))
        result[name] = (first[name] - second[name], float(low), float(high))
    return result


def _peak(curve: FloatArray, start: float, end: float) -> float:
    first = max(0, int((start - SLACK) * MOTION_FPS))
    window = curve[first : int((end + SLACK) * MOTION_FPS) + 1]
    return float(window.max()) if len(window) else 0.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _share(mask: npt.NDArray[np.bool_]) -> float:
    return float(mask.mean()) if len(mask) else float("nan")
