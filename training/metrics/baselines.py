# SPDX-License-Identifier: GPL-3.0-or-later
"""Motions beside which a figure means something: shifted, somebody else's, and none at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model_runtime.contract import FloatArray

from .suite import Motions

if TYPE_CHECKING:
    from ..corpus.store import Clip

SHIFTS = (-4, -3, -2, -1, 1, 2, 3, 4)  # frames; negative is early


def shift_name(frames: int) -> str:
    """'late_2' or 'early_1'."""
    return f"{'late' if frames > 0 else 'early'}_{abs(frames)}"


def shifted(motion: FloatArray, frames: int) -> FloatArray:
    """`motion` (T, n) that many frames later (earlier where negative), its ends held."""
    return motion[np.clip(np.arange(len(motion)) - frames, 0, len(motion) - 1)]


def mean_faces(truths: Motions) -> dict[str, FloatArray]:
    """The mean pose of all `truths`, held still over each."""
    pose = np.concatenate(list(truths.values())).mean(axis=0)
    return {name: np.tile(pose, (len(motion), 1)) for name, motion in truths.items()}


def fitted(motion: FloatArray, frames: int) -> FloatArray:
    """`motion` cut to `frames`, or begun again where it is shorter."""
    return motion[np.arange(frames) % len(motion)]


def of_other_words(
    motions: Motions, truths: Motions, partners: Mapping[str, Clip]
) -> dict[str, FloatArray]:
    """Each clip with the motion made for its partner's sound."""
    return {
        name: fitted(motions[partners[name].id], len(truths[name]))
        for name in truths
        if partners[name].id != name and partners[name].id in motions
    }


def systems(
    truths: Motions,
    models: Mapping[str, Motions],
    clips: Sequence[Clip],
    partners: Mapping[str, Clip],
) -> dict[str, Motions]:
    """Name -> motions: the models, then truth, mean face, shuffled and the shifted truths."""
    spoken = [clip.id for clip in clips]
    truths = {name: truths[name] for name in spoken}
    other = next(iter(models.values()), truths)
    late = {shift_name(k): {n: shifted(m, k) for n, m in truths.items()} for k in SHIFTS}
    return {
        **models,
        "truth": truths,
        "mean_face": mean_faces(truths),
        "shuffled": of_other_words(other, truths, partners),
        **late,
    }
