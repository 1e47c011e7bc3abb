# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a drop at an opened closure, and what as one elsewhere."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")

from model_runtime.contract import Advice, Meter
from training.corpus.alignment import Segment
from training.meter_closures import BANDS, distance, row, summary

FRAMES = 200  # four seconds
CLOSURE = Segment("P", 2.0, 2.1)
HEARD = SimpleNamespace(frames=FRAMES, spoken=np.ones(FRAMES, bool))


def meter(advice=(), **drops) -> Meter:
    """0.9 throughout but for the frames "from_to"."""
    frames = np.full(FRAMES, 0.9, np.float32)
    for place, value in drops.items():
        first, last = place.removeprefix("at").split("_")
        frames[int(first) : int(last)] = value
    return Meter(0.9, frames, np.ones(FRAMES, np.float32), 50.0, 0.0, tuple(advice))


def test_distances_count_from_either_end_of_the_closure():
    away = distance(FRAMES, CLOSURE)
    assert away[100:106].max() == 0.0
    assert away[75] == pytest.approx(0.5) and away[130] == pytest.approx(0.5)


def test_a_drop_at_the_closure_is_one_there_and_nowhere_else():
    told = Advice("open", 2.0, 2.1, 0.2, "Lips stay open on p", "P")
    found = row(HEARD, meter(), meter([told], at98_108=0.2), CLOSURE)
    assert (found.flagged, found.unspoilt, found.told, found.lowered) == (1.0, 0.0, 1.0, 1.0)
    assert found.after == pytest.approx(0.2) and found.before == pytest.approx(0.9)
    assert (found.frames_elsewhere, found.lines_elsewhere, found.told_elsewhere) == (0, 0, 0)
    assert found.share_near == pytest.approx(1.0)
    assert found.bands[0] == pytest.approx(0.7, abs=0.1) and max(found.bands[2:]) == 0.0


def test_what_falls_elsewhere_is_counted_and_so_are_its_sentences():
    before = meter([Advice("weak", 0.2, 0.5, 0.4, "Mouth does not say", "")], at10_25=0.4)
    other = Advice("open", 3.5, 3.6, 0.3, "Lips stay open on b", "B")
    after = meter([*before.advice, other], at10_25=0.4, at170_180=0.3)
    found = row(HEARD, before, after, CLOSURE)
    assert (found.flagged, found.told, found.lowered) == (0.0, 0.0, 0.0)
    assert found.lines_elsewhere == 1.0 and found.told_elsewhere == 1.0, (
        "what was told before is not"
    )
    assert 0.0 < found.frames_elsewhere < 0.1 and found.share_near == 0.0


def test_means_are_over_closures():
    one = row(HEARD, meter(), meter(at98_108=0.2), CLOSURE)
    other = row(HEARD, meter(), meter(), CLOSURE)
    found = summary([one, other])
    assert found["closures"] == 2.0 and found["flagged"] == 0.5
    assert len(found["change_by_distance"]) == len(BANDS)
