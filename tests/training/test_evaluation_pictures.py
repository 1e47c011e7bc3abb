# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of an evaluation leave nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from training.metrics import pictures, thunder_report


def test_a_picture_shows_every_figure_that_was_measured(tmp_path: Path) -> None:
    one = {"mean": 0.5, "low": 0.4, "high": 0.6, "clips": 3}
    row = dict.fromkeys(thunder_report.NAMES, one) | {"rest": None}
    part = {"real": {"model": row, "truth": row, "late_1": row}}
    drawn: list[str] = []

    def look(figure: object, path: Path) -> Path:
        drawn.extend(axis.get_title() for axis in figure.axes)
        plt.close(figure)
        return path

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pictures, "save", look)
        pictures.draw_systems(tmp_path / "systems.png", part)
    assert set(drawn) == {t for name, t in thunder_report.NAMES.items() if name != "rest"}


def test_a_shift_that_was_not_measured_is_left_out(tmp_path: Path) -> None:
    one = {"mean": 0.5, "low": None, "high": None, "clips": 1}
    part = {"real": {"truth": {"lve_mm": one, "lip_pcc": None}, "late_1": {"lve_mm": one}}}
    assert pictures.draw_shifts(tmp_path / "shifts.png", part).stat().st_size > 1000
    seeds = {"seeds": 2, "clips": 1, "systems": {"truth": {"lve_best_mm": one}}}
    assert pictures.draw_seeds(tmp_path / "seeds.png", seeds).stat().st_size > 1000
