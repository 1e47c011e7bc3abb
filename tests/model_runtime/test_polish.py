# SPDX-License-Identifier: GPL-3.0-or-later
"""Articulation and smoothing: they change the speech between closures, never the closures."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS, Settings
from model_runtime.face import load_face
from model_runtime.lips import lip_probe
from model_runtime.polish import polish

FRAMES = 100
CLOSED = slice(40, 50)
JAW, CLOSE, BLINK = (CHANNELS.index(name) for name in ("jawOpen", "mouthClose", "eyeBlinkLeft"))


@pytest.fixture
def line() -> tuple[np.ndarray, np.ndarray]:
    """An open jaw that trembles, one closure, one blink; and the contacts of it."""
    motion = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    motion[:, JAW] = 0.3 + 0.05 * (-1.0) ** np.arange(FRAMES)
    motion[CLOSED, JAW] = motion[CLOSED, CLOSE] = 0.2
    motion[70:73, BLINK] = 1.0
    contacts = np.zeros((FRAMES, 4), np.float32)
    contacts[CLOSED, 0] = 1.0
    return motion, contacts


def test_defaults_change_nothing(line):
    motion, contacts = line
    assert (polish(motion, contacts, Settings()) == motion).all()


def test_articulation_opens_the_mouth_and_keeps_the_closure(line):
    motion, contacts = line
    probe = lip_probe(load_face())
    still, wide, narrow = (
        probe.aperture(polish(motion, contacts, Settings(articulation=strength)))
        for strength in (1.0, 1.4, 0.6)
    )
    spoken = np.ones(FRAMES, bool)
    spoken[CLOSED] = False
    assert (wide[spoken] > still[spoken]).all() and (narrow[spoken] < still[spoken]).all()
    np.testing.assert_array_equal(wide[CLOSED], still[CLOSED])
    units = polish(motion, contacts, Settings(articulation=1.5))[:, : len(UNITS)]
    assert units.min() >= 0.0 and units.max() <= 1.0


def test_smoothing_calms_the_jaw_and_keeps_closure_and_blink(line):
    motion, contacts = line
    calm = polish(motion, contacts, Settings(smoothing=1.0))
    assert np.abs(np.diff(calm[:30, JAW])).mean() < 0.2 * np.abs(np.diff(motion[:30, JAW])).mean()
    np.testing.assert_array_equal(calm[CLOSED], motion[CLOSED])
    np.testing.assert_array_equal(calm[:, BLINK], motion[:, BLINK])
