# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter as an output of a batch: its files hold what the report only shows, in scene frames."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_runtime import batch_work
from model_runtime.batch_lines import BatchLine
from model_runtime.batch_meter import at_scene_rate, meter_bytes
from model_runtime.batch_work import Choosing, Item, nearest_frame
from model_runtime.contract import Meter, Settings
from tests.as_extension import room
from tests.model_runtime.batch_help import FakePerformer, contents, rows, run, sounds, use_fake

ROOT = Path(__file__).parents[2]


def measured(frames, spoken=None, **known):
    values = np.asarray(frames, np.float32)
    said = np.ones(len(values), np.float32) if spoken is None else np.asarray(spoken, np.float32)
    return Meter(0.7, values, said, 50.0, known.get("lag", float("nan")))


def item(**line):
    known = {"line_id": "a", "audio": Path("a.wav"), "settings": (Settings(),), "where": "x:1"}
    return Item(BatchLine(**{**known, **line}), Settings(), Choosing())


def test_a_frame_of_the_csv_is_a_frame_of_the_scene():
    text = meter_bytes("meter.csv", measured(np.linspace(0, 1, 51)), item(fps=25, start_frame=101))
    table = list(csv.DictReader(text.decode().splitlines()))
    assert [int(row["frame"]) for row in table] == list(range(101, 127))
    assert float(table[10]["meter"]) == pytest.approx(0.4, abs=0.001)
    assert float(table[10]["second"]) == pytest.approx(0.4)


def test_report_and_sidebar_round_to_the_same_frame():
    single = float(np.float32(1.02))  # as a property of Blender's keeps it
    assert single < 1.02
    assert nearest_frame(10, 1.02, 25) == nearest_frame(10, single, 25) == 36
    assert nearest_frame(11, 1.02, 25) == 37 and nearest_frame(-4, 0.1, 25) == -1


@pytest.mark.parametrize("fps", [23.976, 24.0, 25.0, 50.0, 120.0])
def test_every_frame_of_the_line_has_a_value_at_any_rate(fps):
    seconds, values, spoken = at_scene_rate(measured(np.full(73, 0.25)), fps)
    assert len(seconds) == len(values) == len(spoken)
    assert seconds[-1] < 73 / 50 <= seconds[-1] + 1 / fps + 1e-6
    assert np.allclose(values, 0.25) and spoken.all()


def test_spans_are_where_something_is_said_and_the_meter_is_low():
    frames = np.ones(60)
    frames[10:20] = frames[40:50] = 0.2
    frames[30] = 0.1  # too short
    spoken = np.r_[np.ones(35), np.zeros(25)]
    told = json.loads(meter_bytes("meter", measured(frames, spoken), item(fps=25, start_frame=1)))
    (span,) = told["spans"]
    assert span == {"start": 0.2, "end": 0.4, "first_frame": 6, "last_frame": 11, "score": 0.2}
    assert told["lag_ms"] is None and len(told["curve"]) == len(told["spoken"]) == 60


def test_runs_that_nearly_touch_are_one_span_as_blender_shows_them():
    """4 frames lie between the first two, 5 before the third: 0.08 s are bridged."""
    frames = np.ones(60)
    frames[10:12] = frames[16:20] = frames[25:30] = 0.2
    meter = measured(frames, np.ones(60))
    told = json.loads(meter_bytes("meter", meter, item(fps=50)))["spans"]
    places = [(span["start"], span["end"]) for span in told]
    assert places == [(0.2, 0.4), (0.5, 0.6)]
    ours = room("thunder_blender.meter_record").weak_spans(meter)
    assert sorted((span.start, span.end) for span in ours) == places


@pytest.fixture
def folder(tmp_path, monkeypatch):
    use_fake(monkeypatch)
    return sounds(tmp_path / "episode", 3)


def test_the_meter_is_written_beside_each_take(folder, tmp_path):
    out = tmp_path / "out"
    assert run(folder, "--out", out, "--outputs", "meter,meter.csv", "--fps", "25") == 0
    assert len(contents(out)) == 9
    told = json.loads((out / "takes" / "line_01.s0.meter.json").read_text("utf-8"))
    assert told["id"] == "line_01" and told["lag_ms"] == 80.0 and told["fps"] == 25
    contact, late = told["advice"]
    assert contact["sentence"] == "Lips stay open on p at frame 4" and contact["phone"] == "P"
    assert (contact["first_frame"], contact["last_frame"]) == (4, 5)
    assert late["sentence"] == "Motion is 2.0 frames late"
    outputs = rows(out)[0]["outputs"]
    assert set(outputs) == {"npz", "meter", "meter.csv"}


def test_takes_that_are_there_are_measured_and_not_performed_again(folder, tmp_path):
    whole, later = tmp_path / "whole", tmp_path / "later"
    run(folder, "--out", whole, "--outputs", "meter")
    run(folder, "--out", later)
    FakePerformer.performed.clear()
    assert run(folder, "--out", later, "--outputs", "meter") == 0
    assert FakePerformer.performed == [] and len(FakePerformer.measured) == 3
    assert contents(later) == contents(whole)
    assert run(folder, "--out", later, "--outputs", "meter") == 0
    assert len(FakePerformer.measured) == 3


def test_another_meter_measures_again_and_performs_nothing(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(folder, "--out", out, "--outputs", "meter")
    FakePerformer.performed.clear()
    monkeypatch.setattr("model_runtime.batch_cli.meter_digest", lambda weights: "another")
    assert run(folder, "--out", out, "--outputs", "meter") == 0
    assert FakePerformer.performed == [] and len(FakePerformer.measured) == 3


def models(folder, *names):
    """Files that stand for models; each is its own name, and `own` before it."""
    folder.mkdir()
    for name in names:
        (folder / f"{name}.safetensors").write_bytes(f"{folder.name} {name}".encode())
    return folder


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    names = ("encoder", "denoiser", "speech_units", "meter", "m2s_judge")
    made = models(tmp_path / "bundled", *names)
    monkeypatch.setattr(batch_work, "BUNDLED", made)
    return made


def test_files_that_the_meter_leaves_alone_measure_nothing_again(bundled, tmp_path):
    """Without units of its own a folder's encoder, judge and meter decide no figure."""
    usual = batch_work.meter_digest(None)
    own = models(tmp_path / "own", "encoder", "denoiser", "m2s_judge", "meter")
    assert batch_work.meter_digest(own) == usual
    (own / "speech_units.safetensors").write_bytes(b"units")
    assert batch_work.meter_digest(own) not in ("", usual)


def test_what_chooses_a_seed_is_in_the_takes_key(bundled, tmp_path):
    own = models(tmp_path / "own", "encoder", "denoiser", "meter")
    best = Choosing(best_of=3)
    plain, chosen = (batch_work.model_hashes(own, how) for how in (Choosing(), best))
    assert set(plain) == {"encoder", "denoiser"} and set(chosen) == {*plain, "m2s_judge", "meter"}
    theirs = batch_work.model_hashes(None, best)
    assert all(chosen[name] == theirs[name] for name in ("m2s_judge", "meter")), "the bundled ones"
    (bundled / "m2s_judge.safetensors").write_bytes(b"another judge")
    assert batch_work.model_hashes(own, best) != chosen
    assert batch_work.model_hashes(own, Choosing()) == plain
    (own / "speech_units.safetensors").write_bytes(b"units")
    heard = batch_work.model_hashes(own, best)
    assert "speech_units" in heard and heard["meter"] != theirs["meter"]


def test_without_the_meters_models_nothing_is_begun(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(batch_work, "MEASURERS", ("encoder", "no_such_model"))
    assert run(folder, "--out", tmp_path / "out", "--outputs", "npz,meter") == 1
    assert "meter's model files" in capsys.readouterr().err
    assert FakePerformer.performed == []
    assert run(folder, "--out", tmp_path / "out") == 0


def test_half_a_file_of_a_run_that_died_goes_with_the_next_one(folder, tmp_path):
    out, name = (
        tmp_path / "out",
        "a_line_with_a_name_of_more_than_sixty_four_letters_as_studios_love",
    )
    (folder / "line_00.wav").replace(folder / f"{name}.wav")
    (out / "takes").mkdir(parents=True)
    for ending in (f".{f'{name}.s0.npz'[:64]}.0a0b0c0d.part", ".line_01.s0.meter.json.0a0b.part"):
        (out / "takes" / ending).write_bytes(b"half")
    foreign = out / "takes" / ".mine.npz.0a0b.part"
    foreign.write_bytes(b"another's")
    assert run(folder, "--out", out, "--outputs", "meter") == 0
    assert [path.name for path in (out / "takes").glob(".*")] == [foreign.name]


@pytest.mark.timeout(300)
def test_the_meter_of_a_take_on_disk_is_the_one_it_had_when_it_was_made(tmp_path):
    sound, rate = soundfile.read(ROOT / "examples" / "line.flac", dtype="float32")
    (tmp_path / "episode").mkdir()
    soundfile.write(tmp_path / "episode" / "a.wav", sound[: 2 * rate], rate)
    out = tmp_path / "out"
    words = (tmp_path / "episode", "--out", out, "--outputs", "meter,meter.csv")
    assert run(*words) == 0
    before = contents(out)
    for path in (out / "takes").glob("*.meter.*"):
        path.unlink()
    assert run(*words) == 0
    assert contents(out) == before
    told = json.loads((out / "takes" / "a.s0.meter.json").read_text("utf-8"))
    assert told["score"] > 0.5 and len(told["curve"]) == 100 and told["phones"]
    assert rows(out)[0]["meter"] == told["score"]
