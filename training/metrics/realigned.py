# SPDX-License-Identifier: GPL-3.0-or-later
"""The aligner against itself: what is left of a perfect mouth when only the labels change."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from model_runtime.contract import FloatArray

from ..corpus.realign import align_again
from .bench import Bench, target_motion
from .clips import few
from .curves import MouthCurves
from .figures import contact_counts

if TYPE_CHECKING:
    from ..corpus.store import Clip

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


def repeated(clips: Sequence[Clip], aligned: Mapping[str, MouthCurves]) -> list[Clip]:
    """The clips of which the aligner finds every p b m and f v again, 40 ms forgiven.

    `aligned` are the curves of `realigned`. Where it loses some, the labels say little about what
    the speaker's lips did.
    """
    return [clip for clip in clips if clip.id in aligned and _found_again(clip, aligned[clip.id])]


def _found_again(clip: Clip, curves: MouthCurves) -> bool:
    counts = contact_counts(curves, clip.segments)
    return all(counts[name].part == counts[name].whole for name in ("pbm_closed", "fv_contact"))
