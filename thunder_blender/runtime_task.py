# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing and removing the runtime in a child process, watched without ever waiting. No bpy."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model_runtime.contract import CancelledError, EngineError, Progress, ThunderError
from . import runtime, runtime_lock

SCRIPT = Path(__file__).with_name("runtime_setup.py")
GRACE_SECONDS = 10.0  # from the wish to cancel until a process that does not react is ended
CLEANING = "Cleaning up"  # what it says when it does react; deleting a gigabyte may take long
WITH_WHEELS = 1.6  # disk space while the wheels lie beside what is made of them, as a share
MARGIN = 0.3  # gigabytes beside the runtime's own


@dataclass(frozen=True)
class Plan:
    """What to install. Without archive and wheels the package index is asked."""

    folder: Path  # the runtime's
    target: str  # platform-device
    archive: Path | None = None
    wheels: Path | None = None
    index: str = ""
    torch_index: str = ""  # empty: what the lock file says
    interpreter: str = ""  # what the user names in the preferences

    @property
    def online(self) -> bool:
        return self.archive is None and self.wheels is None


class Task:
    """A child process at work. One thread owns it and calls `poll`, as with an engine's job."""

    def __init__(self, first_stage: str) -> None:
        self.progress = Progress(first_stage, 0.0)
        self.error: ThunderError | None = None
        self.result: dict[str, Any] | None = None
        self._told: queue.SimpleQueue[dict[str, Any] | ThunderError] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled_at: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def finished(self) -> bool:
        return self.error is not None or self.result is not None

    def start(self, commands: Iterator[list[str]]) -> Task:
        """Begin; `commands` gives the command and may take its time or raise ThunderError."""
        self._thread = threading.Thread(target=self._work, args=(commands,), daemon=True)
        self._thread.start()
        return self

    def cancel(self) -> None:
        """Ask the child to stop and to leave nothing behind; a later poll tells when it has."""
        if self._cancelled_at is None and not self.finished:
            self._cancelled_at = time.monotonic()
            self._close_stdin()

    def poll(self) -> None:
        """Bring progress, result and error up to date. Never blocks."""
        while not self._told.empty() and not self.finished:
            self._hear(self._told.get())
        if self._cancelled_at and self._process and not self.finished:
            self._close_stdin()
            late = time.monotonic() - self._cancelled_at > GRACE_SECONDS
            if late and self.progress.stage != CLEANING:
                self._process.kill()

    def wait(self) -> dict[str, Any]:
        """Block until the end. Raises the ThunderError that came of it."""
        while not self.finished:
            time.sleep(0.05)
            self.poll()
        if self.error:
            raise self.error
        return self.result or {}

    def _hear(self, told: dict[str, Any] | ThunderError) -> None:
        if isinstance(told, ThunderError):
            cancelled = CancelledError("The installation was cancelled; nothing of it is left.")
            self.error = cancelled if self._cancelled_at else told
        elif "error" in told:
            self.error = EngineError(told["error"])
        elif "done" in told:
            self.result = told["done"]
        else:
            self.progress = Progress(told["stage"], float(told["fraction"]))

    def _close_stdin(self) -> None:
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _work(self, commands: Iterator[list[str]]) -> None:
        """In the thread: find the command, run it, pass on what it tells."""
        try:
            command = next(commands)
            if self._cancelled_at:
                raise CancelledError("The installation was cancelled.")
            self._run(command)
        except ThunderError as error:
            self._told.put(error)
        except OSError as error:
            self._told.put(EngineError(f"The installation could not be started: {error}."))

    def _run(self, command: list[str]) -> None:
        with subprocess.Popen(
            command,
            env=runtime.clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            creationflags=runtime.no_window(),
        ) as process:
            self._process = process
            last = ""
            for line in process.stdout or ():
                last = line.decode("utf-8", "replace").strip() or last
                with contextlib.suppress(ValueError):
                    self._told.put(dict(json.loads(last)))
        reason = f"The installation ended early (exit code {process.returncode}): {last}"
        self._told.put(EngineError(f"{reason[:500]}. Try again."))


def install(plan: Plan) -> Task:
    """Begin to install; what was installed stays in use until the new runtime has been checked."""
    return Task("Looking for a Python").start(_install_command(plan))


def remove(folder: Path) -> Task:
    """Begin to remove the runtime."""
    return Task("Removing").start(_remove_command(folder))


def _install_command(plan: Plan) -> Iterator[list[str]]:
    lock = runtime_lock.lock_for(plan.target) if plan.online else None
    pythons = lock.pythons if lock else _pythons_of(plan)
    _check_disk(plan)
    base = find_base(plan.interpreter, pythons)
    command = [str(base), "-I", "-u", str(SCRIPT), "install", str(plan.folder)]
    size = runtime_lock.gigabytes(plan.target)
    command += ["--target", plan.target, "--gigabytes", str(size)]
    if lock:
        index = plan.torch_index or lock.index
        command += ["--lock", str(lock.path), "--index", plan.index, "--torch-index", index]
    elif plan.archive:
        command += ["--archive", str(plan.archive)]
    else:
        command += ["--wheels", str(plan.wheels)]
    yield command


def _pythons_of(plan: Plan) -> tuple[str, ...]:
    """Which Pythons an archive or a folder of wheels is for; () where it does not say."""
    if plan.archive:
        try:
            with zipfile.ZipFile(plan.archive) as packed:
                return tuple(json.loads(packed.read("runtime.json"))["pythons"])
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise EngineError(
                f"'{plan.archive.name}' is no runtime archive, or it is damaged ({error})."
            ) from error
    lock = (plan.wheels or Path()) / "lock.txt"
    return (
        runtime_lock.read_lock(lock.read_text("utf-8"), "", lock).pythons if lock.is_file() else ()
    )


def _remove_command(folder: Path) -> Iterator[list[str]]:
    python = runtime.own_python() or next(_on_path(("3.11", "3.12", "3.13", "3.14")), None)
    if python is None:
        raise EngineError(f"No Python was found to do it with. Remove this folder: {folder}")
    yield [str(python), "-I", "-u", str(SCRIPT), "remove", str(folder)]


def _check_disk(plan: Plan) -> None:
    plan.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(plan.folder).free / 1e9
    fetched = 1.0 if plan.wheels else WITH_WHEELS
    needed = runtime_lock.gigabytes(plan.target) * fetched + MARGIN
    if free < needed:
        raise EngineError(
            f"The runtime needs about {needed:.1f} GB in {plan.folder}, and {free:.1f} GB are "
            "free. Make room and try again."
        )


def find_base(chosen: str, pythons: tuple[str, ...]) -> Path:
    """A Python to make the environment with; `pythons` are the versions that fit, () for any.

    The one that the user names, Blender's own, then what lies on the search path. Raises
    EngineError, whose sentence tells why each of them does not do.
    """
    reasons = []
    for python in dict.fromkeys(_candidates(chosen, pythons)):
        found = runtime.probe(python)
        if found is None:
            reasons.append(f"{python} does not run")
        elif pythons and found.version not in pythons:
            reasons.append(f"{python} is Python {found.version}")
        elif not found.can_make:
            reasons.append(f"{python} has no venv (on Debian: apt install python3-venv)")
        else:
            return python
    last = " or ".join(filter(None, [", ".join(pythons[:-1]), *pythons[-1:]]))
    wanted = f"Python {last}" if pythons else "A Python with venv"
    raise EngineError(
        f"{wanted} is needed to make the runtime, and none was found"
        f"{': ' if reasons else ''}{'; '.join(reasons)}. Install one, or name one as Interpreter."
    )


def _candidates(chosen: str, pythons: tuple[str, ...]) -> Iterator[Path]:
    if given := runtime.given_python(chosen):
        yield given.python
    if own := runtime.own_python():
        yield own
    yield from _on_path(pythons or ("3.13", "3.12", "3.11"))


def _on_path(pythons: Iterable[str]) -> Iterator[Path]:
    for version in pythons:
        if named := shutil.which(f"python{version}"):
            yield Path(named)
    if os.name == "nt":
        yield from _from_launcher(pythons)


def _from_launcher(pythons: Iterable[str]) -> Iterator[Path]:
    """Pythons that Windows' launcher knows."""
    for version in pythons:
        command = ["py", f"-{version}", "-c", "import sys; print(sys.executable)"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=20,
                check=True,
                creationflags=runtime.no_window(),
            )
            yield Path(done.stdout.strip())
