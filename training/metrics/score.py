# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of a system: per source, and of the worst source of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray

from .clips import KINDS
from .curves import MouthCurves, Probe, RestPose, mouth_curves
from .figures import EXTRAS, RATIOS, ClipFigures, Figures, interval, measure, pool, total, worst

if TYPE_CHECKING:
    from ..corpus.store import Clip

Motions = Mapping[str, FloatArray]  # clip id -> (T, 55)
Curves = Mapping[str, MouthCurves]  # clip id -> curves of one system


def score(
    clips: Sequence[Clip],
    curves: Curves,
    targets: Curves,
    rests: Mapping[str, RestPose] | None = None,
) -> dict[str, dict[str, Any]]:
    """Source -> {kind, clips, events, figures} of one system; clips without curves are left out.

    `targets` are the articulation model's curves of the same clips, `rests` how each one's mouth
    waits in silence where that is not with closed lips.
    """
    measured: dict[str, list[ClipFigures]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for clip in clips:
        if clip.id not in curves:
            continue
        rest = (rests or {}).get(clip.id)
        found = measure(curves[clip.id], targets[clip.id], clip.segments, rest)
        measured[clip.source].append(found)
        kinds[clip.source] = clip.kind
    return {source: _row(kinds[source], found) for source, found in measured.items()}


def all_curves(probe: Probe, motions: Motions) -> dict[str, MouthCurves]:
    """Curves of every motion."""
    return {name: mouth_curves(probe, motion) for name, motion in motions.items()}


def worst_by_kind(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Figures]:
    """'real' and 'synthetic' -> figures of the worst source of that kind."""
    return {
        kind: worst(row["figures"] for row in rows.values() if row["kind"] == kind)
        for kind in KINDS
    }


def mean_faces(probe: Probe, motions: Motions) -> dict[str, MouthCurves]:
    """The mean pose of all `motions`, held still over each of them."""
    pose = np.concatenate(list(motions.values())).mean(axis=0, keepdims=True)
    still = mouth_curves(probe, pose)
    return {name: still.cut(np.zeros(len(motion), int)) for name, motion in motions.items()}


def shuffled(
    clips: Sequence[Clip], curves: Curves, other: Mapping[str, Clip]
) -> dict[str, MouthCurves]:
    """Each clip with the motion of another clip's sound, cut to its length."""
    return {
        clip.id: curves[other[clip.id].id].cut(slice(round(clip.seconds * MOTION_FPS)))
        for clip in clips
        if other[clip.id].id in curves and other[clip.id].id != clip.id
    }


def _row(kind: str, found: Sequence[ClipFigures]) -> dict[str, Any]:
    counted = [name for name in (*RATIOS, *EXTRAS) if name != "jitter_ratio"]
    return {
        "kind": kind,
        "clips": len(found),
        "events": {name: round(total(found, name).whole) for name in counted},
        "figures": pool(found),
        "intervals": {name: interval(found, name) for name in counted},
    }
