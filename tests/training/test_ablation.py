# SPDX-License-Identifier: GPL-3.0-or-later
"""The ablation's order, its comparison of arms, and what it calls a success."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import RequestError
from training.ablation import Arm, all_arms, keep_settings, report, summary
from training.ablation_figures import effect, headline, verdict

CLIPS = [f"clip{i}" for i in range(30)]


def tables(change: float, noise: float, seeds: int = 3) -> list[dict[str, dict]]:
    """One table a seed: LVE about 2 mm times `change`, contacts at 90 %."""
    rng = np.random.default_rng(round(1000 * change))
    return [
        {
            clip: {
                "lve_mm": (float(2 * change + noise * rng.standard_normal()), 1.0),
                "pbm_closed": (9.0, 10.0),
            }
            for clip in CLIPS
        }
        for _ in range(seeds)
    ]


def test_the_pilot_comes_first():
    arms = all_arms(("frozen", "trained"), (0.3, 3.0, 1.0, 0.0), (0, 1))
    assert [arm.name for arm in arms[:2]] == ["frozen-w0-s0", "frozen-w1-s0"]
    assert len(set(arms)) == 16
    assert {arm.seed for arm in arms[:8]} == {0}


def test_a_change_is_found_with_its_interval():
    found = effect(tables(1.0, 0.05), tables(0.9, 0.05), "lve_mm", relative=True)
    assert found is not None
    assert found.mean == pytest.approx(-0.1, abs=0.01) and found.low < found.mean < found.high < 0
    assert len(found.seeds) == 3 and np.mean(found.seeds) == pytest.approx(found.mean)


def test_no_change_is_not_found():
    same = effect(tables(1.0, 0.3), tables(1.001, 0.3), "lve_mm", relative=True)
    assert same is not None and same.low < 0 < same.high


def test_an_interval_grows_where_seeds_disagree():
    base = tables(1.0, 0.01)
    agree = effect(base, tables(0.9, 0.01), "lve_mm", relative=True)
    apart = [tables(part, 0.01, 1)[0] for part in (0.7, 0.9, 1.1)]
    disagree = effect(base, apart, "lve_mm", relative=True)
    assert agree is not None and disagree is not None
    assert disagree.high - disagree.low > 5 * (agree.high - agree.low)
    assert disagree.high > 0


def test_events_pool_by_event_and_missing_figures_are_none():
    base, arm = tables(1.0, 0.1, 1), tables(1.0, 0.1, 1)
    arm[0]["clip0"]["pbm_closed"] = (90.0, 100.0)
    arm[0]["clip1"]["pbm_closed"] = (0.0, 10.0)
    found = effect(base, arm, "pbm_closed", relative=False)
    assert found is not None
    assert found.mean == pytest.approx((90 + 28 * 9) / (100 + 290) - 0.9)
    assert effect(base, arm, "lip_pcc", relative=False) is None


def told(**means: float) -> dict[str, dict]:
    return {
        name: {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "seeds": (mean,)}
        for name, mean in means.items()
    }


def test_success_needs_every_criterion():
    good = told(lve_change=-0.09, dtw_change=-0.12, pcc_gain=0.08)
    good |= told(upper_diversity_change=-0.02, upper_coverage_change=0.0)
    assert all(verdict(good).values())
    assert not verdict(good | told(pcc_gain=0.005))["lips"]
    assert not verdict(good | told(upper_diversity_change=-0.045))["diversity"]
    assert not any(verdict({}).values())
    assert headline(good)["lve_change"] == -0.09


def rows(scale: float) -> dict[str, dict]:
    plain = {
        clip: {
            "kind": "real" if i % 2 else "synthetic",
            "counts": {"lve_mm": [scale * (1 + 0.01 * i), 1.0], "pbm_closed": [8.0, 10.0]},
        }
        for i, clip in enumerate(CLIPS)
    }
    seeds = {"clip0": {"kind": "synthetic", "counts": {"s_div_upper_mm": [scale, 1.0]}}}
    return {"plain": plain, "seeds": seeds, "noise_0_db": plain}


def test_the_summary_compares_each_seed_with_itself():
    found = {Arm("frozen", 0.0, 0): rows(2.0), Arm("frozen", 1.0, 0): rows(1.0)}
    found |= {Arm("frozen", 0.0, 1): rows(1.0), Arm("frozen", 1.0, 1): rows(1.0)}
    found[Arm("frozen", 3.0, 2)] = rows(1.0)  # its w = 0 is not trained yet
    part = summary(found)
    assert part["lve_change"] == pytest.approx(-0.25)
    assert part["seeds"]["lve_change"] == pytest.approx((-0.5, 0.0))
    assert part["upper_diversity_change"] == pytest.approx(-0.25)
    kinds = part["effects"]["frozen"]["1"]["noise_0_db"]
    assert set(kinds) == {"all", "real", "synthetic"} and "lve_change" not in kinds["all"]
    assert part["effects"]["frozen"]["3"] == {}
    assert part["arms"]["frozen-w0-s0"]["all"]["pbm_closed"] == pytest.approx(0.8)
    assert "-0.250" in report(part)


def test_arms_of_one_folder_share_their_settings(tmp_path: Path):
    keep_settings(tmp_path, {"training": {"steps": 3}, "corpus": tmp_path})
    keep_settings(tmp_path, {"training": {"steps": 3}, "corpus": tmp_path})
    with pytest.raises(RequestError, match="other settings"):
        keep_settings(tmp_path, {"training": {"steps": 4}, "corpus": tmp_path})
