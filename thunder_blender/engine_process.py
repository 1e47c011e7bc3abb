# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's process and its pipes, without a thought about jobs.

Two threads belong to each process: one starts it and writes what was sent, one reads messages into
a queue, so that nothing here waits for the worker. Both end with the process, and neither before:
Linux kills a process with the thread that started it, see the worker's watch_parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from ..model_runtime import wire
from ..model_runtime.contract import EngineError, ThunderError
from .engine import Launch

# The package is loaded by its place, so that nothing else of its folder can be imported.
BOOTSTRAP = """
import importlib.util, pathlib, sys
home = pathlib.Path(sys.argv.pop(1)) / "model_runtime"
spec = importlib.util.spec_from_file_location(
    "model_runtime", home / "__init__.py", submodule_search_locations=[str(home)])
package = importlib.util.module_from_spec(spec)
sys.modules["model_runtime"] = package
spec.loader.exec_module(package)
from model_runtime.{} import main
sys.exit(main())
"""
DROPPED = ("PYTHON", "DYLD_", "LD_PRELOAD", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "__PYVENV", "CONDA_")
KEPT_LOG = 1 << 20  # bytes; a longer log begins anew with the next process
TAIL = 2000  # bytes of the log that are looked at for a last word
LONGEST_STALL = 1.0  # seconds between two looks that count at most as the worker's silence
LAST_BREATH = 1.0  # seconds for a process that has closed its pipe to end by itself
FAREWELL = 5.0  # seconds for a killed process to go

Heard = wire.Message | ThunderError | None  # None: the pipe has ended


def bootstrap(module: str) -> str:
    """Python that runs `main` of a module of model_runtime, whose root is the first argument."""
    return BOOTSTRAP.format(module)


class WorkerProcess:
    """One worker, from the wish to start it; that it cannot be started is heard as EngineError."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.log = launch.log or default_log()
        self._heard: SimpleQueue[Heard] = SimpleQueue()
        self._to_send: SimpleQueue[bytes | None] = SimpleQueue()
        self._news = threading.Event()
        self._silence, self._looked = 0.0, time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0  # where in the log this process begins
        self._ended = False
        self._alive = False  # a heartbeat came; those are not queued, as nobody may look for days
        self._starting = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True, name="thunder-read")
        self._writer = threading.Thread(target=self._write, daemon=True, name="thunder-write")
        self._writer.start()

    @property
    def pid(self) -> int | None:
        """None until it is started."""
        return self._process.pid if self._process else None

    def send(self, message: wire.Message) -> None:
        """Queue a message for the worker. Raises WireError when it is too large."""
        self._to_send.put(wire.pack(message))

    def messages(self) -> Iterator[Heard]:
        """What has come since the last call; never waits."""
        now = time.monotonic()
        self._silence += min(now - self._looked, LONGEST_STALL)
        self._looked = now
        if self._alive:
            self._alive, self._silence = False, 0.0
        with contextlib.suppress(Empty):
            while True:
                heard = self._heard.get_nowait()
                self._silence = 0.0
                yield heard

    @property
    def gone(self) -> bool:
        """Whether the process has ended, perhaps before anyone heard of it."""
        return self._process is not None and self._process.returncode is not None

    @property
    def silent_seconds(self) -> float:
        """How long nothing was heard while somebody looked; Blender's own stalls don't count."""
        return self._silence

    def wait_for_news(self, seconds: float) -> None:
        """Block until a message has come, at most `seconds`."""
        if self._news.wait(seconds):
            self._news.clear()

    @property
    def exit_code(self) -> int | None:
        """Known once None was heard; negative: the signal that ended the process."""
        return self._process.returncode if self._process else None

    def last_words(self) -> str:
        """The last line that this process wrote to the log, for the sentence about its end."""
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            size = self.log.stat().st_size
            own = self._log_start if self._log_start <= size else 0  # it may have begun anew
            file.seek(max(own, size - TAIL))
            lines = file.read().decode(errors="replace").strip().splitlines()
            return lines[-1].strip()[:300] if lines else ""
        return ""

    def end(self, wait: bool = False) -> None:
        """Kill the process and all it started. The threads see to the rest; `wait`: till then."""
        with self._starting:
            self._ended = True
            if self._process is not None:
                _kill(self._process)
        if wait:
            self._writer.join(FAREWELL)

    def remove_log(self) -> None:
        with contextlib.suppress(OSError):
            self.log.unlink(missing_ok=True)

    def _write(self) -> None:
        try:
            process = self._start()
        except EngineError as error:
            self._tell(error)
            self._tell(None)
            return
        self._reader.start()
        with process.stdin as pipe:  # type: ignore[union-attr]
            while (data := self._to_send.get()) is not None:
                with contextlib.suppress(OSError):  # the reader sees the end of the process
                    _write_all(pipe, data)
        self._reader.join()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._ended:
                raise EngineError("The engine was stopped before it was started.")
            try:
                with self._open_log() as errors:
                    self._log_start = errors.tell()
                    self._process = _start(self.launch, self.log, errors)
            except OSError as error:
                raise EngineError(_no_start(self.launch, error)) from error
            return self._process

    def _open_log(self) -> IO[bytes]:
        try:
            return _open_log(self.log)
        except OSError:  # a folder that cannot be written must not stop the work
            self.log = default_log()
            return _open_log(self.log)

    def _read(self) -> None:
        process = self._process
        assert process is not None
        try:
            while (message := wire.read_message(process.stdout)) is not None:  # type: ignore[arg-type]
                if message.kind == wire.ALIVE:
                    self._alive = True
                else:
                    self._tell(message)
        except ThunderError as error:
            self._tell(error)
        try:
            process.wait(LAST_BREATH)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]
        self._to_send.put(None)
        self._tell(None)

    def _tell(self, heard: Heard) -> None:
        self._heard.put(heard)
        self._news.set()


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What the worker may know of Blender's environment: nothing that changes its Python."""
    kept = {
        name: value for name, value in environment.items() if not name.upper().startswith(DROPPED)
    }
    # Waiting threads that spin make generation five times slower on a busy machine.
    return {**kept, "OMP_WAIT_POLICY": "passive"}


def default_log() -> Path:
    return Path(tempfile.gettempdir()) / f"thunder-engine-{os.getpid()}.log"


def command(launch: Launch, log: Path) -> list[str]:
    """The worker's command line."""
    line = [str(launch.python), "-I", "-c", bootstrap("worker"), str(launch.worker_root)]
    line += ["--device", launch.device, "--idle", str(launch.idle_seconds), "--log", str(log)]
    line += ["--parent", str(os.getpid()), "--die-with-thread"]
    if launch.weights is not None:
        line += ["--weights", str(launch.weights)]
    if not launch.recognises:
        line += ["--no-recognise"]
    return line


def _start(launch: Launch, log: Path, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    apart: dict[str, object] = {"start_new_session": True}  # Ctrl-C in the terminal is Blender's
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        apart = {"creationflags": flags}
    return subprocess.Popen(
        command(launch, log),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        bufsize=0,
        env=clean_environment(os.environ),
        **apart,  # type: ignore[call-overload]
    )


def _no_start(launch: Launch, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return (
        f"The engine's Python '{launch.python}' cannot be started ({reason}). Choose another "
        "Python in the extension's preferences, or press Install Runtime there."
    )


def _open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    long = log.exists() and log.stat().st_size > KEPT_LOG
    file = log.open("wb" if long else "ab")
    file.seek(0, os.SEEK_END)
    return file


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32" or process.poll() is not None:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
