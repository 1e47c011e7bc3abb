# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing and removing the runtime, with real pip and tiny wheels in a real child process."""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.as_extension import room
from tests.wheels import lock_of, make_wheel, make_wheels
from tools import build_runtime

runtime = room("thunder_blender.runtime")
runtime_devices = room("thunder_blender.runtime_devices")
runtime_lock = room("thunder_blender.runtime_lock")
runtime_task = room("thunder_blender.runtime_task")
contract = room("model_runtime.contract")

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGET = f"{runtime_devices.system()}-cpu"
SLOW = "import time\ntime.sleep(60)\n"


@pytest.fixture(autouse=True)
def enough_disk(monkeypatch):
    monkeypatch.setattr(runtime_lock, "GIGABYTES", dict.fromkeys(runtime_lock.GIGABYTES, 0.0))
    monkeypatch.delenv(runtime.VARIABLE, raising=False)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return make_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return pack(tmp_path_factory.mktemp("archive"), TARGET, OWN)


def pack(folder: Path, target: str, python: str) -> Path:
    wheels = make_wheels(folder / "wheels")
    lock = lock_of(wheels, python)
    return build_runtime.pack(wheels, target, [python], lock, folder / "runtime.zip")


def install(folder: Path, **source: Path) -> dict[str, str]:
    return runtime_task.install(runtime_task.Plan(folder, TARGET, **source)).wait()


def left_in(folder: Path) -> set[str]:
    """What an installation has left beside its log."""
    return {path.name for path in folder.iterdir()} - {"install.log"}


def test_wheels_become_the_runtime_which_is_replaced_and_removed_only_on_purpose(tmp_path, wheels):
    packages = install(tmp_path, wheels=wheels)
    assert packages["torch"] == "9.9"
    first = runtime.read_installed(tmp_path)
    assert first.usable and first.target == TARGET
    assert runtime.find_python(tmp_path, "").python == first.python
    assert runtime.probe(first.python, torch=True).torch == "9.9"

    broken = make_wheels(tmp_path / "broken", torch="raise ImportError('no such driver')\n")
    with pytest.raises(contract.EngineError, match="do not load: ImportError: no such driver"):
        install(tmp_path, wheels=broken)
    assert runtime.read_installed(tmp_path) == first and first.usable
    assert len(list(tmp_path.glob("env-*"))) == 1

    runtime_task.remove(tmp_path).wait()
    assert runtime.read_installed(tmp_path) is None
    assert left_in(tmp_path) == {"broken"}


def test_progress_only_rises_and_names_what_is_done(tmp_path, archive):
    task = runtime_task.install(runtime_task.Plan(tmp_path, TARGET, archive=archive))
    seen = [task.progress]
    while not task.finished:
        time.sleep(0.01)
        task.poll()
        seen.append(task.progress)
    assert task.error is None
    fractions = [item.fraction for item in seen]
    assert fractions == sorted(fractions) and fractions[-1] >= 0.9
    stages = {item.stage for item in seen}
    assert "Checking" in stages
    assert left_in(tmp_path) == {"current.json", runtime.read_installed(tmp_path).python.parts[-3]}


@pytest.mark.parametrize("end", ["cancelled", "Blender was killed"])
def test_what_is_stopped_leaves_nothing(tmp_path, end):
    slow = make_wheels(tmp_path / "slow", av=SLOW)
    folder = tmp_path / "runtime"
    task = runtime_task.install(runtime_task.Plan(folder, TARGET, wheels=slow))
    while not task.finished and task.progress.stage not in ("Asking for packages", "Checking"):
        time.sleep(0.02)
        task.poll()
    if end == "cancelled":
        task.cancel()
        with pytest.raises(contract.CancelledError):
            task.wait()
    else:
        task._process.stdin.close()  # what the end of Blender looks like to the child
        assert task._process.wait() == 3
    assert left_in(folder) == set()


def test_a_wheel_that_does_not_match_its_checksum_is_refused(tmp_path):
    wheels = make_wheels(tmp_path / "wheels")
    (wheels / "lock.txt").write_text(lock_of(wheels, OWN))
    make_wheel(wheels, "scipy", "stolen = True\n")
    with pytest.raises(contract.EngineError, match="does not match its checksum"):
        install(tmp_path / "runtime", wheels=wheels)
    assert left_in(tmp_path / "runtime") == set()


def test_a_damaged_archive_is_refused(tmp_path, archive):
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(archive) as good, zipfile.ZipFile(damaged, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, b"x" if "scipy" in name else good.read(name))
    with pytest.raises(contract.EngineError, match="is damaged: its checksum differs"):
        install(tmp_path / "runtime", archive=damaged)
    assert left_in(tmp_path / "runtime") == set()


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "song.zip").write_bytes(b"no zip")
    with pytest.raises(contract.EngineError, match=r"'song.zip' is no runtime archive"):
        install(tmp_path / "runtime", archive=tmp_path / "song.zip")


def test_an_archive_for_another_system_is_refused(tmp_path):
    other = "windows-cpu" if TARGET != "windows-cpu" else "linux-cpu"
    with pytest.raises(contract.EngineError, match=f"is for {other}, and this machine is"):
        install(tmp_path / "runtime", archive=pack(tmp_path, other, OWN))


def test_an_archive_for_another_python_says_which_one_it_needs(tmp_path):
    with pytest.raises(contract.EngineError, match=r"Python 3\.99 is needed .* none was found"):
        install(tmp_path / "runtime", archive=pack(tmp_path, TARGET, "3.99"))


def test_a_python_without_venv_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(runtime, "probe", lambda python: runtime.Probe("3.11", can_make=False))
    with pytest.raises(contract.EngineError, match=r"has no venv .*apt install python3-venv"):
        runtime_task.find_base("", ("3.11",))


def test_a_named_interpreter_makes_the_runtime_before_blenders_own(tmp_path):
    named = tmp_path / "python"
    named.symlink_to(sys.executable)
    assert runtime_task.find_base(str(named), (OWN,)) == named
    assert runtime_task.find_base("", (OWN,)) == Path(sys.executable)


def test_a_full_disk_is_told_before_anything_is_done(tmp_path, wheels, monkeypatch):
    monkeypatch.setitem(runtime_lock.GIGABYTES, "cpu", 1e9)
    with pytest.raises(contract.EngineError, match="Make room and try again"):
        install(tmp_path / "runtime", wheels=wheels)


BUILDS = ("cpu", "cu130", "rocm7.2")


@pytest.mark.parametrize("path", sorted(runtime_lock.FOLDER.glob("*.txt")), ids=lambda p: p.stem)
def test_every_lock_has_the_engines_packages_each_with_checksums(path):
    lock = runtime_lock.lock_for(path.stem)
    assert {"torch", "numpy", "scipy", "soundfile", "safetensors", "av"} <= set(lock.packages)
    assert lock.pythons and set(lock.pythons) <= {"3.11", "3.12", "3.13", "3.14"}
    text = path.read_text("utf-8")
    assert len(build_runtime.entries(text)) == len(lock.packages)
    assert lock.index in ("", *(f"https://download.pytorch.org/whl/{build}" for build in BUILDS))


def test_where_there_is_no_lock_the_sentence_offers_other_ways():
    with pytest.raises(contract.EngineError, match="no list of checked packages for windows-rocm"):
        runtime_lock.lock_for("windows-rocm")
