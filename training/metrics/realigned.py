# SPDX-License-Identifier: GPL-3.0-or-later
"""The aligner against itself: what is left of a perfect mouth when only the labels change."""

from __future__ import annotations

import logging

from model_runtime.contract import FloatArray

from ..corpus.realign import align_again
from .bench import Bench, target_motion
from .clips import few

log = logging.getLogger(__name__)
SPEED = 1.05


def realigned(bench: Bench, count: int) -> dict[str, FloatArray]:
    """Articulation of `count` real clips from phones aligned again after a 5 % change of speed.

    Clips that cannot be aligned again are left out. Clip id -> motion (T, 55). Raises ThunderError
    where pocketsphinx is missing.
    """
    real = [clip for clip in bench.clips if clip.kind == "real" and clip.transcript]
    motions: dict[str, FloatArray] = {}
    for clip in few(real, count):
        samples = bench.samples(clip)
        segments = align_again(samples, clip.transcript, SPEED)
        if segments is not None:
            motions[clip.id] = target_motion(segments, samples)
    log.info("aligned %d of %d clips again", len(motions), min(count, len(real)))
    return motions
