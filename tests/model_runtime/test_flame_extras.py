# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks and landmark embeddings beside a FLAME: read as their makers wrote them, or refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from model_runtime.flame_extras import load_landmarks, load_masks
from model_runtime.flame_pickle import FlameError
from tools.fuzz_flame import fuzz
from tools.make_test_flame import Pickler2

MUTANTS = 400


@pytest.fixture(scope="module")
def embedding():
    """As landmark_embedding.npy has it: 68 landmarks, and 17 for each of 79 turns of the head."""
    rng = np.random.default_rng(0)
    shares = rng.random((1, 68, 3))
    return {
        "static_lmk_faces_idx": np.arange(51),
        "static_lmk_bary_coords": np.tile([0.2, 0.3, 0.5], (51, 1)),
        "dynamic_lmk_faces_idx": np.zeros((79, 17), np.int64),
        "dynamic_lmk_bary_coords": np.zeros((79, 17, 3)),
        "full_lmk_faces_idx": np.arange(68)[None] * 2,
        "full_lmk_bary_coords": shares / shares.sum(-1, keepdims=True),
    }


def as_npy(path, stored):
    np.save(path, stored, allow_pickle=True)
    return path


def test_an_embedding_with_torch_tensors_is_read_without_torch(tmp_path, embedding):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in embedding.items()}
    found = load_landmarks(as_npy(tmp_path / "landmark_embedding.npy", tensors), 200)
    assert np.array_equal(found.faces, np.arange(68) * 2)
    assert np.allclose(found.shares, embedding["full_lmk_bary_coords"][0])
    turned = {
        name: value.transpose(0, -1).contiguous().transpose(0, -1)
        for name, value in tensors.items()
    }
    found = load_landmarks(as_npy(tmp_path / "strided.npy", turned), 200)
    assert np.allclose(found.shares, embedding["full_lmk_bary_coords"][0])


def test_embeddings_of_other_makers_are_read(tmp_path, embedding):
    mixed = {**embedding, "full_lmk_faces_idx": embedding["full_lmk_faces_idx"].astype(np.uint32)}
    assert len(load_landmarks(as_npy(tmp_path / "numpy.npy", mixed), 200).faces) == 68
    static = {
        "lmk_face_idx": embedding["static_lmk_faces_idx"],
        "lmk_b_coords": embedding["static_lmk_bary_coords"],
    }
    (tmp_path / "flame_static_embedding.pkl").write_bytes(Pickler2().dump(static))
    assert len(load_landmarks(tmp_path / "flame_static_embedding.pkl", 60).faces) == 51
    np.savez(tmp_path / "mediapipe.npz", **static, landmark_indices=np.arange(51))
    found = load_landmarks(tmp_path / "mediapipe.npz", 60)
    assert len(found.faces) == 51


def test_the_mouth_is_found_among_the_usual_landmarks(tmp_path, embedding):
    points, triangles = np.zeros((300, 3)), np.tile(np.arange(200)[:, None], (1, 3))
    points[:200, 0] = -np.arange(200)
    found = load_landmarks(as_npy(tmp_path / "e.npy", embedding), 200)
    mouth = found.of_the_mouth(points, triangles)
    assert np.allclose(mouth[:, 0], [-120, -128, -124, -132])  # 60, 64, 62, 66
    few = load_landmarks(
        as_npy(
            tmp_path / "f.npy",
            {
                **embedding,
                "full_lmk_faces_idx": np.arange(9),
                "full_lmk_bary_coords": np.full((9, 3), 1 / 3),
            },
        ),
        200,
    )
    assert few.of_the_mouth(points, triangles) is None


def test_landmarks_lie_where_they_say(tmp_path, embedding):
    found = load_landmarks(as_npy(tmp_path / "e.npy", embedding), 200)
    points = np.random.default_rng(1).normal(size=(300, 3))
    triangles = np.random.default_rng(2).integers(0, 300, (200, 3))
    place = found.at(points, triangles)[5]
    share = embedding["full_lmk_bary_coords"][0, 5]
    assert np.allclose(place, share @ points[triangles[10]], atol=1e-6)


def test_masks_are_read_and_repeated_vertices_counted_once(tmp_path):
    masks = {"lips": np.array([5, 3, 3, 9]), "face": np.arange(100)}
    (tmp_path / "FLAME_masks.pkl").write_bytes(Pickler2().dump(masks))
    found = load_masks(tmp_path / "FLAME_masks.pkl", 100)
    assert found["lips"].tolist() == [3, 5, 9]
    assert len(found["face"]) == 100


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        ({"lips": np.array([5, 100])}, "vertices that this FLAME does not have"),
        ({"lips": np.array([0.5] * 30)}, "holds no vertices"),
        ({}, "no sets of vertices"),
        ([1, 2], "does not hold a dictionary"),
    ],
)
def test_masks_of_another_mesh_are_refused(tmp_path, stored, sentence):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(stored) + bytes(200))
    with pytest.raises(FlameError, match=rf"m\.pkl holds no masks of this FLAME: .*{sentence}"):
        load_masks(tmp_path / "m.pkl", 100)


def test_landmarks_of_another_mesh_are_refused(tmp_path, embedding):
    with pytest.raises(FlameError, match="triangles that this FLAME does not have"):
        load_landmarks(as_npy(tmp_path / "e.npy", embedding), 100)


def test_nothing_in_an_embedding_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("ran",))

    with pytest.raises(FlameError, match=r"asks for 'builtins\.print'"):
        load_landmarks(as_npy(tmp_path / "e.npy", {"lmk_face_idx": Evil(), "pad": " " * 200}), 100)


def test_spoilt_embeddings_end_in_one_kind_of_error(tmp_path, embedding):
    torch = pytest.importorskip("torch")
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in embedding.items()}
    path = as_npy(tmp_path / "landmark_embedding.npy", tensors)
    fuzzed = fuzz(path, lambda spoilt: load_landmarks(spoilt, 200), MUTANTS, seed=3)
    assert not fuzzed.crashes
    assert fuzzed.refused > MUTANTS // 4
