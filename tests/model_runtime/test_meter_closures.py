# SPDX-License-Identifier: GPL-3.0-or-later
"""Every p b m of the example line opened by hand, one at a time: the meter drops there, and nothing
else does. Over held-out lines `training.meter_closures` prints the same."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from training.corpus.alignment import Segment
from training.meter_alter import closures, held
from training.meter_closures import WAYS, row, spoilt
from training.metrics.bench import target_motion

SHARE_NEAR = 0.98  # of what the line's frames lose, within 0.35 s of the closure
CHANGE_FAR = 0.005  # mean change of the frames beyond that


@pytest.fixture(scope="module")
def segments(told):
    return [Segment(*one) for one in told["segments"]]


@pytest.fixture(scope="module")
def heard(meters, samples, told):
    return meters.hear(samples, told["text"])


@pytest.fixture(scope="module")
def motion(samples, segments, heard):
    return held(target_motion(segments, samples), heard.frames)


@pytest.mark.parametrize("way", WAYS)
def test_each_opened_closure_is_flagged_and_told_and_nothing_else_drops(
    meters, heard, motion, segments, way
):
    stage = SimpleNamespace(meters=meters)
    before = meters.measure(heard, spoilt(stage, motion, Segment("P", -9.0, -8.0), way))
    assert before.score > 0.9, "nothing is opened there"
    chosen = closures(segments)[:: 1 if way == "units" else 2]
    assert len(chosen) >= 7
    for closure in chosen:
        after = meters.measure(heard, spoilt(stage, motion, closure, way))
        found = row(heard, before, after, closure)
        where = f"{closure.phone} at {closure.start:.2f} s: {found}"
        assert (found.unspoilt, found.flagged, found.told) == (0.0, 1.0, 1.0), where
        assert found.before > 0.9 and found.after < 0.4, where
        assert (found.lines_elsewhere, found.told_elsewhere) == (0.0, 0.0), where
        assert found.share_near > SHARE_NEAR, where
        assert max(found.bands[3:]) < CHANGE_FAR, where
