# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zip: the same files give the same bytes.

    python tools/build_extension.py --out dist [--blender-ext .../bl_pkg/cli/blender_ext.py]

With Blender's own tool at hand, its opinion is asked: it must pack the same files and accept the
result.
"""

from __future__ import annotations

import argparse
import fnmatch
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = "blender_manifest.toml"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can tell


def excluded(path: str, patterns: list[str]) -> bool:
    """Whether .gitignore-like `patterns` exclude `path` (relative, "/" between the parts).

    A leading slash ties a pattern to the root, a trailing one makes it match folders only.
    """
    parts = path.split("/")
    for pattern in patterns:
        name = pattern.strip("/")
        candidates = parts[:-1] if pattern.endswith("/") else parts
        if pattern.startswith("/"):
            candidates = candidates[:1]
        if any(fnmatch.fnmatchcase(part, name) for part in candidates):
            return True
    return False


def extension_files(root: Path) -> list[str]:
    """The files that belong to the extension, relative to `root`, sorted."""
    manifest = tomllib.loads((root / MANIFEST).read_text("utf-8"))
    patterns = manifest["build"]["paths_exclude_pattern"]
    return sorted(path for path in _walk(root, root, patterns))


def _walk(root: Path, folder: Path, patterns: list[str]) -> Iterator[str]:
    for path in folder.iterdir():
        name = path.relative_to(root).as_posix()
        if path.is_dir():
            if not excluded(f"{name}/", patterns):
                yield from _walk(root, path, patterns)
        elif not excluded(name, patterns):
            yield name


def build(root: Path, out: Path) -> Path:
    """Write `out`/<id>-<version>.zip and return its path."""
    manifest = tomllib.loads((root / MANIFEST).read_text("utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{manifest['id']}-{manifest['version']}.zip"
    partial = target.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in extension_files(root):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (root / name).read_bytes())
    return partial.replace(target)


def blender_validates(tool: Path, zip_path: Path) -> None:
    """Raise CalledProcessError unless Blender's own tool accepts the zip."""
    _run_tool(tool, "validate", str(zip_path))


def blender_packs(tool: Path, root: Path) -> list[str]:
    """The files that Blender's own tool would pack, sorted."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "blender.zip"
        _run_tool(tool, "build", "--source-dir", str(root), "--output-filepath", str(target))
        with zipfile.ZipFile(target) as archive:
            return sorted(name for name in archive.namelist() if not name.endswith("/"))


def _run_tool(tool: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, str(tool), *arguments], check=True, timeout=120)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the extension's zip.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--blender-ext", type=Path, help="Blender's blender_ext.py")
    arguments = parser.parse_args()
    target = build(ROOT, arguments.out)
    if tool := arguments.blender_ext:
        if blender_packs(tool, ROOT) != extension_files(ROOT):
            sys.exit("Blender's own tool packs other files than this one. Compare the excludes.")
        blender_validates(tool, target)
    print(target)


if __name__ == "__main__":
    main()
