# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a batch takes and how much memory: an episode of cuts from the example line.

    python tools/bench_batch.py --lines 500 --out docs/results/batch.json [--limit 25m] [--jobs 1]

Every line is another cut of `examples/line.flac` at another loudness, so that no two are alike; the
lengths spread around 3.6 s as in dialogue. Measured from outside: wall time, processor time, and
the resident memory whenever ten more lines are done. Beside it the baseline: a `generate` of its
own for each of three lines. --blender adds a .blend of each line, by an extension in that Python's
bpy that drives the same engine. --kills takes the figures of `tools/campaign.py --out` in,
--scaling those of runs of this command with other numbers of jobs. --dry N has N lines performed
with noise in place of the models, which shows what the batch itself holds on to.
Figures are merged into the file that --out names.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent
LINE = ROOT / "examples" / "line.flac"
MEAN, SPREAD = 3.6, 1.2  # seconds of a line
BASELINE_LINES = 3
STEP = 10  # lines between two looks at the memory


def make_episode(folder: Path, count: int) -> float:
    """Write `count` lines; gives their seconds together."""
    samples, rate = soundfile.read(LINE, dtype="float32")
    dice, total = np.random.default_rng(7), 0.0
    folder.mkdir(parents=True)
    for number in range(count):
        seconds = float(np.clip(dice.normal(MEAN, SPREAD), 1.0, len(samples) / rate))
        start = dice.uniform(0.0, len(samples) / rate - seconds)
        cut = samples[int(start * rate) : int((start + seconds) * rate)]
        gain = np.float32(dice.uniform(0.4, 1.0))
        soundfile.write(folder / f"line_{number:04d}.wav", cut * gain, rate)
        total += seconds
    return total


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}


def run_batch(folder: Path, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run the batch and look at it; figures."""
    words = ["--jobs", str(options.jobs)]
    words += ["--time-limit", options.limit] if options.limit else []
    return watched(["-m", "model_runtime"], [str(folder), "--out", str(out), *words])


def run_dry(work: Path, count: int) -> dict[str, Any]:
    """Memory of a batch whose takes are noise, by lines done."""
    make_episode(work / "dry", count)
    child = [str(ROOT / "tools" / "campaign_child.py"), "--fake"]
    return watched(child, [str(work / "dry"), "--out", str(work / "dry out")])["memory"]


def watched(start: Sequence[str], words: Sequence[str]) -> dict[str, Any]:
    """Run a batch's command and look at it; figures."""
    command = [sys.executable, *start, "batch", *words, "--log", "json", "--no-report"]
    start, memory, done = time.monotonic(), {}, 0
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE) as process:
        for line in process.stdout or ():
            event = json.loads(line)
            if event["event"] == "line" and event["status"] == "done":
                done += 1
                if done % STEP == 0:
                    memory[done] = resident_mb(process.pid)
                    sys.stderr.write(f"{done} lines, {memory[done]:.0f} MB\n")
    wall = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "lines": done,
        "minutes": round(wall / 60, 2),
        "cpu_minutes": round((used.ru_utime + used.ru_stime) / 60, 2),
        "exit_code": process.returncode,
        "memory": {count: round(value, 1) for count, value in memory.items()},
    }


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB; nan where Linux's /proc is missing."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pids = [pid, *map(int, children.read_text().split())]
        pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in pids)
    except (OSError, ValueError):
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run_baseline(folder: Path, out: Path) -> dict[str, float]:
    """One `generate` a line, as without a batch: seconds a line."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for sound in sorted(folder.iterdir())[:BASELINE_LINES]:
        line = [sys.executable, "-m", "model_runtime", "generate", str(sound), "--quiet"]
        line += ["--out", str(out / f"{sound.stem}.npz")]
        subprocess.run(line, cwd=ROOT, env=environment(), check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.monotonic() - start
    return {
        "seconds_a_line": round(wall / BASELINE_LINES, 2),
        "cpu_seconds_a_line": round(cpu / BASELINE_LINES, 2),
    }


def run_blends(folder: Path, out: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Curves, meter and a .blend of every line, performed by the real engine: minutes."""
    command = [str(options.blender), "tools/campaign_blender.py", "--resources", str(out / "user")]
    command += ["--engine", "batch", str(folder), "--outputs", "npz,blend"]
    command += ["--jobs", str(options.jobs)]
    known = {**environment(), "THUNDER_PYTHON": sys.executable}
    subprocess.run(
        [*command, "--out", str(out / "x"), "--dry-run"], cwd=ROOT, env=known, check=True
    )
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*command, "--out", str(out / "blends")], cwd=ROOT, env=known, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "lines_blend": len(list((out / "blends" / "takes").glob("*.blend"))),
        "minutes_blend": round(wall / 60, 2),
        "cpu_minutes_blend": round(cpu / 60, 2),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", default="")
    parser.add_argument("--ray", type=Path, help="figures of tests/model_runtime/test_batch_ray.py")
    parser.add_argument("--blender", type=Path, help="a Python with bpy, for the .blend files")
    parser.add_argument("--no-curves", action="store_true", help="only add the other figures")
    parser.add_argument("--dry", type=int, default=0, metavar="N", help="memory without models")
    parser.add_argument("--kills", type=Path, help="figures of the campaign")
    parser.add_argument("--kills-real", type=Path, help="figures of the campaign with --real")
    parser.add_argument("--scaling", type=Path, nargs="+", default=[], help="figures of other runs")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    known = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    if not options.no_curves:  # of a run with another number of lines
        known = {name: value for name, value in known.items() if not name.startswith("rss_mb_")}
    with tempfile.TemporaryDirectory(prefix="thunder-bench-") as place:
        work = Path(place)
        speech = make_episode(work / "episode", options.lines)
        if not options.no_curves:
            known |= curves(work, speech, options)
        if options.dry:
            known["rss_mb_dry"] = run_dry(work, options.dry)
        if options.blender:
            known |= run_blends(work / "episode", work, options)
    if options.kills:
        figures = json.loads(options.kills.read_text("utf-8"))
        known["campaign"] = figures
        known |= {name: figures[name] for name in ("kills", "lost", "repeated", "bytes_differ")}
    if options.kills_real:
        known["campaign_real"] = json.loads(options.kills_real.read_text("utf-8"))
    known |= json.loads(options.ray.read_text("utf-8")) if options.ray else {}
    if options.scaling:
        known["scaling"] = [scaled(path) for path in options.scaling]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return 0


def scaled(path: Path) -> dict[str, Any]:
    """What one run's figures tell of its number of jobs."""
    figures = json.loads(path.read_text("utf-8"))
    names = ("jobs", "lines", "minutes_npz", "cpu_minutes_npz", "machine_load")
    peak = max(figures["rss_mb"].values())
    return {**{name: figures[name] for name in names}, "rss_mb_most": peak}


def curves(work: Path, speech: float, options: argparse.Namespace) -> dict[str, Any]:
    """Figures of the batch of curves and of its baseline."""
    made = run_batch(work / "episode", work / "out", options)
    alone = run_baseline(work / "episode", work)
    memory = made["memory"]
    return {
        "lines_listed": options.lines,
        "lines": made["lines"],
        "speech_minutes": round(speech / 60 * made["lines"] / options.lines, 2),
        "minutes_npz": made["minutes"],
        "cpu_minutes_npz": made["cpu_minutes"],
        "jobs": options.jobs,
        "machine_load": [round(value, 1) for value in os.getloadavg()],
        "cores": os.cpu_count(),
        "rss_mb_50": memory.get(50),
        f"rss_mb_{max(memory, default=0)}": memory.get(max(memory, default=0)),
        "rss_mb": memory,
        "baseline_generate": alone,
        "exit_code": made["exit_code"],
    }


if __name__ == "__main__":
    sys.exit(main())
