# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns in every rotation mode are the same turn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.as_extension import room

Rotation = pytest.importorskip("scipy.spatial.transform").Rotation
turns = room("thunder_blender.rig_turns")


@pytest.fixture(scope="module")
def turned() -> np.ndarray:
    """Up to 80 degrees, about any axis; one of them none at all."""
    found = np.random.default_rng(4).normal(0, 0.5, (200, 3)).astype(np.float32)
    found *= np.minimum(1, 1.4 / np.linalg.norm(found, axis=1, keepdims=True))
    found[0] = 0.0
    return found


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_euler_angles_of_any_order(order, turned):
    angles = turns.channels(turned, order)
    about = [angles[:, "XYZ".index(axis)] for axis in order]
    again = Rotation.from_euler(order.lower(), np.stack(about, 1))
    assert np.abs((again * Rotation.from_rotvec(turned).inv()).magnitude()).max() < 1e-5
    assert turns.path_of(order) == "rotation_euler"


def test_quaternions_and_axis_angles(turned):
    wanted = Rotation.from_rotvec(turned)
    w, *rest = turns.channels(turned, "QUATERNION").T
    assert (Rotation.from_quat(np.stack([*rest, w], 1)) * wanted.inv()).magnitude().max() < 1e-5
    angle, *axis = turns.channels(turned, "AXIS_ANGLE").T
    assert np.allclose(np.linalg.norm(axis, axis=0), 1, atol=1e-5)
    assert np.allclose(angle * np.stack(axis), turned.T, atol=1e-5)
    assert turns.path_of("QUATERNION") == "rotation_quaternion"
