# SPDX-License-Identifier: GPL-3.0-or-later
"""`dev.py test --campaign`: a batch is killed in every way, and must lose and repeat nothing.

    python tools/campaign.py [--lines 60] [--kills 30] [--real] [--blender PYTHON] [--out FILE.json]

An undisturbed run of a list gives what must come out. Then the same list is run into another folder
by processes that are killed inside writing, flushing, renaming, journalling, reporting and
performing, on a clock that jumps back, with damaged journals, two at once, on a disk that fills up
and on a drive that vanishes (where this machine lets one be mounted). In the end every line must
be there once, with equal bytes. --real performs with the models in place of noise. Exit code 1 when
anything was lost, repeated or differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CHILD = ROOT / "tools" / "campaign_child.py"
PLACES = ("write", "part", "fsync", "rename", "renamed", "perform")
JOURNAL = Path(".thunder", "journal")
KILLED = -9
LIMIT = 600  # seconds for one run
LIMIT_REAL = 3000  # the same with the models, on a machine that does other work too


@dataclass
class Result:
    """What the campaign found; what is lost, repeated or differs must be 0."""

    lines: int = 0
    runs: int = 0
    kills: int = 0
    torn_journals: int = 0
    full_disks: int = 0
    lost_drives: int = 0
    lost: int = 0
    repeated: int = 0
    bytes_differ: int = 0
    leftovers: int = 0  # temporary files in the end
    seconds: float = 0.0
    disk: str = "not tested"
    drive: str = "not tested"
    blender_kills: int = 0  # of Blender
    engine_kills: int = 0  # of the engine's process under it
    blend_lost: int = 0
    blend_differ: int = 0  # in the data of .blend files

    @property
    def good(self) -> bool:
        bad = (self.lost, self.repeated, self.bytes_differ, self.blend_lost, self.blend_differ)
        return not any(bad)


class Campaign:
    """One list of sounds, its undisturbed results, and the runs that are killed."""

    def __init__(self, work: Path, options: argparse.Namespace) -> None:
        self.work, self.options = work, options
        self.result = Result(lines=options.lines)
        self.dice = random.Random(options.seed)
        self.limit = LIMIT_REAL if options.real else LIMIT
        self.sounds = make_sounds(work / "sounds", options.lines)

    def run(self) -> Result:
        start = time.monotonic()
        if not self.options.only_blender:
            self.curves()
        if self.options.blender:
            self.scenes()
        self.result.seconds = round(time.monotonic() - start, 1)
        return self.result

    def curves(self) -> None:
        """Batches of curves."""
        whole = self.work / "undisturbed"
        assert self.batch(whole) == 0, f"the undisturbed run failed: {self.last_words()}"
        expected = contents(whole)
        hurt = self.work / "disturbed"
        self.kill_often(hurt)
        self.two_at_once(hurt)
        self.tear_journals(hurt)
        assert self.batch(hurt) == 0, f"the last run failed: {self.last_words()}"
        self.compare(hurt, expected)
        self.fill_disk(expected)
        self.lose_drive(expected)

    def scenes(self) -> None:
        """Batches with Blender, which is killed, and so is its engine."""
        whole, hurt = self.work / "scenes", self.work / "hurt scenes"
        assert self.blender("batch", out=whole) == 0, (
            f"the undisturbed run failed: {self.last_words()}"
        )
        for index in range(self.options.blender_kills):
            place = ("fsync", "rename", "renamed", "write")[index % 4]
            extra = {}
            if index % 3 == 0:
                extra["THUNDER_STUB_KILL"] = str(self.work / f"killed {index}")
            count = self.dice.randint(1, 3)
            code = self.blender("--die", f"{place}:{count}", "batch", out=hurt, **extra)
            self.result.blender_kills += code == KILLED
            self.result.engine_kills += len(extra) and Path(*extra.values()).exists()
            self.say(f"Blender {place}:{count} -> {'killed' if code == KILLED else code}")
        assert self.blender("batch", out=hurt) == 0, f"the last run failed: {self.last_words()}"
        expected, found = self.blends(whole), self.blends(hurt)
        self.result.blend_lost = len(set(expected) - set(found))
        self.result.blend_differ = sum(
            found[name] != digest for name, digest in expected.items() if name in found
        )

    def blender(self, *words: str, out: Path, **extra: str) -> int:
        self.result.runs += 1
        line = [*words, str(self.sounds), "--out", str(out), "--outputs", "blend"]
        with (self.work / "log.txt").open("ab") as log:
            ran = self._in_blender(line, extra, stdout=log, stderr=log)
        return ran.returncode

    def blends(self, out: Path) -> dict[str, str]:
        """Hash by name of the data of the .blend files, by opening each."""
        ran = self._in_blender(["--contents", str(out)], {}, capture_output=True, text=True)
        told = [line for line in ran.stdout.splitlines() if line.startswith("CONTENTS ")]
        found: dict[str, str] = json.loads(told[-1][len("CONTENTS ") :])
        return found

    def _in_blender(self, words: list[str], extra: dict[str, str], **streams: Any) -> Any:
        command = [str(self.options.blender), str(ROOT / "tools" / "campaign_blender.py")]
        command += ["--resources", str(self.work / "resources"), *words]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **extra}
        environment.pop("BLENDER_USER_RESOURCES", None)
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=LIMIT, **streams)

    def kill_often(self, out: Path) -> None:
        """Kill one run after another; a run that ends before its death is not counted."""
        deaths = [PLACES[index % len(PLACES)] for index in range(self.options.kills - 1)]
        self.dice.shuffle(deaths)
        for index, place in enumerate([*deaths, "report"]):
            count = 1 if place in ("perform", "report") else self.dice.randint(1, 4)
            words = ["--die", f"{place}:{count}"] + (["--clock-back"] if index % 5 == 0 else [])
            code = self.batch(out, *words)
            self.result.kills += code == KILLED
            self.say(f"{place}:{count} -> {'killed' if code == KILLED else code}")

    def two_at_once(self, out: Path) -> None:
        """Two runs share what is left; one is killed from outside."""
        first, second = self.start(out), self.start(out)
        time.sleep(self.dice.uniform(0.5, 2.0))
        first.kill()
        self.result.kills += first.wait(self.limit) == KILLED
        self.say(f"two at once -> {second.wait(self.limit)}")
        self.result.runs += 2

    def tear_journals(self, out: Path) -> None:
        """Add half a record and a damaged one to every journal: nothing known may be forgotten."""
        for path in (out / JOURNAL).glob("*.jsonl"):
            with path.open("ab") as file:
                file.write(b'{"item":"x","record":"done","sum":"00000000"}\n{"item":"line_')
            self.result.torn_journals += 1

    def fill_disk(self, expected: dict[str, str]) -> None:
        """Run on a disk with too little room, then give it room."""
        disk = self.work / "disk"
        disk.mkdir()
        room = sum(path.stat().st_size for path in (self.work / "undisturbed/takes").iterdir())
        if not mount(disk, f"{room // 2048}k"):
            self.result.disk = "not tested: nothing may be mounted here"
            return
        try:
            code = self.batch(disk / "out")
            self.result.full_disks += code == 1
            subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
            again = self.batch(disk / "out")
            self.result.disk = f"full: exit code {code}; with room again: {again}"
            self.compare(disk / "out", expected)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)

    def lose_drive(self, expected: dict[str, str]) -> None:
        """Take the drive of the results away in mid-run, then bring it back."""
        server, drive = self.work / "server", self.work / "drive"
        server.mkdir()
        drive.mkdir()
        if not bind(server, drive):
            self.result.drive = "not tested: nothing may be mounted here"
            return
        try:
            running = self.start(drive / "out", "--pause", "0.5")
            while running.poll() is None and not list(server.glob("out/takes/*.npz")):
                time.sleep(0.02)
            subprocess.run(["umount", "-l", str(drive)], check=True)
            code = running.wait(self.limit)
            self.result.runs += 1
            self.result.lost_drives += code == 1
            stray = list(drive.rglob("*.*"))
            bind(server, drive)
            again = self.batch(drive / "out")
            self.result.drive = f"gone: exit code {code}, {len(stray)} stray files; back: {again}"
            self.compare(drive / "out", expected)
        finally:
            subprocess.run(["umount", "-l", str(drive)], check=False)

    def compare(self, out: Path, expected: dict[str, str]) -> None:
        """Count what is lost, made twice, or differs from the undisturbed run."""
        found = contents(out)
        done = done_records(out)
        self.result.lost += len(set(expected) - set(found))
        self.result.bytes_differ += sum(
            found[name] != digest for name, digest in expected.items() if name in found
        )
        self.result.repeated += sum(done.count(item) > 1 for item in set(done))
        self.result.leftovers += len(list((out / "takes").glob(".*.part")))

    def batch(self, out: Path, *words: str) -> int:
        self.result.runs += 1
        return self.start(out, *words).wait(self.limit)

    def start(self, out: Path, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(CHILD), *words]
        command += [] if self.options.real else ["--fake"]
        command += ["batch", str(self.sounds), "--out", str(out), "--log", "json"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        log = (self.work / "log.txt").open("ab")
        with log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def last_words(self) -> str:
        return (self.work / "log.txt").read_text("utf-8", "replace")[-2000:]

    def say(self, text: str) -> None:
        if not self.options.quiet:
            print(text, flush=True)


def make_sounds(folder: Path, count: int) -> Path:
    """Short voiced noises, all different."""
    folder.mkdir(parents=True)
    for number in range(count):
        noise = np.random.default_rng(number)
        seconds = 0.3 + 0.5 * noise.random()
        time_ = np.arange(int(16000 * seconds)) / 16000
        voice = np.sin(2 * np.pi * (100 + 3 * number) * time_) + 0.2 * noise.standard_normal(
            len(time_)
        )
        with wave.open(str(folder / f"line_{number:03d}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes((voice * 6000).astype("<i2").tobytes())
    return folder


def contents(out: Path) -> dict[str, str]:
    """Hash by name of all finished outputs."""
    files = [path for path in (out / "takes").iterdir() if not path.name.startswith(".")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def done_records(out: Path) -> list[str]:
    """Items that the journals call done, as often as they do."""
    sys.path.insert(0, str(ROOT))
    from model_runtime.batch_journal import DONE, decoded

    return [
        record["item"]
        for path in (out / JOURNAL).glob("*.jsonl")
        for record in decoded(path.read_bytes(), path)
        if record.get("record") == DONE
    ]


def mount(folder: Path, size: str) -> bool:
    """A disk in memory of this size, where this machine allows it."""
    if shutil.which("mount") is None or sys.platform != "linux":
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def bind(folder: Path, place: Path) -> bool:
    """Let `place` show what is in `folder`, where this machine allows it."""
    if shutil.which("mount") is None or sys.platform != "linux":
        return False
    command = ["mount", "--bind", str(folder), str(place)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="perform with the models")
    parser.add_argument("--blender", type=Path, help="a Python with bpy: kill Blender too")
    parser.add_argument("--blender-kills", type=int, default=8)
    parser.add_argument("--only-blender", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--out", type=Path, help="write the figures to this json file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="thunder-campaign-") as folder:
        result = Campaign(Path(folder), options).run()
    text = json.dumps(asdict(result), indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
