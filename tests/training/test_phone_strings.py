# SPDX-License-Identifier: GPL-3.0-or-later
"""What a listener's frames spell, and its errors with and without the true bounds."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.phones import PHONE_INDEX, PHONES
from training.phone_strings import errors_in_bounds, errors_in_order, spelled, string_counts

SEGMENTS = (("SIL", 0.0, 0.2), ("M", 0.2, 0.4), ("AA", 0.4, 0.6), ("M", 0.6, 0.8))


def heard(phones: list[str], sure: float = 0.9) -> np.ndarray:
    """Ten frames a phone."""
    rows = np.full((10 * len(phones), len(PHONES)), (1 - sure) / (len(PHONES) - 1), np.float32)
    for place, phone in enumerate(phones):
        rows[10 * place : 10 * place + 10, PHONE_INDEX[phone]] = sure
    return rows


def ids(text: str) -> list[int]:
    return [PHONE_INDEX[phone] for phone in text.split()]


def test_a_phone_is_spelled_once_and_silence_never():
    assert spelled(heard(["SIL", "M", "AA", "M", "SIL"])) == ids("M AA M")
    assert spelled(np.zeros((0, len(PHONES)), np.float32)) == []


def test_a_frame_of_doubt_is_no_phone():
    rows = heard(["M", "AA"])
    rows[4] = heard(["N"], 0.45)[0] + heard(["M"], 0.40)[0]
    assert rows[4].argmax() == PHONE_INDEX["N"]
    assert spelled(rows) == ids("M AA")
    assert spelled(rows, change=0.0) == ids("M N M AA")


@pytest.mark.parametrize(
    ("true", "told", "errors"),
    [
        ("M AA M", "M AA M", 0),
        ("M AA M", "M AA", 1),
        ("M AA M", "M AA N", 1),
        ("M AA M", "B M AA M N", 2),
        ("M AA", "", 2),
        ("", "M AA", 2),
        ("M AA F IY", "AA F IY M", 2),
    ],
)
def test_errors_are_the_least_changes(true: str, told: str, errors: int):
    assert errors_in_order(ids(true), ids(told)) == errors


def test_known_bounds_leave_confusions_alone():
    late = np.roll(heard(["SIL", "M", "AA", "M"]), 3, axis=0)
    assert errors_in_bounds(late, SEGMENTS) == 0
    assert errors_in_bounds(heard(["SIL", "N", "AA", "M"]), SEGMENTS) == 1
    split = heard(["SIL", "M", "AA", "M"])
    split[24:26] = heard(["F"])[0]  # heard within the vowel
    assert string_counts(split, SEGMENTS).tolist() == [3, 2, 0]
