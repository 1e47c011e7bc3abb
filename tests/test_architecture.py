# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms keep to themselves: who may import whom, and the habits every file shares."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    *("operators", "panels", "thunder_blender", "model_runtime"),
    *("training", "tools", "tests", "farm"),
)
STDLIB = frozenset(sys.stdlib_module_names)
SPDX = "# SPDX-License-Identifier: GPL-3.0-or-later"
LONGEST = 500  # lines

# room -> top-level modules beside the standard library and the room itself
OUTSIDE = {
    ".": set(),
    "operators": {"bpy", "bpy_extras", "bl_operators"},
    "panels": {"bpy", "bl_ui"},
    "thunder_blender": {"bpy", "bpy_extras", "bl_ui", "aud", "gpu", "blf", "mathutils", "numpy"}
    | {"bmesh", "gpu_extras"},
    "model_runtime": {"numpy", "scipy", "soundfile", "torch", "safetensors", "av", "ray"},
}
BATCH = ("cli", "crew", "follow", "journal", "lines", "names", "tell", "work")  # of a batch
INSIDE = {  # room -> what of the repository it may reach
    ".": {"operators", "panels", "thunder_blender"},
    "operators": {"operators", "thunder_blender", "model_runtime.contract"},
    "panels": {"panels", "thunder_blender"},
    "thunder_blender": {
        "thunder_blender",
        "model_runtime.contract",
        "model_runtime.face",
        "model_runtime.wire",
        "model_runtime.flame",
        "model_runtime.flame_back",
        "model_runtime.flame_calibration",
        "model_runtime.flame_edition",
        "model_runtime.flame_extras",
        "model_runtime.files",
        "model_runtime.motion_files",
        *(f"model_runtime.batch_{name}" for name in BATCH),
    },
    "model_runtime": {"model_runtime"},
    "training": {"training", "model_runtime"},
}
LAZY = {"av", "ray"}  # only inside a function
WITHOUT_TORCH = ("contract", "face", "files", "phones", "takefile", "motion_files")
WITHOUT_TORCH += tuple(f"batch_{name}" for name in BATCH)
MAY_PRINT = {"model_runtime/__main__.py"}


def sources(*rooms: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file()]
    return [path for path in paths if not rooms or room_of(path) in rooms]


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else "."


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """(level, dotted name, inside a function) of each import, one for each imported name."""
    tree = parsed(path)
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, id(node) in inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}" if node.module else alias.name
                yield node.level, name, id(node) in inner


def reached(path: Path, level: int, name: str) -> str:
    """Dotted place in the repository that a relative import means."""
    package = path.relative_to(ROOT).parent.parts
    return ".".join([*package[: len(package) - level + 1], name])


def is_under(name: str, allowed: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in allowed)


@pytest.mark.parametrize("room", OUTSIDE)
def test_import_arrows(room):
    wrong = []
    for path in sources(room):
        if path.name == "dev.py":
            continue
        for level, name, _ in imports(path):
            place = reached(path, level, name) if level else name
            allowed = INSIDE[room] if level else OUTSIDE[room] | STDLIB
            if level and place.split(".")[0] == path.stem:
                continue
            if not is_under(place, allowed):
                wrong.append(f"{path.relative_to(ROOT)} imports {place}")
    assert not wrong, "\n".join(wrong)


def test_inside_the_extension_imports_are_relative():
    for path in sources(*OUTSIDE):
        absolute = [name for level, name, _ in imports(path) if not level]
        named = [
            name for name in absolute if name.split(".")[0] in INSIDE and path.name != "dev.py"
        ]
        assert not named, f"{path.relative_to(ROOT)} imports {named} absolutely"


def test_optional_packages_are_imported_where_they_are_used():
    for path in sources("model_runtime"):
        early = [name for _, name, inside in imports(path) if name in LAZY and not inside]
        assert not early, f"{path.relative_to(ROOT)} imports {early} at the top"


def test_farm_scripts_need_nothing_but_what_their_manager_brings():
    """Each is started by itself where a farm manager wants it."""
    for path in sources("farm"):
        places = {name.split(".")[0] for level, name, _ in imports(path) if not level}
        assert places <= STDLIB | {"outline", "model_runtime"}, path.name


def test_training_never_imports_blender():
    for path in sources("training"):
        places = {name.split(".")[0] for level, name, _ in imports(path) if not level}
        known = places & {"bpy", "mathutils", "aud", "operators", "panels", "thunder_blender"}
        assert not known, f"{path.relative_to(ROOT)} imports {known}"


def test_the_extensions_root_imports_nothing_of_weight_at_the_top():
    early = [name for level, name, inside in imports(ROOT / "__init__.py") if not inside]
    assert {name.split(".")[0] for name in early} <= STDLIB


def test_what_blender_shares_needs_no_torch():
    code = "import sys; import {}; sys.exit('torch' in sys.modules)"
    modules = ", ".join(f"model_runtime.{name}" for name in WITHOUT_TORCH)
    done = subprocess.run([sys.executable, "-c", code.format(modules)], cwd=ROOT, timeout=120)
    assert done.returncode == 0


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_names_its_licence_and_stays_readable(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert SPDX in lines[:2], "the SPDX line is missing"
    assert len(lines) <= LONGEST, f"{len(lines)} lines"


@pytest.mark.parametrize("room", ["operators", "panels", "thunder_blender", "model_runtime"])
def test_libraries_log_instead_of_printing(room):
    printing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(room)
        if path.relative_to(ROOT).as_posix() not in MAY_PRINT
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not printing


@pytest.mark.parametrize("path", sources("operators"), ids=lambda path: path.stem)
def test_operator_bodies_are_thin(path):
    for function in ast.walk(parsed(path)):
        if isinstance(function, ast.FunctionDef):
            lines = (function.end_lineno or 0) - function.body[0].lineno + 1
            assert lines <= 25, f"{function.name} has {lines} lines"


def test_nothing_names_a_place_on_one_machine():
    names = ("/work/", "/srv/", "/root/")
    for path in sources():
        if path == Path(__file__).resolve():
            continue
        text = path.read_text(encoding="utf-8")
        assert not [name for name in names if name in text], path.relative_to(ROOT)
