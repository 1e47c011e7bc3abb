# SPDX-License-Identifier: GPL-3.0-or-later
"""A Deadline 10 command-script job for a list of dialogue lines, and a second one for the report.

    python submit.py --shards 40 --folder JOBFILES -- LINES --out DIR [options]

Writes job and plug-in files of the CommandScript plug-in and prints the two `deadlinecommand` lines
that submit them; --run runs these. THUNDER_BATCH as for OpenCue. New repositories have that plug-in
switched off: an administrator enables it. The keys are from Deadline's manual and were not tried on
a repository: none was at hand.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

START = "blender -b --command thunder_blender"


def script(words: Sequence[str], shards: int) -> list[str]:
    """One command a shard, as the CommandScript plug-in reads them: one a line."""
    start = shlex.split(os.environ.get("THUNDER_BATCH", START))
    common = [*start, "batch", *words, "--no-report", "--failed-lines-ok"]
    return [quoted([*common, "--shard", f"{number}/{shards}"]) for number in range(1, shards + 1)]


def quoted(words: Sequence[str]) -> str:
    """A command line as Deadline splits it on every system: by blanks and double quotes."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def report(words: Sequence[str]) -> str:
    start = shlex.split(os.environ.get("THUNDER_BATCH", START))
    return quoted([*start, "report", *words, "--failed-lines-ok"])


def job_info(name: str, tasks: int, after: str = "") -> str:
    """Job file: frames are lines of the script."""
    lines = ["Plugin=CommandScript", f"Name={name}", f"Frames=0-{tasks - 1}", "ChunkSize=1"]
    lines += ["OverrideTaskExtraInfoNames=false"]
    return "\n".join([*lines, *([f"JobDependencies={after}"] if after else [])]) + "\n"


def write_files(folder: Path, words: Sequence[str], shards: int) -> list[list[str]]:
    """Write all files; the two command lines, the second with JOBID for the first's answer."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "lines.job": job_info("THUNDER lines", shards),
        "lines.txt": "\n".join(script(words, shards)) + "\n",
        "report.job": job_info("THUNDER report", 1, "JOBID"),
        "report.txt": report(words) + "\n",
        "plugin.job": "StartupDirectory=\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = [
        [str(folder / name) for name in (f"{part}.job", "plugin.job", f"{part}.txt")]
        for part in ("lines", "report")
    ]
    return [["deadlinecommand", *three] for three in files]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("words", nargs="+", help="LINES --out DIR and options of batch")
    options = parser.parse_args(arguments)
    first, second = write_files(options.folder, options.words, options.shards)
    sys.stdout.write(f"{shlex.join(first)}\n{shlex.join(second)}\n")
    if not options.run:
        return 0
    answer = subprocess.run(first, capture_output=True, text=True, check=True).stdout
    job = next(line[6:] for line in answer.splitlines() if line.startswith("JobID="))
    path = Path(second[1])
    path.write_text(path.read_text("utf-8").replace("JOBID", job.strip()), encoding="utf-8")
    return subprocess.run(second, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
