# SPDX-License-Identifier: GPL-3.0-or-later
"""What a weight of mesh-to-speech changes, with intervals over clips and training seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = Mapping[str, tuple[float, float]]  # figure -> (sum, number of what it is summed over)
Table = Mapping[str, Counts]  # clip -> its counts
Array = npt.NDArray[np.float64]
RESAMPLES = 2000
SHARE = (2.5, 97.5)  # per cent

RELATIVE = {  # name of the effect -> figure; the change as a share of the arm without supervision
    "lve_change": "lve_mm",
    "dtw_change": "lip_dtw_mm",
    "mod_change": "mod_mm",
    "upper_diversity_change": "s_div_upper_mm",
    "lips_diversity_change": "s_div_lips_mm",
    "coverage_change": "lve_best_mm",
    "upper_coverage_change": "upper_best_mm",
    "jitter_change": "jitter",
    "mel_l1_change": "mel_l1",
}
ABSOLUTE = {  # name of the effect -> figure; the difference
    "pcc_gain": "lip_pcc",
    "ccc_gain": "lip_ccc",
    "unit_accuracy_gain": "unit_accuracy",
    "pbm_gain": "pbm_closed",
    "fv_gain": "fv_contact",
    "closure_precision_gain": "closure_precision",
    "vowel_shut_gain": "vowel_shut",
    "rest_gain": "rest",
}
HEADLINES = ("lve_change", "dtw_change", "pcc_gain", "upper_diversity_change")
CONTACTS = ("pbm_gain", "fv_gain", "closure_precision_gain", "vowel_shut_gain", "rest_gain")


@dataclass(frozen=True)
class Effect:
    """Mean over training seeds, its 95 % interval over clips and seeds, and each seed's own."""

    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]
    clips: int


def effect(
    base: Sequence[Table], arm: Sequence[Table], figure: str, relative: bool
) -> Effect | None:
    """What `arm` changes over `base`: one table a training seed, in the same order.

    Each seed is compared with itself on the clips that all tables have; clips pool by what was
    counted in them. The interval resamples seeds and clips (two-level percentile bootstrap, Davison
    & Hinkley 1997, 3.8). None where nothing was counted.
    """
    clips = sorted(set.intersection(*(set(table) for table in (*base, *arm))))
    before, after = (_stacked(tables, clips, figure) for tables in (base, arm))
    seeds, count = before.shape[:2]
    own = _changes(before, after, relative)
    if not count or not np.isfinite(own).all():
        return None
    rng = np.random.default_rng([seeds, count])
    draws = []
    for _ in range(RESAMPLES):
        drawn, rows = rng.integers(0, seeds, seeds), rng.integers(0, count, count)
        draws.append(_changes(before[drawn][:, rows], after[drawn][:, rows], relative).mean())
    low, high = np.nanpercentile(draws, SHARE)
    return Effect(float(own.mean()), float(low), float(high), tuple(own.tolist()), count)


def _stacked(tables: Sequence[Table], clips: Sequence[str], figure: str) -> Array:
    """(seeds, clips, 2)"""
    nothing = (0.0, 0.0)
    rows = [[table[clip].get(figure, nothing) for clip in clips] for table in tables]
    return np.array(rows, np.float64).reshape(len(tables), len(clips), 2)


def _changes(before: Array, after: Array, relative: bool) -> Array:
    """The change of each seed: (seeds,), not finite where nothing was counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        old, new = (rows[..., 0].sum(1) / rows[..., 1].sum(1) for rows in (before, after))
        return np.asarray(new / old - 1.0 if relative else new - old)


def effects(base: Sequence[Table], arm: Sequence[Table]) -> dict[str, Any]:
    """Every effect that can be told, by name."""
    found = {
        name: effect(base, arm, figure, relative)
        for table, relative in ((RELATIVE, True), (ABSOLUTE, False))
        for name, figure in table.items()
    }
    return {name: asdict(one) for name, one in found.items() if one is not None}


def means(table: Table) -> dict[str, float]:
    """Each figure of one arm over its clips."""
    names = sorted({name for counts in table.values() for name in counts})
    sums = {name: np.sum([c.get(name, (0.0, 0.0)) for c in table.values()], 0) for name in names}
    return {name: float(part / whole) for name, (part, whole) in sums.items() if whole > 0}


def headline(found: Mapping[str, Any]) -> dict[str, Any]:
    """The four figures of the paper's table 2, their seeds and intervals."""
    known = [name for name in HEADLINES if name in found]
    return {
        **{name: found[name]["mean"] for name in known},
        "seeds": {name: found[name]["seeds"] for name in known},
        "intervals": {name: [found[name]["low"], found[name]["high"]] for name in known},
    }


def verdict(found: Mapping[str, Any]) -> dict[str, bool]:
    """The criteria of docs/protocol.md, by their names there. A missing figure fails."""

    def below(name: str, bound: float, end: str) -> bool:
        return name in found and found[name][end] < bound

    def above(name: str, bound: float, end: str) -> bool:
        return name in found and found[name][end] > bound

    helps = below("lve_change", 0, "high") and below("dtw_change", 0, "high")
    return {
        "lips": helps and above("pcc_gain", 0, "low"),
        "paper": below("lve_change", -0.088, "mean")
        and below("dtw_change", -0.119, "mean")
        and above("pcc_gain", 0.07, "mean"),
        "diversity": above("upper_diversity_change", -0.05, "low"),
        "coverage": below("upper_coverage_change", 0.02, "high"),
    }
