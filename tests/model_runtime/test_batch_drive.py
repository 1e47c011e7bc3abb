# SPDX-License-Identifier: GPL-3.0-or-later
"""A drive that vanishes under a batch: one sentence, nothing on the wrong disk, nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model_runtime import batch_cli, batch_run
from tests.model_runtime.batch_help import FakePerformer, contents, rows, run, sounds, use_fake


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    use_fake(monkeypatch)
    monkeypatch.setattr(batch_run, "GROUP", 1)


@pytest.fixture
def folder(tmp_path):
    return sounds(tmp_path / "episode", 6)


def mounted(*words):
    command = ["mount", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["bare mount point", "other disk"])
def drive(request, tmp_path):
    """A folder on a disk of its own, and how it vanishes: to the empty folder below it, or to
    another disk that has folders of the same names."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root on Linux can mount here")
    server, place = tmp_path / "server", tmp_path / "drive"
    server.mkdir()
    place.mkdir()
    if not (mounted("-t", "tmpfs", "tmpfs", server) and mounted("--bind", server, place)):
        pytest.skip("nothing may be mounted here")
    if request.param == "other disk":
        (place / "probe").touch()

    def vanish():
        subprocess.run(["umount", "-l", str(place)], check=True)
        if request.param == "other disk":
            shutil.copytree(server, place, dirs_exist_ok=True)

    def back():
        shutil.rmtree(place)
        place.mkdir()
        assert mounted("--bind", server, place)

    yield place, vanish, back
    subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)
    subprocess.run(["umount", "-l", str(server)], check=False)


class Vanishing(FakePerformer):
    """Performs three lines; before the fourth something happens."""

    happens = staticmethod(lambda: None)

    def perform(self, items):
        if len(FakePerformer.performed) == 3:
            self.happens()
        return super().perform(items)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_folder_of_results_vanishes_and_comes_back(
    drive, folder, tmp_path, monkeypatch, capsys
):
    place, vanish, back = drive
    whole, out = tmp_path / "whole", place / "out"
    assert run(folder, "--out", whole) == 0
    FakePerformer.performed.clear()
    monkeypatch.setattr(Vanishing, "happens", staticmethod(vanish))
    monkeypatch.setattr(batch_cli, "performer_of", lambda options: Vanishing)
    capsys.readouterr()
    assert run(folder, "--out", out) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "has gone or is another one" in said[0]
    assert len([name for name in files(place) if name.endswith(".npz")]) in (0, 3)
    assert not (out / "report.html").exists()
    use_fake(monkeypatch)
    back()
    assert run(folder, "--out", out) == 0
    assert len(FakePerformer.performed) == 3
    assert contents(out) == contents(whole)


def test_the_sounds_vanish_and_what_was_read_is_kept(drive, tmp_path, monkeypatch):
    place, vanish, back = drive
    folder, out = sounds(place / "episode", 6), tmp_path / "out"
    lines = tmp_path / "lines.csv"
    lines.write_text("audio\n" + "".join(f"{path}\n" for path in sorted(folder.iterdir())))
    monkeypatch.setattr(Vanishing, "happens", staticmethod(lambda: (vanish(), clear(place))))
    monkeypatch.setattr(batch_cli, "performer_of", lambda options: Vanishing)
    assert run(lines, "--out", out) == 3
    states = [row["status"] for row in rows(out)]
    assert states.count("done") == 4 and states.count("failed") == 2
    use_fake(monkeypatch)
    back()
    assert run(lines, "--out", out) == 0
    assert len(FakePerformer.performed) == 2


def clear(place):
    for path in place.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_read_only_drive_is_told_before_any_work_and_loses_nothing(drive, folder, capsys):
    place, _, _ = drive
    out, late = place / "out", folder / "line_05.wav"
    sound = late.read_bytes()
    late.unlink()
    assert run(folder, "--out", out) == 0
    late.write_bytes(sound)
    FakePerformer.performed.clear()
    assert mounted("-o", "remount,bind,ro", place)
    for where in (out, place / "new"):
        capsys.readouterr()
        assert run(folder, "--out", where) == 1
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1 and "read-only" in said[0]
    assert FakePerformer.performed == []
    assert mounted("-o", "remount,bind,rw", place)
    assert run(folder, "--out", out) == 0
    assert FakePerformer.performed == ["line_05.s0"] and len(contents(out)) == 6


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("fsync", errno.EIO),
        ("write", errno.ESTALE),
        ("stat", errno.ENOTCONN),
        ("glob", errno.EIO),
    ],
)
def test_a_drive_that_answers_with_errors_ends_the_run_with_a_sentence(
    folder, tmp_path, monkeypatch, capsys, call, number
):
    out, down = tmp_path / "out", []
    real = {"fsync": os.fsync, "write": os.write, "stat": os.stat, "glob": Path.glob}[call]

    def failing(*words, **known):
        if down and not (call == "write" and words[0] <= 2) and not on_the_way(words):
            raise OSError(number, os.strerror(number))
        return real(*words, **known)

    def on_the_way(words):
        return call == "stat" and not str(words[0]).startswith(str(out))

    monkeypatch.setattr(Vanishing, "happens", staticmethod(lambda: down.append(True)))
    monkeypatch.setattr(batch_cli, "performer_of", lambda options: Vanishing)
    monkeypatch.setattr(Path if call == "glob" else os, call, failing)
    code = run(folder, "--out", out)
    said = capsys.readouterr().err.strip().splitlines()
    assert code == 1 and len(said) == 1 and said[0].startswith("error: ")
    down.clear()
    use_fake(monkeypatch)
    assert run(folder, "--out", out) == 0
    assert {row["status"] for row in rows(out)} == {"done"}
