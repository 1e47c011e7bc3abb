# SPDX-License-Identifier: GPL-3.0-or-later
"""Silences that hold speech are asked nothing; silences that hold noise are."""

from __future__ import annotations

import numpy as np
import pytest

from training.corpus.alignment import Segment
from training.metrics.sounding import heard_segments

RATE = 16000
SEGMENTS = (
    Segment("SIL", 0.0, 0.5),
    Segment("AA", 0.5, 1.0),
    Segment("SIL", 1.0, 2.0),
    Segment("M", 2.0, 2.2),
    Segment("SIL", 2.2, 3.0),
)


def tone(*spans: tuple[float, float, float], noise: float = 1e-4) -> np.ndarray:
    """3 s of sound with (start, end, amplitude) of a 200 Hz tone in it."""
    times = np.arange(3 * RATE) / RATE
    sound = np.random.default_rng(0).normal(0.0, noise, len(times))
    for start, end, amplitude in spans:
        sound += amplitude * np.sin(1257.0 * times) * ((times >= start) & (times < end))
    return sound.astype(np.float32)


def silences(samples: np.ndarray) -> list[tuple[float, float]]:
    found = heard_segments(SEGMENTS, samples)
    assert [s for s in found if s.phone != "SIL"] == [s for s in SEGMENTS if s.phone != "SIL"]
    return [(round(s.start, 2), round(s.end, 2)) for s in found if s.phone == "SIL"]


def test_true_silences_stay_as_they_are() -> None:
    assert silences(tone((0.5, 1.0, 0.3), (2.0, 2.2, 0.2))) == [(0.0, 0.5), (1.0, 2.0), (2.2, 3.0)]


def test_speech_in_a_silence_is_cut_out_with_its_surroundings() -> None:
    found = silences(tone((0.5, 1.0, 0.3), (1.4, 1.6, 0.3), (2.0, 2.2, 0.2)))
    assert found == [(0.0, 0.5), (1.0, 1.3), (1.7, 2.0), (2.2, 3.0)]


def test_a_silence_that_is_all_speech_is_gone_but_for_its_ends() -> None:
    found = silences(tone((0.5, 2.2, 0.3)))
    assert sum(end - start for start, end in found if 1.0 <= start < 2.0) == pytest.approx(
        0, abs=0.05
    )


def test_the_tail_of_a_phone_is_the_phones() -> None:
    assert silences(tone((0.5, 1.08, 0.3), (2.0, 2.2, 0.2)))[1] == (1.0, 2.0)


@pytest.mark.parametrize("noise", [0.01, 0.06])
def test_noise_12_db_under_the_speech_is_silence(noise: float) -> None:
    sound = tone((0.5, 1.0, 0.4), (2.0, 2.2, 0.4), noise=noise)
    assert silences(sound) == [(0.0, 0.5), (1.0, 2.0), (2.2, 3.0)]
