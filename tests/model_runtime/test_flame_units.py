# SPDX-License-Identifier: GPL-3.0-or-later
"""The units on a FLAME whose expressions are others: found, solved by frame, and read back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from model_runtime import flame_match
from model_runtime.contract import UNITS
from model_runtime.face import load_face
from model_runtime.flame import forward, load_flame
from model_runtime.flame_calibration import calibrate, lip_seal
from model_runtime.flame_edition import edition, holds_jaw, remarks
from model_runtime.flame_match import Match, closest_on_triangles, eyeballs, nearest_on_skin
from model_runtime.flame_refine import refined
from model_runtime.flame_solve import Target, apart, calmed, posed, together
from tools.make_test_flame import write_2020, write_npz
from tools.measure_flame import without
from tools.surrogate_flame import surrogate

OPEN, CLOSE = UNITS.index("jawOpen"), UNITS.index("mouthClose")


@pytest.fixture(scope="module")
def made():
    return surrogate(identities=2)


@pytest.fixture(scope="module")
def flame(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("flame") / "generic_model.pkl"
    write_2020(path, made.parts)
    return load_flame(path)


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def calibration(made, flame, told):
    return calibrate(flame.face, without(load_face(), "Bruno"), told.append)


def test_units_arrive_on_a_face_that_has_none_of_them(made, flame, calibration):
    mapping, _ = calibration
    weights = together(UNITS)
    moved = posed(flame.face, *apart(mapping.rule, weights)) - flame.face.template
    wanted = np.tensordot(weights, made.units, 1)
    skin = ~eyeballs(flame.face)
    away = np.linalg.norm((moved - wanted)[:, skin], axis=(1, 2))
    size = np.linalg.norm(wanted[:, skin], axis=(1, 2))
    seen = np.linalg.norm(made.units[:, skin], axis=2).max(1) > 0.0005
    assert np.median((away / np.maximum(size, 1e-9))[seen]) < 0.10
    lips = np.isin(made.cells, load_face().vertex_sets["lip_rings"]).all(1)
    assert 1000 * np.linalg.norm((moved - wanted)[seen][:, lips], axis=2).max() < 3.0


def test_a_match_that_slid_along_the_skin_is_brought_back(made, flame):
    """The lids 3 mm too high, the mouth 2 mm to a side: the expressions tell."""
    head, face = load_face(), flame.face
    lower = face.skin_weights[:, face.joint("jaw")] > 0.5
    rest = head.template.astype(float)
    points = rest[made.cells].mean(1)
    normals = flame_match.vertex_normals(points, face.triangles)
    up = np.exp(-((points - (0.0, 0.03, 0.06)) ** 2).sum(1) / (2 * 0.03**2))
    aside = np.exp(-((points - (0.0, -0.05, 0.08)) ** 2).sum(1) / (2 * 0.02**2))
    slid = points + 0.003 * np.stack([aside, up, np.zeros(len(up))], axis=1)
    met = nearest_on_skin(head, slid, normals, lower)
    trust = (~eyeballs(face)).astype(float)
    spoilt = Match(flame_match.placed(head, face), met.corners, met.shares, trust, lower)

    def wrong(found, part):
        seen = [i for i, name in enumerate(UNITS) if name.startswith(part)]
        moved, wanted = found.carry(head.expression_basis[seen]), made.units[seen]
        away = np.linalg.norm((moved - wanted)[:, trust > 0], axis=(1, 2))
        return np.median(away / np.linalg.norm(wanted[:, trust > 0], axis=(1, 2)))

    better = refined(head, face, spoilt)
    assert wrong(better, ("eyeWide", "eyeBlink")) < 0.5 * wrong(spoilt, ("eyeWide", "eyeBlink"))
    assert wrong(better, "mouth") < 0.85 * wrong(spoilt, "mouth")


def test_the_bases_do_not_contain_the_units(made, flame):
    basis = flame.face.expression_basis.reshape(100, -1).astype(float)
    smile = made.units[UNITS.index("mouthSmileLeft")].ravel()
    found = np.linalg.lstsq(basis.T, smile, rcond=None)[0]
    assert np.linalg.norm(found @ basis - smile) > 0.02 * np.linalg.norm(smile)


def test_the_rule_is_flames_own_function(flame, calibration):
    """What the solver poses is what `forward` computes, the joint that follows included."""
    rng = np.random.default_rng(0)
    expression, jaw = rng.normal(size=(3, 100)), rng.normal(0, 0.2, (3, 3))
    pose = np.zeros((3, 5, 3))
    pose[:, 2] = jaw
    wanted = forward(flame, np.zeros(1), expression, pose)
    assert np.abs(posed(flame.face, expression, jaw) - wanted).max() < 1e-5


def test_a_face_at_rest_stays_at_rest(calibration):
    expression, jaw = calibration[0].rule.solve(np.zeros((5, 52)))
    assert np.abs(expression).max() < 1e-2
    assert np.abs(jaw).max() < 1e-3


def test_the_jaw_turns_with_the_opening_and_stays_calm(calibration):
    weights = np.zeros((60, 52))
    weights[:, OPEN] = 0.3 + 0.3 * np.sin(np.linspace(0, 9, 60))
    _, jaw = calibration[0].rule.solve(weights)
    assert np.corrcoef(jaw[:, 0], weights[:, OPEN])[0, 1] > 0.99
    assert np.degrees(jaw[:, 0].max()) == pytest.approx(0.6 * 23, abs=3)
    assert np.abs(np.diff(jaw[:, 0], 2)).max() < 0.02


def test_a_single_wrong_frame_is_calmed_and_a_steady_curve_kept():
    curve = np.linspace(0, 1, 50)
    assert np.abs(calmed(curve, np.ones(50)) - curve).max() < 1e-9
    spiked = curve.copy()
    spiked[25] += 0.1
    assert abs(calmed(spiked, np.ones(50))[25] - curve[25]) < 0.08
    assert len(calmed(np.ones(1), np.ones(1))) == 1


def test_coefficients_and_turns_keep_their_limits(calibration):
    expression, jaw = calibration[0].rule.solve(np.full((4, 52), 5.0))
    assert np.abs(expression).max() <= 9.0
    assert np.abs(jaw[:, 1:]).max() <= 0.25
    assert -0.15 < jaw[:, 0].min() <= jaw[:, 0].max() < 0.7


def test_the_way_back_gives_the_units_again(calibration):
    mapping, _ = calibration
    rng = np.random.default_rng(1)
    weights = rng.random((40, 52)) * (rng.random((40, 52)) < 0.12) * 0.8
    weights[:, CLOSE] = np.minimum(weights[:, CLOSE], weights[:, OPEN])
    weights[:, UNITS.index("tongueOut")] = 0.0
    found = mapping.back.units(*mapping.rule.solve(weights))
    seen = [i for i, name in enumerate(UNITS) if not name.startswith(("eyeLook", "tongue"))]
    wrong = (found - weights)[:, seen]
    assert np.sqrt((wrong**2).mean()) < 0.08
    assert np.sqrt((weights[:, seen] ** 2).mean()) > 0.14
    assert mapping.back.units(np.zeros((2, 50)), np.zeros((2, 3))).max() < 0.02


def test_residuals_make_the_unit_whole(made, flame, calibration):
    """Expressions, jaw and residual key together reach what was carried over."""
    mapping, left = calibration
    blink = UNITS.index("eyeBlinkLeft")
    assert left[blink].any()
    assert not left[[OPEN, CLOSE, UNITS.index("tongueOut")]].any()
    moved = posed(flame.face, mapping.expression[[blink]], mapping.jaw[[blink]])[0]
    skin = ~eyeballs(flame.face)
    lack = (moved - flame.face.template - made.units[blink])[skin]
    assert np.linalg.norm(lack + left[blink][skin]) < 0.6 * np.linalg.norm(lack)


def test_no_expression_moves_the_eyes(flame, calibration):
    mapping, _ = calibration
    eyes = eyeballs(flame.face)
    moved = posed(flame.face, mapping.expression, mapping.jaw) - flame.face.template
    assert np.abs(moved[:, eyes]).max() < 0.0005


def test_lips_that_are_apart_at_rest_are_brought_together_by_both(made, flame, calibration):
    mapping, _ = calibration
    parted = surrogate(2, "Chen", identities=2, apart=0.0034).parts
    face = dataclasses.replace(
        flame.face,
        template=parted["v_template"].astype(np.float32),
        expression_basis=np.moveaxis(parted["shapedirs"][..., 2:], 2, 0).astype(np.float32),
    )
    skin = (~eyeballs(face)).astype(float)
    lips = np.isin(made.cells, load_face().vertex_sets["lip_rings"]).all(1)
    target = Target(UNITS, made.units, skin, lips)
    moved = np.tensordot(lip_seal(face, target, mapping.lips), face.expression_basis, 1)[:, 1]
    vertices, _, sides = mapping.lips.T
    assert 0.0005 < moved[vertices[sides == 1]].max() < 0.004
    assert -0.004 < moved[vertices[sides == 0]].min() < -0.0005


def test_upper_and_lower_lip_are_told_apart(made, flame, calibration):
    mapping, _ = calibration
    vertices, _, sides = mapping.lips.T
    opened = made.units[OPEN][vertices, 1]
    assert opened[sides == 1].max() < opened[sides == 0].min() - 0.005
    assert set(mapping.lips[:, 1].tolist()) == {0, 1, 2, 3, 4}


def test_the_corners_of_the_mouth_are_found_and_brought_to_the_open_heads(made, flame):
    head = load_face()
    names = ("lip_corner_left", "lip_corner_right")
    true = [
        flame.face.template[(made.cells == head.vertex_sets[name][0]).any(1)].mean(0)
        for name in names
    ]
    lower = flame.face.skin_weights[:, flame.face.joint("jaw")] > 0.5
    points = flame.face.template.astype(float)
    found = flame_match.mouth_corners(points, flame.face.triangles, lower, np.mean(true, 0))
    assert np.abs(found - true).max() < 0.004
    assert np.sign(found[0, 0] - found[1, 0]) == 1

    place = flame_match.placed(head, flame.face)
    placed = place(flame.face.template)
    away = ((placed - place(np.mean(true, 0)[None])) ** 2).sum(1)
    moved = placed + 0.004 * np.exp(-away / (2 * 0.03**2))[:, None] * (1, 0, 0)
    rest = head.template.astype(float)
    back = [
        flame_match._corners_to_corners(head, rest, flame.face, each, lower)
        for each in (placed, moved)
    ]
    near = away < 0.03**2
    before = np.abs(moved - placed)[near].mean()
    assert np.abs(back[1] - back[0])[near].mean() < 0.25 * before
    assert np.array_equal(back[1][:, 1:], moved[:, 1:])  # sideways only


def test_progress_is_told_and_what_it_raises_ends_the_work(flame, calibration, told):
    assert told == sorted(told)
    assert len(told) > 10 and told[-1] < 1

    def cancel(_done: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        calibrate(flame.face, load_face(), cancel)


def test_expressions_that_open_the_jaw_are_told_apart_by_what_they_do(flame, tmp_path):
    assert not holds_jaw(flame.face)
    assert remarks(flame) == ()
    write_npz(tmp_path / "f.npz", surrogate(identities=2, with_jaw=True).parts)
    other = load_flame(tmp_path / "f.npz")
    assert holds_jaw(other.face)
    assert "Import flame2023.pkl instead" in remarks(other)[0]


def test_a_known_file_is_named(flame):
    sha256 = "e75a0990728ba038c7da2a420ae4396f7ddd7781366c13026066c5b24f127623"
    known = dataclasses.replace(flame, sha256=sha256)
    assert edition(known) == "FLAME 2023 Open"
    assert "CC BY 4.0" in remarks(known)[0]
    assert edition(flame) == ""


def test_the_nearest_point_of_a_triangle_is_found_on_faces_edges_and_corners():
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    points = np.array([[0.2, 0.2, 1.0], [0.5, -1, 0], [1, 1, 0], [-1, -1, 0], [3, 0, 0]])
    shares, away = closest_on_triangles(points, np.tile(triangle, (5, 1, 1)))
    assert np.allclose(
        shares @ triangle, [[0.2, 0.2, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0, 0], [1, 0, 0]]
    )
    assert np.allclose(away, [1, 1, 0.5, 2, 4])
