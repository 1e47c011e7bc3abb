# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a small Debian with its own Blender in a folder, by debootstrap, and keeps it.

The folder is $THUNDER_REAL_BLENDER (default: thunder_blender in the user's cache folder); delete
it to begin anew. Debian's unstable suite moves: it has whatever Blender it has on the day.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tools import environments, real_sandbox
from tools.environments import SetupError, say
from tools.real_sandbox import Sandbox

VARIABLE = "THUNDER_REAL_BLENDER"
SUITES = ("sid", "trixie")
STAMP = "thunder.json"
GIGABYTES = 2.5  # while it is being made; 1.4 when done
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
STEP_LIMIT = 1500  # seconds for the slowest step
PACKAGES = (
    "blender",
    "python3-numpy",
    "python3-cattr",  # Blender's extensions need both; sid's package forgets to say so
    "python3-requests",
    "libegl1",
    "libegl-mesa0",
    "libgl1",
    "libgl1-mesa-dri",
    "libglx-mesa0",
    "xvfb",
    "xauth",
    "imagemagick",
)
APT = """Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
APT::Install-Recommends "false";
Dpkg::Options { "--force-unsafe-io"; };
"""


def cache_folder() -> Path:
    """Where the systems are kept."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "thunder_blender"


def folder_of(suite: str) -> Path:
    return cache_folder() / f"chroot-{suite}"


def stamp(suite: str) -> dict[str, str]:
    """What a finished system says of itself: recipe, versions, day. Empty when there is none."""
    try:
        told = json.loads((folder_of(suite) / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if told.get("recipe") == _recipe() else {}


def why_impossible() -> str:
    """Why this machine cannot make such a system; empty when it can."""
    reason = real_sandbox.why_impossible()
    if reason:
        return reason
    if not shutil.which("debootstrap") and not environments.may_install():
        return "debootstrap is not installed (apt-get install debootstrap)"
    if not KEYRING.exists():
        return f"Debian's keys are not at {KEYRING}"
    return "" if _archive() else "this system's package sources name no Debian archive"


def ensure(suite: str) -> Path:
    """The system's folder; made first if need be (some minutes). Raises SetupError."""
    if suite not in SUITES:
        raise SetupError(f"There is no suite '{suite}' here; choose one of {', '.join(SUITES)}.")
    with _only_one(suite):
        if stamp(suite):
            return folder_of(suite)
        reason = why_impossible()
        if reason:
            raise SetupError(f"Blender of Debian {suite} cannot be set up: {reason}.")
        return _make(suite)


def _make(suite: str) -> Path:
    start = time.monotonic()
    final, part = folder_of(suite), cache_folder() / f"chroot-{suite}.part"
    _check_disk(suite)
    if not shutil.which("debootstrap"):
        environments.install_packages(["debootstrap"])
    shutil.rmtree(part, ignore_errors=True)
    say(f"Making a Debian {suite} with its Blender in {final} (1.4 GB, some minutes)")
    _bootstrap(suite, part)
    _configure(part)
    box = Sandbox(part, environment={"DEBIAN_FRONTEND": "noninteractive"}, network=True)
    _step(suite, "apt-get update", box, ["apt-get", "update", "-qq"])
    _step(suite, "apt-get install", box, ["apt-get", "install", "-y", "-qq", *PACKAGES])
    _step(suite, "apt-get clean", box, ["apt-get", "clean"])
    told = {"recipe": _recipe(), "made": time.strftime("%Y-%m-%d"), **_versions(suite, part)}
    (part / STAMP).write_text(json.dumps(told, indent=1), "utf-8")
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    say(f"Debian {suite}: Blender {told['blender']}, made in {time.monotonic() - start:.0f} s")
    return final


def _bootstrap(suite: str, folder: Path) -> None:
    """debootstrap mounts things of its own, so it too runs where mounts do not outlive it."""
    command = ["unshare", "--mount", "--propagation", "private", "--", "debootstrap"]
    command += ["--variant=minbase", f"--keyring={KEYRING}", suite, str(folder), _archive()]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=STEP_LIMIT
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"debootstrap of {suite} took over {STEP_LIMIT} s.") from error
    if done.returncode:
        raise SetupError(f"debootstrap of {suite} failed: {_why(done.stdout + done.stderr)}")


def _configure(folder: Path) -> None:
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    if CERTIFICATES.exists():
        (folder / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        shutil.copy(CERTIFICATES, folder / "etc/ssl/certs" / CERTIFICATES.name)
    (folder / "etc/apt/apt.conf.d/99thunder").write_text(APT)
    (folder / "var/cache/shaders").mkdir(parents=True, exist_ok=True)  # kept between runs
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    mtab = folder / "etc/mtab"
    mtab.unlink(missing_ok=True)
    mtab.symlink_to("/proc/self/mounts")  # without it Blender complains at each start


def _versions(suite: str, folder: Path) -> dict[str, str]:
    box = Sandbox(folder)
    expression = (
        "import bpy, sys, numpy; print('VERSIONS', bpy.app.version_string, "
        "'%d.%d.%d' % sys.version_info[:3], numpy.__version__, sep='|')"
    )
    command = ["blender", "-b", "--factory-startup", "--python-expr", expression]
    ran = box.run(command, timeout=300)
    found = re.search(r"VERSIONS\|(.*)\|(.*)\|(.*)", ran.said)
    if not found:
        raise SetupError(f"Blender of Debian {suite} does not start: {_why(ran.said)}")
    return dict(zip(("blender", "python", "numpy"), found.groups()))  # noqa: B905 - Python 3.9


def _step(suite: str, name: str, box: Sandbox, command: list[str]) -> None:
    ran = box.run(command, timeout=STEP_LIMIT)
    if ran.code != 0:
        how = "took too long" if ran.code is None else "failed"
        raise SetupError(f"{name} in Debian {suite} {how}: {_why(ran.said)}")


def _archive() -> str:
    """The address of the Debian archive that this system itself installs from, or ''."""
    sources = [*Path("/etc/apt/sources.list.d").glob("*.sources"), Path("/etc/apt/sources.list")]
    for path in sources:
        with contextlib.suppress(OSError):
            text = path.read_text("utf-8", "replace")
            found = re.search(
                r"^(?:URIs:|deb(?: \[[^]]*\])?)\s*(https?://\S*/debian/?)\s", text, re.M
            )
            if found:
                return found.group(1)
    return ""


def _recipe() -> str:
    """Changes when the way of making a system changes, so that old ones are made anew."""
    return hashlib.sha256(repr((PACKAGES, APT)).encode()).hexdigest()[:16]


def _check_disk(suite: str) -> None:
    cache_folder().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_folder()).free / 1e9
    if free < GIGABYTES:
        raise SetupError(
            f"A Debian {suite} with Blender takes {GIGABYTES:g} GB and only {free:.1f} GB are free "
            f"where {cache_folder()} lies. Make room or set {VARIABLE} to another folder."
        )


@contextlib.contextmanager
def _only_one(suite: str) -> Iterator[None]:
    """Two runs at once make the system once."""
    import fcntl

    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _why(text: str) -> str:
    """The most telling line of a program's output."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(E|Err|Error|W)\b", line)]
    return (telling or lines or ["no reason given"])[-1]
