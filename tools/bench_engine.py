# SPDX-License-Identifier: GPL-3.0-or-later
"""What a generation takes of the processor and of memory, beside another version of the engine.

    python -m tools.bench_engine [--lengths 3 6 20] [--before FOLDER] [--threads 1] [--rounds 5]
    python -m tools.bench_engine --memory 600 [--before FOLDER]

FOLDER is another checkout (`git worktree add FOLDER COMMIT`). Both versions take turns in one
process, line by line, so that whatever else the machine does meets both; told are processor seconds
for a second of sound, the median of the rounds, and how far the two takes differ. `--memory` tells
the most memory that a process of its own held while it made a line so long.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")


def engine_of(folder: Path, name: str) -> Any:
    """The bundled Engine of a checkout, its package imported under another name."""
    home = folder / "model_runtime"
    spec = importlib.util.spec_from_file_location(
        name, home / "__init__.py", submodule_search_locations=[str(home)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return importlib.import_module(f"{name}.engine").Engine.load(None, CPU)


def sound(seconds: float) -> np.ndarray:
    """The example line, again and again: 16 kHz."""
    samples, _ = soundfile.read(ROOT / "examples" / "line.flac", dtype="float32")
    return np.resize(samples, round(16_000 * seconds)).astype(np.float32)


def take_turns(engines: dict[str, Any], seconds: float, rounds: int) -> tuple[dict[str, Any], Any]:
    """Median processor seconds of listening and of the whole, a row a version; and the takes."""
    samples, takes = sound(seconds), {}
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for turn in range(rounds + 1):
        for name, engine in engines.items():
            settings = sys.modules[type(engine).__module__].Settings(seed=1)
            began = time.process_time()
            engine.hear(samples)
            heard = time.process_time()
            takes[name] = engine.generate(samples, settings).weights
            if turn:  # the first warms up
                spent[name].append((heard - began, time.process_time() - heard))
    return {name: np.median(rows, axis=0) / seconds for name, rows in spent.items()}, takes


def table(engines: dict[str, Any], lengths: list[float], rounds: int) -> None:
    print("| line, s | version | listening, s/s | whole, s/s | takes differ by |")
    print("|---|---|---|---|---|")
    for seconds in lengths:
        spent, takes = take_turns(engines, seconds, rounds)
        first = next(iter(takes.values()))
        for name, (heard, whole) in spent.items():
            apart = np.abs(takes[name] - first).max()
            print(f"| {seconds:g} | {name} | {heard:.4f} | {whole:.4f} | {apart:.1g} |", flush=True)


def tell_memory(folders: dict[str, Path], options: argparse.Namespace) -> None:
    for name, folder in folders.items():
        command = [sys.executable, "-m", "tools.bench_engine", "--peak", str(options.memory)]
        command += ["--threads", str(options.threads), "--of", str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        print(f"{name}: {done.stdout.strip()}", flush=True)


def peak(folder: Path, seconds: float) -> None:
    """Memory after loading and at most, of this process."""
    engine = engine_of(folder, "measured")
    settings = sys.modules[type(engine).__module__].Settings(seed=1)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.generate(sound(seconds), settings)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{loaded / 1024:.0f} MB loaded, {most / 1024:.0f} MB at most in {seconds:g} s of sound")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=float, nargs="+", default=[3.0, 6.0, 20.0])
    parser.add_argument("--before", type=Path, help="another checkout")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=float, metavar="SECONDS", help="of such a line, instead")
    parser.add_argument("--peak", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folders = {"before": options.before} if options.before else {}
    folders["now"] = ROOT
    if options.peak:
        peak(options.of, options.peak)
    elif options.memory:
        tell_memory(folders, options)
    else:
        engines = {name: engine_of(folder, f"of_{name}") for name, folder in folders.items()}
        table(engines, options.lengths, options.rounds)


if __name__ == "__main__":
    main()
