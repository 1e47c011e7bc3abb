# SPDX-License-Identifier: GPL-3.0-or-later
"""An artist's FLAME file is read whole or refused in one sentence, and nothing in it runs."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from model_runtime import flame as flame_module
from model_runtime.flame import FlameError, forward, load_flame, load_shape
from tools import make_test_flame
from tools.fuzz_flame import fuzz
from tools.make_test_flame import WRITERS, Called, Pickler2

MUTANTS = 1000  # for each kind of file


@pytest.fixture(scope="module")
def parts():
    return make_test_flame.tiny()


@pytest.fixture(params=WRITERS)
def file(request, tmp_path, parts):
    path = tmp_path / request.param
    WRITERS[request.param](path, parts)
    return path


def test_every_kind_of_file_gives_the_same_face(file, parts):
    flame = load_flame(file)
    face = flame.face
    assert np.allclose(face.template, parts["v_template"], atol=1e-6)
    assert np.array_equal(face.triangles, parts["f"])
    assert np.allclose(face.expression_basis[7], parts["shapedirs"][..., 10], atol=1e-7)
    assert np.allclose(face.identity_basis[2], parts["shapedirs"][..., 2], atol=1e-7)
    assert np.allclose(face.pose_basis[35], parts["posedirs"][..., 35], atol=1e-7)
    assert np.allclose(face.joint_regressor, parts["J_regressor"], atol=1e-7)
    assert np.allclose(face.skin_weights, parts["weights"], atol=1e-6)
    assert face.joint_names == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert (face.unit_names[0], face.unit_names[-1]) == ("Exp1", "Exp100")
    assert (flame.title, len(flame.sha256)) == (file.stem, 64)


def test_a_numpy_that_keeps_arrays_otherwise_is_understood(tmp_path, parts):
    for protocol in range(6):
        (tmp_path / "f.pkl").write_bytes(pickle.dumps(dict(parts), protocol=protocol))
        assert np.allclose(load_flame(tmp_path / "f.pkl").face.template, parts["v_template"])


def test_scipys_own_sparse_regressor_is_understood(tmp_path, parts):
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csc_matrix, sparse.csr_matrix):
        stored = {**parts, "J_regressor": kind(parts["J_regressor"])}
        (tmp_path / "f.pkl").write_bytes(pickle.dumps(stored))
        regressor = load_flame(tmp_path / "f.pkl").face.joint_regressor
        assert np.allclose(regressor, parts["J_regressor"], atol=1e-7)


def test_uvs_come_along_where_the_file_has_them(tmp_path, parts):
    uv = {"vt": np.random.default_rng(0).random((150, 2)), "ft": parts["f"] % 7}
    make_test_flame.write_npz(tmp_path / "f.npz", {**parts, **uv})
    flame = load_flame(tmp_path / "f.npz")
    assert np.allclose(flame.face.uv, uv["vt"])
    assert np.array_equal(flame.triangle_uv, uv["ft"])


def test_no_scipy_and_no_chumpy_are_needed(file):
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['chumpy'] = None\n"
        "from pathlib import Path; from model_runtime.flame import load_flame\n"
        "load_flame(Path(sys.argv[1])); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], timeout=120)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("module", "name"),
    [("os", "system"), ("builtins", "eval"), ("__builtin__", "getattr"), ("numpy", "load")],
)
def test_nothing_in_a_file_runs(tmp_path, module, name):
    target = tmp_path / "ran"
    stored = {"v_template": Called(module, name, (f"touch {target}",)), "pad": b" " * 2000}
    (tmp_path / "f.pkl").write_bytes(Pickler2().dump(stored))
    with pytest.raises(FlameError, match=rf"asks for '{module}\.{name}'"):
        load_flame(tmp_path / "f.pkl")
    assert not target.exists()


def test_an_expression_of_chumpys_is_named_not_guessed(tmp_path, parts):
    stored = {**parts, "v_template": Called("chumpy.reordering", "Select", ())}
    (tmp_path / "f.pkl").write_bytes(Pickler2().dump(stored))
    with pytest.raises(FlameError, match=r"an expression \(chumpy\.reordering\.Select\)"):
        load_flame(tmp_path / "f.pkl")


def test_arrays_inside_themselves_end(tmp_path, parts):
    """A chumpy array whose numbers are itself."""
    loop = b"\x80\x02}q\x00U\x0av_templatecchumpy.ch\nCh\n)\x81q\x01}U\x01xh\x01sbs."
    (tmp_path / "f.pkl").write_bytes(loop + bytes(1000))
    with pytest.raises(FlameError, match="in place of numbers"):
        load_flame(tmp_path / "f.pkl")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"v_template": None}, "has no 'v_template'"),
        ({"v_template": np.full((120, 3), np.nan)}, "not numbers"),
        ({"v_template": np.zeros((120, 3))}, "0 m high"),
        ({"f": np.full((10, 3), 999)}, "vertices that it does not have"),
        ({"f": np.zeros((10, 4), np.int32)}, "not triangles"),
        ({"shapedirs": np.zeros((120, 3, 60))}, "60 shapes"),
        ({"posedirs": np.zeros((120, 3, 9))}, "'posedirs' has another shape than 120 x 3 x 36"),
        ({"weights": np.zeros((120, 5))}, "do not add up"),
        ({"J_regressor": np.array(["a", "b"])}, "and not numbers"),
        ({"kintree_table": np.zeros((2, 24), int)}, "joints are not"),
    ],
)
def test_what_is_wrong_is_said_with_the_file_and_the_next_step(tmp_path, parts, change, sentence):
    stored = {key: value for key, value in {**parts, **change}.items() if value is not None}
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(stored))
    with pytest.raises(FlameError, match=sentence) as caught:
        load_flame(tmp_path / "f.pkl")
    assert str(caught.value).startswith("f.pkl is not a FLAME model: ")
    assert str(caught.value).endswith("and choose that file.")


def test_files_of_the_wrong_size_are_not_opened(tmp_path):
    (tmp_path / "empty.pkl").write_bytes(b"")
    with (tmp_path / "huge.pkl").open("wb") as file:
        file.truncate(10**12)
    for name in ("empty.pkl", "huge.pkl", "missing.pkl"):
        with pytest.raises(FlameError, match=name):
            load_flame(tmp_path / name)


def test_a_zip_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(flame_module, "BYTES", (1, 1_000_000))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v_template.npy", bytes(2_000_000))
    with pytest.raises(FlameError, match="unpacks to more"):
        load_flame(tmp_path / "bomb.npz")


def test_an_array_that_claims_to_be_huge_takes_no_memory(tmp_path, parts):
    claimed = io.BytesIO()
    np.save(claimed, parts["v_template"])
    raw = claimed.getvalue().replace(b"(120, 3)", b"(9999999999, 3)")[: claimed.tell() + 8]
    with zipfile.ZipFile(tmp_path / "f.npz", "w") as archive:
        archive.writestr("v_template.npy", raw + bytes(2000))
    with pytest.raises(FlameError, match="v_template"):
        load_flame(tmp_path / "f.npz")


def test_damaged_files_end_in_one_kind_of_error(file):
    fuzzed = fuzz(file, load_flame, MUTANTS, seed=1)
    assert not fuzzed.crashes
    assert fuzzed.refused > MUTANTS // 3


def test_an_identity_is_read_from_a_file_of_numbers(tmp_path):
    values = np.arange(100, dtype=np.float32)
    np.save(tmp_path / "shape.npy", values)
    np.save(tmp_path / "row.npy", values[None])
    np.savez(tmp_path / "fit.npz", betas=values, other=np.array("x"))
    for name in ("shape.npy", "row.npy", "fit.npz"):
        assert np.array_equal(load_shape(tmp_path / name, 300), values)
    with pytest.raises(FlameError, match="1 to 50 numbers"):
        load_shape(tmp_path / "shape.npy", 50)


def test_forward_is_flames_function(tmp_path, parts):
    """Against the published formula, written out for one frame with matrices."""
    make_test_flame.write_npz(tmp_path / "f.npz", parts)
    flame = load_flame(tmp_path / "f.npz")
    rng = np.random.default_rng(4)
    shape, expression = rng.normal(size=3), rng.normal(size=(1, 100))
    pose = rng.normal(0, 0.3, (1, 5, 3))
    got = forward(flame, shape, expression, pose)[0]
    assert np.abs(got - published(parts, shape, expression[0], pose[0])).max() < 1e-5


def published(parts, shape, expression, pose):
    betas = np.concatenate([shape, expression])
    shaped = parts["v_template"] + parts["shapedirs"] @ betas
    joints = parts["J_regressor"] @ shaped
    turns = [_rodrigues(vector) for vector in pose]
    features = np.concatenate([(turn - np.eye(3)).ravel() for turn in turns[1:]])
    posed = shaped + parts["posedirs"] @ features
    world = []
    for index, parent in enumerate((-1, 0, 1, 1, 1)):
        own = np.eye(4)
        own[:3, :3] = turns[index]
        own[:3, 3] = joints[index] - (joints[parent] if parent >= 0 else 0)
        world.append(world[parent] @ own if parent >= 0 else own)
    result = np.zeros_like(shaped)
    for index, matrix in enumerate(world):
        moved = (posed - joints[index]) @ matrix[:3, :3].T + matrix[:3, 3]
        result += parts["weights"][:, index, None] * moved
    return result


def _rodrigues(vector):
    angle = np.linalg.norm(vector)
    x, y, z = vector / angle
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
