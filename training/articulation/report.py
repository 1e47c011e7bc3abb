# SPDX-License-Identifier: GPL-3.0-or-later
"""What the articulation model reaches on a corpus: contacts, speeds and cost, by emotion."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_runtime.contract import CHANNELS, MOTION_FPS, FloatArray
from model_runtime.lips import LipProbe
from model_runtime.phones import BILABIAL

from ..corpus.store import Clip, Corpus
from ..metrics.contacts import frames_in
from ..metrics.curves import mouth_curves, rest_pose
from ..metrics.figures import ClipFigures, measure, pool
from .emotions import rest_weights
from .loudness import loudness_curve
from .model import articulate
from .settings import ArticulationSettings

JAW_UNIT = CHANNELS.index("jawOpen")
BLINKS = [CHANNELS.index("eyeBlinkLeft"), CHANNELS.index("eyeBlinkRight")]


@dataclass(frozen=True)
class Extremes:
    """Fastest of a clip: lips and jaw mm/s, lids 1/s, head rad/s; share of p b m at <= 0 mm."""

    lips: float
    jaw: float
    lids: float
    head: float
    sealed: int
    bilabials: int
    corner: float  # mm, the widest column at the best frame of a p b m, worst of the clip


@dataclass(frozen=True)
class Row:
    """Figures of one emotion and intensity over the clips."""

    name: str
    figures: dict[str, float | None]
    extremes: Extremes
    speed: float  # seconds of motion a second of one core


def choose(corpus: Corpus, count: int, seed: int = 0) -> list[Clip]:
    """Clips at random, the same for the same seed, real ones and synthetic ones."""
    clips = [clip for clip in corpus.clips() if clip.seconds > 1.0]
    picked = np.random.default_rng(seed).permutation(len(clips))[:count]
    return [clips[index] for index in picked]


def row(
    corpus: Corpus, clips: Sequence[Clip], probe: LipProbe, emotion: str, intensity: float
) -> Row:
    """Articulates `clips` and measures them."""
    settings = ArticulationSettings(emotion, intensity)
    rest = rest_pose(probe, rest_weights(emotion, intensity))
    figures: list[ClipFigures] = []
    extremes: list[Extremes] = []
    spent = seconds = 0.0
    for index, clip in enumerate(clips):
        samples = corpus.samples(clip)
        begun = time.process_time()
        loud = loudness_curve(samples)
        motion = articulate(clip.segments, loud, np.random.default_rng(index), settings)
        spent += time.process_time() - begun
        seconds += clip.seconds
        curves = mouth_curves(probe, motion)
        figures.append(measure(curves, curves, clip.segments, rest))
        extremes.append(_extremes(motion, curves.aperture, curves.jaw, clip, probe))
    return Row(f"{emotion} {intensity:g}", pool(figures), _worst(extremes), seconds / spent)


def _extremes(
    motion: FloatArray, aperture: FloatArray, jaw: FloatArray, clip: Clip, probe: LipProbe
) -> Extremes:
    widest = probe.column_apertures(motion).max(axis=1)
    spans = [
        frames_in(s.start - 0.04, s.end + 0.04, len(motion))
        for s in clip.segments
        if s.phone in BILABIAL
    ]
    best = [float(widest[span].min()) for span in spans if len(widest[span])]
    sealed = sum(bool((aperture[span] <= 0.0).any()) for span in spans)
    return Extremes(
        lips=_fastest(aperture),
        jaw=_fastest(jaw),
        lids=_fastest(motion[:, BLINKS]),
        head=_fastest(motion[:, -3:]),
        sealed=sealed,
        bilabials=len(spans),
        corner=max(best, default=-9.0),
    )


def _fastest(curve: FloatArray) -> float:
    if len(curve) < 2:
        return 0.0
    return float(np.abs(np.diff(curve, axis=0)).max() * MOTION_FPS)


def _worst(rows: Sequence[Extremes]) -> Extremes:
    return Extremes(
        lips=max(r.lips for r in rows),
        jaw=max(r.jaw for r in rows),
        lids=max(r.lids for r in rows),
        head=max(r.head for r in rows),
        sealed=sum(r.sealed for r in rows),
        bilabials=sum(r.bilabials for r in rows),
        corner=max(r.corner for r in rows),
    )
