# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m model_runtime batch LINES --out DIR`: every line of a list, whatever happens.

Exit codes: 0 all lines are done; 1 nothing more could be done (no engine, no room, no permission);
2 the command line or the list is wrong, nothing was begun; 3 some lines failed, the rest is done;
4 the time limit came, or --fail-fast; the same command goes on; 130 stopped by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from .batch_journal import forget, prepare_folder
from .batch_lines import (
    CURVES,
    METERS,
    OUTPUTS,
    Defaults,
    ListError,
    outputs_of,
    read_lines,
    seeds_of,
)
from .batch_tell import Teller
from .batch_work import Choosing, Item, items_of, meter_digest, model_hashes
from .contract import RequestError, ThunderError, WeightsError

if TYPE_CHECKING:
    from .batch_run import Performs, Summary

ALL_DONE, NO_GO, USAGE, SOME_FAILED, UNFINISHED, STOPPED = 0, 1, 2, 3, 4, 130
SHOWN = 100  # problems of a list that are written out
NO_RECOGNISE = "perform lines without a transcript by their sound alone, not by recognised words"
HELP = "every line of a list: csv, json or a folder of sounds"

log = logging.getLogger(__name__)
Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Plan:
    """A list that was read, and what of it this run is about."""

    items: tuple[Item, ...]
    problems: tuple[tuple[str, str], ...]  # (line id, sentence)


Runs = Callable[[argparse.Namespace, Plan, Teller], int]
Tells = Callable[[argparse.Namespace, Plan], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `batch`, with and without Blender."""
    add = parser.add_argument
    add("lines", type=Path, help="csv, json or folder of sounds; see docs/studios.md")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the results")
    add("--outputs", default="npz", help=f"for lines that name none: {', '.join(OUTPUTS)}")
    add("--seeds", default="0", help="for lines that name none: '7', '7,8' or '7-10'")
    add("--fps", type=float, help="for lines that name none, of csv, json and scenes")
    add("--scene", type=Path, help="template of lines that name none; with Blender only")
    add("--best-of", type=int, default=1, metavar="N", help="keep the best of N seeds")
    add("--min-meter", type=float, default=0.0, metavar="X", help="0..1: re-roll seeds below it")
    add("--rerolls", type=int, default=4, help="at most so many for --min-meter")
    add("--shard", default="1/1", metavar="I/N", help="the I-th of N parts of the list")
    add("--resume", action="store_true", help="go on with what is missing (always done)")
    add("--force", action="store_true", help="make again what is done")
    add("--dry-run", action="store_true", help="only tell what would be done")
    add("--jobs", type=int, default=1, metavar="N", help="processes that share the work")
    add("--device", default="auto", help="auto, cuda, rocm, mps or cpu")
    add("--weights", type=Path, help="folder of other model weights")
    add("--no-recognise", action="store_true", help=NO_RECOGNISE)
    add("--time-limit", default="", metavar="T", help="begin no line after 5400, 90m or 1.5h")
    add("--fail-fast", action="store_true", help="stop at the first line that fails")
    add("--keep-going", action="store_true", help="wrong rows of the list only fail themselves")
    add("--failed-lines-ok", action="store_true", help="exit code 0 in place of 3, for farms")
    add("--no-report", action="store_true", help="leave the report to the command 'report'")
    add("--log", choices=("text", "json"), default="text", help="how to tell what happens")
    add("--ray", metavar="ADDRESS", help="share the work over a Ray cluster; 'local' starts one")
    add(
        "--ray-jobs", type=int, default=0, metavar="N", help="shards on the cluster (default: CPUs)"
    )
    add("--curves-only", action="store_true", help=argparse.SUPPRESS)
    add("--parent", type=int, default=0, help=argparse.SUPPRESS)


def add_commands(commands: Any) -> None:
    """Add `batch` and `report` to a command line's parser."""
    formatter = argparse.RawDescriptionHelpFormatter
    whole = commands.add_parser("batch", help=HELP, description=__doc__, formatter_class=formatter)
    add_arguments(whole)
    merge = commands.add_parser("report", help="write the report of all shards of a batch")
    add_arguments(merge)


def report(options: argparse.Namespace) -> int:
    """Merge what all shards did into one report; gives the exit code, as `batch` would."""
    from .batch_report import write_report

    try:
        plan = plan_of(options)
        totals = write_report(options.out, plan.items, plan.problems)
    except (ThunderError, OSError) as error:
        _say(f"error: {error if isinstance(error, ThunderError) else away(options.out, error)}")
        return NO_GO
    counts = {name: totals[name] for name in ("done", "failed", "missing")}
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    Teller(options.log)({"event": "report", "text": f"{options.out / 'report.html'}: {text}"})
    if totals["missing"]:
        return UNFINISHED
    return _lenient(options, SOME_FAILED if totals["failed"] else ALL_DONE)


def batch(options: argparse.Namespace, run: Runs | None = None, report: Tells | None = None) -> int:
    """Run `batch`; gives the exit code. Blender brings a `run` and a `report` of its own."""
    signal.signal(signal.SIGTERM, _interrupt)
    tell = Teller(options.log)
    try:
        plan = plan_of(options)
    except ThunderError as error:
        _say(f"error: {error}")
        return USAGE
    if plan.problems and not tell_problems(plan, options):
        return USAGE
    try:
        return _carry_out(options, plan, tell, run or _run_here, report or _report)
    except ThunderError as error:
        _say(f"error: {error}")
        return NO_GO
    except OSError as error:
        _say(f"error: {away(options.out, error)}")
        return NO_GO
    except KeyboardInterrupt:
        _say("error: Stopped; what is done is kept. The same command goes on.")
        return STOPPED


def _carry_out(
    options: argparse.Namespace, plan: Plan, tell: Teller, run: Runs, report: Tells
) -> int:
    if options.dry_run:
        return _dry_run(options, plan, tell)
    if options.parent:
        from .worker_life import watch_parent

        watch_parent(options.parent, True, lambda: None)
    else:
        prepare_folder(options.out)
    if options.force:
        forget(options.out, [item.name for item in plan.items])
    code = run(options, plan, tell)
    if not options.no_report:
        report(options, plan)
    return _lenient(options, SOME_FAILED if code == ALL_DONE and plan.problems else code)


def away(out: Path, error: OSError) -> str:
    """What to say when the folder of results itself fails."""
    reason = (error.strerror or "the system refused it").lower()
    return (
        f"'{error.filename or out}' cannot be reached: {reason}. Look after that disk or drive and "
        "start the same command again; what is done is kept."
    )


def _lenient(options: argparse.Namespace, code: int) -> int:
    return ALL_DONE if code == SOME_FAILED and options.failed_lines_ok else code


def _run_here(options: argparse.Namespace, plan: Plan, tell: Teller) -> int:
    if options.ray:
        from .batch_ray import run_on_ray

        return run_on_ray(options, plan, tell)
    return (_crew if options.jobs > 1 else _run)(options, plan, tell)


def _report(options: argparse.Namespace, plan: Plan) -> None:
    from .batch_report import write_report

    write_report(options.out, plan.items, plan.problems)


def plan_of(options: argparse.Namespace) -> Plan:
    """Read and check everything that can be checked first. Raises ThunderError."""
    _check_numbers(options)
    outputs = outputs_of(options.outputs)
    scene = options.scene.absolute() if options.scene else None
    given = Defaults(seeds_of(options.seeds), outputs, options.fps, scene)
    read = read_lines(options.lines, given)
    measured = any(set(METERS) & set(line.outputs) for line in read.lines)
    meter = meter_digest(options.weights) if measured else ""
    items = items_of(read.lines, choosing_of(options), shard_given(options.shard), meter)
    return Plan(tuple(items), read.problems)


def needs_blender(plan: Plan) -> list[str]:
    """Kinds that are wanted and that only Blender can make."""
    return sorted({kind for item in plan.items for kind in item.line.outputs} - set(CURVES))


def tell_problems(plan: Plan, options: argparse.Namespace) -> bool:
    """Say what is wrong with a list; whether to go on all the same."""
    for _, sentence in plan.problems[:SHOWN]:
        _say(f"error: {sentence}")
    more = len(plan.problems) - SHOWN
    if more > 0:
        _say(f"error: and {more} more.")
    if not options.keep_going:
        _say("error: Nothing was begun. Mend these rows, or leave them out with --keep-going.")
    return bool(options.keep_going)


def choosing_of(options: argparse.Namespace) -> Choosing:
    return Choosing(options.best_of, options.min_meter, options.rerolls)


def models_of(options: argparse.Namespace) -> dict[str, str]:
    """sha256 of the models that decide this batch's takes. Raises WeightsError."""
    recognises = not options.no_recognise
    return model_hashes(options.weights, choosing_of(options), recognises=recognises)


def shard_given(text: str) -> tuple[int, int]:
    """'3/8'. Raises RequestError."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    number, shards = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= shards:
        raise RequestError(f"The shard '{text[:40]}' is not one such as 1/4, 2/4, 3/4 or 4/4.")
    return number, shards


def seconds_given(text: str) -> float:
    """'5400', '90m' or '1.5h' as seconds; '' is 0. Raises RequestError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip() or "0")
    if not found:
        raise RequestError(f"The time limit '{text[:40]}' is not one such as 5400, 90m or 1.5h.")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _check_numbers(options: argparse.Namespace) -> None:
    seconds_given(options.time_limit)
    for what, value, low, high in (
        ("--best-of", options.best_of, 1, 64),
        ("--rerolls", options.rerolls, 0, 64),
        ("--min-meter", options.min_meter, 0.0, 1.0),
        ("--jobs", options.jobs, 1, 512),
        ("--fps", options.fps if options.fps is not None else 25.0, 1.0, 240.0),
    ):
        if not low <= value <= high:
            raise RequestError(f"{what} {value} is out of range. Use {low} to {high}.")


def _dry_run(options: argparse.Namespace, plan: Plan, tell: Teller) -> int:
    """Tell what is missing. Reads sounds and journals, writes nothing, not even the folder."""
    from .batch_report import rows_of

    models = models_of(options)
    rows = rows_of(options.out, plan.items, plan.problems, models)
    for row in rows:
        state = {"event": "plan", "item": row["item"], "status": row["status"]}
        tell({**state, "text": f"{row['status']:8} {row['item']} {row['error']}".rstrip()})
    counts = {s: sum(row["status"] == s for row in rows) for s in ("done", "missing", "failed")}
    text = ", ".join(f"{count} {status}" for status, count in counts.items())
    tell({"event": "plan", "text": text, **counts})
    return ALL_DONE


def _run(options: argparse.Namespace, plan: Plan, tell: Teller) -> int:
    _check_curves(options, plan)
    return _perform(options, plan, performer_of(options), tell)


def perform(options: argparse.Namespace, load: Callable[[], Performs], tell: Tell) -> int:
    """Do a shard, in a folder that was prepared, with an engine that `load` gives; the exit code.

    Raises ThunderError.
    """
    return _perform(options, plan_of(options), load, tell)


def _perform(
    options: argparse.Namespace, plan: Plan, load: Callable[[], Performs], tell: Tell
) -> int:
    from .batch_run import Run, RunOptions

    _check_meter(plan)
    start = time.monotonic()
    shard, seconds = shard_given(options.shard), seconds_given(options.time_limit)
    limits = RunOptions(options.out, shard, options.fail_fast, seconds)
    summary = Run(limits, models_of(options), load, tell).run(plan.items)
    tell_end(tell, summary, time.monotonic() - start)
    return code_of(summary)


def performer_of(options: argparse.Namespace) -> Callable[[], Performs]:
    """Loads the engine when it is first wanted, once."""
    loaded: list[Performs] = []

    def load() -> Performs:
        from . import devices
        from .batch_perform import Performer
        from .batch_score import Scorer
        from .engine import Engine

        if not loaded:
            device = devices.torch_device(devices.choose(options.device))
            engine = Engine.load(options.weights, device, recognises=not options.no_recognise)
            loaded.append(Performer(engine, Scorer(engine, options.weights)))
        return loaded[0]

    return load


def code_of(summary: Summary) -> int:
    if summary.left:
        return UNFINISHED
    return SOME_FAILED if summary.failed else ALL_DONE


def tell_end(tell: Tell, summary: Summary, seconds: float) -> None:
    counts = {name: getattr(summary, name) for name in ("made", "kept", "failed", "left")}
    tell({"event": "end", **counts, "stopped": summary.stopped, "seconds": round(seconds, 2)})


def child_arguments(options: argparse.Namespace) -> list[str]:
    """Arguments of one process of a crew."""
    line = ["batch", str(options.lines.absolute()), "--out", str(options.out.absolute())]
    line += ["--outputs", options.outputs, "--seeds", options.seeds, "--shard", options.shard]
    line += ["--best-of", str(options.best_of), "--min-meter", str(options.min_meter)]
    line += ["--rerolls", str(options.rerolls), "--device", options.device]
    line += ["--log", "json", "--no-report", "--keep-going", "--curves-only"]
    line += ["--parent", str(os.getpid())]
    if options.failed_lines_ok:
        line += ["--failed-lines-ok"]
    if options.fps is not None:
        line += ["--fps", str(options.fps)]
    if options.scene:
        line += ["--scene", str(options.scene.absolute())]
    if options.time_limit:
        line += ["--time-limit", options.time_limit]
    if options.fail_fast:
        line += ["--fail-fast"]
    if options.weights:
        line += ["--weights", str(options.weights.absolute())]
    if options.no_recognise:
        line += ["--no-recognise"]
    return line


def _crew(options: argparse.Namespace, plan: Plan, tell: Teller) -> int:
    """Several processes on one list."""
    from .batch_crew import Crew
    from .batch_follow import follow

    _check_curves(options, plan)
    _check_meter(plan)
    home = Path(__file__).parent.parent
    command = [sys.executable, "-m", "model_runtime", *child_arguments(options)]
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=home, env=environment)

    crew = Crew(start, options.jobs)
    try:
        crew.begin()
        return follow(crew, options.out, plan.items, tell)
    finally:
        crew.stop()


def _check_curves(options: argparse.Namespace, plan: Plan) -> None:
    kinds = needs_blender(plan)
    if kinds and not options.curves_only:
        raise ListError(
            f"The outputs {', '.join(kinds)} need Blender: run the same as "
            "'blender -b --command thunder_blender batch ...'."
        )


def _check_meter(plan: Plan) -> None:
    """Raises WeightsError, before any line is begun, where a meter is wanted and none is there."""
    wanted = (item for item in plan.items if set(METERS) & set(item.line.outputs))
    if any(not item.meter for item in wanted):
        raise WeightsError(
            "The outputs 'meter' and 'meter.csv' need the meter's model files, which are missing. "
            "Reinstall the extension, or leave these outputs out."
        )


COMMANDS = {"batch": batch, "report": report}


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
