# SPDX-License-Identifier: GPL-3.0-or-later
"""What many seeds of a line spread, and how near the nearest of them comes to the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from model_runtime.contract import FloatArray

from .mesh import Mesh, lip_vertex_error, mean_distance, sample_diversity
from .resample import estimate

if TYPE_CHECKING:
    from ..corpus.store import Clip

Takes = Callable[["Clip"], Sequence[FloatArray]]  # the takes of all seeds of a clip
SEED_FIGURES = (
    *("s_div_lips_mm", "s_div_upper_mm", "lve_best_mm", "lve_mean_mm", "lve_of_mean_mm"),
    *("upper_best_mm", "upper_mean_mm"),
)


def seed_values(mesh: Mesh, takes: Sequence[FloatArray], truth: FloatArray) -> dict[str, float]:
    """S-DIV of both regions; coverage: the truth's distance from the nearest take, and on average.

    `lve_of_mean_mm` is the error of the takes' mean, which a model without chance would give.
    """
    lve = [lip_vertex_error(mesh.lips, take, truth)[0] for take in takes]
    upper = [mean_distance(mesh.upper, take, truth) for take in takes]
    count = min(len(take) for take in takes)
    middle = np.mean([take[:count] for take in takes], axis=0)
    return {
        "s_div_lips_mm": sample_diversity(mesh.lips, takes),
        "s_div_upper_mm": sample_diversity(mesh.upper, takes),
        "lve_best_mm": min(lve),
        "lve_mean_mm": float(np.mean(lve)),
        "lve_of_mean_mm": lip_vertex_error(mesh.lips, middle, truth)[0],
        "upper_best_mm": min(upper),
        "upper_mean_mm": float(np.mean(upper)),
    }


def seed_report(
    mesh: Mesh, clips: Sequence[Clip], takes: Mapping[str, Takes], truths: Mapping[str, FloatArray]
) -> dict[str, dict[str, Any]]:
    """System -> figure -> mean and 95 % interval over `clips`."""
    report = {}
    for system, of in takes.items():
        rows = [seed_values(mesh, of(clip), truths[clip.id]) for clip in clips]
        estimates = {name: estimate([row[name] for row in rows]) for name in SEED_FIGURES}
        report[system] = {name: asdict(one) if one else None for name, one in estimates.items()}
    return report
