# SPDX-License-Identifier: GPL-3.0-or-later
"""Every format is read as its owners write it, comes back as it was, and its damage is a sentence.

Tolerances of a round trip: npz exact; csv and json 1e-6 of a weight (seven decimals).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS, Take
from model_runtime.motion_files import (
    Curves,
    FlameCurves,
    MotionError,
    arkit_csv,
    audio2face,
    live_link,
    read_motion,
    take_npz,
    turns,
)
from model_runtime.motion_files.csv_table import unit_of
from model_runtime.motion_files.flame_npz import flame_bytes
from model_runtime.motion_files.motion import MOST_BYTES
from tests.model_runtime.damage import damaged

Rotation = pytest.importorskip("scipy.spatial.transform").Rotation

WRITERS = {
    "live_link.csv": lambda take: live_link.csv_text(take).encode(),
    "arkit.csv": lambda take: arkit_csv.csv_text(take).encode(),
    "a2f.json": lambda take: audio2face.json_text(take).encode(),
    "take.npz": take_npz.take_bytes,
}


def talk(fps: float, frames: int = 150) -> Take:
    rng = np.random.default_rng(5)
    weights = rng.random((frames, len(CHANNELS)), np.float32)
    weights[:, len(UNITS) :] = (weights[:, len(UNITS) :] - 0.5) * 0.5
    return Take(weights, CHANNELS, fps, {"seed": 3, "audio": {"name": "line.wav"}})


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("fps", [24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60.0])
@pytest.mark.parametrize("name", WRITERS)
def test_round_trip(name, fps, tmp_path) -> None:
    take = talk(fps)
    path = written(tmp_path, name, WRITERS[name](take))
    back = read_motion(path)
    assert isinstance(back.motion, Curves)
    assert back.fps == pytest.approx(fps, rel=1e-9) and back.frames == 150
    order = [back.motion.names.index(unit) for unit in UNITS]
    assert np.abs(back.motion.weights[:, order] - take.weights[:, : len(UNITS)]).max() < 1e-6
    assert np.abs(back.motion.head - take.weights[:, len(UNITS) :]).max() < 2e-6
    assert back.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_flame_round_trip_and_diffposetalks_own(tmp_path) -> None:
    rng = np.random.default_rng(1)
    exp, jaw, head = (rng.normal(0, 1, (40, n)).astype(np.float32) for n in (50, 3, 3))
    motion = FlameCurves(exp, jaw, head, np.arange(100, dtype=np.float32))
    back = read_motion(written(tmp_path, "ours.npz", flame_bytes(motion, 30.0)))
    assert back.fps == 30.0 and isinstance(back.motion, FlameCurves)
    for name in ("expression", "jaw", "head", "shape"):
        assert np.array_equal(getattr(back.motion, name), getattr(motion, name))
    pose = np.concatenate([head, jaw], axis=1)
    np.savez_compressed(tmp_path / "theirs.npz", exp=exp, pose=pose, shape=np.zeros((40, 100)))
    assert read_motion(tmp_path / "theirs.npz").fps == 25.0
    assert read_motion(tmp_path / "theirs.npz", fps=50.0).seconds == 0.8


def test_beat2_turns_the_head_on_the_neck(tmp_path) -> None:
    rng = np.random.default_rng(2)
    poses, exp = np.zeros((20, 165)), rng.normal(0, 1, (20, 100))
    poses[:, 36:39], poses[:, 45:48], poses[:, 66:69] = rng.normal(0, 0.4, (3, 20, 3))
    np.savez(tmp_path / "b.npz", expressions=exp, poses=poses, mocap_frame_rate=30, gender="x")
    found = read_motion(tmp_path / "b.npz")
    wanted = Rotation.from_rotvec(poses[:, 36:39]) * Rotation.from_rotvec(poses[:, 45:48])
    assert found.fps == 30.0 and found.format == "BEAT2 npz"
    assert np.abs(found.motion.head - wanted.as_rotvec()).max() < 1e-6
    assert np.allclose(found.motion.jaw, poses[:, 66:69])


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("batch", [False, True])
def test_emote_pickles(protocol, batch, tmp_path) -> None:
    rng = np.random.default_rng(3)
    parts = {
        "expression": rng.normal(0, 1, (30, 50)).astype(np.float32),
        "jaw_pose": rng.normal(0, 0.1, (30, 3)).astype(np.float32),
        "global_pose": np.zeros((30, 3), np.float32),
        "shape": np.zeros((30, 300), np.float32),
    }
    stored = {name: values[None] if batch else values for name, values in parts.items()}
    path = written(tmp_path, "flame.pkl", pickle.dumps(stored, protocol=protocol))
    found = read_motion(path)
    assert found.fps == 25.0 and np.array_equal(found.motion.expression, parts["expression"])
    assert np.array_equal(found.motion.jaw, parts["jaw_pose"])


def test_audio2face_tells_an_integer_rate_and_the_sound(tmp_path) -> None:
    document = json.loads(audio2face.json_text(talk(30.0)))
    assert document["exportFps"] == 30 and isinstance(document["exportFps"], int)
    assert document["trackPath"] == "line.wav" and document["numPoses"] == 52
    document["facsNames"] = [name[0].upper() + name[1:] for name in document["facsNames"]]
    found = read_motion(written(tmp_path, "a.json", json.dumps(document)))
    assert found.motion.names == UNITS


def test_nvidias_csv_and_beats_json(tmp_path) -> None:
    units = talk(30.0, 60).weights[:, :52]
    header = ",".join(["", "timeCode", *(f"blendShapes.{u[0].upper()}{u[1:]}" for u in UNITS)])
    rows = [f"{i},{i / 30},{','.join(map(str, row))}" for i, row in enumerate(units.tolist())]
    found = read_motion(written(tmp_path, "animation_frames.csv", "\n".join([header, *rows])))
    assert found.fps == 30.0 and np.allclose(found.motion.weights, units)
    frames = [{"weights": r, "time": i / 60, "rotation": []} for i, r in enumerate(units.tolist())]
    beat = json.dumps({"names": list(UNITS), "frames": frames})
    found = read_motion(written(tmp_path, "beat.json", beat))
    assert found.fps == 60.0 and np.allclose(found.motion.weights, units)


def _live_link(codes, weight=None) -> str:
    header = ",".join(("Timecode", "BlendShapeCount", *live_link.COLUMNS))
    values = np.zeros((len(codes), 61)) if weight is None else np.tile(weight[:, None], 61)
    rows = (f"{code},61,{','.join(map(str, row))}" for code, row in zip(codes, values, strict=True))
    return "\n".join([header, *rows])


def test_dropped_frames_are_filled_in_and_midnight_is_passed(tmp_path) -> None:
    seconds = 86399.0 + np.arange(180) / 60
    kept = np.r_[0:50, 53:120, 121:180]
    codes = [live_link.timecode(seconds[i]) for i in kept]
    path = written(tmp_path, "d.csv", _live_link(codes, kept / 180))
    found = read_motion(path)
    assert found.fps == 60.0 and found.frames == 180
    assert np.allclose(found.motion.weights[:, 0], np.arange(180) / 180, atol=1e-3)


def test_a_timecode_may_count_the_frames_of_its_own_rate(tmp_path) -> None:
    codes = [f"00:00:{i // 30:02d}:{i % 30:02d}.000" for i in range(120)]
    assert read_motion(written(tmp_path, "t.csv", _live_link(codes))).fps == 30.0


def test_frames_in_which_no_face_was_seen_hold_the_last_one(tmp_path) -> None:
    codes = [live_link.timecode(i / 60) for i in range(8)]
    lines = _live_link(codes, np.arange(8) / 10).split("\n")
    for lost in (4, 5):
        lines[lost + 1] = f"{codes[lost]},0" + "," * 61
    found = read_motion(written(tmp_path, "l.csv", "\n".join(lines)))
    jaw = found.motion.weights[:, UNITS.index("jawOpen")]
    assert np.allclose(jaw, [0, 0.1, 0.2, 0.3, 0.3, 0.3, 0.6, 0.7])


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("eyeBlinkLeft", "eyeBlinkLeft"),
        ("EyeBlinkLeft", "eyeBlinkLeft"),
        ("blendShapes.EyeBlinkLeft", "eyeBlinkLeft"),
        ("eyeBlink_L", "eyeBlinkLeft"),
        ("mouthSmile.R", "mouthSmileRight"),
        ("jaw_open", "jawOpen"),
        ("jaw", None),
        ("timeCode", None),
    ],
)
def test_units_in_other_spellings(name, unit) -> None:
    assert unit_of(name) == unit


def _npz_that_lies() -> bytes:
    """A header that asks for more memory than any machine has, in a small file."""
    take = take_npz.take_bytes(talk(25.0, 4))
    huge = b"(4000000000, 55)"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(take)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "weights.npy":
                data = data.replace(b"(4, 55), }         ", huge + b", }  ", 1)
            new.writestr(entry, data)
    return out.getvalue()


def _named(columns, rows) -> str:
    return "\n".join([",".join(columns), *rows])


ROW = ",".join(["0.1"] * 61)
HEADER = ",".join(("Timecode", "BlendshapeCount", *live_link.COLUMNS))
DAMAGED = {
    "empty.csv": (b"", "the file is empty"),
    "headonly.csv": (HEADER, "no frames"),
    "columns.csv": ("a,b\n1,2\n3,4", "only 0 of its columns are ARKit units"),
    "missing.csv": (HEADER.replace("JawOpen,", "") + f"\n00:00:00:00.000,61,{ROW[4:]}", "jawOpen"),
    "short.csv": (
        f"{HEADER}\n00:00:00:00.000,61,{ROW}\n00:00:00:01.000,61,0.1,0.2",
        "line 3 has 4",
    ),
    "words.csv": (f"{HEADER}\n00:00:00:00.000,61,{ROW[:-3]}abc", "'abc' in place of a number"),
    "nan.csv": (f"{HEADER}\n00:00:00:00.000,61,nan{ROW[3:]}", "not numbers, frame 1"),
    "inf.csv": (f"{HEADER}\n00:00:00:00.000,61,inf{ROW[3:]}", "not numbers, frame 1"),
    "time.csv": (f"{HEADER}\nsoon,61,{ROW}\n", "not a number of seconds"),
    "back.csv": (
        f"{HEADER}\n00:00:02:00.000,61,{ROW}\n00:00:01:00.000,61,{ROW}",
        "time does not move on",
    ),
    "percent.csv": (f"{HEADER}\n00:00:00:00.000,61,{ROW.replace('0.1', '55')}", "from 0 to 1"),
    "binary.csv": (bytes(range(256)) * 8, "not a text file"),
    "cut.json": (b'{"facsNames": ["jawOpen"], "weightM', "no json file"),
    "list.json": (b"[1, 2]", "no motion"),
    "other.json": (b"{}", "no 'facsNames'"),
    "deep.json": (b"[" * 200_000, "no json file|no motion"),
    "rows.json": (
        b'{"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [[0.1], [0.1, 0.2]]}',
        "frame 2 of its weightMat has 2 numbers, not 1",
    ),
    "text.json": (
        b'{"exportFps": 30, "facsNames": ["jawOpen"], "weightMat": [["x"]]}',
        "numbers only",
    ),
    "rate.json": (b'{"facsNames": ["jawOpen"], "weightMat": [[0.1]]}', "its rate"),
    "foreign.json": (
        b'{"exportFps": 30, "facsNames": ["l_rx"], "weightMat": [[0.1]]}',
        "none of its curves",
    ),
    "zip.npz": (b"PK\x03\x04 broken", "damaged"),
    "lies.npz": (_npz_that_lies(), "another size than it says"),
    "evil.pkl": (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
    "noface.pkl": (pickle.dumps({"a": 1}), "no 'expression'"),
    "what.xyz": (b"1", "does not end in"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_one_sentence(name, tmp_path) -> None:
    data, said = DAMAGED[name]
    with pytest.raises(MotionError, match=said) as told:
        read_motion(written(tmp_path, name, data))
    assert name in str(told.value) and "\n" not in str(told.value)


def test_pickled_arrays_and_wrong_shapes_in_npz(tmp_path) -> None:
    def said(**arrays) -> str:
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(MotionError) as told:
            read_motion(tmp_path / "x.npz")
        return str(told.value)

    exp, pose = np.zeros((5, 50)), np.zeros((5, 6))
    assert "objects in place" in said(exp=np.array([{}], object), pose=pose)
    assert "has no 'pose'" in said(exp=exp)
    assert "5 and 4 frames" in said(exp=exp, pose=pose[:4])
    assert "(5, 3) and should be" in said(exp=exp, pose=pose[:, :3])
    assert "no frames" in said(exp=exp[:0], pose=pose[:0])
    assert "frame 3 first" in said(exp=np.where(np.arange(5)[:, None] == 2, np.nan, exp), pose=pose)
    assert "it has other" in said(other=exp)


def test_a_huge_file_is_refused_unread_and_a_missing_one_named(tmp_path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        os.truncate(file.fileno(), MOST_BYTES + 1)
    with pytest.raises(MotionError, match="Cut it into lines"):
        read_motion(path)
    with pytest.raises(MotionError, match="cannot be read"):
        read_motion(tmp_path / "none.csv")


@pytest.mark.parametrize("name", [*WRITERS, "flame.npz", "emote.pkl"])
def test_files_changed_at_random_end_in_motion_or_a_sentence(name, tmp_path) -> None:
    """Two hundred mutations of each kind: changed bytes, and cuts."""
    rng = np.random.default_rng(11)
    sound = _sound_file(name)
    path, refused = tmp_path / name, 0
    for _ in range(200):
        path.write_bytes(damaged(sound, rng))
        try:
            assert read_motion(path).frames > 0
        except MotionError as error:
            assert name in str(error)
            refused += 1
    assert refused > 10


def _sound_file(name: str) -> bytes:
    if name in WRITERS:
        return WRITERS[name](talk(30.0, 12))
    exp, jaw = np.zeros((12, 50), np.float32), np.zeros((12, 3), np.float32)
    if name == "flame.npz":
        return flame_bytes(FlameCurves(exp, jaw), 25.0)
    return pickle.dumps({"expression": exp, "jaw_pose": jaw})


def test_turns_are_scipys() -> None:
    rng = np.random.default_rng(8)
    first, second = rng.normal(0, 0.7, (2, 200, 3))
    one, two = Rotation.from_rotvec(first), Rotation.from_rotvec(second)
    assert np.abs(turns.composed(first, second) - (one * two).as_rotvec()).max() < 1e-5
    assert np.abs(turns.yaw_pitch_roll(first) - one.as_euler("YXZ")).max() < 1e-9
    angles = one.as_euler("YXZ")
    assert np.abs(turns.from_yaw_pitch_roll(angles) - first).max() < 1e-5
    wanted = (one.mean().inv() * one).as_rotvec()
    assert np.abs(turns.from_mean(first) - wanted).max() < 1e-5
