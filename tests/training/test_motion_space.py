# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of another kind become lessons in the checkpoint's motion space, and it travels with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, NECK, UNITS, WeightsError
from model_runtime.denoiser import AUTO_EMOTION, UNKNOWN_PHONE, Denoiser, DenoiserConfig
from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.face import apply_pose, load_face
from model_runtime.flame import Flame, FlameError, load_flame
from model_runtime.flame_match import match
from model_runtime.lips import lip_probe
from model_runtime.motion_space import (
    KEY,
    MOST,
    MotionSpace,
    as_values,
    flame_space,
    space_of,
    unit_space,
)
from model_runtime.weights import read_metadata, save_model
from tests.training import data_writers as write
from tools import make_test_flame
from tools.measure_flame import without
from tools.surrogate_flame import surrogate
from training.motion_space import space_of_lessons, stamp
from training.pack import Pack
from training.prepare import Options, Tools, check, open_tools, prepare, read_labels
from training.readers import Curves, DataError, FlameCurves, Recording, Vertices
from training.readers.flame_units import unit_basis
from training.readers.to_units import Faces, open_faces, to_channels
from training.targets import Lessons, in_pack

GAZE = [index for index, name in enumerate(UNITS) if name.startswith(("eyeLook", "tongue"))]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    config = EncoderConfig(width=16, layers=1, heads=2)
    save_model(SpeechEncoder(config), config, folder / "encoder.safetensors")
    small = DenoiserConfig(width=16, layers=1, heads=2, window=64, overlap=8)
    extra = {"sampling": {"steps": 3, "point": {"bilabial": 0.02, "silence": 0.9}}}
    save_model(Denoiser(small), small, folder / "denoiser.safetensors", **extra)
    return folder


@pytest.fixture(scope="module")
def tools(weights: Path) -> Tools:
    return open_tools(weights, open_faces())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    write.arkit(folder / "data")
    prepare(folder / "data", folder / "out", Options("arkit"), tools)
    return folder / "out"


@pytest.fixture(scope="module")
def flame(tmp_path_factory: pytest.TempPathFactory) -> Flame:
    path = tmp_path_factory.mktemp("flame") / "flame.npz"
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(make_test_flame, "IDENTITIES", 2)
        make_test_flame.write_npz(path, make_test_flame.stand_in())
    return load_flame(path)


def _recording(motion) -> Recording:
    return Recording("one", "ada", Path("none.wav"), 50.0, motion)


def _moving() -> np.ndarray:
    rng = np.random.default_rng(0)
    units = write.talk(1.0, 50.0)
    for name in ("mouthFunnel", "mouthRollLower", "browInnerUp", "cheekPuff", "mouthFrownLeft"):
        units[:, UNITS.index(name)] = np.clip(np.cumsum(rng.normal(0, 0.05, len(units))), 0, 0.6)
    units[:, UNITS.index("mouthClose")] = 0.7 * units[:, UNITS.index("jawOpen")]
    return units


def test_lessons_of_arkit_are_what_was_captured(prepared: Path):
    lessons = Lessons(prepared / "lessons")
    told = write.talk(2.0, 60.0)
    motion = lessons.rows("motion", lessons.items[0], 0, lessons.items[0].frames)
    jaw = motion[:, CHANNELS.index("jawOpen")]
    times = np.arange(len(jaw)) / 50
    expected = np.interp(times, np.arange(len(told)) / 60, told[:, UNITS.index("jawOpen")])
    assert np.abs(jaw - expected)[5:-5].max() < 0.01
    assert np.abs(motion[:, -3:]).max() < 0.1, "the head is not relative to its mean pose"
    assert {item.split for item in lessons.items} == {"train", "dev"}
    assert lessons.rows("emotion", lessons.items[0], 0, 1)[0, 0] == AUTO_EMOTION


def test_the_pack_and_the_lessons_belong_together(prepared: Path):
    pack, lessons = Pack(prepared / "pack"), Lessons(prepared / "lessons")
    items = in_pack(lessons.items, pack)
    assert [one.frames for one in lessons.items] == [item.frames for item in items]
    assert len(pack.select("test")) == 2 and all(item.split != "test" for item in items)
    assert set(pack.phones(pack.items[0]).tolist()) == {UNKNOWN_PHONE}
    assert pack.mel(pack.items[-1]).shape == (2 * pack.items[-1].frames, 80)


def test_what_was_prepared_can_be_checked(prepared: Path, tmp_path: Path):
    manifest = json.loads((prepared / "manifest.json").read_text())
    assert len(manifest["recordings"]) == 6 and manifest["options"]["format"] == "arkit"
    split = json.loads((prepared / "split.json").read_text())
    assert sorted(split["speakers"].values()) == ["dev", "test", "train"]
    check(prepared)
    copy = tmp_path / "copy"
    shutil.copytree(prepared, copy)
    damaged = bytearray((copy / "lessons/motion.raw").read_bytes())
    damaged[10] ^= 1
    (copy / "lessons/motion.raw").write_bytes(damaged)
    with pytest.raises(DataError, match="' is not what was prepared"):
        check(copy)


def test_labels_and_a_split_of_ones_own(tmp_path: Path, tools: Tools):
    write.arkit(tmp_path / "data", ("ada", "ben"), lines=1)
    table = "id,emotion,intensity\nada/line0,sad,1.4\n"
    (tmp_path / "labels.csv").write_text(table)
    given = {"ada": "dev", "ben": "train"}
    out = tmp_path / "out"
    labels = read_labels(tmp_path / "labels.csv")
    prepare(tmp_path / "data", out, Options("arkit"), tools, given, labels)
    lessons = Lessons(out / "lessons")
    one = next(item for item in lessons.items if item.split == "dev")
    assert lessons.rows("emotion", one, 0, 1)[0, 0] == 2
    assert lessons.rows("intensity", one, 0, 1)[0, 0] == pytest.approx(1.4, abs=1e-3)


def test_open_head_vertices_come_back_as_their_units(tools: Tools):
    mesh, moves = write.open_head()
    units = _moving()
    points = (mesh + np.tensordot(units, moves, 1)).astype(np.float32)
    found = to_channels(_recording(Vertices(points, mesh)), tools.faces)[:, : len(UNITS)]
    assert np.abs(found - units).max() < 0.03
    probe = lip_probe(load_face())
    assert np.abs(probe.aperture(found) - probe.aperture(units)).max() < 0.1


def _through_flame(units: np.ndarray, flame: Flame) -> tuple[np.ndarray, np.ndarray]:
    """Expression and jaw of the FLAME whose vertices are nearest to what the units do on it."""
    face, head = flame.face, load_face()
    jaw_at = face.joint("jaw")
    basis = unit_basis(flame, head)
    moved, used = basis.moves, basis.vertices
    wanted = np.tensordot(units, moved, 1)
    jaw = np.zeros((len(units), 3), np.float32)
    jaw[:, 0] = 0.35 * (units[:, UNITS.index("jawOpen")] - units[:, UNITS.index("mouthClose")])
    pose = np.zeros((len(units), 5, 3), np.float32)
    pose[:, jaw_at] = jaw
    rest = np.repeat(face.template[None], len(units), 0)
    turned = apply_pose(face, rest, face.joint_regressor @ face.template, pose) - face.template
    shapes = face.expression_basis[:, used].reshape(len(face.expression_basis), -1)
    left = (wanted - turned[:, used]).reshape(len(units), -1)
    gram = shapes @ shapes.T + 1e-9 * np.eye(len(shapes))
    return np.linalg.solve(gram, shapes @ left.T).T.astype(np.float32), jaw


def test_flame_parameters_open_and_shut_the_open_heads_mouth_alike(flame: Flame):
    units = _moving()
    expression, jaw = _through_flame(units, flame)
    head = load_face()
    faces = Faces(head, open_faces().head_basis, flame, unit_basis(flame, head))
    found = to_channels(_recording(FlameCurves(expression, jaw)), faces)[:, : len(UNITS)]
    probe = lip_probe(head)
    was, now = probe.aperture(units), probe.aperture(found)
    assert np.corrcoef(was, now)[0, 1] > 0.99 and np.sqrt(((was - now) ** 2).mean()) < 1.0
    assert found[:, GAZE].max() == 0.0, "FLAME's skin does not say where the eyes look"
    pose = np.zeros((len(units), 5, 3), np.float32)
    pose[:, flame.face.joint("jaw")] = jaw
    rest = flame.face.template
    points = rest + np.tensordot(expression, flame.face.expression_basis, 1)
    posed = apply_pose(
        flame.face, points.astype(np.float32), flame.face.joint_regressor @ rest, pose
    )
    by_vertices = to_channels(_recording(Vertices(posed, rest)), faces)[:, : len(UNITS)]
    assert np.abs(by_vertices - found).max() < 0.02


def test_units_on_a_flame_are_where_its_expressions_can_do_them(tmp_path: Path):
    made = surrogate(11, "Mila", identities=2)
    make_test_flame.write_2020(tmp_path / "generic_model.pkl", made.parts)
    flame, head = load_flame(tmp_path / "generic_model.pkl"), without(load_face(), "Mila")
    basis = unit_basis(flame, head)
    seen = [index for index in range(len(UNITS)) if index not in GAZE]

    def error(moves: np.ndarray) -> float:
        truth = made.units[seen][:, basis.vertices]
        away = np.linalg.norm(moves[seen] - truth, axis=(1, 2))
        return float(np.median(away / np.linalg.norm(truth, axis=(1, 2))))

    by_shape = match(head, flame.face).carry(head.expression_basis)[:, basis.vertices]
    assert error(basis.moves) < 0.07 < 0.08 < error(by_shape)


def test_flame_data_without_its_flame_is_refused(tools: Tools):
    curves = FlameCurves(np.zeros((30, 50), np.float32), np.zeros((30, 3), np.float32))
    with pytest.raises(DataError, match="--flame"):
        to_channels(_recording(curves), tools.faces)
    with pytest.raises(DataError, match="mesh of 7 vertices"):
        points = np.zeros((30, 7, 3), np.float32)
        to_channels(_recording(Vertices(points, points[0])), tools.faces)
    with pytest.raises(FlameError):
        open_faces(Path("nowhere.pkl"))


def test_channels_that_nobody_knows_are_left_out_and_missing_ones_rest(tools: Tools):
    curves = Curves(("jawOpen", "earWiggle"), np.full((30, 2), 1.5, np.float32))
    channels = to_channels(_recording(curves), tools.faces)
    assert channels[:, CHANNELS.index("jawOpen")].max() == 1.0
    assert np.count_nonzero(channels.any(0)) == 1


def test_a_space_survives_the_metadata():
    for space in (unit_space(), flame_space(50, "ab" * 32), unit_space(("jawOpen", "mouthClose"))):
        assert space_of({KEY: json.loads(json.dumps(as_values(space)))}) == space
    assert space_of({}) == unit_space() and space_of({}).channels == CHANNELS
    assert len(flame_space(50, "x").channels) == 50 + 3 + len(NECK)


@pytest.mark.parametrize(
    "change",
    [{"kind": "bones"}, {"fps": 25.0}, {"channels": []}, {"pairs": [[0, 99]]}, {"face": 0}],
)
def test_a_space_that_is_not_understood_is_refused(change: dict):
    values = {**as_values(unit_space()), **change}
    if change == {"face": 0}:
        del values["face"]
    with pytest.raises(WeightsError, match="motion space"):
        space_of({KEY: values})


def test_tidying_keeps_units_units_and_leaves_flame_alone():
    wild = np.random.default_rng(0).normal(0, 2, (40, len(CHANNELS))).astype(np.float32)
    tidy = unit_space().tidied(wild)
    opened, closed = (tidy[:, CHANNELS.index(name)] for name in ("jawOpen", "mouthClose"))
    assert tidy[:, : len(UNITS)].min() >= 0 and tidy[:, : len(UNITS)].max() <= 1
    assert (closed <= opened).all() and np.array_equal(tidy[:, -3:], wild[:, -3:])
    assert dict(load_face().unit_max) == pytest.approx(MOST), "the ranges that the head documents"
    for name, most in MOST.items():
        assert tidy[:, CHANNELS.index(name)].max() == np.float32(most)
    space = flame_space(49, "x")
    assert np.array_equal(space.tidied(wild), wild)
    with pytest.raises(WeightsError, match="parameters of a FLAME"):
        space.channels_of(wild)


def test_a_mirror_swaps_sides_and_turns_the_neck():
    space = unit_space()
    motion = np.random.default_rng(0).random((5, len(CHANNELS))).astype(np.float32)
    mirrored = space.mirrored(motion)
    assert np.array_equal(space.mirrored(mirrored), motion)
    left, right = CHANNELS.index("eyeBlinkLeft"), CHANNELS.index("eyeBlinkRight")
    assert np.array_equal(mirrored[:, left], motion[:, right])
    assert np.array_equal(mirrored[:, CHANNELS.index("neckYaw")], -motion[:, -2])
    assert np.array_equal(mirrored[:, CHANNELS.index("neckPitch")], motion[:, -3])
    with pytest.raises(WeightsError, match="does not say"):
        flame_space(10, "x").mirrored(motion)


def test_units_by_name_become_channels():
    space = MotionSpace(("mouthClose", "jawOpen"))
    motion = np.array([[0.1, 0.4]], np.float32)
    channels = space.channels_of(motion)
    assert channels[0, CHANNELS.index("jawOpen")] == pytest.approx(0.4)
    assert channels.shape == (1, len(CHANNELS))


def test_a_denoiser_is_stamped_with_its_space(weights: Path, prepared: Path, tmp_path: Path):
    file = tmp_path / "denoiser.safetensors"
    file.write_bytes((weights / "denoiser.safetensors").read_bytes())
    space = space_of_lessons(prepared / "lessons")
    stamp(file, space)
    config, extra = read_metadata(file)
    assert space_of(extra) == space == unit_space() and extra["sampling"]["steps"] == 3
    assert config["window"] == 64
    with pytest.raises(WeightsError, match="do not belong together"):
        stamp(file, flame_space(50, "x"))
