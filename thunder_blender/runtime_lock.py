# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock files: what a runtime for a platform and device consists of. Made by tools/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..model_runtime.contract import EngineError
from . import runtime_devices

FOLDER = Path(__file__).parent / "locks"
GIGABYTES = {"cuda": 5.3, "rocm": 17.0, "cpu": 1.2, "metal": 1.0}  # on disk; rocm: as others tell
NO_LOCK = (
    "There is no list of checked packages for {target}. Choose another device, or use an archive "
    "or a folder of wheels, or an interpreter with torch."
)
TRIED = ("linux-cpu",)  # targets that were installed and tested where this version was made
UNTRIED = "Not tried by us on such a machine: press Test Runtime afterwards"


@dataclass(frozen=True)
class Lock:
    """What a lock file says. `pythons` are the versions that it has wheels for."""

    target: str
    path: Path
    pythons: tuple[str, ...]
    index: str = ""  # where torch's build lives, where that is not the usual index
    packages: tuple[str, ...] = ()


def target_for(device: str) -> str:
    """Platform and device of the runtime that serves a device of the preferences."""
    name = runtime_devices.best() if device == runtime_devices.AUTO else device
    if runtime_devices.system() == "macos":
        name = runtime_devices.METAL  # the one build there is for it computes on the CPU too
    return f"{runtime_devices.system()}-{name.lower()}"


@cache
def lock_for(target: str) -> Lock:
    """The lock that ships for a target. Raises EngineError where there is none."""
    path = FOLDER / f"{target}.txt"
    if not path.is_file():
        raise EngineError(NO_LOCK.format(target=target))
    return read_lock(path.read_text(encoding="utf-8"), target, path)


def read_lock(text: str, target: str, path: Path) -> Lock:
    """The header and the names of a lock file."""

    def header(name: str) -> str:
        found = re.search(rf"^# {name}:(.*)$", text, re.MULTILINE)
        return found.group(1).strip() if found else ""

    packages = tuple(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))
    return Lock(target, path, tuple(header("python").split()), header("index"), packages)


def gigabytes(target: str) -> float:
    """Disk space that a runtime takes, roughly."""
    return GIGABYTES[target.partition("-")[2]]
