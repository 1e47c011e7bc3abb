# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's zip holds what the extension needs and nothing else, and Blender accepts it."""

from __future__ import annotations

import importlib.util
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools import build_extension

ROOMS = ("operators", "panels", "thunder_blender", "model_runtime")
LEFT_OUT = ("tests", "training", "docs", "tools", "examples", "farm", "dist", "build", "demo")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    target = build_extension.build(build_extension.ROOT, tmp_path_factory.mktemp("zip"))
    with zipfile.ZipFile(target) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def manifest() -> dict:
    path = build_extension.ROOT / build_extension.MANIFEST
    return tomllib.loads(path.read_text("utf-8"))


def test_the_manifest_says_what_the_extension_is(manifest: dict) -> None:
    assert manifest["schema_version"] == "1.0.0"
    assert manifest["id"] == "thunder_blender"
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    permissions = manifest["permissions"]
    assert set(permissions) == {"files", "network"}
    assert all(len(why) <= 64 and not why.endswith(".") for why in permissions.values())


def test_the_version_stands_once(manifest: dict) -> None:
    project = tomllib.loads((build_extension.ROOT / "pyproject.toml").read_text("utf-8"))
    assert manifest["version"] == project["project"]["version"]


def test_the_rooms_are_in(names: set[str]) -> None:
    assert {"__init__.py", "blender_manifest.toml"} <= names
    for room in ROOMS:
        sources = (build_extension.ROOT / room).rglob("*.py")
        expected = {path.relative_to(build_extension.ROOT).as_posix() for path in sources}
        assert expected <= names


@pytest.mark.parametrize("folder", ["model_runtime/data", "model_runtime/weights"])
def test_the_head_and_the_weights_are_in(names: set[str], folder: str) -> None:
    files = [path for path in (build_extension.ROOT / folder).rglob("*") if path.is_file()]
    if not files:
        pytest.skip(f"{folder} is empty: nothing has been built or trained here yet")
    expected = {path.relative_to(build_extension.ROOT).as_posix() for path in files}
    assert expected - names == {name for name in expected if "__pycache__" in name}


def test_nothing_else_is_in(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert not tops & {*LEFT_OUT, "dev.py", "pyproject.toml"}
    assert not [name for name in names if name.startswith(".") or "__pycache__" in name]
    assert not [name for name in names if name.endswith((".zip", ".pyc"))]
    assert {top for top in tops if "." not in top and top.islower()} == set(ROOMS)


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    first = build_extension.build(build_extension.ROOT, tmp_path / "a")
    second = build_extension.build(build_extension.ROOT, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("docs/", True),
        ("docs/x.md", True),
        ("thunder_blender/docs/x.md", False),
        ("model_runtime/__pycache__/", True),
        (".gitignore", True),
        ("operators/base.py", False),
    ],
)
def test_excludes_read_like_gitignore(path: str, out: bool) -> None:
    assert build_extension.excluded(path, ["/docs/", "__pycache__/", "/.*"]) is out


@pytest.fixture(scope="module")
def blender_ext() -> Path:
    """Blender's own packing tool, where its bpy wheel is installed."""
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        pytest.skip("needs Blender's bpy module, whose packing tool is asked")
    found = sorted(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    assert found, "the bpy wheel has no blender_ext.py"
    return found[0]


def test_blender_accepts_the_zip(blender_ext: Path, tmp_path: Path) -> None:
    target = build_extension.build(build_extension.ROOT, tmp_path)
    build_extension.blender_validates(blender_ext, target)


def test_blender_would_pack_the_same_files(blender_ext: Path) -> None:
    root = build_extension.ROOT
    assert build_extension.blender_packs(blender_ext, root) == build_extension.extension_files(root)
