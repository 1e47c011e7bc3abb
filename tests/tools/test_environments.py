# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh machine is told what it lacks; a set-up machine waits for nothing."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

from tools import environments
from tools.environments import Environment, SetupError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Environments under a scratch folder, with venv and pip replaced by notes of their calls."""
    calls = []
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "a.txt").write_text("one==1\n")
    (lists / "b.txt").write_text("two==2\n")
    monkeypatch.setattr(environments, "ENVS", tmp_path / "envs")
    monkeypatch.setattr(environments, "LISTS", lists)
    monkeypatch.setattr(environments, "_runs", lambda python: python.exists())

    def make(folder, python_version):
        calls.append("make" if python_version == environments.PYTHON else f"make {python_version}")
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        (folder / "bin" / "python").touch()

    monkeypatch.setattr(environments, "_make", make)
    monkeypatch.setattr(environments, "_install", lambda python, env, name: calls.append(name))
    place.calls, place.lists = calls, lists
    return place


ONE = Environment("x", ("a.txt",), 0.0)
BOTH = Environment("x", ("a.txt", "b.txt"), 0.0)


@pytest.mark.skipif(os.name == "nt", reason="the fixture makes a POSIX venv")
def test_an_environment_is_made_once_completed_and_remade_when_its_list_changes(place):
    environments.ensure(ONE)
    environments.ensure(ONE)
    assert place.calls == ["make", "a.txt"]
    environments.ensure(BOTH)
    environments.ensure(ONE)
    assert place.calls == ["make", "a.txt", "b.txt"]
    (place.lists / "a.txt").write_text("one==2\n")
    environments.ensure(BOTH)
    assert place.calls[3:] == ["make", "a.txt", "b.txt"]


def test_an_install_that_broke_off_is_begun_anew(place, monkeypatch):
    def broken(python, env, name):
        raise SetupError("pip could not install")

    with monkeypatch.context() as patch:
        patch.setattr(environments, "_install", broken)
        with pytest.raises(SetupError):
            environments.ensure(ONE)
    environments.ensure(ONE)
    assert place.calls == ["make", "make", "a.txt"]


def test_too_little_disk_is_said_before_anything_is_made(place):
    with pytest.raises(SetupError, match="GB are free"):
        environments.ensure(Environment("x", ("a.txt",), 1e9))
    assert place.calls == []


def test_a_failing_pip_is_one_sentence_that_names_its_log(tmp_path, monkeypatch):
    (tmp_path / "bad.txt").write_text("./no-such-package-here\n")
    monkeypatch.setattr(environments, "LISTS", tmp_path)
    monkeypatch.setattr(environments, "ENVS", ROOT / ".envs")
    (ROOT / ".envs").mkdir(exist_ok=True)
    with pytest.raises(SetupError) as caught:
        environments._install(Path(sys.executable), Environment("trial", (), 0), "bad.txt")
    (ROOT / ".envs" / "trial-bad.log").unlink()
    assert "pip could not install bad.txt: ERROR" in str(caught.value)
    assert "trial-bad.log" in str(caught.value)


def test_a_missing_python_is_named_with_ways_to_get_it(monkeypatch):
    monkeypatch.setattr(environments, "may_install", lambda: False)
    with pytest.raises(SetupError, match=r"Python 3\.99 is needed.*apt-get install python3\.99"):
        environments.find_python("3.99")


@pytest.mark.skipif(os.name == "nt", reason="the fixture makes a POSIX venv")
def test_each_blender_gets_its_own_python(place, monkeypatch):
    both = {"4.5": ONE, "5.2": Environment("y", ("b.txt",), 0.0, "3.13")}
    monkeypatch.setattr(environments, "BLENDERS", both)
    assert list(environments.ensure_blenders()) == ["4.5", "5.2"]
    assert place.calls == ["make", "a.txt", "make 3.13", "b.txt"]


def test_a_blender_whose_python_is_missing_is_left_out_and_named(place, monkeypatch, capsys):
    both = {"4.5": ONE, "5.2": Environment("y", ("b.txt",), 0.0, "3.13")}
    monkeypatch.setattr(environments, "BLENDERS", both)
    make = environments._make

    def lacking(folder, python_version):
        if python_version == "3.13":
            raise environments.NoPythonError("Python 3.13 is needed and was not found.")
        make(folder, python_version)

    monkeypatch.setattr(environments, "_make", lacking)
    assert list(environments.ensure_blenders()) == ["4.5"]
    assert "Skipping Blender 5.2's Python module. Python 3.13 is" in capsys.readouterr().out


def test_a_missing_python_3_11_stops_everything(place, monkeypatch):
    def lacking(folder, python_version):
        raise environments.NoPythonError("Python 3.11 is needed and was not found.")

    monkeypatch.setattr(environments, "BLENDERS", {"4.5": ONE})
    monkeypatch.setattr(environments, "_make", lacking)
    with pytest.raises(SetupError, match=r"Python 3\.11"):
        environments.ensure_blenders()


def test_where_apt_has_no_such_python_that_is_said_too(monkeypatch):
    def refuse(packages):
        raise SetupError(f"apt-get could not install {packages[0]}")

    monkeypatch.setattr(environments, "may_install", lambda: True)
    monkeypatch.setattr(environments, "install_packages", refuse)
    with pytest.raises(environments.NoPythonError, match=r"3\.99.*apt-get could not install"):
        environments.find_python("3.99")


def test_missing_libraries_are_named_with_their_packages(monkeypatch):
    monkeypatch.setattr(environments.sys, "platform", "linux")
    monkeypatch.setattr(environments, "may_install", lambda: False)
    monkeypatch.setattr(environments, "_loads", lambda name: name != "libEGL.so.1")
    with pytest.raises(SetupError, match=r"libEGL\.so\.1.*apt-get install .*libegl1"):
        environments.ensure_libraries()


def test_children_do_not_inherit_other_pythons(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_PRELOAD"):
        monkeypatch.setenv(name, "x")
    child = environments.child_environment(THUNDER="1")
    assert not {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_PRELOAD"} & set(child)
    assert child["THUNDER"] == "1"
    assert child["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("name", ["dev.py", "tools/environments.py", "tools/demo.py"])
def test_what_runs_before_python_3_11_reads_as_python_3_9(name):
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"), name, feature_version=(3, 9))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= sys.stdlib_module_names
    assert "tomllib" not in imported
