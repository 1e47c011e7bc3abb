# SPDX-License-Identifier: GPL-3.0-or-later
"""What every synthetic source shares: the task of a shard, an utterance, clips laid out of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from .alignment import Segment, shift_segments, tidy
from .store import RATE, Draft

PEAK = 0.6

Samples = npt.NDArray[np.float32]
Utterance = tuple[str, str, str, Samples, list[Segment]]  # speaker, note, text, 16 kHz, phones


@dataclass(frozen=True)
class Task:
    """What a shard is made of; equal tasks give equal sound."""

    name: str
    source: str
    split: str
    ordinal: int
    seconds: float
    seed: int


@dataclass(frozen=True)
class Layout:
    """Silence around and between utterances, in seconds; share of the clips that hold two."""

    edge: tuple[float, float] = (0.05, 0.5)
    pause: tuple[float, float] = (0.3, 2.5)
    pause_share: float = 0.12


def compose(
    name: str, source: str, parts: list[Utterance], layout: Layout, rng: np.random.Generator
) -> tuple[Draft, Samples]:
    """A clip of one or more utterances with silence around and pauses between them."""
    edge = int(rng.uniform(*layout.edge) * RATE)
    pieces: list[Samples] = [np.zeros(edge, np.float32)]
    segments: list[Segment] = []
    clock = edge
    for number, (_, _, _, samples, phones) in enumerate(parts):
        if number:
            pause = int(rng.uniform(*layout.pause) * RATE)
            pieces.append(np.zeros(pause, np.float32))
            clock += pause
        pieces.append(samples)
        segments.extend(shift_segments(phones, clock / RATE))
        clock += len(samples)
    pieces.append(np.zeros(int(rng.uniform(*layout.edge) * RATE), np.float32))
    sound = np.concatenate(pieces)
    sound = sound * (PEAK / max(float(np.abs(sound).max()), 1e-4))
    sound = sound + rng.normal(0.0, 3e-5, len(sound)).astype(np.float32)
    speaker, note, _, _, _ = parts[0]
    text = " ".join(part[2] for part in parts)
    whole = tidy(segments, len(sound) / RATE)
    return Draft(name, source, "synthetic", speaker, text, whole, note), sound.astype(np.float32)


def at_rate(samples: Samples, rate: int) -> Samples:
    """The sound at 16 kHz."""
    if rate == RATE:
        return samples
    resampled: Samples = soxr.resample(samples, rate, RATE).astype(np.float32)
    return resampled
