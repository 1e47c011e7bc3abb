# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python runs the engine. No bpy here, and nothing here imports torch.

The order: the installed runtime, the interpreter from the preferences or THUNDER_PYTHON, Blender's
own Python where torch is installed for it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model_runtime.contract import EngineError

VARIABLE = "THUNDER_PYTHON"
INSTALLED = "installed runtime"
CURRENT = "current.json"  # in the runtime folder: names the environment in use
WHERE = "Edit > Preferences > Add-ons > THUNDER"
PROBE_SECONDS = 60.0
PROBE = (  # find_spec alone would also find a torch that does not load
    "import importlib.util as u, json, sys; found = {'version': '%d.%d' % sys.version_info[:2], "
    "'venv': bool(u.find_spec('venv') and u.find_spec('ensurepip')), 'torch': ''}; "
    "sys.argv[1:] and u.find_spec('torch') and found.update(torch=__import__('torch').__version__);"
    " print(json.dumps(found))"
)


@dataclass(frozen=True)
class Found:
    """The interpreter that will run the engine."""

    python: Path
    source: str  # in the user's words: where it was found


@dataclass(frozen=True)
class Installed:
    """What the runtime folder holds, as its current.json tells."""

    python: Path
    target: str  # platform-device, such as linux-cpu
    packages: dict[str, str] = field(default_factory=dict)  # name -> version

    @property
    def usable(self) -> bool:
        """False when the Python that the environment was made with has gone."""
        return self.python.is_file()


@dataclass(frozen=True)
class Probe:
    """What an interpreter says about itself."""

    version: str  # 3.11
    can_make: bool  # has venv and ensurepip
    torch: str = ""  # version, empty when it cannot be imported or was not asked for


def clean_environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would leak its Python or libraries into a child."""
    dropped = ("VIRTUAL_ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "__PYVENV_LAUNCHER__")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "DYLD_")) and name not in dropped
    }
    return {**kept, "PYTHONNOUSERSITE": "1", **extra}


def venv_python(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_installed(folder: Path) -> Installed | None:
    """What is installed in the runtime folder; None when nothing is, or only a part."""
    try:
        told = json.loads((folder / CURRENT).read_text(encoding="utf-8"))
        place = folder / Path(told["folder"]).name
        return Installed(venv_python(place), str(told["target"]), dict(told["packages"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_python(folder: Path, chosen: str, wait: bool = True) -> Found:
    """The interpreter for the engine: `folder` is the runtime's, `chosen` the preference's path.

    Without `wait` Blender's own Python counts only if it has been looked at already. Raises
    EngineError, whose sentence says where to click, when there is none or it has gone.
    """
    if (installed := read_installed(folder)) is not None:
        if installed.usable:
            return Found(installed.python, INSTALLED)
        raise EngineError(
            "The Python that the installed runtime was made with has gone. Press Install Runtime "
            f"again in {WHERE}."
        )
    if (given := given_python(chosen)) is not None:
        return given
    if (own := own_python()) and own_torch(wait):
        return Found(own, "Blender's own Python")
    raise EngineError(
        f"THUNDER needs a Python with torch, and none was found. Press Install Runtime in {WHERE}, "
        "or name an interpreter there."
    )


def given_python(chosen: str) -> Found | None:
    """The interpreter that the user names, if any. Raises EngineError when it is not there."""
    for value, source in ((chosen, "preferences"), (os.environ.get(VARIABLE, ""), VARIABLE)):
        if not value.strip():
            continue
        path = as_interpreter(Path(value.strip()).expanduser())
        if path is None:
            raise EngineError(
                f"There is no Python interpreter at '{value.strip()}' (named by {source}). "
                f"Correct the path in {WHERE}, or press Install Runtime."
            )
        return Found(path, source)
    return None


def as_interpreter(path: Path) -> Path | None:
    """`path` itself, or the interpreter in it where it is an environment's folder."""
    if path.is_dir():
        path = venv_python(path)
    return path if path.is_file() else None


def own_python() -> Path | None:
    """Blender's Python as a program of its own; None where it has none."""
    path = Path(sys.executable) if sys.executable else None
    return path if path and path.is_file() and "python" in path.name.lower() else None


def probe(python: Path, torch: bool = False) -> Probe | None:
    """Ask an interpreter about itself, in a child process; None when it does not run."""
    command = [str(python), "-I", "-c", PROBE, *(["torch"] if torch else [])]
    try:
        done = subprocess.run(
            command,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            creationflags=no_window(),
        )
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return Probe(str(told["version"]), bool(told["venv"]), str(told["torch"]))


def no_window() -> int:
    """Windows opens a console for each child process unless it is told not to."""
    return int(getattr(subprocess, "CREATE_NO_WINDOW", 0))


class _Own:
    looked = False
    thread: threading.Thread | None = None
    torch = ""


def look_at_own_python() -> None:
    """Begin to find out, in the background, whether Blender's own Python has torch.

    Looking for the name costs nothing and imports nothing; only where it is there a child process
    tries the import.
    """
    python = own_python()
    if not _Own.looked and python and importlib.util.find_spec("torch"):
        _Own.thread = threading.Thread(target=_look, args=(python,), daemon=True)
        _Own.thread.start()
    _Own.looked = True


def own_torch(wait: bool = True) -> str:
    """Version of the torch in Blender's own Python, empty without or before that is known."""
    look_at_own_python()
    if wait and _Own.thread is not None:
        _Own.thread.join(PROBE_SECONDS)
    return _Own.torch


def _look(python: Path) -> None:
    found = probe(python, torch=True)
    _Own.torch = found.torch if found else ""
