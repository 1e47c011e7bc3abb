# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lip probe measures on the open head, and that the head's lips do what they must."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS, RequestError
from model_runtime.face import load_face
from model_runtime.lips import lip_probe


@pytest.fixture(scope="module")
def face():
    return load_face()


@pytest.fixture(scope="module")
def probe(face):
    return lip_probe(face)


def pose(**units):
    """A frame of unit weights; a name without a side drives both sides."""
    frame = np.zeros((1, len(UNITS)), np.float32)
    for name, value in units.items():
        names = (name,) if name in UNITS else (f"{name}Left", f"{name}Right")
        for unit in names:
            frame[0, UNITS.index(unit)] = value
    return frame


def test_everyone_is_sealed_at_rest(face):
    for name in (None, *face.identity_names):
        columns = lip_probe(face, name).column_apertures(pose())[0]
        assert (columns < 0).all(), name
        assert (columns > -0.6).all(), name


@pytest.mark.parametrize("amount", [0.1, 0.25, 0.5, 1.0])
def test_mouth_close_seals_every_jaw_opening(probe, amount):
    frame = pose(jawOpen=amount, mouthClose=amount)
    assert (probe.column_apertures(frame) < 0).all()
    assert probe.penetration(frame)[0] < 0.5
    assert probe.jaw_opening(frame)[0] > 20 * amount


@pytest.mark.parametrize(
    "unit",
    "mouthSmile mouthFrown mouthStretch mouthDimple mouthPress noseSneer cheekSquint "
    "mouthPucker mouthRollLower mouthRollUpper mouthShrugLower cheekPuff jawForward".split(),
)
def test_units_that_need_not_part_the_lips_keep_them_sealed(probe, unit):
    frame = pose(**{unit: 1.0})
    assert (probe.column_apertures(frame) < 0.05).all()
    assert probe.penetration(frame)[0] < 1.0


def test_the_lower_lip_reaches_the_upper_incisors(probe):
    frame = pose(jawOpen=0.05, mouthRollLower=0.6, mouthUpperUp=0.2)
    assert 0.3 < probe.aperture(frame)[0] < 4.0
    assert probe.labiodental_gap(frame)[0] < 1.0


def test_an_open_mouth_is_far_from_the_incisors(probe):
    assert probe.labiodental_gap(pose(jawOpen=0.4))[0] > 5.0
    assert probe.labiodental_gap(pose())[0] > 1.0


def test_apertures_grow_with_the_jaw_and_shrink_to_the_corner(probe):
    frames = np.concatenate([pose(jawOpen=value) for value in (0.2, 0.5, 1.0)])
    assert (np.diff(probe.aperture(frames)) > 0).all()
    assert (np.diff(probe.column_apertures(frames), axis=1) < 0.5).all()
    assert probe.aperture(frames)[2] > 25


def test_width_follows_smile_and_pucker(probe):
    rest = probe.width(pose())[0]
    assert probe.width(pose(mouthSmile=1.0))[0] > rest + 8
    assert probe.width(pose(mouthPucker=1.0))[0] < rest - 5


def test_motion_with_neck_channels_and_long_motion(probe):
    motion = np.zeros((9000, len(CHANNELS)), np.float32)
    motion[:, 52:] = 0.3
    assert probe.aperture(motion).shape == (9000,)
    np.testing.assert_allclose(probe.aperture(motion), probe.aperture(pose())[0], atol=1e-5)


def test_too_narrow_motion_is_told(probe):
    with pytest.raises(RequestError, match="52"):
        probe.aperture(np.zeros((4, 10)))


def test_lips_that_are_apart_do_not_touch():
    weights = np.random.default_rng(0).random((300, len(UNITS))).astype(np.float32)
    weights[:, UNITS.index("mouthClose")] = 0.0
    weights[:, UNITS.index("jawOpen")] = 0.7
    probe = lip_probe(load_face())
    assert (probe.column_apertures(weights).min() > 0.0) and not probe.penetration(weights).any()
