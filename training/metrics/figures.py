# SPDX-License-Identifier: GPL-3.0-or-later
"""The eight figures of a clip, of a source, and of the worst source."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model_runtime.contract import MOTION_FPS

from . import contacts
from .curves import MouthCurves, RestPose
from .motion import jitter
from .ratio import Ratio
from .timing import lag_seconds

if TYPE_CHECKING:
    from ..corpus.alignment import Segment

Figures = dict[str, float | None]

RATIOS = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest", "jitter_ratio")
FIGURES = (*RATIOS[:5], "penetration_mm", "lag_ms", "jitter_ratio")
HIGHER_IS_BETTER = frozenset({"pbm_closed", "fv_contact", "closure_precision", "rest"})
RESAMPLES = 1000
EXTRAS = ("closure_precision_40ms",)  # detail only: silences widened by the tolerance


@dataclass(frozen=True)
class ClipFigures:
    """What one motion scored on one clip, as counts that pool."""

    counts: Mapping[str, Ratio]  # RATIOS and EXTRAS
    penetration_mm: float
    lag_ms: float | None


def measure(
    curves: MouthCurves,
    target: MouthCurves,
    segments: Sequence[Segment],
    rest: RestPose | None = None,
    fps: float = MOTION_FPS,
) -> ClipFigures:
    """Figures of `curves` on a clip with phones `segments`; `target` are the articulation's."""
    counts = contact_counts(curves, segments, rest, fps)
    counts["jitter_ratio"] = jitter(curves.aperture, target.aperture, fps)
    lag = lag_seconds(curves.jaw, target.jaw, fps)
    deepest = float(curves.penetration.max()) if len(curves) else 0.0
    return ClipFigures(counts, deepest, None if lag is None else lag * 1000.0)


def contact_counts(
    curves: MouthCurves,
    segments: Sequence[Segment],
    rest: RestPose | None = None,
    fps: float = MOTION_FPS,
) -> dict[str, Ratio]:
    """The counted figures that need no targets, by name."""
    lenient = contacts.closure_precision(curves, segments, fps, margin=contacts.TOLERANCE)
    return {
        "pbm_closed": contacts.closed_at_bilabials(curves, segments, fps),
        "fv_contact": contacts.contact_at_labiodentals(curves, segments, fps),
        "closure_precision": contacts.closure_precision(curves, segments, fps),
        "vowel_shut": contacts.shut_vowels(curves, segments, fps),
        "rest": contacts.rest_in_silence(curves, segments, rest, fps),
        "closure_precision_40ms": lenient,
    }


def pool(clips: Sequence[ClipFigures]) -> Figures:
    """Figures over clips: events pooled, deepest penetration, median of the per-clip |lag|."""
    lags = [abs(clip.lag_ms) for clip in clips if clip.lag_ms is not None]
    pooled: Figures = {name: total(clips, name).value for name in (*RATIOS, *EXTRAS)}
    pooled["penetration_mm"] = max((clip.penetration_mm for clip in clips), default=None)
    pooled["lag_ms"] = statistics.median(lags) if lags else None
    return {name: pooled[name] for name in (*FIGURES, *EXTRAS)}


def interval(clips: Sequence[ClipFigures], name: str) -> tuple[float, float] | None:
    """95 % interval of a counted figure by resampling the clips (Efron 1979).

    None where there was nothing to count, or one clip.
    """
    counts = np.array([(clip.counts[name].part, clip.counts[name].whole) for clip in clips])
    if len(clips) < 2 or counts[:, 1].sum() == 0:
        return None
    draws = np.random.default_rng(0).integers(0, len(clips), (RESAMPLES, len(clips)))
    parts, wholes = counts[draws].sum(axis=1).T
    shares = parts[wholes > 0] / wholes[wholes > 0]
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(low), float(high)


def total(clips: Iterable[ClipFigures], name: str) -> Ratio:
    """All clips' counts of one figure together."""
    return sum((clip.counts[name] for clip in clips if name in clip.counts), Ratio())


def worst(sources: Iterable[Figures]) -> Figures:
    """For each figure the value of the source that does worst; None where no source has one."""
    rows = list(sources)
    return {name: _worst_of(name, [row.get(name) for row in rows]) for name in FIGURES}


def _worst_of(name: str, values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return min(known) if name in HIGHER_IS_BETTER else max(known)
