# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the lock files with what the package index has, and print a table.

    python3 tools/check_locks.py                          every lock file, by what the index tells
    python3 tools/check_locks.py windows-cuda --fetch     and fetch the small wheels, byte by byte

For each Python of a lock file the index is asked for its very versions. `same` are the packages of
which the lock has the checksum of a wheel that fits that Python and platform; `not there` those
whose build the index does not have (torch's own indexes are not asked). With --fetch pip downloads
and sums everything but torch and the packages for CUDA.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import build_runtime, lock_runtime
from tools.environments import SetupError
from tools.lock_runtime import Pin

LARGE = ("torch", "cuda-", "nvidia-", "triton")  # never fetched here


@dataclass
class Row:
    """What was found for one Python of one lock file: names of packages."""

    target: str
    python: str
    same: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)  # builds that the index does not have
    wrong: list[str] = field(default_factory=list)
    fetched: str = "-"


def compare(locked: Mapping[str, Pin], told: Mapping[str, Pin], row: Row) -> Row:
    """Sort the packages of a lock by what the index told of the wheels that fit."""
    for name, pin in locked.items():
        if "+" in pin.version:
            row.elsewhere.append(f"{name} {pin.version}")
        elif name in told and set(told[name].wheels.values()) & set(pin.wheels):
            row.same.append(name)
        else:
            row.wrong.append(name)
    return row


def check(command: Sequence[str], target: str, python: str, fetch: bool) -> Row:
    """Ask the index for the versions of a lock. Raises SetupError where it does not answer."""
    text, _, index = build_runtime.read_lock(target)
    locked = {
        name: lock_runtime.pin_of(entry) for name, entry in build_runtime.entries(text).items()
    }
    wanted = [f"{name}=={pin.version}" for name, pin in locked.items() if "+" not in pin.version]
    options = ["--python-platform", lock_runtime.TARGETS[target].platform, "--no-deps"]
    told = lock_runtime.resolve(command, wanted, [*options, "--python-version", python])
    row = compare(locked, told, Row(target, python))
    if fetch:
        small = [name for name in locked if not name.startswith(LARGE)]
        fetched = "".join(build_runtime.entries(text)[name] for name in small)
        with tempfile.TemporaryDirectory() as folder:
            build_runtime.fetch(fetched, target, python, index, Path(folder))
            row.fetched = str(len(list(Path(folder).glob("*.whl"))))
    return row


def table(rows: Sequence[Row]) -> str:
    """The rows as text, a line for each."""
    lines = [f"{'lock':<14}{'Python':<8}{'same':>5}{'wrong':>7}{'fetched':>9}  not there"]
    lines += [
        f"{row.target:<14}{row.python:<8}{len(row.same):>5}{len(row.wrong):>7}{row.fetched:>9}  "
        f"{', '.join(row.elsewhere) or '-'}"
        for row in rows
    ]
    lines += [f"WRONG: {row.target}, {row.python}: {name}" for row in rows for name in row.wrong]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--python", action="append", default=[], help="only this one; may repeat")
    parser.add_argument("--fetch", action="store_true", help="download and sum the small wheels")
    arguments = parser.parse_args()
    targets = arguments.targets or sorted(path.stem for path in build_runtime.LOCKS.glob("*.txt"))
    rows = []
    try:
        for target in targets:
            pythons = build_runtime.read_lock(target)[1]
            chosen = [python for python in pythons if python in (arguments.python or pythons)]
            command = lock_runtime.resolver()
            rows += [check(command, target, python, arguments.fetch) for python in chosen]
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(rows))
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
