# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs that the worker is a process: its start, and each line's way there and back.

python tools/bench_worker.py [--python PYTHON] [--device cpu]      (with the engine's packages)

Aims: ready in under 3 s, under 100 ms a line of 10 s over the generation itself.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 10.0
LOOKS = 0.002  # seconds between two polls


def room(name: str) -> ModuleType:
    """A module of the extension, imported from the repository without Blender."""
    place = {"submodule_search_locations": [str(ROOT)]}
    if "extension" not in sys.modules:
        spec = importlib.util.spec_from_file_location("extension", ROOT / "__init__.py", **place)
        assert spec is not None
        sys.modules["extension"] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"extension.{name}")


def loop_line(folder: Path) -> Path:
    """The example line, again and again for SECONDS."""
    samples, rate = soundfile.read(ROOT / "examples" / "line.flac")
    path = folder / "line.wav"
    soundfile.write(path, np.resize(samples, int(SECONDS * rate)), rate)
    return path


def measure(python: Path, device: str, line: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds of the start, of the round trips' overhead, and of the longest call."""
    launch = room("thunder_blender.engine").Launch(python, ROOT, device=device)
    worker = room("thunder_blender.engine_client").WorkerEngine(launch)
    calls: list[float] = []
    try:
        start = time.perf_counter()
        report = _timed(worker.test, calls)
        started = time.perf_counter()
        while worker.status == "Starting":
            _look(worker, calls)
        ready = time.perf_counter() - start
        busy = _processor_seconds(worker.pid)
        while not report.finished:
            _look(worker, calls)
        trips = [_round_trip(worker, line, seed, calls) for seed in range(rounds)]
    finally:
        worker.close()
    overheads = [1000 * (trip - work) for trip, work in trips]
    return {
        "device": report.outcome().device_name,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "start_call_ms": round(1000 * (started - start), 1),
        "ready_s": round(ready, 2),
        "ready_processor_s": busy,
        "generation_s": [round(work, 2) for _, work in trips],
        "overhead_ms": [round(one, 1) for one in overheads],
        "longest_call_ms": round(1000 * max(calls), 1),
    }


def _round_trip(worker: Any, line: Path, seed: int, calls: list[float]) -> tuple[float, float]:
    """Seconds from the request until the take is here, and those of the generation alone."""
    contract = room("model_runtime.contract")
    request = contract.GenerateRequest(line, contract.Settings(seed=seed))
    start = time.perf_counter()
    job = _timed(lambda: worker.submit(request), calls)
    while not job.finished:
        _look(worker, calls)
    job.outcome()
    return time.perf_counter() - start, job.work_seconds


def _look(worker: Any, calls: list[float]) -> None:
    _timed(worker.poll, calls)
    time.sleep(LOOKS)


def _timed(call: Any, calls: list[float]) -> Any:
    start = time.perf_counter()
    result = call()
    calls.append(time.perf_counter() - start)
    return result


def _processor_seconds(pid: int) -> float | None:
    """Processor time of a process so far, where /proc tells it: what an idle machine would take."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the worker's start and round trips.")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="with torch")
    parser.add_argument("--device", default="auto", help="auto, cuda, rocm, mps or cpu")
    parser.add_argument("--rounds", type=int, default=3, help="lines to send")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as folder:
        line = loop_line(Path(folder))
        report = measure(options.python, options.device, line, options.rounds)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
