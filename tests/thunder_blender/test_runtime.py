# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python is chosen, in the order that the preferences promise."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.as_extension import room

runtime = room("thunder_blender.runtime")
EngineError = room("model_runtime.contract").EngineError


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """Nothing named by the environment, and a Blender whose own Python has no torch."""
    monkeypatch.delenv(runtime.VARIABLE, raising=False)
    monkeypatch.setattr(runtime, "own_torch", lambda wait=True: "")


def install(folder: Path) -> Path:
    python = runtime.venv_python(folder / "env-1")
    python.parent.mkdir(parents=True)
    python.touch()
    told = {"folder": "env-1", "target": "linux-cpu", "packages": {"torch": "2.13.0"}}
    (folder / runtime.CURRENT).write_text(json.dumps(told))
    return python


def test_the_installed_runtime_comes_first(tmp_path):
    python = install(tmp_path)
    found = runtime.find_python(tmp_path, sys.executable)
    assert found == runtime.Found(python, "installed runtime")


def test_then_the_preference_then_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(runtime.VARIABLE, sys.executable)
    other = tmp_path / "python"
    other.touch()
    assert runtime.find_python(tmp_path, str(other)).python == other
    found = runtime.find_python(tmp_path, "")
    assert found == runtime.Found(Path(sys.executable), runtime.VARIABLE)


def test_an_environments_folder_names_its_interpreter(tmp_path):
    python = runtime.venv_python(tmp_path / "env")
    python.parent.mkdir(parents=True)
    python.touch()
    assert runtime.find_python(tmp_path, str(tmp_path / "env")).python == python


def test_blenders_own_python_comes_last(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "own_torch", lambda wait=True: "2.13.0")
    found = runtime.find_python(tmp_path, "")
    assert found == runtime.Found(Path(sys.executable), "Blender's own Python")


def test_without_any_the_sentence_says_where_to_click(tmp_path):
    with pytest.raises(EngineError, match="Press Install Runtime in Edit > Preferences"):
        runtime.find_python(tmp_path, "")


def test_a_wrong_path_is_named_and_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "own_torch", lambda wait=True: "2.13.0")
    with pytest.raises(EngineError, match="no Python interpreter at '/nowhere/python'"):
        runtime.find_python(tmp_path, "/nowhere/python")


def test_a_runtime_whose_python_has_gone_says_so(tmp_path):
    install(tmp_path).unlink()
    with pytest.raises(EngineError, match=r"has gone\. Press Install Runtime again"):
        runtime.find_python(tmp_path, "")


@pytest.mark.parametrize("text", ["", "{", '{"folder": "env-1"}', "[]"])
def test_a_half_made_runtime_is_none(tmp_path, text):
    (tmp_path / runtime.CURRENT).write_text(text)
    assert runtime.read_installed(tmp_path) is None


def test_a_current_file_cannot_point_out_of_its_folder(tmp_path):
    told = {"folder": "../elsewhere", "target": "linux-cpu", "packages": {}}
    (tmp_path / runtime.CURRENT).write_text(json.dumps(told))
    installed = runtime.read_installed(tmp_path)
    assert installed is not None and installed.python.is_relative_to(tmp_path)


def test_probe_tells_version_and_tools():
    found = runtime.probe(Path(sys.executable))
    assert found is not None
    assert found.version == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found.torch == ""


def test_probe_of_what_is_no_python_is_none(tmp_path):
    assert runtime.probe(tmp_path / "missing") is None


def test_children_get_nothing_of_this_pythons_settings(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("LD_PRELOAD", "bad.so")
    environment = runtime.clean_environment(EXTRA="1")
    assert not {"PYTHONPATH", "LD_PRELOAD"} & set(environment)
    assert environment["EXTRA"] == "1"
    assert environment["PATH"] == os.environ["PATH"]
