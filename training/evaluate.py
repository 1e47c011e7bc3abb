# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m training.evaluate`: how well the face says the words, with baselines beside it.

On held-out speakers' recordings and held-out synthetic voices, against their phone alignments.
docs/evaluation.md says what each figure means.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from model_runtime.contract import (
    EMOTIONS,
    INTENSITY_RANGE,
    OutputError,
    RequestError,
)
from model_runtime.files import check_writable, write_atomic

from .commands import exit_code
from .metrics.report import full_report
from .metrics.results import read_results, update_results
from .metrics.table import between_markers, rounded, write_json
from .metrics.take import take_report
from .metrics.thunder_report import thunder_report


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure lip contacts, rest, timing, jitter, seeds, intensity and speed of the "
        "model on held-out speech, with the articulation model and baselines beside it.",
    )
    what = p.add_argument_group("what is measured")
    what.add_argument("--corpus", type=Path, help="folder that training.corpus wrote")
    what.add_argument(
        "--split", choices=("test", "dev"), default="test", help="dev is for tuning; test"
    )
    what.add_argument("--clips-per-source", type=int, default=20, metavar="N", help="at most; 20")
    what.add_argument("--weights", type=Path, help="folder of weights instead of the bundled")
    what.add_argument("--no-model", action="store_true", help="ceiling and baselines only")
    what.add_argument(
        "--sampling",
        default="{}",
        metavar="JSON",
        help='change the sampler for a trial: {"guidance": 1.5, "point": {"bilabial": 0.15}}',
    )
    what.add_argument("--ear", action="store_true", help="also the model without recognised words")
    what.add_argument("--told", action="store_true", help="also the model told phones and contacts")
    what.add_argument(
        "--realign", type=int, default=0, metavar="N", help="real clips aligned again"
    )
    what.add_argument(
        "--seeds", type=int, default=3, metavar="K", help="3; 0: no seeds, no intensities"
    )
    what.add_argument(
        "--expression-clips", type=int, default=6, metavar="N", help="clips for them; 6"
    )
    what.add_argument(
        "--emotions", type=_emotions, default="neutral,happy,angry,surprised", metavar="A,B,..."
    )
    what.add_argument("--threads", type=int, default=2, help="CPU threads of the engine; 2")
    what.add_argument("--keys-json", type=Path, help="JSON with keys_ms, of the Blender benchmark")
    more = p.add_argument_group("more figures (docs/results/thunder.json)")
    more.add_argument(
        "--metrics", action="store_true", help="LVE, MOD, PCC, CCC, DTW, MTM, FDD ..."
    )
    more.add_argument("--metric-seeds", type=int, default=10, metavar="K", help="for S-DIV; 10")
    more.add_argument("--metric-clips", type=int, default=8, metavar="N", help="clips for it; 8")
    more.add_argument("--judge", type=Path, help="mesh-to-speech model that judges; the bundled")
    more.add_argument("--transcript", action="store_true", help="also the model told the words")
    more.add_argument("--steps-table", action="store_true", help="2, 4, 8, 16, 32, 50 steps")
    more.add_argument("--steps-clips", type=int, default=12, metavar="N", help="clips for it; 12")
    more.add_argument("--intensity", type=float, metavar="X", help="contacts there, e.g. 1.5")
    more.add_argument("--languages", action="store_true", help="Russian, de, fr, es, it")
    more.add_argument("--language-clips", type=int, default=12, metavar="N", help="of each; 12")
    more.add_argument(
        "--noise-db", type=_levels, default=(), metavar="DB,...", help="signal over noise: 20,10,5"
    )
    to = p.add_argument_group("where the results go")
    to.add_argument("--out", type=Path, help="JSON, e.g. docs/results/spine.json")
    to.add_argument("--thunder", type=Path, help="JSON whose measured parts are replaced")
    to.add_argument("--tables", type=Path, help="Markdown with all tables")
    to.add_argument("--card", type=Path, help="document whose marked part takes the tables")
    to.add_argument("--plots", type=Path, metavar="DIR", help="pictures of a few clips")
    to.add_argument("--plot-clips", type=int, default=6, metavar="N", help="how many; 6")
    one = p.add_argument_group("one take instead")
    one.add_argument("--take", type=Path, help="take (.npz, .json, .csv) to measure")
    one.add_argument("--alignment", type=Path, help="its phones: JSON of [phone, start, end]")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command: 0, or 1 with one sentence on stderr."""
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    return exit_code(lambda: measure_take(args) if args.take else measure_model(args))


def measure_take(args: argparse.Namespace) -> None:
    """Print the contact figures of one take. Raises ThunderError."""
    print(json.dumps(rounded(take_report(args.take, args.alignment)), indent=2))


def measure_model(args: argparse.Namespace) -> None:
    """Evaluate, print the tables and write what was asked for. Raises ThunderError."""
    check(args)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # torch reads it once, when it loads
    from .metrics.evaluation import Options, evaluate
    from .metrics.pictures import draw_results

    options = Options(**{field.name: getattr(args, field.name) for field in fields(Options)})
    results = evaluate(options)
    text, more = full_report(results.spine), thunder_report(results.thunder)
    print(text)
    print(more)
    if args.out:
        write_json(args.out, results.spine)
    if args.thunder:
        update_results(args.thunder, results.thunder)
    if args.tables:
        write_atomic(args.tables, f"{text}\n\n{more}".encode())
    if args.plots:
        draw_results(args.plots, results.thunder)
    if args.card:
        filled = between_markers(args.card.read_text(encoding="utf-8"), text)
        write_atomic(args.card, filled.encode())


def check(args: argparse.Namespace) -> None:
    """Find what would fail in the end before the long work starts. Raises ThunderError."""
    if args.corpus is None:
        raise RequestError("Say where the speech is: --corpus DIR (see python -m training.corpus).")
    if args.clips_per_source < 1:
        raise RequestError("--clips-per-source needs a number from 1 up.")
    if args.intensity is not None and not 0.0 <= args.intensity <= INTENSITY_RANGE[1]:
        raise RequestError(f"--intensity needs a number from 0 to {INTENSITY_RANGE[1]}.")
    for path in (args.out, args.thunder, args.tables):
        if path:
            check_place(path)
    if args.thunder:
        read_results(args.thunder)
    if args.card:
        if not args.card.is_file():
            raise RequestError(f"{args.card} does not exist. Name a document with figure markers.")
        between_markers(args.card.read_text(encoding="utf-8"), "")


def check_place(path: Path) -> None:
    """Make the folder of a result. Raises OutputError where nothing can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {path.parent} cannot be made. Choose another.") from error
    check_writable(path)


def _levels(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError("give decibels, e.g. 20,10,5") from error


def _emotions(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in EMOTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(EMOTIONS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
