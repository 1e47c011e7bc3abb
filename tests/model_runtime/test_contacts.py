# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contacts import OperatingPoint, decide, gates, peak_events, silence_events

POINT = OperatingPoint(bilabial=0.2, labiodental=0.2)


def bump(frames: int, centre: int, height: float, width: float = 2.0) -> np.ndarray:
    return (height * np.exp(-0.5 * ((np.arange(frames) - centre) / width) ** 2)).astype(np.float32)


def test_a_hesitant_posterior_becomes_one_full_closure():
    gate = decide(np.stack([bump(100, 50, 0.3)] + [np.zeros(100)] * 3, axis=1), POINT)[:, 0]
    assert gate.max() == 1.0
    assert abs(int(np.flatnonzero(gate == 1.0).mean()) - 50) <= 1


def test_a_posterior_below_the_threshold_closes_nothing():
    gate = decide(np.stack([bump(100, 50, 0.15)] + [np.zeros(100)] * 3, axis=1), POINT)[:, 0]
    assert not gate.any()


def test_two_contacts_close_together_stay_two():
    curve = np.maximum(bump(100, 45, 0.9), bump(100, 55, 0.8))
    assert len(peak_events(curve, 0.05, POINT)) == 2


def test_a_contact_is_held_and_never_longer_than_a_closure_can_be():
    short = np.zeros(50, np.float32)
    short[20] = 0.9
    long = np.full(50, 0.9, np.float32)
    for curve in (short, long):
        ((start, end),) = peak_events(curve, 0.2, POINT)
        assert POINT.shortest <= end - start <= POINT.longest + 1e-9


@pytest.mark.parametrize("offset", [0.0, 0.005, 0.01, 0.015])
def test_a_gate_reaches_one_wherever_the_event_lies_between_frames(offset: float):
    gate = gates([(1.0 + offset, 1.03 + offset)], 100)
    assert gate.max() == pytest.approx(1.0)
    assert gate[:45].max() == 0.0 and gate[60:].max() == 0.0


def test_only_long_silences_rest():
    posterior = np.zeros(200, np.float32)
    posterior[20:23] = 1.0
    posterior[100:150] = 1.0
    ((start, end),) = silence_events(posterior, POINT)
    assert start == pytest.approx(2.0, abs=0.05) and end == pytest.approx(3.0, abs=0.05)
