# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader reads its format as its owners write it; a format's damage is one sentence."""

from __future__ import annotations

import builtins
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS
from model_runtime.features import SAMPLE_RATE
from tests.training import data_writers as write
from training.readers import READERS, Curves, DataError, FlameCurves, Vertices, sound_of
from training.readers.record import relative_turn
from training.readers.split import assign, split_speakers
from training.readers.timing import at_motion_rate


def _all(name: str, folder: Path) -> list:
    return list(READERS[name].read(folder))


def _flame_clip(frames: int, expressions: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    exp = rng.normal(0, 1, (frames, expressions)).astype(np.float32)
    return exp, rng.normal(0, 0.1, (frames, 3)).astype(np.float32)


def test_live_link_face(tmp_path: Path):
    write.arkit(tmp_path, ("ada",), lines=1)
    (recording,) = _all("arkit", tmp_path)
    assert (recording.id, recording.speaker, recording.fps) == ("ada/line0", "ada", 60.0)
    assert isinstance(recording.motion, Curves) and recording.motion.names == UNITS
    assert np.allclose(recording.motion.weights, write.talk(2.0, 60.0), atol=1e-5)
    assert recording.motion.head[:, 1].mean() == pytest.approx(0.3, abs=0.03)
    assert len(sound_of(recording)) == 2 * SAMPLE_RATE


def test_beat_names_tell_speaker_and_emotion(tmp_path: Path):
    write.beat(tmp_path, ["1_wayne_0_1_8", "1_wayne_0_65_72", "2_scott_1_3_3", "5_stewart_0_103_a"])
    found = {recording.id: recording for recording in _all("beat", tmp_path)}
    assert [found[name].emotion for name in sorted(found)] == [
        "neutral",
        "happy",
        "neutral",
        "afraid",
    ]
    one = found["1_wayne_0_65_72"]
    assert one.speaker == "1_wayne" and one.fps == 60.0 and len(one.motion.names) == 51
    column = one.motion.names.index("jawOpen")
    told = write.talk(2.0, 60.0, 1)[:, UNITS.index("jawOpen")]
    assert np.allclose(one.motion.weights[:, column], told)


def test_beat2_has_expressions_jaw_and_head(tmp_path: Path):
    exp, jaw = _flame_clip(60, 100)
    write.beat2(tmp_path, {"2_scott_0_73_73": (exp, jaw)})
    (one,) = _all("beat2", tmp_path)
    assert isinstance(one.motion, FlameCurves) and one.fps == 30.0 and one.emotion == "angry"
    assert np.allclose(one.motion.expression, exp) and np.allclose(one.motion.jaw, jaw)
    assert np.abs(one.motion.head).max() > 0.05


def test_vocaset_as_the_repositories_store_it(tmp_path: Path):
    mesh, moves = write.open_head()
    told = write.vocaset_stored(tmp_path, mesh[:500], moves[:, :500])
    found = _all("vocaset", tmp_path)
    assert [one.id for one in found] == sorted(told)
    assert {one.speaker for one in found} == {
        "FaceTalk_170725_00137_TA",
        "FaceTalk_170728_03272_TA",
    }
    last = found[-1]
    assert isinstance(last.motion, Vertices) and last.fps == 30.0
    moved = np.tensordot(told[last.id], moves[:, :500], 1)
    assert np.allclose(last.motion.points - last.motion.template, moved, atol=1e-6)
    assert len(sound_of(last)) == pytest.approx(2 * SAMPLE_RATE, abs=2)


def test_vocaset_as_published(tmp_path: Path):
    mesh, moves = write.open_head()
    told = write.vocaset_published(tmp_path / "voca", mesh[:300], moves[:, :300])
    found = _all("vocaset", tmp_path / "voca")
    assert {one.id for one in found} == set(told) and all(one.fps == 60.0 for one in found)
    moved = np.tensordot(told[found[1].id], moves[:, :300], 1)
    assert np.allclose(found[1].motion.points - found[1].motion.template, moved, atol=1e-5)
    assert np.abs(sound_of(found[0])).max() < 1.0


def test_diffposetalks_segments_are_joined(tmp_path: Path):
    lmdb = pytest.importorskip("lmdb")
    exp, jaw = _flame_clip(230, 50)
    pose = np.concatenate([np.full((230, 3), 0.2, np.float32), jaw], axis=1)
    clips = {"TH_00001/000": (exp, pose), "TH_00002/003": (exp[:100], pose[:100])}
    write.diffposetalk(tmp_path / "db", clips, lmdb)
    for listed in (True, False):
        one, two = _all("diffposetalk", tmp_path / "db")
        assert (one.id, one.speaker, one.fps, two.frames) == ("TH_00001/000", "TH_00001", 25.0, 100)
        assert np.allclose(one.motion.expression, exp) and np.allclose(one.motion.jaw, jaw)
        assert len(sound_of(one)) == 230 * 640
        if listed:
            (tmp_path / "db" / "keys.txt").unlink()


def test_inferno_and_meads_folders(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    exp, jaw = _flame_clip(50, 100)
    clips = {
        "M003/front/fear/level_3/001": (exp, jaw),
        "W009/front/neutral/level_1/002": (exp, jaw),
    }
    write.inferno(tmp_path, clips, h5py)
    one, two = _all("inferno", tmp_path)
    assert (one.speaker, one.emotion, one.intensity, one.fps) == ("M003", "afraid", 1.4, 25.0)
    assert (two.speaker, two.emotion, two.intensity) == ("W009", "neutral", 1.0)
    assert np.allclose(one.motion.expression, exp) and one.motion.jaw.shape == (50, 3)
    assert "W009" in str(two.sound)


@pytest.mark.parametrize(("name", "package"), [("diffposetalk", "lmdb"), ("inferno", "h5py")])
def test_a_missing_package_is_named(name: str, package: str, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=f"pip install {package}"):
        _all(name, tmp_path)


@pytest.mark.parametrize("name", ["arkit", "beat", "beat2", "vocaset"])
def test_an_empty_folder_is_told_what_it_should_hold(name: str, tmp_path: Path):
    (tmp_path / "templates.pkl").write_bytes(pickle.dumps({"a": np.zeros((4, 3))}))
    with pytest.raises(DataError, match="must hold"):
        _all(name, tmp_path)


def test_nothing_in_a_pickle_is_run(tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return builtins.eval, ("open('ran', 'w')",)

    (tmp_path / "vertices_npy").mkdir()
    np.save(tmp_path / "vertices_npy" / "a_1.npy", np.zeros((30, 12)))
    (tmp_path / "templates.pkl").write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(DataError, match="was not opened"):
        _all("vocaset", tmp_path)
    assert not Path("ran").exists()


def test_damage_is_one_sentence(tmp_path: Path):
    write.arkit(tmp_path / "a", ("ada",), lines=1)
    (tmp_path / "a/ada/line0.wav").unlink()
    with pytest.raises(DataError, match="has no sound"):
        _all("arkit", tmp_path / "a")
    (tmp_path / "a/ada/line0.csv").write_text("Timecode,BlendShapeCount\n1,2\n")
    with pytest.raises(DataError, match="no Live Link Face csv"):
        _all("arkit", tmp_path / "a")
    write.beat(tmp_path / "b", ["1_wayne_0_1_8"])
    (tmp_path / "b/1/1_wayne_0_1_8.json").write_text("[]")
    with pytest.raises(DataError, match="no face of BEAT"):
        _all("beat", tmp_path / "b")


@pytest.mark.parametrize("fps", [24.0, 25.0, 30000 / 1001, 30.0, 60.0, 120.0])
def test_resampling_keeps_what_both_rates_carry(fps: float):
    seconds = np.arange(int(4 * fps)) / fps
    motion = np.stack([np.sin(2 * np.pi * 3.0 * seconds), np.ones_like(seconds)], axis=1)
    result = at_motion_rate(motion.astype(np.float32), fps)
    times = np.arange(len(result)) / 50.0
    assert times[-1] <= seconds[-1] + 1e-6 and seconds[-1] - times[-1] < 0.02
    inside = (times > 0.5) & (times < 3.4)
    assert np.allclose(result[inside, 0], np.sin(2 * np.pi * 3.0 * times[inside]), atol=0.01)
    assert np.allclose(result[:, 1], 1.0, atol=1e-5)


def test_resampling_takes_out_what_would_fold_back():
    seconds = np.arange(480) / 120.0
    shake = np.sin(2 * np.pi * 40.0 * seconds)[:, None].astype(np.float32)  # 10 Hz if folded
    assert np.abs(at_motion_rate(shake, 120.0)[20:-20]).max() < 0.05


def test_fifty_frames_a_second_stay_as_they_are():
    motion = np.random.default_rng(0).random((70, len(CHANNELS))).astype(np.float32)
    assert np.array_equal(at_motion_rate(motion, 50.0), motion)


def test_the_heads_turn_is_relative_to_where_it_mostly_looks():
    turned = np.zeros((90, 3), np.float32)
    turned[:, 1] = 1.2 + 0.1 * np.sin(np.arange(90) / 5)
    relative = relative_turn(turned)
    assert np.abs(relative).max() < 0.13 and abs(relative[:, 1].mean()) < 0.01


def test_speakers_are_held_out_and_stay_so():
    names = [f"speaker{index}" for index in range(20)]
    one = split_speakers(names)
    assert one == split_speakers(list(reversed(names)))
    counts = [list(one.values()).count(kind) for kind in ("train", "dev", "test")]
    assert counts == [16, 1, 3]
    splits, held = assign([(f"{name}/{i}", name) for name in names for i in range(3)], None)
    assert held == "speakers" and all(splits[f"{n}/0"] == splits[f"{n}/2"] for n in names)
    splits, held = assign([(f"a/{index}", "a") for index in range(20)], None)
    assert held == "recordings" and list(splits.values()).count("dev") == 2
    with pytest.raises(DataError, match="one recording only"):
        assign([("a/1", "a")], None)
    with pytest.raises(DataError, match="does not name b"):
        assign([("a/1", "a"), ("b/1", "b")], {"a": "train"})
