# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenCue job for a list of dialogue lines: one shard a frame, then the report.

    python thunder_dialogue.py --show SHOW --shot SHOT --shards 40 -- LINES --out DIR [options]

What stands after `--` goes to every `batch` as it is. THUNDER_BATCH is how a host starts the
command: `blender -b --command thunder_blender` by default; for curves alone
`python /path/farm/run_batch.py`. A frame that dies is tried again up to RETRIES times.
Tried with OpenCue's own outline library up to the job's specification: no Cuebot was at hand.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any

START = "blender -b --command thunder_blender"
MEMORY = "4g"
RETRIES = 3


def commands(words: Sequence[str], shards: int) -> tuple[list[str], list[str]]:
    """The command of a frame, with #IFRAME# for its shard, and that of the report."""
    start = shlex.split(os.environ.get("THUNDER_BATCH", START))
    shard = ["--shard", f"#IFRAME#/{shards}", "--no-report", "--failed-lines-ok"]
    return [*start, "batch", *words, *shard], [*start, "report", *words, "--failed-lines-ok"]


def quoted(command: Sequence[str]) -> list[str]:
    """The words as a shell reads them: OpenCue joins a layer's words with blanks."""
    return [shlex.quote(word) for word in command]


def outline_of(options: argparse.Namespace) -> Any:
    """The job as OpenCue's outline library knows it."""
    from outline import Outline
    from outline.modules.shell import Shell

    lines, report = commands(options.words, options.shards)
    outline = Outline("thunder_dialogue", shot=options.shot, show=options.show)
    shards = Shell(
        "lines", command=quoted(lines), range=f"1-{options.shards}", memory=MEMORY, cores=1
    )
    merge = Shell("report", command=quoted(report), range="1", memory=MEMORY)
    merge.depend_all(shards)
    outline.add_layer(shards)
    outline.add_layer(merge)
    return outline


def submit(options: argparse.Namespace) -> None:
    """Hand the job to Cuebot; needs OpenCue's packages."""
    from outline import cuerun

    cuerun.launch(outline_of(options), use_pycuerun=False, maxretries=RETRIES)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", default="testing")
    parser.add_argument("--shot", default="shot01")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--print", action="store_true", help="only show the two commands")
    parser.add_argument("words", nargs="+", help="LINES --out DIR and options of batch")
    options = parser.parse_args(arguments)
    if options.print:
        for command in commands(options.words, options.shards):
            sys.stdout.write(shlex.join(command) + "\n")
        return 0
    submit(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
