# SPDX-License-Identifier: GPL-3.0-or-later
"""The open head as a FaceModel: loading, people, units, joints, numpy against torch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from model_runtime.contract import UNITS, RequestError, WeightsError
from model_runtime.face import (
    apply_pose,
    evaluate,
    identity_vertices,
    joint_positions,
    load_face,
)
from model_runtime.face_torch import TorchFace

MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def face():
    return load_face()


def weights_of(**units):
    frame = np.zeros((1, len(UNITS)), np.float32)
    for name, value in units.items():
        frame[0, UNITS.index(name)] = value
    return frame


def test_the_layout_is_flames(face):
    count = len(face.template)
    assert face.unit_names == UNITS
    assert face.expression_basis.shape == (52, count, 3)
    assert face.identity_basis.shape == (len(face.identity_names), count, 3)
    assert len(face.identity_names) >= 12
    assert face.joint_names == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert face.pose_basis.shape == (9 * (len(face.joint_names) - 1), count, 3)
    np.testing.assert_allclose(face.joint_regressor.sum(1), 1, atol=1e-4)
    np.testing.assert_allclose(face.skin_weights.sum(1), 1, atol=1e-5)


def test_indices_are_in_range(face):
    assert face.quads.max() < len(face.template)
    assert face.quad_uv.max() < len(face.uv)
    assert face.quad_material.max() < len(face.material_names)
    assert 0 <= face.uv.min() <= face.uv.max() <= 1
    assert np.unique(face.quads).size == len(face.template)
    for name, vertices in face.vertex_sets.items():
        assert 0 <= vertices.min() <= vertices.max() < len(face.template), name


def test_no_quad_repeats_a_corner(face):
    ordered = np.sort(face.quads, axis=1)
    assert (np.diff(ordered, axis=1) > 0).all()


def test_every_unit_moves_something(face):
    moved = np.abs(face.expression_basis).max(axis=(1, 2))
    assert (moved > 0.3 * MILLIMETRE).all()


def test_left_is_positive_x(face):
    blink = np.abs(face.expression_basis[UNITS.index("eyeBlinkLeft")]).max(1)
    assert (face.template[blink > 3 * MILLIMETRE, 0] > 0).all()
    assert face.template[face.vertex_sets["eyeball_left"], 0].mean() > 0


def test_missing_and_damaged_files_are_told(tmp_path):
    with pytest.raises(WeightsError, match="missing"):
        load_face(tmp_path / "none.npz")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK\x03\x04 not a face")
    with pytest.raises(WeightsError, match="damaged"):
        load_face(broken)


def test_a_loaded_face_cannot_be_changed(face):
    with pytest.raises(ValueError, match="read-only"):
        face.template[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        face.template = None


def test_identities_by_name_weights_and_none(face):
    np.testing.assert_array_equal(identity_vertices(face, None), face.template)
    one_hot = np.eye(len(face.identity_names), dtype=np.float32)[2]
    by_name = identity_vertices(face, face.identity_names[2])
    np.testing.assert_allclose(identity_vertices(face, one_hot), by_name, atol=1e-7)
    with pytest.raises(RequestError, match="no identity"):
        identity_vertices(face, "nobody")
    with pytest.raises(RequestError, match="weights"):
        identity_vertices(face, [1.0])


def test_motion_of_a_wrong_width_is_told(face):
    with pytest.raises(RequestError, match="52"):
        evaluate(face, np.zeros((3, 51)))


def test_numpy_and_torch_agree(face):
    rng = np.random.default_rng(1)
    motion = rng.random((5, 52), np.float32)
    neck = rng.normal(0, 0.4, (5, 3)).astype(np.float32)
    who = rng.random(len(face.identity_names)).astype(np.float32)
    expected = evaluate(face, motion, neck, who)
    model = TorchFace(face)
    found = model(torch.from_numpy(motion), torch.from_numpy(neck), torch.from_numpy(who))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_torch_takes_leading_dimensions_parts_and_gradients(face):
    lips = face.vertex_sets["lips"]
    model = TorchFace(face, face.identity_names[0], lips)
    motion = torch.rand(2, 3, 52, requires_grad=True)
    neck = torch.zeros(2, 3, 3, requires_grad=True)
    points = model(motion, neck)
    assert points.shape == (2, 3, len(lips), 3)
    points.square().sum().backward()
    assert torch.isfinite(motion.grad).all()
    assert torch.isfinite(neck.grad).all()
    expected = evaluate(face, motion.detach().numpy()[0], None, face.identity_names[0])[:, lips]
    np.testing.assert_allclose(points.detach().numpy()[0], expected, atol=1e-5)


def test_the_neck_turns_the_head_and_not_its_base(face):
    turned = evaluate(face, weights_of(), np.array([[0.0, 0.5, 0.0]]))[0]
    nose = face.template[:, 2].argmax()
    base = face.template[:, 1].argmin()
    assert np.linalg.norm(turned[nose] - face.template[nose]) > 0.04
    np.testing.assert_allclose(turned[base], face.template[base], atol=5 * MILLIMETRE)


def test_the_jaw_joint_equals_the_unit_jaw_open(face):
    pose = np.zeros((1, len(face.joint_names), 3), np.float32)
    pose[0, face.joint("jaw"), 0] = face.jaw_open_angle
    joints = joint_positions(face, face.template)
    turned = apply_pose(face, face.template[None], joints, pose)[0]
    opened = evaluate(face, weights_of(jawOpen=1.0))[0]
    assert np.abs(turned - opened).max() < 0.05 * MILLIMETRE


def test_eyes_turn_rigidly_by_the_documented_angle(face):
    ball = face.vertex_sets["eyeball_left"]
    rest = face.template[ball]
    centre = rest.mean(0)
    for name, degrees in face.gaze_degrees.items():
        if not name.endswith("Left"):
            continue
        moved = evaluate(face, weights_of(**{name: 1.0}))[0][ball]
        a, b = rest - centre, moved - centre
        np.testing.assert_allclose(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1), atol=1e-4)
        cosine = (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() == pytest.approx(
            degrees, abs=0.3
        )


def test_joints_follow_the_person(face):
    child = identity_vertices(face, "Mila")
    eyes = joint_positions(face, child)[[3, 4]]
    for eye, name in zip(eyes, ("eyeball_left", "eyeball_right"), strict=True):
        np.testing.assert_allclose(eye, child[face.vertex_sets[name]].mean(0), atol=1e-5)
