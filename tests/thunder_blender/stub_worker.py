# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker with a stub in place of torch and the models, quick to start and made to fail.

`make_root` writes a package whose modules hide those of the same name in the real one. What the
stub does with a line is told by the name of its sound file, see TASKS.
"""

from __future__ import annotations

import importlib
import sys
import textwrap
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
EXTENSION = "thunder_under_test"

DEVICES = """
def is_broken_gpu(error):
    return "CUDA error" in str(error)
"""
TASKS = """
import gc, os, signal, sys, time
import numpy as np
from model_runtime import wire, worker
from model_runtime.contract import *

def sink():
    return next(one for one in gc.get_objects() if isinstance(one, worker.Worker))._sink

class Tasks:
    def __init__(self, device, weights, started, *, recognises=True):
        self.device, self.startup_seconds = "cpu", time.time() - started
        self.work_seconds = 0.5

    def prepare(self):
        pass

    def test(self, progress):
        return EngineReport("cpu", "Stub", "3", "0", 0.1, 1.0, self.startup_seconds)

    def generate(self, request, progress):
        does = request.audio.stem
        provenance = {"seed": request.settings.seed, "pid": os.getpid()}
        progress(Progress("Listening", 0.0))
        if does == "slow":
            for step in range(400):
                time.sleep(0.01)
                if not progress(Progress("Performing", step / 400)):
                    raise CancelledError("The generation was cancelled.")
        elif does == "deaf":
            time.sleep(60)
        elif does == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif does == "exit":
            print("the driver has left", file=sys.stderr, flush=True)
            os._exit(7)
        elif does == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif does == "chatty":
            print("a library's opinion")
            os.write(1, b"and one in C\\n" * 1000)
            os.system("echo and a child")
            input_ = sys.stdin.read()
            provenance["stdin"] = input_
        elif does == "rubbish":
            sink().write(b"Warning: something\\n" * 10)
            time.sleep(60)
        elif does == "damaged":
            data = bytearray(wire.pack(wire.take_message(1, Take(np.ones((5, 55), np.float32)))))
            data[-3] ^= 1
            sink().write(bytes(data))
            time.sleep(60)
        elif does == "half":
            sink().write(wire.pack(wire.take_message(1, Take(np.ones((5, 55), np.float32))))[:99])
            os._exit(0)
        elif does == "unknown":
            sink().write(wire.pack(wire.Message("take", {"id": 1, "channels": 5})))
            time.sleep(60)
        elif does == "missing":
            raise AudioError(f"The sound file '{request.audio}' does not exist. Check its name.")
        elif does == "bug":
            raise ZeroDivisionError("division by zero")
        elif does == "gpu":
            raise RuntimeError("CUDA error: device-side assert triggered")
        elif does == "environment":
            provenance["environment"] = dict(os.environ)
            provenance["path"] = sys.path
        elif does == "loud":
            sys.stderr.write("x" * (5 << 20))
            time.sleep(1.2)
        progress(Progress("Performing", 1.0))
        motion = np.random.default_rng(request.settings.seed).random((50, 55), np.float32)
        return Take(motion, CHANNELS, 50.0, provenance)
"""


def make_root(folder: Path, **modules: str) -> Path:
    """A worker_root whose package is the real one with the stub and `modules` before it."""
    package = folder / "model_runtime"
    package.mkdir(parents=True)
    real = str(REPOSITORY / "model_runtime")
    modules = {"devices": DEVICES, "worker_tasks": TASKS, **modules}
    modules["__init__"] = f"__path__.append({real!r})"
    for name, text in modules.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))
    return folder


def room(name: str) -> ModuleType:
    """A module of the extension, loaded below one root as in Blender: room("engine_client")."""
    if EXTENSION not in sys.modules:
        package = types.ModuleType(EXTENSION)
        package.__path__ = [str(REPOSITORY)]
        sys.modules[EXTENSION] = package
    return importlib.import_module(f"{EXTENSION}.{name}")


engine = room("thunder_blender.engine")
client = room("thunder_blender.engine_client")
process = room("thunder_blender.engine_process")
fake = room("thunder_blender.engine_fake")
contract = room("model_runtime.contract")
wire = room("model_runtime.wire")


def launch(root: Path, **options: Any) -> Any:
    """A Launch of the stub in `root`, its log beside it."""
    options = {"log": root / "engine.log", "grace_seconds": 0.5, **options}
    return engine.Launch(Path(sys.executable), root, **options)


def request(does: str = "line", seed: int = 0) -> Any:
    return contract.GenerateRequest(Path(f"{does}.wav"), contract.Settings(seed=seed))


def poll_until(worker: Any, condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Poll as Blender's timer does until `condition` holds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"nothing came; the engine says {worker.status}"
        worker.poll()
        time.sleep(0.005)


def our_threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("thunder-")]
