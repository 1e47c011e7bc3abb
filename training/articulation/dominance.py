# SPDX-License-Identifier: GPL-3.0-or-later
"""Coarticulation by dominance functions: every phone pulls, the curves are what they agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model_runtime.contract import FloatArray
from model_runtime.phones import PHONE_INDEX, VOWELS

from .phone_targets import (
    ANTICIPATION,
    CARRY_OVER,
    FIRMNESS_TABLE,
    GLIDE_SHARE,
    GLIDES,
    JAW,
    TARGET_TABLE,
)
from .settings import Segment

CORE = 0.5  # share of a phone, about its centre, over which its pull is full
ROUND_OFF = 0.012  # s over which the corner of a dominance function is rounded
REACH = 0.6  # s beyond which a phone pulls no more
STRESS: dict[int | None, float] = {0: 0.92, 1: 1.08, 2: 1.02}  # where the alignment knows it
CHUNK = 400  # frames at a time: cost stays linear in the length of the clip


@dataclass(frozen=True)
class Pulls:
    """Phones as the dominance model sees them, diphthongs as two. All (n,) or (n, parameters)."""

    start: FloatArray  # s
    end: FloatArray  # s
    targets: FloatArray
    firmness: FloatArray


def pulls(segments: Sequence[Segment], opening: FloatArray) -> Pulls:
    """Pulls of a clip's phones. `opening` (len(segments),) scales each phone's jaw target."""
    pieces: list[tuple[str, float, float, float]] = []
    for segment, scale in zip(segments, opening, strict=True):
        split = segment.start + GLIDE_SHARE * (segment.end - segment.start)
        first, *rest = GLIDES.get(segment.phone, (segment.phone,))
        pieces.append((first, segment.start, split if rest else segment.end, scale))
        pieces += [(phone, split, segment.end, scale) for phone in rest]
    index = [PHONE_INDEX[piece[0]] for piece in pieces]
    times = np.array([piece[1:] for piece in pieces], np.float32).reshape(-1, 3)
    targets = TARGET_TABLE[index].copy()
    targets[:, JAW] *= times[:, 2]
    return Pulls(times[:, 0], times[:, 1], targets, FIRMNESS_TABLE[index])


def opening_scales(
    segments: Sequence[Segment], loudness: FloatArray, fps: float, strength: float
) -> FloatArray:
    """How far each phone opens the jaw: (n,), about 1 for an ordinary vowel.

    Louder and longer, that is stressed, vowels open further (Edwards, Harrington & Fletcher 1991;
    JALI's jaw parameter follows intensity, Edwards et al. 2016). Consonants take only `strength`.
    """
    scales = np.full(len(segments), strength, np.float32)
    total = np.concatenate(([0.0], np.cumsum(loudness, dtype=np.float64)))
    for index, segment in enumerate(segments):
        if segment.phone not in VOWELS or not len(loudness):
            continue
        first = min(int(segment.start * fps), len(loudness) - 1)
        last = min(max(int(np.ceil(segment.end * fps)), first + 1), len(loudness))
        loud = (total[last] - total[first]) / (last - first)
        long = np.clip(((segment.end - segment.start) / 0.09) ** 0.25, 0.8, 1.2)
        stress = STRESS.get(getattr(segment, "stress", None), 1.0)
        scales[index] *= (0.52 + 0.6 * loud) * long * stress
    return scales


def blend(phones: Pulls, times: FloatArray) -> FloatArray:
    """Articulatory curves (T, parameters) at `times` (T,) s.

    Cohen & Massaro (1993), Modeling coarticulation in synthetic visual speech: the dominance of
    phone s on a parameter is D = a * exp(-|tau| / T) with its own T before and after the phone, and
    the curve is sum(D * target) / sum(D). Here tau counts from the edges of the phone's inner half,
    so that long vowels hold, and its corner is rounded, so that velocity is continuous.
    """
    curves = np.empty((len(times), phones.targets.shape[1]), np.float32)
    for first in range(0, len(times), CHUNK):
        part = times[first : first + CHUNK]
        near = (phones.end > part[0] - REACH) & (phones.start < part[-1] + REACH)
        curves[first : first + CHUNK] = _blend_chunk(phones, near, part)
    return curves


def _blend_chunk(phones: Pulls, near: np.ndarray, times: FloatArray) -> FloatArray:
    start, end = phones.start[near], phones.end[near]
    middle, half = (start + end) / 2, (end - start) / 2 * CORE
    offset = times[:, None] - middle
    beyond = np.maximum(np.abs(offset) - half, 0.0)
    beyond = np.sqrt(beyond**2 + ROUND_OFF**2) - ROUND_OFF
    before = offset < 0
    curves = np.empty((len(times), phones.targets.shape[1]), np.float32)
    pull, known = np.empty(0), (-1.0, -1.0)
    for index, (ahead, after) in enumerate(zip(ANTICIPATION, CARRY_OVER, strict=True)):
        if (ahead, after) != known:
            pull = np.exp(-beyond / np.where(before, ahead, after))
            known = (ahead, after)
        weight = phones.firmness[near, index]
        goal = phones.targets[near, index]
        curves[:, index] = (pull @ (weight * goal)) / (pull @ weight + 1e-9)
    return curves
