# SPDX-License-Identifier: GPL-3.0-or-later
"""What seeds and intensity change: the upper face clearly, the lips little, the contacts hardly."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from model_runtime.contract import FloatArray

from . import motion
from .curves import Probe, RestPose, mouth_curves
from .figures import Figures, contact_counts
from .ratio import Ratio

if TYPE_CHECKING:
    from ..corpus.store import Clip

Generate = Callable[["Clip", int, float, str], FloatArray]  # clip, seed, intensity, emotion
RestOf = Callable[[str, float], RestPose]  # emotion, intensity

INTENSITIES = (0.0, 0.5, 1.0, 1.5)
CONTACTS = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut")
DRIFT_ALLOWED = 0.05


class Regions:
    """Parts of a head as vertex motion in millimetres.

    'upper' is the upper face, 'expression' the same without blinks, which come at every intensity
    and outweigh what it changes, 'lips' the lips.
    """

    def __init__(self, upper: FloatArray, lips: FloatArray) -> None:
        """`upper` and `lips` are expression bases (52, n, 3) in metres at those vertices."""
        self._bases = {
            "upper": (upper, motion.UPPER_UNITS),
            "expression": (upper, motion.CALM_UNITS),
            "lips": (lips, motion.LIP_UNITS),
        }

    def moved(self, region: str, weights: FloatArray) -> FloatArray:
        """(T, n, 3) mm of motion `weights` (T, 52 or 55) in one part."""
        basis, columns = self._bases[region]
        return motion.displacements(weights, basis, columns)


def seed_report(
    clips: Sequence[Clip], generate: Generate, regions: Regions, seeds: Sequence[int], emotion: str
) -> dict[str, Any]:
    """Whether a seed repeats exactly, and what several seeds spread (mm, mean over clips)."""
    spreads: dict[str, list[float]] = {"upper": [], "lips": []}
    same = True
    for clip in clips:
        takes = [generate(clip, seed, 1.0, emotion) for seed in seeds]
        same &= bool(np.array_equal(takes[0], generate(clip, seeds[0], 1.0, emotion)))
        for region, found in spreads.items():
            found.append(motion.spread([regions.moved(region, take) for take in takes]))
    return {
        "emotion": emotion,
        "seeds": list(seeds),
        "clips": len(clips),
        "same_seed_identical": same,
        "upper_face_mm": _mean(spreads["upper"]),
        "lips_mm": _mean(spreads["lips"]),
    }


def intensity_report(
    clips: Sequence[Clip],
    generate: Generate,
    regions: Regions,
    probe: Probe,
    emotion: str,
    rest_of: RestOf,
) -> dict[str, Any]:
    """Upper-face motion and contact figures at each intensity of one emotion."""
    rows = []
    for intensity in INTENSITIES:
        takes = {clip.id: generate(clip, 0, intensity, emotion) for clip in clips}
        moved = [regions.moved("expression", take) for take in takes.values()]
        row: dict[str, Any] = {
            "intensity": intensity,
            "upper_face_mm": _mean([motion.activity(one) for one in moved]),
            "upper_face_pose_mm": _mean([motion.amplitude(one) for one in moved]),
        }
        rows.append(row | pooled_contacts(clips, takes, probe, rest_of(emotion, intensity)))
    return {
        "emotion": emotion,
        "clips": len(clips),
        "rows": rows,
        "rises": rises([row["upper_face_mm"] for row in rows]),
        "contact_drift": drift(rows),
    }


def pooled_contacts(
    clips: Sequence[Clip], motions: Mapping[str, FloatArray], probe: Probe, rest: RestPose
) -> Figures:
    """Contact figures and deepest penetration over `clips`, events pooled."""
    counts: dict[str, Ratio] = {}
    deepest = 0.0
    for clip in clips:
        curves = mouth_curves(probe, motions[clip.id])
        deepest = max(deepest, float(curves.penetration.max(initial=0.0)))
        for name, ratio in contact_counts(curves, clip.segments, rest).items():
            counts[name] = counts.get(name, Ratio()) + ratio
    figures: Figures = {name: counts[name].value for name in (*CONTACTS, "rest")}
    return {**figures, "penetration_mm": deepest}


def rises(values: Sequence[float]) -> bool:
    """Whether each value is above the one before."""
    return all(a < b for a, b in itertools.pairwise(values))


def drift(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Largest minus smallest of each contact figure over the intensities."""
    found: dict[str, float | None] = {}
    for name in CONTACTS:
        values = [row[name] for row in rows if row[name] is not None]
        found[name] = max(values) - min(values) if values else None
    return found


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
