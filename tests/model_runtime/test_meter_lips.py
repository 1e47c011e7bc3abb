# SPDX-License-Identifier: GPL-3.0-or-later
"""What the meter's networks see of the lips is a number in every frame."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.meter_lips import lip_shapes
from model_runtime.meter_motion import Mouth


@pytest.mark.parametrize("seed", range(8))
def test_a_mouth_that_stops_moving_is_seen_as_still(seed):
    """A running mean of squares may end a rounding error below 0."""
    rng = np.random.default_rng(seed)
    strengths = 10.0 ** rng.uniform(-9.0, 0.0, (120, 1))
    speaking = (8.0 * strengths * rng.random((120, 3))).astype(np.float32)
    curves = np.concatenate((speaking, np.zeros((160, 3), np.float32)))
    mouth = Mouth(*(np.ascontiguousarray(curves[:, n]) for n in range(3)))
    shapes = lip_shapes(mouth)
    assert np.isfinite(shapes).all()
    assert np.abs(shapes[-50:, :3]).max() < 0.05, "still, to a rounding error"
