# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny wheels that stand in for the engine's packages: installing them takes a second."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

NAMES = ("torch", "numpy", "scipy", "soundfile", "safetensors", "av")
VERSION = "9.9"


def make_wheel(folder: Path, name: str, body: str = f"__version__ = {VERSION!r}\n") -> Path:
    """A wheel with one module `name` whose source is `body`."""
    info = f"{name}-{VERSION}.dist-info"
    files = {
        f"{name}.py": body,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    target = folder / f"{name}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as packed:
        for path, text in files.items():
            packed.writestr(zipfile.ZipInfo(path), text)
    return target


def make_wheels(folder: Path, **bodies: str) -> Path:
    """All packages of the engine as tiny wheels; `bodies` replace the source of some."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        make_wheel(folder, name, *([bodies[name]] if name in bodies else []))
    return folder


def lock_of(folder: Path, pythons: str) -> str:
    """A lock file for the wheels in `folder`."""
    lines = [f"# python: {pythons}"]
    for path in sorted(folder.glob("*.whl")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines += [f"{path.name.split('-')[0]}=={VERSION} \\", f"    --hash=sha256:{digest}"]
    return "\n".join(lines) + "\n"
