# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m training.corpus --out DIR --speech SPEECH_DIR --hours H [--jobs N] [--seed S]`."""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
from pathlib import Path

from model_runtime.contract import ThunderError

from .build import Done, Plan, build, missing_engines, plan_jobs


def main() -> int:
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        _run(arguments)
    except ThunderError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _run(arguments: argparse.Namespace) -> None:
    for note in missing_engines():
        print(note, file=sys.stderr)
    plan = Plan(arguments.out, arguments.speech, arguments.seed)
    jobs = [
        job
        for job in plan_jobs(plan, arguments.hours)
        if not arguments.only or job.source in arguments.only
    ]
    print(f"{len(jobs)} shards into {plan.out}", flush=True)
    build(plan, jobs, arguments.jobs, Meter())
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{(spent.ru_utime + spent.ru_stime) / 60:.1f} minutes of processor time")


class Meter:
    """Prints each shard with the hours so far, this run's rate and the time left."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._made = 0
        self._made_seconds = 0.0
        self._seconds = 0.0

    def __call__(self, done: Done) -> None:
        self._seconds += done.seconds
        progress = f"{done.finished}/{done.total} {done.name}: {self._seconds / 3600:.2f} h"
        if done.found:
            print(f"{progress}, already made", flush=True)
            return
        self._made += 1
        self._made_seconds += done.seconds
        spent = max(time.monotonic() - self._began, 0.1)
        left = spent / self._made * (done.total - done.finished)
        rate = self._made_seconds / spent
        print(f"{progress}, {rate:.0f} x real time, {left / 60:.1f} min left", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.corpus", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.add_argument("--speech", type=Path, required=True, help="recordings with a manifest")
    parser.add_argument("--hours", type=float, default=10.0, help="hours of synthesis")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="make only these sources")
    return parser


if __name__ == "__main__":
    sys.exit(main())
