# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack a runtime archive: the engine's packages for machines without internet.

    python3 dev.py build --runtime linux-cpu

The archive in dist/ holds the wheels of the lock file, checked against its checksums, the lock file
and a list of sha256. Install Runtime takes it from a file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.environments import ROOT, SetupError, child_environment, say

LOCKS = ROOT / "thunder_blender" / "locks"
MANIFEST, LOCK = "runtime.json", "lock.txt"  # as thunder_blender/runtime_setup.py reads them
OFFICIAL = ("3.11", "3.13")  # the Pythons of blender.org's Blender 4.2 to 5.2
EPOCH = (1980, 1, 1, 0, 0, 0)
PLATFORMS = {  # what pip calls the machines that a wheel may name
    "linux": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
    + ["manylinux2014_x86_64", "manylinux2010_x86_64", "linux_x86_64"],
    "windows": ["win_amd64"],
    "macos": [
        f"macosx_{major}_0_{kind}" for major in (14, 13, 12, 11) for kind in ("arm64", "universal2")
    ]
    + ["macosx_10_9_universal2"],
}


def read_lock(target: str) -> tuple[str, list[str], str]:
    """Text, Pythons and torch's index of a lock file. Raises SetupError where there is none."""
    path = LOCKS / f"{target}.txt"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in LOCKS.glob("*.txt")))
        raise SetupError(
            f"There is no lock file for {target} (there is one for {known}). Make it first: "
            f"python3 tools/lock_runtime.py {target}"
        )
    text = path.read_text("utf-8")
    pythons = re.search(r"^# python: (.*)$", text, re.MULTILINE)
    index = re.search(r"^# index: (.*)$", text, re.MULTILINE)
    return text, (pythons.group(1) if pythons else "").split(), index.group(1) if index else ""


def entries(lock: str) -> dict[str, str]:
    """Each requirement of a lock file with its hashes: name -> the lines that pip reads."""
    found = re.findall(r"^(\S+==[^\n]*\\\n(?:    --hash=\S+(?: \\)?\n)+)", lock, re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in found}


def fetch(lock: str, target: str, python: str, index: str, folder: Path) -> None:
    """Download the wheels for one Python. Raises SetupError with pip's reason.

    Only what carries a build label (torch 2.13.0+cpu) may come from the build's own index, and
    that one is asked last: elsewhere nothing is known of it, and a local folder may have it.
    """
    usual = "".join(entry for entry in entries(lock).values() if "+" not in entry.split()[0])
    labelled = "".join(entry for entry in entries(lock).values() if "+" in entry.split()[0])
    _download(usual, target, python, [], folder)
    if not labelled:
        return
    try:
        _download(labelled, target, python, [], folder)
    except SetupError:
        _download(labelled, target, python, ["--extra-index-url", index, "--retries", "1"], folder)


def _download(
    requirements: str, target: str, python: str, options: Sequence[str], folder: Path
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / LOCK
        source.write_text(requirements, "utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += ["--disable-pip-version-check", "--progress-bar=off", "--only-binary", ":all:"]
        command += ["--require-hashes", "-r", str(source), "--dest", str(folder), *options]
        command += ["--python-version", python, "--implementation", "cp"]
        command += ["--abi", f"cp{python.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
        for platform in PLATFORMS[target.partition("-")[0]]:
            command += ["--platform", platform]
        done = subprocess.run(
            command, env=child_environment(), capture_output=True, text=True, timeout=3600
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise SetupError(f"pip could not fetch the wheels: {(errors or ['no reason given'])[-1]}")


def pack(folder: Path, target: str, pythons: Sequence[str], lock: str, archive: Path) -> Path:
    """Write the archive; the same wheels give the same bytes."""
    files = {f"wheels/{path.name}": path for path in sorted(folder.glob("*.whl"))}
    (folder / LOCK).write_text(lock, "utf-8")
    files[LOCK] = folder / LOCK
    manifest = {
        "format": 1,
        "target": target,
        "pythons": list(pythons),
        "files": {name: _sha256(path) for name, path in files.items()},
    }
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(zipfile.ZipInfo(MANIFEST, EPOCH), json.dumps(manifest, indent=1))
        for name, path in files.items():
            _add(packed, name, path)
    return partial.replace(archive)


def _add(packed: zipfile.ZipFile, name: str, path: Path) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o644 << 16
    entry.file_size = path.stat().st_size
    with path.open("rb") as source, packed.open(entry, "w") as target:
        while block := source.read(1 << 20):
            target.write(block)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build(target: str, pythons: Iterable[str], out: Path) -> Path:
    """Fetch and pack; gives the archive. Raises SetupError."""
    lock, known, index = read_lock(target)
    chosen = [python for python in pythons or OFFICIAL if python in known]
    if not chosen:
        raise SetupError(
            f"The lock file of {target} has wheels for Python {', '.join(known)} only."
        )
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    archive = out / f"thunder-runtime-{manifest['version']}-{target}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for python in chosen:
            say(f"Fetching the wheels of {target} for Python {python}")
            fetch(lock, target, python, index, folder)
        say("Packing")
        return pack(folder, target, chosen, lock, archive)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", help="such as linux-cpu")
    parser.add_argument(
        "--python", action="append", default=[], help="only for this Python; may be repeated"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    try:
        archive = build(arguments.target, arguments.python, arguments.out)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    say(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
