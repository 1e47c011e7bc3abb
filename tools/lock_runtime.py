# SPDX-License-Identifier: GPL-3.0-or-later
"""Pin the runtime of a platform and device: names, versions and checksums of its wheels.

    python3 tools/lock_runtime.py linux-cuda windows-cpu macos-metal
    python3 tools/lock_runtime.py windows-cuda --index https://download.pytorch.org/whl/cu130
    python3 tools/lock_runtime.py linux-cpu --wheels DIR     torch's wheel lies in DIR
    python3 tools/lock_runtime.py linux-cpu linux-rocm windows-cuda --recorded    on record

Nothing large is downloaded: the package index tells the checksums. What the index does not tell is
never made up; without an answer there is no lock file, and the old one stays as it is.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

if __package__ in (None, ""):  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import build_runtime, environments
from tools.environments import LISTS, ROOT, SetupError
from tools.recorded_wheels import RECORDED

LOCKS = ROOT / "thunder_blender" / "locks"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # Blender 4.2 to 5.2, and what distributions build with
RESOLVER = environments.Environment("lock", ("lock.txt",), 0.2)


@dataclass(frozen=True)
class Target:
    """A platform with a device."""

    platform: str  # the resolver's name for it
    label: str = ""  # what torch's version ends with, where that build is not the index's usual one
    index: str = ""  # where such builds live


TARGETS = {
    "linux-cpu": Target("x86_64-manylinux_2_28", "+cpu", "https://download.pytorch.org/whl/cpu"),
    "linux-cuda": Target("x86_64-manylinux_2_28"),
    "linux-rocm": Target("x86_64-manylinux_2_28", "+rocm"),
    "windows-cpu": Target("x86_64-pc-windows-msvc"),
    "windows-cuda": Target("x86_64-pc-windows-msvc", "+cu"),
    "macos-metal": Target("aarch64-apple-darwin"),
}


@dataclass
class Pin:
    """One package: its version and the checksum of each wheel that fits."""

    version: str
    wheels: dict[str, str] = field(default_factory=dict)  # file name -> sha256


def requirements(target: Target, index: str) -> list[str]:
    """The engine's own packages; torch with the label of the target's build.

    An index of one build names it: .../whl/cu130 holds +cu130.
    """
    lines = (LISTS / "engine.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    label = target.label
    if label and index:
        label = f"+{index.rstrip('/').rpartition('/')[2]}"
    return [line + label if line.startswith("torch==") else line for line in wanted]


def resolve(
    command: Sequence[str], wanted: Sequence[str], options: Sequence[str]
) -> dict[str, Pin]:
    """Ask the resolver for one platform and Python. Raises SetupError with its reason."""
    with tempfile.TemporaryDirectory() as folder:
        source, told = Path(folder) / "wanted.txt", Path(folder) / "pylock.toml"
        source.write_text("\n".join(wanted) + "\n", "utf-8")
        call = [*command, "pip", "compile", str(source), "--output-file", str(told), *options]
        call += ["--format", "pylock.toml", "--only-binary", ":all:", "--quiet"]
        environment = environments.child_environment(
            UV_PYTHON_DOWNLOADS="never", MACOSX_DEPLOYMENT_TARGET="14.0"
        )
        if "PIP_CERT" in os.environ:
            environment.setdefault("SSL_CERT_FILE", os.environ["PIP_CERT"])
        done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SetupError(f"The resolver found no answer:\n{done.stderr.strip()}")
        return read_answer(tomllib.loads(told.read_text("utf-8")))


def read_answer(answer: Mapping[str, Any]) -> dict[str, Pin]:
    """The packages of a pylock.toml. Raises SetupError where a wheel comes without checksum."""
    pins = {}
    for package in answer["packages"]:
        pin = pins[package["name"]] = Pin(package["version"])
        for wheel in package.get("wheels", ()):
            place = wheel.get("url") or wheel.get("path") or ""
            name = wheel.get("name") or unquote(Path(urlparse(place).path).name)
            if "sha256" not in wheel.get("hashes", {}):
                raise SetupError(f"The index gives no sha256 for {name}. No lock file is made.")
            pin.wheels[name] = wheel["hashes"]["sha256"]
        if not pin.wheels:
            raise SetupError(f"{package['name']} {pin.version} has no wheel that fits.")
    return pins


def merge(answers: Mapping[str, Mapping[str, Pin]]) -> dict[str, Pin]:
    """One answer for several Pythons. Raises SetupError when they disagree about a version."""
    merged: dict[str, Pin] = {}
    for python, pins in answers.items():
        for name, pin in pins.items():
            same = merged.setdefault(name, Pin(pin.version))
            if same.version != pin.version:
                raise SetupError(f"Python {python} needs {name} {pin.version}, not {same.version}.")
            same.wheels.update(pin.wheels)
    return dict(sorted(merged.items()))


def lock_text(
    name: str, pins: Mapping[str, Pin], pythons: Sequence[str], notes: Sequence[str]
) -> str:
    """The lock file: what `pip install --require-hashes -r` reads, with our header."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    lines = [
        "# SPDX-License-Identifier: GPL-3.0-or-later",
        f"# The runtime of {name}, made by tools/lock_runtime.py on {today}.",
        f"# python: {' '.join(pythons)}",
        *(f"# {note}" for note in notes),
    ]
    for package, pin in pins.items():
        sums = sorted(set(pin.wheels.values()))
        lines.append(f"{package}=={pin.version} \\")
        lines += [f"    --hash=sha256:{value} \\" for value in sums[:-1]]
        lines.append(f"    --hash=sha256:{sums[-1]}")
    return "\n".join(lines) + "\n"


def lock(
    command: Sequence[str],
    name: str,
    index: str = "",
    wheels: Path | None = None,
    pythons: Sequence[str] = PYTHONS,
) -> str:
    """The lock file's text for a target. Raises SetupError when no Python can be served."""
    target = TARGETS[name]
    index = index or target.index
    if target.label and not index and not wheels:
        raise SetupError(
            f"{name}: torch for it lives on an index of its own. Name it with --index, such as "
            "https://download.pytorch.org/whl/cu130."
        )
    options = ["--python-platform", target.platform]
    if wheels:
        options += ["--find-links", str(wheels)]
    elif index and target.label:
        options += ["--index", index, "--index-strategy", "unsafe-best-match"]
    answers, refused = _ask_each(command, requirements(target, index), options, pythons)
    if not answers:
        raise SetupError(f"{name}: {refused}")
    notes = [f"index: {index}"] if index and target.label else []
    if wheels:
        notes.append("torch: checksum of a wheel at hand; its index was not asked")
    return lock_text(name, merge(answers), tuple(answers), notes)


def recorded_lock(name: str) -> str:
    """The lock file's text for a target whose own index cannot be asked: the packages of another
    target's lock, and the wheels that are on record in place of that one's build.

    Raises SetupError where nothing is on record, or for another version than the lock's without a
    reason on record.
    """
    if name not in RECORDED:
        known = ", ".join(RECORDED)
        raise SetupError(f"{name}: no checksums of its wheels are on record (there are: {known}).")
    found = RECORDED[name]
    text, pythons, _ = build_runtime.read_lock(found.base)
    pins = {
        package: pin_of(entry)
        for package, entry in build_runtime.entries(text).items()
        if not package.startswith(found.without or ("+",))
    }
    usual = pins[found.package].version
    if usual != found.version.partition("+")[0] and not found.apart:
        raise SetupError(
            f"{name}: on record is {found.package} {found.version}, and {found.base} has "
            f"{usual}. Find the checksums of that version."
        )
    pins[found.package] = Pin(found.version, dict(found.wheels.values()))
    served = [python for python in pythons if python in found.wheels]
    notes = [
        f"index: {found.index}",
        f"{found.package}: checksums as in public lock files; its index was not asked",
    ]
    if found.apart:
        notes.append(f"{found.package}: not {usual}, because {found.apart}")
    return lock_text(name, pins, served, notes)


def pin_of(entry: str) -> Pin:
    """A requirement of a lock file as the pin that it was made of; wheels without their names."""
    version = entry.split()[0].partition("==")[2]
    sums = [word.partition("sha256:")[2] for word in entry.split() if "sha256:" in word]
    return Pin(version, {value: value for value in sums})


def _ask_each(
    command: Sequence[str], wanted: Sequence[str], options: Sequence[str], pythons: Sequence[str]
) -> tuple[dict[str, dict[str, Pin]], str]:
    """Answers by Python; all take the versions that the first one got. And the last refusal."""
    answers: dict[str, dict[str, Pin]] = {}
    refused = ""
    for python in pythons:
        first = next(iter(answers.values()), {})
        named = {line.partition("==")[0] for line in wanted}
        pinned = [f"{name}=={pin.version}" for name, pin in first.items() if name not in named]
        try:
            answers[python] = resolve(
                command, [*wanted, *pinned], [*options, "--python-version", python]
            )
        except SetupError as error:
            refused = str(error)
            environments.say(f"  Python {python}: no. {refused.splitlines()[-1].strip()}")
    return answers, refused


@cache
def resolver() -> tuple[str, ...]:
    """The command that asks the index. Raises SetupError where it cannot be had."""
    return (str(environments.ensure(RESOLVER).with_name("uv.exe" if os.name == "nt" else "uv")),)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="+", choices=tuple(TARGETS), metavar="TARGET")
    parser.add_argument("--index", default="", help="where torch's build for the device lives")
    parser.add_argument("--wheels", type=Path, help="a folder with torch's wheel, instead")
    parser.add_argument("--recorded", action="store_true", help="take torch's checksums on record")
    parser.add_argument("--out", type=Path, default=LOCKS)
    arguments = parser.parse_args()
    failed = False
    for name in arguments.targets:
        environments.say(f"Locking {name}")
        try:
            text = (
                recorded_lock(name)
                if arguments.recorded
                else lock(resolver(), name, arguments.index, arguments.wheels)
            )
        except SetupError as error:
            failed = True
            print(f"error: {error}", file=sys.stderr)
            continue
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / f"{name}.txt").write_text(text, "utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
