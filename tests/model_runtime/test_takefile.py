# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes come back from disk as they were, and a file is whole or not there."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest

from model_runtime import files
from model_runtime.contract import CHANNELS, UNITS, OutputError, RequestError, Take
from model_runtime.files import atomic_file, write_atomic
from model_runtime.motion_files.live_link import COLUMNS, timecode
from model_runtime.takefile import at_rate, check_output, read_take, write_take

KINDS = [".npz", ".csv", ".json"]


@pytest.fixture
def take():
    values = np.random.default_rng(3).random((101, len(CHANNELS)), np.float32)
    values[:, len(UNITS) :] = (values[:, len(UNITS) :] - 0.5) * 0.4
    return Take(values, provenance={"seed": 7, "emotion": "happy", "note": "ü"})


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(tmp_path, take, kind):
    path = tmp_path / f"take{kind}"
    write_take(take, path, fps=50)
    back = read_take(path)
    assert back.channels == CHANNELS
    assert back.fps == 50
    np.testing.assert_allclose(back.weights, take.weights, atol=0 if kind == ".npz" else 1e-6)
    if kind != ".csv":
        assert back.provenance == take.provenance


@pytest.mark.parametrize("kind", KINDS)
def test_same_take_same_bytes(tmp_path, take, kind):
    for name in "ab":
        write_take(take, tmp_path / f"{name}{kind}")
    assert (tmp_path / f"a{kind}").read_bytes() == (tmp_path / f"b{kind}").read_bytes()


def test_npz_keys_are_the_documented_ones(tmp_path, take):
    write_take(take, tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz", allow_pickle=False) as file:
        assert set(file) == {"weights", "channels", "fps", "seed", "provenance"}
        assert file["weights"].dtype == np.float32
        assert file["weights"].shape == (101, 55)
        assert file["channels"].dtype.kind == "U"
        assert int(file["seed"]) == 7
        assert json.loads(str(file["provenance"]))["emotion"] == "happy"


def test_json_has_audio2face_names(tmp_path, take):
    write_take(take, tmp_path / "take.json")
    document = json.loads((tmp_path / "take.json").read_text())
    assert document["numFrames"] == len(document["weightMat"]) == 101
    assert document["numPoses"] == len(document["facsNames"]) == len(document["weightMat"][0]) == 52


def test_csv_is_what_live_link_face_writes(tmp_path, take):
    write_take(take, tmp_path / "take.csv")
    with (tmp_path / "take.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert len(header) == 63
    assert header[:3] == ["Timecode", "BlendshapeCount", "EyeBlinkLeft"]
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header.index("MouthRight") + 1 == header.index("MouthLeft")
    assert header[53] == "TongueOut"
    assert header[54:] == list(COLUMNS[52:])
    assert len(rows) == 121  # 2 seconds at 60 fps, both ends
    assert {row[1] for row in rows} == {"61"}
    assert [row[0] for row in rows[:2]] == ["00:00:00:00.000", "00:00:00:01.000"]
    assert rows[60][0] == "00:00:01:00.000"
    assert float(rows[60][header.index("JawOpen")]) == pytest.approx(
        take.channel("jawOpen")[50], abs=1e-6
    )


def test_csv_eyes_follow_the_gaze_units(tmp_path):
    weights = np.zeros((2, len(CHANNELS)), np.float32)
    for unit in ("eyeLookOutLeft", "eyeLookInRight"):  # both look to the performer's left
        weights[:, CHANNELS.index(unit)] = 1
    write_take(Take(weights), tmp_path / "gaze.csv")
    with (tmp_path / "gaze.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["LeftEyeYaw"]) == float(row["RightEyeYaw"]) > 0.3
    assert float(row["LeftEyePitch"]) == float(row["HeadYaw"]) == 0


def test_csv_with_more_columns_is_read_by_name(tmp_path, take):
    write_take(take, tmp_path / "take.csv", fps=30)
    lines = (tmp_path / "take.csv").read_text().splitlines()
    wider = [lines[0] + ",Joy", *(line + ",0.5" for line in lines[1:])]
    (tmp_path / "wide.csv").write_text("\n".join(wider))
    back = read_take(tmp_path / "wide.csv")
    assert back.fps == 30
    assert back.weights.shape == (61, 55)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00:00.000"),
        (1 / 24, "00:00:00:02.500"),
        (3661.5, "01:01:01:30.000"),
        (59.9999999, "00:01:00:00.000"),
    ],
)
def test_timecode(seconds, text):
    assert timecode(seconds) == text


@pytest.mark.parametrize("fps", [23.976, 24, 25, 29.97, 30, 48, 60, 120])
def test_another_rate_keeps_time_range_and_held_closures(fps):
    seconds = np.arange(201) / 50
    curve = (0.5 + 0.5 * np.sin(2 * np.pi * seconds)).astype(np.float32)
    curve[100:106] = 0  # lips held shut from 2.00 to 2.10 s
    moved = at_rate(Take(curve[:, None], ("jawOpen",)), fps)
    wanted = np.arange(len(moved.weights)) / fps
    assert wanted[-1] <= 4.0 < wanted[-1] + 1 / fps + 1e-9
    assert moved.weights.min() >= 0
    assert moved.weights.max() <= 1
    held = (wanted >= 2.0) & (wanted <= 2.1)
    assert np.abs(moved.weights[held, 0]).max() < 1e-6
    assert np.abs(moved.weights[:, 0] - np.interp(wanted, seconds, curve)).max() < 0.12


@pytest.mark.parametrize("fps", [0, -25, float("nan"), 1e6])
def test_unusable_rates_are_refused(take, fps):
    with pytest.raises(RequestError, match="out of range"):
        at_rate(take, fps)


def test_unknown_ending_missing_folder_and_folder_are_refused(tmp_path):
    for path in (tmp_path / "take.xyz", tmp_path / "none" / "take.npz", tmp_path):
        with pytest.raises(OutputError):
            check_output(path)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path / "folder.npz")


def test_check_leaves_nothing_behind(tmp_path):
    check_output(tmp_path / "take.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"not a take", b"[1, 2]"])
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_takes_are_refused_with_a_sentence(tmp_path, content, kind):
    path = tmp_path / f"bad{kind}"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="not a take that can be read"):
        read_take(path)


def test_nothing_pickled_is_loaded(tmp_path):
    np.savez(tmp_path / "bad.npz", weights=np.array([{}], object), channels=["jawOpen"])
    with pytest.raises(RequestError):
        read_take(tmp_path / "bad.npz")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "take.npz"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_file(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [child.name for child in tmp_path.iterdir()] == ["take.npz"]


def test_a_full_disk_is_one_sentence_and_no_file(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_atomic(tmp_path / "take.npz", b"data")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no links")
def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_atomic(tmp_path / "link.json", b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"
