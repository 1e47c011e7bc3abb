# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the lip-sync meter takes to draw, in each editor of a real Blender with a window.

    python -m tools.bench_overlay [sid|trixie] [--editor NAME] [--write docs/results/meter.json]

Needs `dev.py test`'s real Blenders (python -m tools.real_blender ensure). Prints milliseconds, the
medians of many redraws of a view that stands still, without a strip (0), and with one over 500 and
over 5000 frames, words under it; of one that is scrolled or zoomed; and with 20 lines.
tools/gui/meter_bench.py says what each figure is. --write merges the redraws of a view that stands
still into a file of results: `redraw_ms_5000` is the slowest editor's.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools import build_extension, real_blender
from tools.real_debian import SUITES
from training.metrics.results import update_results

ROOT = Path(__file__).resolve().parent.parent
MINUTES = 60


def bench(suite: str, work: Path, editor: str = "") -> dict[str, Any]:
    """What tools/gui/meter_bench.py found out. Raises SetupError where there is no such Blender."""
    found = real_blender.ready(suite, work)
    archive = build_extension.build(ROOT, work)
    command = ["--command", "extension", "install-file", "-r", "user_default", "--enable"]
    installed = found.run([*command, str(archive)])
    if installed.code != 0:
        raise SystemExit(f"error: {installed.said}")
    given = {"limit": 14 * MINUTES, "editor": editor}
    told = found.gui("meter_bench.py", timeout=15 * MINUTES, **given)
    if told.failure():
        raise SystemExit(f"error: {told.failure()}")
    return told.results


def figures(results: dict[str, Any]) -> dict[str, Any]:
    """What the file of results gets: the slowest editor's milliseconds, and every editor's."""
    every = {editor: times["5000"] for editor, times in results["draw_ms"].items()}
    return {
        "redraw_ms_5000": max(every.values()),
        "redraw": {**every, "blender": results["blender"]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="?", choices=SUITES, default=SUITES[0])
    parser.add_argument("--editor", default="", help="one of them, such as sequencer")
    parser.add_argument("--write", type=Path, help="a file of results, with all editors measured")
    chosen = parser.parse_args()
    if chosen.write and chosen.editor:
        parser.error("the slowest editor is known only where all are measured")
    with tempfile.TemporaryDirectory() as folder:
        results = bench(chosen.suite, Path(folder), chosen.editor)
    shown = {name: found for name, found in results.items() if name.endswith("_ms")}
    sys.stdout.write(json.dumps(shown, indent=1) + "\n")
    if chosen.write:
        update_results(chosen.write, figures(results))


if __name__ == "__main__":
    main()
