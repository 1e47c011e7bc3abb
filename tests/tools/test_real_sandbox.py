# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a sandbox outlives its command, and nothing in it can harm what it is shown."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tools import real_blender, real_debian, real_sandbox
from tools.environments import SetupError
from tools.real_sandbox import Sandbox

WHY = real_sandbox.why_impossible()
needs_root = pytest.mark.skipif(bool(WHY), reason=WHY)


@pytest.fixture
def small(tmp_path):
    """A system of nothing but this machine's own programs, shown read-only."""
    for name in ("proc", "dev", "sys", "tmp"):
        (tmp_path / "root" / name).mkdir(parents=True)
    own = [Path(name) for name in ("/usr", "/bin", "/lib", "/lib64", "/etc") if Path(name).exists()]
    return Sandbox(tmp_path / "root", tuple(own))


@needs_root
def test_a_command_runs_with_its_own_environment_and_tells_its_code(small):
    ran = small.run(["sh", "-c", "echo $HOME; exit 5"], timeout=60)
    assert (ran.code, ran.said.strip()) == (5, "/tmp")


@needs_root
def test_what_is_shown_cannot_be_changed_and_what_is_writable_can(small, tmp_path):
    shown, writable = tmp_path / "shown", tmp_path / "writable"
    shown.mkdir()
    writable.mkdir()
    box = Sandbox(small.root, (*small.shown, shown), (writable,))
    command = f"echo one > {writable}/kept; echo two > {shown}/lost; ls {shown}"
    ran = box.run(["sh", "-c", command], timeout=60)
    assert "Read-only" in ran.said
    assert (writable / "kept").read_text() == "one\n"
    assert not list(shown.iterdir())


@needs_root
def test_a_command_out_of_time_leaves_no_process_and_no_mount(small):
    mark = f"thunder-test-{os.getpid()}"
    child = f"import time; time.sleep(300)  # {mark}"
    ran = small.run(["sh", "-c", f"python3 -c '{child}' & python3 -c '{child}'"], timeout=2)
    assert ran.code is None
    time.sleep(0.5)
    commands = [_command(folder) for folder in Path("/proc").glob("[0-9]*")]
    assert not [command for command in commands if mark.encode() in command]
    assert str(small.root) not in Path("/proc/self/mounts").read_text()


@needs_root
def test_there_is_no_network_inside(small):
    code = "import socket; socket.create_connection(('127.0.0.1', 9), 5)"
    ran = small.run(["python3", "-c", code], timeout=60)
    assert "unreachable" in ran.said


def test_a_venv_needs_itself_and_its_base_interpreter():
    shown = real_sandbox.interpreter_folders(Path(sys.executable))
    assert Path(sys.prefix) in shown
    assert Path("/usr") not in shown


def test_a_blender_that_is_not_set_up_is_told_with_the_way_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv(real_debian.VARIABLE, str(tmp_path))
    monkeypatch.setattr(real_sandbox, "why_impossible", lambda: "")
    with pytest.raises(SetupError, match=r"tools\.real_blender ensure"):
        real_blender.ready("sid", tmp_path)


def test_why_it_could_not_be_set_up_is_remembered(tmp_path, monkeypatch, capsys):
    def fail(suite):
        raise SetupError("apt-get update in Debian sid failed: no such host.")

    monkeypatch.setenv(real_debian.VARIABLE, str(tmp_path))
    monkeypatch.setattr(real_sandbox, "why_impossible", lambda: "")
    monkeypatch.setattr(real_debian, "ensure", fail)
    assert not real_blender.ensure("sid")
    assert "Skipping real Blender of Debian sid" in capsys.readouterr().out
    with pytest.raises(SetupError, match="no such host"):
        real_blender.ready("sid", tmp_path)


def test_too_little_disk_is_said_before_anything_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv(real_debian.VARIABLE, str(tmp_path))
    monkeypatch.setattr(real_debian, "GIGABYTES", 1e9)
    monkeypatch.setattr(real_debian, "why_impossible", lambda: "")
    with pytest.raises(SetupError, match="GB are free"):
        real_debian.ensure("sid")


def _command(folder):
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""
