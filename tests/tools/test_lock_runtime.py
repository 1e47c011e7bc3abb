# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files say what the resolver said, and nothing where it said nothing."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import pytest

from tools import build_runtime, lock_runtime
from tools.environments import SetupError
from tools.lock_runtime import Pin

RESOLVER = """
import json, sys
arguments = sys.argv[1:]
python = arguments[arguments.index("--python-version") + 1]
answer = json.loads({answers!r}).get(python)
if answer is None:
    sys.exit("no wheels for " + python)
out = arguments[arguments.index("--output-file") + 1]
open(out, "w").write(answer)
"""


def answer(torch: str, wheel: str, digest: str) -> str:
    return (
        f'[[packages]]\nname = "torch"\nversion = "{torch}"\nwheels = [{{ url = '
        f'"https://index.invalid/a%2B/{wheel}", hashes = {{ sha256 = "{digest}" }} }}]\n'
    )


@pytest.fixture
def resolver(tmp_path):
    """A resolver that knows these answers: Python -> pylock.toml."""

    def make(answers: dict[str, str]) -> list[str]:
        path = tmp_path / "resolver.py"
        path.write_text(RESOLVER.format(answers=json.dumps(answers)))
        return [sys.executable, str(path)]

    return make


def test_a_lock_has_the_checksums_of_each_python_that_can_be_served(resolver):
    command = resolver(
        {"3.11": answer("2.0", "a.whl", "1" * 64), "3.13": answer("2.0", "b.whl", "2" * 64)}
    )
    text = lock_runtime.lock(command, "linux-cuda")
    assert "# python: 3.11 3.13\n" in text
    assert build_runtime.entries(text) == {
        "torch": f"torch==2.0 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}\n"
    }
    assert "index.invalid" not in text


def test_without_an_answer_there_is_no_lock(resolver):
    with pytest.raises(SetupError, match=r"(?s)macos-metal: .*no wheels for 3\.14"):
        lock_runtime.lock(resolver({}), "macos-metal")


def test_a_wheel_without_checksum_is_not_locked():
    package = {"name": "torch", "version": "2.0", "wheels": [{"url": "https://x/a.whl"}]}
    with pytest.raises(SetupError, match=r"gives no sha256 for a.whl"):
        lock_runtime.read_answer({"packages": [package]})


def test_a_package_that_would_have_to_be_built_is_not_locked():
    package = {"name": "torch", "version": "2.0"}
    with pytest.raises(SetupError, match="has no wheel that fits"):
        lock_runtime.read_answer({"packages": [package]})


def test_pythons_must_agree_on_versions():
    with pytest.raises(SetupError, match=r"Python 3.13 needs torch 2.1, not 2.0"):
        lock_runtime.merge({"3.11": {"torch": Pin("2.0")}, "3.13": {"torch": Pin("2.1")}})


def test_a_build_on_an_index_of_its_own_is_asked_for_by_its_label():
    target = lock_runtime.TARGETS["windows-cuda"]
    wanted = lock_runtime.requirements(target, "https://download.pytorch.org/whl/cu130/")
    assert any(line.startswith("torch==") and line.endswith("+cu130") for line in wanted)
    usual = lock_runtime.requirements(lock_runtime.TARGETS["windows-cpu"], "")
    assert not [line for line in usual if "+" in line]


def test_where_no_index_is_known_it_must_be_named(resolver):
    with pytest.raises(SetupError, match=r"linux-rocm: .* Name it with --index"):
        lock_runtime.lock(resolver({}), "linux-rocm")


@pytest.mark.parametrize("target", lock_runtime.RECORDED)
def test_wheels_on_record_make_a_lock_of_the_same_packages(target):
    found, text = lock_runtime.RECORDED[target], lock_runtime.recorded_lock(target)
    base = build_runtime.entries((lock_runtime.LOCKS / f"{found.base}.txt").read_text("utf-8"))
    made = build_runtime.entries(text)
    engine = (lock_runtime.LISTS / "engine.txt").read_text("utf-8")
    usual = f"torch=={found.version.partition('+')[0]}\n" in engine
    assert usual or f"because {found.apart}\n" in text
    assert {name: base[name] for name in made if name != "torch"} == {
        name: entry for name, entry in made.items() if name != "torch"
    }
    left = [name for name in set(base) - set(made) if not name.startswith(found.without)]
    assert not left and {"numpy", "scipy", "av", "safetensors", "sympy"} <= set(made)
    assert made["torch"].startswith(f"torch=={found.version} ")
    for python, (name, digest) in found.wheels.items():
        assert f"-cp{python.replace('.', '')}-" in name and found.version in name
        assert len(digest) == 64 and f"sha256:{digest}" in made["torch"]
    assert f"# python: {' '.join(found.wheels)}\n" in text
    assert f"# index: {found.index}\n" in text and "public lock files" in text


@pytest.mark.parametrize("target", lock_runtime.RECORDED)
def test_the_lock_that_ships_is_the_one_on_record(target):
    made = lock_runtime.recorded_lock(target).splitlines()
    ships = (lock_runtime.LOCKS / f"{target}.txt").read_text("utf-8").splitlines()
    assert made[2:] == ships[2:], f"run: python3 tools/lock_runtime.py {target} --recorded"


def test_nothing_on_record_is_said():
    with pytest.raises(SetupError, match="linux-cuda: no checksums of its wheels are on record"):
        lock_runtime.recorded_lock("linux-cuda")


def test_a_record_of_another_version_is_no_lock(monkeypatch):
    older = dataclasses.replace(lock_runtime.RECORDED["windows-cuda"], version="2.12.0+cu130")
    monkeypatch.setitem(lock_runtime.RECORDED, "windows-cuda", older)
    with pytest.raises(SetupError, match=r"on record is torch 2\.12\.0\+cu130, and windows-cpu"):
        lock_runtime.recorded_lock("windows-cuda")


def test_an_archive_is_packed_the_same_twice(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "torch-2.0-py3-none-any.whl").write_bytes(b"wheel")
    packed = [
        build_runtime.pack(folder, "linux-cpu", ["3.11"], "# lock\n", tmp_path / name).read_bytes()
        for name in ("a.zip", "b.zip")
    ]
    assert packed[0] == packed[1]


def test_an_archive_needs_a_lock():
    with pytest.raises(SetupError, match=r"no lock file for windows-rocm .*Make it first"):
        build_runtime.build("windows-rocm", [], Path("unused"))


def test_an_archive_is_not_made_for_a_python_without_wheels():
    with pytest.raises(SetupError, match=r"has wheels for Python 3.11, 3.13, 3.14 only"):
        build_runtime.build("linux-cpu", ["3.12"], Path("unused"))
