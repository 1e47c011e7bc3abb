# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames an editor's picture of the meter is made for, and what of it is kept. No Blender."""

from __future__ import annotations

import numpy as np
import pytest

from tests.as_extension import room

view = room("thunder_blender.meter_view")


@pytest.mark.parametrize("left", [-730.5, 0.0, 12.0, 49_999.0])
@pytest.mark.parametrize("pixels", [0.02, 0.31, 1.0, 7.7, 60.0])
def test_all_that_is_seen_is_made(left, pixels):
    shown = view.View(left, pixels, 1087)
    first, last = shown.stretch()
    assert first <= left and left + 1087 / pixels <= last
    assert last - first <= 4.01 * 1087 / pixels, "and not much more"


def test_a_scroll_seldom_needs_another_picture():
    made = {view.View(left, 2.0, 1000).stretch() for left in np.arange(0.0, 512.0, 3.0)}
    assert len(made) == 1
    zoomed = {view.View(100.0, pixels, 1000).stretch() for pixels in np.linspace(1.0, 1.9, 40)}
    assert len(zoomed) == 1


def test_what_was_not_used_for_longest_is_freed():
    freed, made = [], []
    kept = view.Kept(2, freed.append)

    def get(key):
        return kept.get(key, lambda: made.append(key) or key)

    for key in "abacab":
        get(key)
    assert made == ["a", "b", "c", "b"], "a was used between"
    assert freed == ["b", "c"]
    kept.clear()
    assert sorted(freed) == ["a", "b", "b", "c"]
