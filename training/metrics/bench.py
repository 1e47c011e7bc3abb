# SPDX-License-Identifier: GPL-3.0-or-later
"""What every system is measured on: the clips, their sound and targets, the head and its probe."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model_runtime.contract import FloatArray, ThunderError
from model_runtime.face import FaceModel, load_face
from model_runtime.features import log_mel, loudness
from model_runtime.lips import lip_probe

from ..articulation import ArticulationSettings, Style, articulate, rest_weights
from ..corpus.alignment import Segment
from ..corpus.store import Clip, Corpus, open_corpus
from .clips import choose, partners
from .curves import MouthCurves, Probe, rest_pose
from .liveliness import Regions, RestOf
from .mesh import Mesh, open_mesh
from .score import all_curves
from .sounding import heard_segments

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bench:
    """Held-out clips with everything the measures need."""

    corpus: Corpus
    clips: Sequence[Clip]
    scored: Sequence[Clip]  # the same, less the silences that are none (`heard_segments`)
    partners: Mapping[str, Clip]
    targets: Mapping[str, FloatArray]  # clip id -> articulation's neutral motion (T, 55)
    target_curves: Mapping[str, MouthCurves]
    probe: Probe
    regions: Regions
    mesh: Mesh
    alter: Callable[[Clip, FloatArray], FloatArray] | None = None  # what becomes of the sound

    def samples(self, clip: Clip) -> FloatArray:
        """The sound that a system hears: (n,) at 16 kHz."""
        samples = self.corpus.samples(clip)
        return self.alter(clip, samples) if self.alter else samples

    def articulated(self, clip: Clip, seed: int, intensity: float, emotion: str) -> FloatArray:
        """The articulation model in the place of a trained one."""
        return target_motion(clip.segments, self.samples(clip), emotion, intensity, seed)


def open_bench(folder: Path, split: str, per_source: int) -> Bench:
    """Clips of `split` in the corpus `folder`. Raises ThunderError where there are none."""
    corpus = open_corpus(folder)
    clips = choose(corpus.clips(split=split), per_source)
    if not clips:
        raise ThunderError(
            f"The corpus in {folder} has no clips in its '{split}' split. "
            "Build it further, or choose another split."
        )
    face = load_face()
    probe = lip_probe(face)
    targets = {clip.id: target_motion(clip.segments, corpus.samples(clip)) for clip in clips}
    curves = all_curves(probe, targets)
    regions, mesh = face_regions(face), open_mesh(face)
    scored = [
        replace(clip, segments=heard_segments(clip.segments, corpus.samples(clip)))
        for clip in clips
    ]
    return Bench(corpus, clips, scored, partners(clips), targets, curves, probe, regions, mesh)


def target_motion(
    segments: Sequence[Segment],
    samples: FloatArray,
    emotion: str = "neutral",
    intensity: float = 1.0,
    seed: int | None = None,
) -> FloatArray:
    """The articulation model's motion (T, 55), made as for training.

    Without a `seed` by a performer of middling style, else by one drawn with it.
    """
    style = Style() if seed is None else None
    settings = ArticulationSettings(emotion, intensity, style)
    loud = loudness(log_mel(samples))
    return articulate(segments, loud, np.random.default_rng(seed or 0), settings)


def emotion_rest(probe: Probe) -> RestOf:
    """(emotion, intensity) -> how that emotion's mouth waits in silence."""
    return lambda emotion, intensity: rest_pose(probe, rest_weights(emotion, intensity))


def face_regions(face: FaceModel) -> Regions:
    """The head's upper face and lips."""
    basis = face.expression_basis
    return Regions(basis[:, face.vertex_sets["upper_face"]], basis[:, face.vertex_sets["lips"]])
