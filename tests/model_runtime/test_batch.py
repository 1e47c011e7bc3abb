# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch does what is missing, once, names what failed, and goes on after anything."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_runtime import batch_run
from model_runtime.batch_journal import HIDDEN, Claims
from model_runtime.batch_report import csv_of
from model_runtime.takefile import read_take
from tests.model_runtime.batch_help import FakePerformer, contents, rows, run, sounds, use_fake

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    use_fake(monkeypatch)
    monkeypatch.setattr(batch_run, "PAUSE", 0.05)


@pytest.fixture
def folder(tmp_path):
    return sounds(tmp_path / "episode", 5)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_every_line_becomes_a_take_and_a_row(folder, out, capsys):
    assert run(folder, "--out", out, "--outputs", "npz,csv,json") == 0
    assert len(contents(out)) == 15
    assert read_take(out / "takes" / "line_03.s0.npz").weights.shape == (10, 55)
    told = rows(out)
    assert [row["status"] for row in told] == ["done"] * 5
    assert [row["score"] for row in told] == sorted(row["score"] for row in told)
    text = capsys.readouterr().out
    assert "Time: 00:0" in text and "Progress: 100%" in text
    assert "5 made, 0 done before, 0 failed, 0 left" in text


def test_a_second_run_does_nothing_and_a_deleted_or_damaged_file_comes_back(folder, out):
    run(folder, "--out", out)
    before = contents(out)
    FakePerformer.performed.clear()
    assert run(folder, "--out", out) == 0
    assert FakePerformer.performed == []
    (out / "takes" / "line_01.s0.npz").unlink()
    (out / "takes" / "line_02.s0.npz").write_bytes(b"half")
    assert run(folder, "--out", out) == 0
    assert sorted(FakePerformer.performed) == ["line_01.s0", "line_02.s0"]
    assert contents(out) == before


def test_a_changed_sound_or_setting_makes_its_line_anew_and_no_other(folder, out):
    run(folder, "--out", out)
    FakePerformer.performed.clear()
    sounds(folder.parent / "other", 1, 0.3)
    (folder.parent / "other" / "line_00.wav").replace(folder / "line_04.wav")
    run(folder, "--out", out)
    assert FakePerformer.performed == ["line_04.s0"]
    FakePerformer.performed.clear()
    run(folder, "--out", out, "--seeds", "0,5")
    assert sorted(FakePerformer.performed) == [f"line_0{n}.s5" for n in range(5)]


def test_force_makes_all_again_and_ends_even_when_it_was_cut_short(folder, out):
    run(folder, "--out", out)
    before = contents(out)
    FakePerformer.performed.clear()
    assert run(folder, "--out", out, "--force") == 0
    assert len(FakePerformer.performed) == 5
    assert contents(out) == before


def test_further_kinds_are_made_of_the_take_that_is_there(folder, out):
    run(folder, "--out", out)
    FakePerformer.performed.clear()
    assert run(folder, "--out", out, "--outputs", "csv", "--fps", "30") == 0
    assert FakePerformer.performed == []
    assert len(contents(out)) == 10


def test_bad_lines_fail_by_name_and_the_rest_is_done(folder, out, capsys):
    (folder / "noise.wav").write_text("no sound")
    FakePerformer.bad = {"line_02"}
    assert run(folder, "--out", out) == 3
    failed = {row["item"]: row["error"] for row in rows(out) if row["status"] == "failed"}
    assert set(failed) == {"noise.s0", "line_02.s0"}
    assert "not a sound file" in failed["noise.s0"]
    FakePerformer.bad = set()
    (folder / "noise.wav").unlink()
    assert run(folder, "--out", out) == 0
    assert {row["status"] for row in rows(out)} == {"done"}


def test_a_missing_sound_fails_alone(tmp_path, folder, out):
    table = tmp_path / "lines.csv"
    table.write_text("audio\nepisode/line_00.wav\nepisode/gone.wav\n")
    assert run(table, "--out", out) == 3
    worst, done = rows(out)
    assert "gone.wav" in worst["error"] and done["status"] == "done"


def test_fail_fast_and_time_limit_leave_the_rest(folder, out):
    FakePerformer.bad = {f"line_0{n}" for n in range(5)}
    assert run(folder, "--out", out, "--fail-fast", "--no-report") in (3, 4)
    FakePerformer.bad = set()
    assert run(folder, "--out", out, "--time-limit", "0.000001s") == 4
    assert run(folder, "--out", out, "--time-limit", "1h") == 0


def test_the_best_of_several_seeds_is_kept_and_all_scores_are_told(folder, out):
    assert run(folder, "--out", out, "--best-of", "4") == 0
    for row in rows(out):
        assert len(row["tried"]) == 4
        assert row["score"] == max(score for _, score in row["tried"])
        assert row["item"].endswith(".s0.best4")


def test_shards_cover_all_lines_once_and_the_report_merges_them(folder, out, capsys):
    for number in (1, 2, 3):
        assert run(folder, "--out", out, "--shard", f"{number}/3", "--no-report") == 0
    assert sorted(FakePerformer.performed) == [f"line_0{n}.s0" for n in range(5)]
    from model_runtime import __main__ as cli

    assert cli.main(["report", str(folder), "--out", str(out)]) == 0
    assert len(rows(out)) == 5


def test_a_dry_run_writes_nothing(folder, out, capsys):
    assert run(folder, "--out", out, "--dry-run") == 0
    assert not out.exists()
    assert "5 missing" in capsys.readouterr().out
    run(folder, "--out", out)
    capsys.readouterr()
    run(folder, "--out", out, "--dry-run")
    assert "5 done, 0 missing" in capsys.readouterr().out


def test_what_another_run_has_claimed_is_awaited_and_done_when_that_run_ends(folder, out):
    (out / HIDDEN).mkdir(parents=True)
    code = (
        "import sys, time, pathlib; from model_runtime.batch_journal import Claims;"
        "c = Claims(pathlib.Path(sys.argv[1])); assert c.take('line_03.s0');"
        "print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(out / HIDDEN)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline().strip() == b"held"
        assert run(folder, "--out", out, "--time-limit", "0.5") == 4
        assert "line_03.s0.npz" not in contents(out)
        other.kill()
        other.wait()
    assert run(folder, "--out", out) == 0
    assert "line_03.s0.npz" in contents(out)


def test_a_name_is_claimed_once(tmp_path):
    claims = Claims(tmp_path)
    assert claims.take("a") and not claims.take("a") and claims.take("b")
    claims.release(["a"])
    assert claims.take("a")
    claims.close()


def test_a_torn_and_damaged_journal_costs_only_what_it_lost(folder, out):
    run(folder, "--out", out)
    journal = next((out / HIDDEN / "journal").glob("*.jsonl"))
    lines = journal.read_bytes().splitlines(keepends=True)
    done = [line for line in lines if b'"record":"done"' in line]
    kept = [line for line in lines if line not in done[-2:]]
    journal.write_bytes(b"".join(kept) + done[-2].replace(b"npz", b"npx") + done[-1][:50])
    FakePerformer.performed.clear()
    assert run(folder, "--out", out) == 0
    assert len(FakePerformer.performed) == 2
    FakePerformer.performed.clear()
    assert run(folder, "--out", out) == 0
    assert FakePerformer.performed == []


def test_a_full_disk_ends_the_run_with_a_sentence_and_a_rerun_finishes(
    folder, out, monkeypatch, capsys
):
    real = batch_run.write_take
    state = {"left": 2}

    def write(take, path, fps=None):
        if state["left"] <= 0:
            raise batch_run.OutputError(f"'{path}' cannot be written: the disk is full.")
        state["left"] -= 1
        real(take, path, fps)

    monkeypatch.setattr(batch_run, "write_take", write)
    monkeypatch.setattr(batch_run, "MOST_REFUSED", 3)
    assert run(folder, "--out", out) == 1
    assert "the disk is full" in capsys.readouterr().err
    state["left"] = 100
    assert run(folder, "--out", out) == 0
    assert len(contents(out)) == 5


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told_before_any_work(folder, tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert run(folder, "--out", tmp_path / "out") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_reports_files_agree_and_need_nothing_else(folder, out):
    (folder / "bad.wav").write_text("<script>alert(1)</script>")
    run(folder, "--out", out)
    with (out / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["item"] for row in table] == [row["item"] for row in rows(out)]
    page = (out / "report.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert page.count("<tr id=") == 6
    assert page.count("data:image/png;base64,") == 5
    assert "<script" not in page and "http:" not in page and "https:" not in page


def test_no_cell_of_the_csv_is_a_formula():
    from model_runtime.batch_report import COLUMNS

    row = dict.fromkeys(COLUMNS, "=cmd()")
    assert "\n'=cmd(),'=cmd()" in csv_of([row])


def test_json_log_is_one_object_a_line(folder, out, capsys):
    run(folder, "--out", out, "--log", "json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["line"] * 5 + ["end"]
    assert events[-1]["made"] == 5


@pytest.mark.parametrize(
    "words",
    [
        ("--shard", "5/4"),
        ("--shard", "x"),
        ("--outputs", "fbx"),
        ("--seeds", "a"),
        ("--time-limit", "soon"),
        ("--best-of", "0"),
        ("--min-meter", "2"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_written(folder, out, words, capsys):
    assert run(folder, "--out", out, *words) == 2
    assert not out.exists()
    assert capsys.readouterr().err.startswith("error: ")
