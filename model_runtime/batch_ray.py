# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch over the machines of a Ray cluster: shards of the list, done wherever there is room.

All machines see the list, the sounds, the folder of results and this package under the same paths.
A shard whose machine dies is done again elsewhere, and finds in the journals what was done.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .batch_journal import read_journals
from .contract import EngineError, ThunderError

if TYPE_CHECKING:
    from .batch_cli import Plan

SHARDS_A_CPU = 2  # so that quick machines take over from slow ones
LOOK = 1.0  # seconds
Tell = Callable[[dict[str, Any]], None]
_kept: dict[str, Any] = {}  # engines of this process


def run_on_ray(options: argparse.Namespace, plan: Plan, tell: Tell) -> int:
    """Do all shards on the cluster; gives the exit code. Raises EngineError without Ray."""
    ray = _ray()
    home = str(Path(__file__).parent.parent)
    local = options.ray == "local"
    ray.init(
        address=None if local else options.ray,
        runtime_env={"env_vars": {"PYTHONPATH": home, "OMP_NUM_THREADS": "1"}},
        include_dashboard=False if local else None,
        logging_level="warning",
        log_to_driver=False,
    )
    try:
        return _shards(ray, options, plan, tell)
    finally:
        ray.shutdown()


def _shards(ray: Any, options: argparse.Namespace, plan: Plan, tell: Tell) -> int:
    from .batch_cli import UNFINISHED

    start = time.monotonic()
    cpus = int(ray.cluster_resources().get("CPU", 1))
    count = options.ray_jobs or max(1, SHARDS_A_CPU * cpus)
    remote = ray.remote(num_cpus=1, max_retries=-1)(perform_shard)
    waiting = [remote.remote(line) for line in shard_lines(options, count)]
    codes: set[int] = set()
    while waiting:
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=LOOK)
        for code, sentence in ray.get(ready):
            codes.add(code)
            if sentence:
                tell({"event": "note", "text": f"error: {sentence}"})
        _tell_place(options.out, plan, tell, start)
    known = read_journals(options.out)
    states = [known[item.name] for item in plan.items if item.name in known]
    failed = sum(bool(state.failure) for state in states)
    done = sum(bool(state.done) and not state.failure for state in states)
    counts = {"made": done, "kept": 0, "failed": failed, "left": len(plan.items) - done - failed}
    seconds = round(time.monotonic() - start, 2)
    tell({"event": "end", **counts, "stopped": "", "seconds": seconds})
    if not codes & {1, 2} and counts["left"]:
        return UNFINISHED
    return next((code for code in (1, 2, 4, 3) if code in codes), 0)


def shard_lines(options: argparse.Namespace, count: int) -> list[list[str]]:
    """A command line for each shard."""
    from .batch_cli import child_arguments

    lines = []
    for number in range(1, count + 1):
        part = argparse.Namespace(**{**vars(options), "shard": f"{number}/{count}"})
        line = child_arguments(part)
        at = line.index("--parent")
        lines.append(line[:at] + line[at + 2 :])  # its parent is on another machine
    return lines


def perform_shard(line: Sequence[str]) -> tuple[int, str]:
    """What a machine of the cluster does: one shard, in this very process, its engine kept.

    Gives the exit code, and the sentence of what kept it from all work, such as a folder of results
    that is not there on this machine.
    """
    from . import batch_cli

    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    parser = argparse.ArgumentParser()
    batch_cli.add_commands(parser.add_subparsers(dest="command"))
    options = parser.parse_args(line)
    kept = repr((options.device, options.weights, options.no_recognise))
    load = _kept.setdefault(kept, batch_cli.performer_of(options))
    try:
        return batch_cli.perform(options, load, lambda event: None), ""
    except ThunderError as error:
        return batch_cli.NO_GO, f"{platform.node()}: {error}"


def _tell_place(out: Path, plan: Plan, tell: Tell, start: float) -> None:
    states = read_journals(out)
    finished = sum(bool(states[i.name].done) for i in plan.items if i.name in states)
    total = len(plan.items)
    rate = finished / max(1e-6, time.monotonic() - start)
    text = f"Progress: {100 * finished // max(1, total)}% {finished}/{total} ({rate:.2f} lines/s)"
    tell({"event": "place", "finished": finished, "total": total, "text": text})


def _ray() -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        raise EngineError(
            "The Python package 'ray' is missing: install it into the engine's Python on every "
            "machine of the cluster, or leave --ray out."
        ) from error
    return ray
