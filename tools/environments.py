# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python environments of dev.py, made under .envs/ once and again when their lists change.

Standard library only, and no syntax newer than Python 3.9: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / ".envs"
LISTS = ROOT / "tools" / "requirements"
PYTHON = "3.11"  # what bpy 4.2 to 5.0 and the pinned torch have in common
STAMP = "installed.json"
ASKED = "THUNDER_INSTALL_SYSTEM"  # set to 1 by dev.py --install-system
LARGE = 5.0  # MB; smaller downloads are not worth a line

LIBRARIES = {  # what Blender's module loads on Linux, and Debian's package for it
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
DRIVERS = ("/usr/lib/*/dri/*.so", "/usr/lib64/dri/*.so", "/usr/lib/dri/*.so")  # OpenGL's
DRIVER_PACKAGE = "libgl1-mesa-dri"


class SetupError(Exception):
    """Something is missing on this machine; the message says what and how to get it."""


class NoPythonError(SetupError):
    """No interpreter of the version that an environment needs."""


@dataclass(frozen=True)
class Environment:
    """A venv under .envs/: `lists` are files of tools/requirements, in order."""

    name: str
    lists: tuple[str, ...]
    gigabytes: float
    python: str = PYTHON


ENGINE = Environment("engine", ("engine.txt",), 1.3)
WORKSHOP = Environment("engine", ("engine.txt", "training.txt", "checks.txt"), 1.6)
BLENDERS = {
    version: Environment(f"blender-{version}", (f"blender-{version}.txt",), 1.3, python)
    for version, python in (("4.2", PYTHON), ("4.5", PYTHON), ("5.0", PYTHON), ("5.2", "3.13"))
}


def say(text: str) -> None:
    print(text, flush=True)


def ensure(environment: Environment) -> Path:
    """The environment's interpreter; makes or completes the environment first if need be.

    Raises NoPythonError when its Python is missing, SetupError for disk space or a package.
    """
    folder = ENVS / environment.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = {name: _hash(LISTS / name) for name in environment.lists}
    installed = _installed(folder)
    if all(installed.get(name) == stamp for name, stamp in wanted.items()) and _runs(python):
        return python
    _check_disk(environment)
    if not _still_good(installed, wanted) or not _runs(python):
        _make(folder, environment.python)
        installed = {}
    for name in environment.lists:
        if installed.get(name) != wanted[name]:
            _install(python, environment, name)
            installed[name] = wanted[name]
            (folder / STAMP).write_text(json.dumps(installed, indent=1))
    return python


def child_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would leak other Python packages into a child.

    Waiting threads sleep: spinning ones make torch five times slower on a busy machine.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name not in ("VIRTUAL_ENV", "LD_PRELOAD")
    }
    own = {"PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1", "OMP_WAIT_POLICY": "passive"}
    return {**own, **kept, **extra}


def ensure_blenders() -> dict[str, Path]:
    """The interpreter of each Blender's Python module, by version.

    A Blender whose Python cannot be had here is left out, which is said; all others must work.
    """
    found = {}
    for version, environment in BLENDERS.items():
        try:
            found[version] = ensure(environment)
        except NoPythonError as error:
            if environment.python == PYTHON:
                raise
            say(f"Skipping Blender {version}'s Python module. {error}")
    return found


def find_python(version: str = PYTHON) -> Path:
    """An interpreter of this version that can make environments. Raises NoPythonError."""
    try:
        return _find_python(version)
    except NoPythonError as error:
        if not may_install():
            raise
        try:
            install_packages([f"python{version}", f"python{version}-venv"])
        except SetupError as failure:
            raise NoPythonError(f"{error} ({failure})") from failure
    return _find_python(version)


def _find_python(version: str) -> Path:
    incomplete = None
    for candidate in _candidates(version):
        found = _probe(candidate)
        if found == f"{version} complete":
            return candidate
        if found == f"{version} bare":
            incomplete = candidate
    if incomplete:
        raise NoPythonError(
            f"{incomplete} cannot make environments (its 'venv' is missing). "
            f"On Debian or Ubuntu: apt-get install python{version}-venv"
        )
    raise NoPythonError(
        f"Python {version} is needed and was not found. Debian 12: apt-get install "
        f"python{version} python{version}-venv; macOS: brew install python@{version}; Windows: "
        f"winget install Python.Python.{version}; elsewhere: pyenv install {version}. "
        "Then run this command again."
    )


def missing_libraries() -> dict[str, str]:
    """System libraries that Blender's module will not find here, with Debian's package names."""
    if not sys.platform.startswith("linux"):
        return {}
    missing = {name: package for name, package in LIBRARIES.items() if not _loads(name)}
    root = Path("/")
    if not any(next(root.glob(pattern[1:]), None) for pattern in DRIVERS):
        missing["an OpenGL driver"] = DRIVER_PACKAGE
    return missing


def ensure_libraries() -> None:
    """Check, or where that is allowed install, what Blender's module needs. Raises SetupError."""
    missing = missing_libraries()
    if missing and may_install():
        install_packages(sorted(set(missing.values())))
        missing = missing_libraries()
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        raise SetupError(
            f"Blender's Python module needs {', '.join(sorted(missing))}, which this system lacks. "
            f"On Debian or Ubuntu: sudo apt-get install {packages}"
        )


def may_install() -> bool:
    """Whether system packages are to be installed: asked for, or in CI, and root with apt-get."""
    asked = os.environ.get("CI") == "true" or os.environ.get(ASKED) == "1"
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return asked and root and bool(shutil.which("apt-get"))


def install_packages(packages: Sequence[str]) -> None:
    """Install Debian packages. Raises SetupError when apt-get fails."""
    say(f"Installing system packages: {' '.join(packages)}")
    quiet = child_environment(DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode and command[1] == "install":
            raise SetupError(f"apt-get could not install them: {_last_line(done.stdout)}")


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(f"{path} is missing. Is the clone complete?") from error


def _installed(folder: Path) -> dict[str, str]:
    try:
        stamps = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(stamp) for name, stamp in stamps.items()}


def _still_good(installed: dict[str, str], wanted: dict[str, str]) -> bool:
    return bool(installed) and all(
        installed[name] == wanted[name] for name in wanted if name in installed
    )


def _runs(python: Path) -> bool:
    try:
        return subprocess.run([str(python), "-c", ""], timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _check_disk(environment: Environment) -> None:
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < environment.gigabytes:
        raise SetupError(
            f"The environment '{environment.name}' takes about {environment.gigabytes:g} GB and "
            f"only {free:.1f} GB are free where {ROOT} lies. Make room, then run this again."
        )


def _make(folder: Path, python_version: str) -> None:
    base = find_python(python_version)
    say(f"Making the environment {folder.name} with {base}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    command = [str(base), "-m", "venv", str(folder)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    if done.returncode:
        raise SetupError(
            f"The environment {folder} could not be made: {_last_line(done.stdout + done.stderr)}"
        )


def _install(python: Path, environment: Environment, name: str) -> None:
    """Run pip on one list, telling the large downloads; its whole output is kept in a log."""
    say(f"Installing {name} into {environment.name}")
    log = ENVS / f"{environment.name}-{Path(name).stem}.log"
    command = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "-r", str(LISTS / name)]
    lines = []
    with log.open("w", encoding="utf-8") as kept, _piped(command) as process:
        for line in process.stdout or ():
            kept.write(line)
            lines.append(line)
            _tell(line)
    if process.returncode:
        errors = [line for line in lines if line.startswith("ERROR:")]
        reason = (errors or lines or ["no reason given"])[-1].strip()
        raise SetupError(
            f"pip could not install {name}: {reason} The whole log: {log.relative_to(ROOT)}"
        )


@contextlib.contextmanager
def _piped(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        yield process


def _tell(line: str) -> None:
    found = re.match(r"\s*(Downloading|Processing|Using cached)\s+(\S+)(?: \(([\d.]+) MB\))?", line)
    if found and float(found.group(3) or 0) >= LARGE:
        say(f"  {Path(found.group(2)).name.split('-')[0]}: {found.group(3)} MB")
    elif line.startswith("Installing collected packages:"):
        say(f"  unpacking {line.count(',') + 1} packages")


def _candidates(version: str) -> Iterator[Path]:
    yield Path(sys.executable)
    named = shutil.which(f"python{version}")
    if named:
        yield Path(named)
    for root in _pyenv_roots(named):
        yield from sorted((root / "versions").glob(f"{version}.*/bin/python"), reverse=True)
    for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):
        yield Path(folder) / f"python{version}"
    launched = _ask(["py", f"-{version}", "-c", "import sys; print(sys.executable)"])
    if launched:
        yield Path(launched)


def _pyenv_roots(named: str | None) -> Iterator[Path]:
    if os.environ.get("PYENV_ROOT"):
        yield Path(os.environ["PYENV_ROOT"])
    if named and Path(named).parent.name == "shims":
        yield Path(named).parent.parent
    with contextlib.suppress(RuntimeError):
        yield Path.home() / ".pyenv"


def _probe(python: Path) -> str | None:
    """'3.11 complete', or '3.11 bare' without venv and pip; None when it does not run."""
    code = (
        "import sys, importlib.util as u; v = '%d.%d' % sys.version_info[:2]; "
        "print(v, 'complete' if u.find_spec('ensurepip') and u.find_spec('venv') else 'bare')"
    )
    return _ask([str(python), "-c", code])


def _ask(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            command, env=child_environment(), capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
