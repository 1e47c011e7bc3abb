# SPDX-License-Identifier: GPL-3.0-or-later
"""What fewer or more sampler steps cost and give."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from model_runtime.contract import FloatArray

from .mesh import sample_diversity
from .model_systems import Performer, Stopwatch
from .resample import estimate
from .suite import Suite, measure_system, summary

if TYPE_CHECKING:
    from ..corpus.store import Clip

log = logging.getLogger(__name__)
STEPS = (2, 4, 8, 16, 32, 50)
SEEDS = 3


def steps_table(
    performer: Performer, suite: Suite, clips: Sequence[Clip], spread_clips: int
) -> list[dict[str, Any]]:
    """A row a step count: seconds for a second of sound, every figure over `clips`, S-DIV over
    three seeds of the first `spread_clips` of them."""
    engine = performer.engine
    usual = engine.sampling
    rows = []
    try:
        for steps in STEPS:
            log.info("%d steps", steps)
            engine.sampling = replace(usual, steps=steps)
            rows.append({"steps": steps, **_row(performer, suite, clips, spread_clips)})
    finally:
        engine.sampling = usual
    return rows


def _row(
    performer: Performer, suite: Suite, clips: Sequence[Clip], spread_clips: int
) -> dict[str, Any]:
    performer.watch = Stopwatch()
    motions = {clip.id: _take(performer, clip, 0) for clip in clips}
    watch = performer.watch
    bench = performer.bench
    found = measure_system(suite, clips, motions, bench.targets, bench.target_curves)
    spread: dict[str, list[float]] = {"s_div_lips_mm": [], "s_div_upper_mm": []}
    for clip in clips[:spread_clips]:
        takes = [motions[clip.id], *(_take(performer, clip, seed) for seed in range(1, SEEDS))]
        spread["s_div_lips_mm"].append(sample_diversity(suite.mesh.lips, takes))
        spread["s_div_upper_mm"].append(sample_diversity(suite.mesh.upper, takes))
    estimates = {name: estimate(values) for name, values in spread.items()}
    return {
        "seconds_per_second": watch.wall / watch.sound,
        "processor_seconds_per_second": watch.cpu / watch.sound,
        "figures": summary(suite, list(found.values()))
        | {name: asdict(one) if one else None for name, one in estimates.items()},
    }


def _take(performer: Performer, clip: Clip, seed: int) -> FloatArray:
    return performer.generate(clip, seed, 1.0, "neutral")
