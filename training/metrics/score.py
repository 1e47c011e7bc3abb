# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of a system: per source, and of the worst source of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from model_runtime.contract import MOTION_FPS, FloatArray
from model_runtime.phones import BILABIAL, LABIODENTAL, SILENCE

from .clips import KINDS
from .curves import MouthCurves, Probe, RestPose, mouth_curves
from .figures import EXTRAS, RATIOS, ClipFigures, Figures, measure, pool, total, worst

if TYPE_CHECKING:
    from ..corpus.alignment import Segment
    from ..corpus.store import Clip

Motions = Mapping[str, FloatArray]  # clip id -> (T, 55)


def score(
    clips: Sequence[Clip],
    motions: Motions,
    targets: Motions,
    probe: Probe,
    rest: RestPose | None = None,
) -> dict[str, dict[str, Any]]:
    """Source -> {kind, clips, events, figures} of one system; clips without a motion are left out.

    `targets` are the articulation's motions of the same clips.
    """
    measured: dict[str, list[ClipFigures]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for clip in clips:
        if clip.id not in motions:
            continue
        target = mouth_curves(probe, targets[clip.id])
        curves = mouth_curves(probe, motions[clip.id])
        measured[clip.source].append(measure(curves, target, clip.segments, rest))
        kinds[clip.source] = clip.kind
    return {source: _row(kinds[source], found) for source, found in measured.items()}


def worst_by_kind(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Figures]:
    """'real' and 'synthetic' -> figures of the worst source of that kind."""
    return {
        kind: worst(row["figures"] for row in rows.values() if row["kind"] == kind)
        for kind in KINDS
    }


def mean_faces(clips: Sequence[Clip], targets: Motions) -> dict[str, FloatArray]:
    """The targets' mean pose, held still over each clip."""
    pose = np.concatenate([targets[clip.id] for clip in clips]).mean(axis=0)
    return {clip.id: np.tile(pose, (len(targets[clip.id]), 1)) for clip in clips}


def shuffled(
    clips: Sequence[Clip], motions: Motions, other: Mapping[str, Clip]
) -> dict[str, FloatArray]:
    """Each clip with the motion of another clip's sound, cut to its length."""
    return {
        clip.id: motions[other[clip.id].id][: round(clip.seconds * MOTION_FPS)]
        for clip in clips
        if other[clip.id].id in motions and other[clip.id].id != clip.id
    }


def ideal_mouth(segments: Sequence[Segment], frames: int) -> MouthCurves:
    """Curves (frames,) that do what the phones say and nothing else, without coarticulation.

    Scored against another alignment of the same sound they tell how well the two agree.
    """
    times = np.arange(frames) / MOTION_FPS
    aperture = np.full(frames, 8.0, np.float32)
    gap = np.full(frames, 6.0, np.float32)
    for segment in segments:
        inside = (times >= segment.start) & (times < segment.end)
        if segment.phone in BILABIAL or segment.phone == SILENCE:
            aperture[inside] = 0.0
        if segment.phone in LABIODENTAL:
            aperture[inside], gap[inside] = 1.5, 0.0
    return MouthCurves(aperture, gap, aperture, np.zeros_like(aperture))


def _row(kind: str, found: Sequence[ClipFigures]) -> dict[str, Any]:
    events = {
        name: round(total(found, name).whole)
        for name in (*RATIOS, *EXTRAS)
        if name != "jitter_ratio"
    }
    return {"kind": kind, "clips": len(found), "events": events, "figures": pool(found)}
