# SPDX-License-Identifier: GPL-3.0-or-later
"""Every figure of one motion against the truth of its clip, and of a system over many clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from model_runtime.contract import FloatArray

from . import lip_curves
from .curves import MouthCurves, Probe, mouth_curves
from .figures import ClipFigures, interval, measure, total
from .mesh import Mesh, dynamics_deviation, lip_vertex_error
from .motion import blinks_per_minute
from .resample import estimate

if TYPE_CHECKING:
    from ..corpus.store import Clip

Motions = Mapping[str, FloatArray]  # clip id -> (T, 55)
Values = dict[str, float | None]
Row = dict[str, dict[str, Any] | None]  # figure -> Estimate as a dict

CURVE_FIGURES = ("mod_mm", "lip_pcc", "lip_ccc", "lip_dtw_mm", "mtm_ms", "mtm_found")
MESH_FIGURES = (
    "lve_mm",
    "lve_rms_mm",
    *CURVE_FIGURES,
    "fdd_mm2",
    "fdd_abs_mm2",
    "jitter",
    "blinks",
)
CONTACT_FIGURES = ("pbm_closed", "fv_contact", "closure_precision", "vowel_shut", "rest")
TIMING_FIGURES = ("lag_ms", "penetration_mm")  # the contact tables' two figures without a count
JUDGE_FIGURES = ("unit_accuracy", "mel_l1")
BETTER: dict[str, int] = {  # 1: high is good, -1: low is good, 0: near the truth's is good
    **dict.fromkeys(("lve_mm", "lve_rms_mm", "mod_mm", "lip_dtw_mm", "mtm_ms", "fdd_abs_mm2"), -1),
    **dict.fromkeys(("lip_pcc", "lip_ccc", "mtm_found", "unit_accuracy"), 1),
    **dict.fromkeys(("fdd_mm2", "jitter", "blinks"), 0),
    **dict.fromkeys(("pbm_closed", "fv_contact", "closure_precision", "rest"), 1),
    **dict.fromkeys(("vowel_shut", "mel_l1", *TIMING_FIGURES), -1),
}


class Ear(Protocol):
    """What listens to a motion: the judge (training.metrics.judge)."""

    def figures(self, clip: Clip, motion: FloatArray) -> Values:
        """unit_accuracy and mel_l1 of the motion (T, 55) against the clip's sound."""


@dataclass(frozen=True)
class Suite:
    """What the figures are measured with; `judge` None where there is none."""

    probe: Probe
    mesh: Mesh
    judge: Ear | None = None

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures in the order of the tables."""
        heard = JUDGE_FIGURES if self.judge else ()
        return (*MESH_FIGURES, *heard, *CONTACT_FIGURES, *TIMING_FIGURES)


@dataclass(frozen=True)
class Measured:
    """Figures of one motion: `values` are means of the clip, `counts` pool with other clips'."""

    values: Values
    counts: ClipFigures


def measure_clip(
    suite: Suite,
    clip: Clip,
    motion: FloatArray,
    truth: FloatArray,
    true_curves: MouthCurves | None = None,
) -> Measured:
    """All figures of `motion` (T, 55) where `truth` (T, 55) is what should have been done."""
    curves = mouth_curves(suite.probe, motion)
    true = true_curves or mouth_curves(suite.probe, truth)
    counts = measure(curves, true, clip.segments)
    values = mesh_values(suite.mesh, motion, truth) | curve_values(curves.aperture, true.aperture)
    values["jitter"] = counts.counts["jitter_ratio"].value
    values["blinks"] = blinks_per_minute(motion)
    values["lag_ms"] = None if counts.lag_ms is None else abs(counts.lag_ms)
    values["penetration_mm"] = counts.penetration_mm
    if suite.judge:
        values |= suite.judge.figures(clip, motion)
    return Measured(values, counts)


def mesh_values(mesh: Mesh, motion: FloatArray, truth: FloatArray) -> Values:
    """LVE and FDD."""
    lve, squares = lip_vertex_error(mesh.lips, motion, truth)
    dynamics = dynamics_deviation(mesh.upper, motion, truth)
    return {
        "lve_mm": lve,
        "lve_rms_mm": squares,
        "fdd_mm2": dynamics,
        "fdd_abs_mm2": abs(dynamics),
    }


def curve_values(aperture: FloatArray, truth: FloatArray) -> Values:
    """MOD, PCC, CCC, DTW and MTM of the lip aperture."""
    timing, found = lip_curves.timing_misalignment(aperture, truth)
    return {
        "mod_mm": lip_curves.opening_difference(aperture, truth),
        "lip_pcc": lip_curves.correlation(aperture, truth),
        "lip_ccc": lip_curves.concordance(aperture, truth),
        "lip_dtw_mm": lip_curves.warped_distance(aperture, truth),
        "mtm_ms": timing,
        "mtm_found": found,
    }


def measure_system(
    suite: Suite,
    clips: Sequence[Clip],
    motions: Motions,
    truths: Motions,
    true_curves: Mapping[str, MouthCurves] | None = None,
) -> dict[str, Measured]:
    """Clip id -> figures, for the clips that `motions` has; `true_curves` where they are known."""
    known = true_curves or {}
    return {
        clip.id: measure_clip(suite, clip, motions[clip.id], truths[clip.id], known.get(clip.id))
        for clip in clips
        if clip.id in motions and len(motions[clip.id])
    }


def summary(suite: Suite, found: Sequence[Measured]) -> Row:
    """Mean and 95 % interval over clips of every figure; contact events are pooled over clips."""
    row: Row = {}
    for name in suite.figures:
        if name in CONTACT_FIGURES:
            row[name] = _pooled([one.counts for one in found], name)
        else:
            over = estimate([one.values[name] for one in found])
            row[name] = asdict(over) if over else None
    return row


def by_kind(clips: Sequence[Clip], suite: Suite, found: Mapping[str, Measured]) -> dict[str, Row]:
    """'real' and 'synthetic' -> summary of that kind's clips."""
    kinds = sorted({clip.kind for clip in clips if clip.id in found})
    return {
        kind: summary(suite, [found[c.id] for c in clips if c.kind == kind and c.id in found])
        for kind in kinds
    }


def _pooled(counts: Sequence[ClipFigures], name: str) -> dict[str, Any] | None:
    share = total(counts, name)
    if share.value is None:
        return None
    low, high = interval(counts, name) or (None, None)
    clips = int(np.sum([bool(one.counts[name].whole) for one in counts]))
    return {"mean": share.value, "low": low, "high": high, "clips": clips}
