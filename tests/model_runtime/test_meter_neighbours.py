# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts right beside each other: each is measured, told and mended as its own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime.meter_advice import worth_telling
from model_runtime.meter_config import MeterConfig
from model_runtime.meter_evidence import Miss, misses, windows
from model_runtime.meter_hearing import Contact, parted
from model_runtime.meter_motion import Mouth
from model_runtime.repair_target import SoundTarget, made

FRAMES = 60


def mouth(open_from: int, open_to: int) -> Mouth:
    """Shut lips, 4 mm open in some frames."""
    aperture = np.zeros(FRAMES, np.float32)
    aperture[open_from:open_to] = 4.0
    return Mouth(aperture, np.zeros(FRAMES, np.float32), np.full(FRAMES, 50.0, np.float32))


def test_two_closures_in_a_row_are_heard_as_two_and_one_as_one():
    curve = np.zeros(40, np.float32)
    curve[10:18] = (0.9, 0.97, 0.87, 0.52, 0.51, 0.72, 0.96, 0.97)
    first, second = parted(curve, [(0.2, 0.36)])
    assert first == pytest.approx((0.2, 0.26)) and second == pytest.approx((0.3, 0.36), abs=0.021)
    curve[10:18] = (0.9, 0.97, 0.87, 0.8, 0.8, 0.85, 0.9, 0.97)
    assert parted(curve, [(0.2, 0.36)]) == [(0.2, 0.36)]
    assert parted(np.array([0.9], np.float32), [(0.0, 0.02)]) == [(0.0, 0.02)]


def test_a_neighbours_shut_lips_do_not_count_for_a_closure_that_is_open():
    pair = (Contact("P", 0.40, 0.46, 0.95), Contact("P", 0.50, 0.58, 0.95))
    heard = SimpleNamespace(contacts=pair)
    # open over the first and up to the middle between them, shut from there on
    (miss,) = misses(heard, mouth(15, 24), MeterConfig())
    assert miss.kind == "open" and miss.contact is pair[0]
    assert not misses(heard, mouth(28, 28), MeterConfig())


def test_windows_meet_halfway_between_contacts_of_one_kind_only():
    contacts = (
        Contact("M", 0.40, 0.44, 0.9),
        Contact("F", 0.44, 0.50, 0.9),
        Contact("P", 0.48, 0.54, 0.9),
    )
    first, fricative, second = windows(contacts, FRAMES)
    assert first.stop == second.start == 23
    assert fricative == slice(20, 27)  # two frames more on either side
    overlapping = (Contact("P", 0.40, 0.46, 0.9), Contact("B", 0.42, 0.44, 0.9))
    assert all(rows.stop > rows.start for rows in windows(overlapping, FRAMES))
    assert windows((Contact("P", 1.4, 1.6, 0.9),), FRAMES) == [slice(59, 60)]


def miss(phone: str, start: float, cost: float) -> Miss:
    kind = "no_teeth" if phone == "F" else "open"
    return Miss(kind, Contact(phone, start, start + 0.06, 0.5), cost)


def test_an_unsure_closure_beside_one_that_is_told_is_told_too():
    m, f, far = miss("M", 0.86, 0.36), miss("F", 0.94, 3.0), miss("B", 2.0, 0.36)
    assert worth_telling([m, f, far]) == [m, f]
    assert worth_telling([m, far]) == []
    assert worth_telling([miss("M", 0.86, 0.1), f]) == [f]


def test_repair_counts_two_closures_in_a_row_each_by_its_own_lips():
    contacts = np.zeros((FRAMES, 4), np.float32)
    contacts[20:23, 0] = contacts[25:29, 0] = 1.0
    target = SoundTarget(np.zeros(FRAMES, np.int64), np.zeros(0), np.zeros(0), contacts)

    def count(lips: Mouth) -> dict[str, int]:
        probe = SimpleNamespace(
            aperture=lambda _w: lips.aperture, labiodental_gap=lambda _w: lips.labiodental
        )
        return made(probe, np.zeros((FRAMES, 52), np.float32), target, range(10, 50))

    assert count(mouth(0, 0)) == {"p b m": 2}
    assert count(mouth(17, 24)) == {"p b m": 1}
    assert count(mouth(17, 32)) == {"p b m": 0}
