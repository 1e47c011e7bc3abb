# SPDX-License-Identifier: GPL-3.0-or-later
"""`dev.py demo`: a line of sound to demo.blend, demo.mp4, demo_sheet.png and demo.json.

Standard library only. Everything is made in a hidden folder beside the results and moved there
when all of it is done, so a run that fails leaves the results of the one before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import environments
from .environments import BLENDERS, ENGINE, ROOT, SetupError, child_environment, say

TAKES = 3  # seeds N, N+1, N+2
RESULTS = ("demo.blend", "demo.mp4", "demo_sheet.png", "demo.json", "takes")
FIRST_FRAME = 1  # where tools/demo_scene.py begins the line
TOLD_EVERY = 10.0  # seconds between two words on the video
CLOSURES_SHOWN = 8  # on the contact sheet, which fills up with evenly spread frames


class Stages:
    """Seconds of each stage, told as they pass."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        say(f"{name} ...")
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)
        say(f"{name}: {self.seconds[name]:.1f} s")


class Chatter(threading.Thread):
    """Reads what Blender tells on the side: how far the video is, and why it failed."""

    def __init__(self, stream: Any) -> None:
        super().__init__(daemon=True)
        self.frames = 0
        self._stream, self._lines, self._told = stream, [""], time.perf_counter()
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self._lines = [*self._lines[-40:], line.rstrip()]
            found = re.search(r"append frame (\d+)", line, re.IGNORECASE)
            if found and time.perf_counter() - self._told > TOLD_EVERY:
                self._told = time.perf_counter()
                say(f"  video: frame {found.group(1)} of {self.frames}")

    def reason(self) -> str:
        """The sentence that begins with 'error: ', or else the last lines."""
        sentences = [line for line in self._lines if line.startswith("error: ")]
        lines = "\n".join(self._lines[-12:])
        return sentences[-1] if sentences else f"{lines}\nerror: Blender could not make the scene."


class StoppedError(Exception):
    """A part has already said on stderr why it failed; carries its exit code."""


def run(options: argparse.Namespace) -> int:
    """Make the demo; gives the exit code. Raises SetupError."""
    options.audio, options.out = options.audio.resolve(), options.out.resolve()
    _check(options)
    work = options.out / ".unfinished"
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / "takes").mkdir(parents=True)
    except OSError as error:
        raise SetupError(f"'{options.out}' cannot be written: {error.strerror}.") from error
    try:
        _make(options, work)
        _move_results(work, options.out)
    except StoppedError as stopped:
        return int(stopped.args[0])
    finally:
        shutil.rmtree(work, ignore_errors=True)
        with suppress(OSError):
            options.out.rmdir()  # does nothing unless it is empty
    _tell_results(options.out)
    return 0


def _check(options: argparse.Namespace) -> None:
    if not options.audio.is_file():
        raise SetupError(f"The sound file '{options.audio}' does not exist. Check --audio.")
    if not options.seed.lstrip("-").isdigit():
        raise SetupError(f"Seed '{options.seed}' is not a whole number. Check --seed.")
    if not 1 <= options.fps <= 240:
        raise SetupError(f"{options.fps:g} frames a second is out of range. Use 1 to 240.")
    if options.alignment is None and options.audio.with_suffix(".phones.json").is_file():
        options.alignment = options.audio.with_suffix(".phones.json")


def _make(options: argparse.Namespace, work: Path) -> None:
    stages = Stages()
    with stages("set up"):
        environments.ensure_libraries()
        engine = environments.ensure(ENGINE)
        blender = environments.ensure(BLENDERS[options.blender])
    with stages("pack the extension"):
        archive = Path(_output([engine, "tools/build_extension.py", "--out", work]).strip())
    with stages("generate the takes"):
        takes, engine_report = _generate(engine, options, work)
    with stages("measure the lips"):
        contacts = {take.stem: _contacts(engine, take, options.alignment) for take in takes}
    with stages("make the scene and the video"):
        frames = _closure_frames(contacts[takes[0].stem], options.fps)
        scene_report = _scene(blender, options, work, archive, takes, frames)
    provenance = {take.stem: _provenance(engine, take) for take in takes}
    document = {
        "settings": _settings(options),
        "hashes": _hashes(options.audio, archive, work),
        "versions": {
            "dev.py": platform.python_version(),
            "blender": options.blender,
            "system": platform.platform(),
        },
        "stages_seconds": stages.seconds,
        "engine_seconds": engine_report["stages"],
        "audio_seconds": engine_report["audio_seconds"],
        "seconds_per_audio_second": _speed(engine_report),
        "keys_ms": _keys_ms(scene_report),
        "scene": scene_report,
        "contacts": contacts,
        "takes": provenance,
    }
    (work / "demo.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _generate(
    engine: Path, options: argparse.Namespace, work: Path
) -> tuple[list[Path], dict[str, Any]]:
    seeds = [int(options.seed) + step for step in range(TAKES)]
    timings = work / "timings.json"
    command = [engine, "-m", "model_runtime", "generate", options.audio]
    command += ["--seeds=" + ",".join(map(str, seeds)), f"--intensity={options.intensity}"]
    command += [f"--emotion={options.emotion}", "--out", work / "takes" / "seed_{seed}.npz"]
    _stream([*command, "--timings", timings], stdout=subprocess.DEVNULL)
    takes = [work / "takes" / f"seed_{seed}.npz" for seed in seeds]
    return takes, json.loads(timings.read_text(encoding="utf-8"))


def _contacts(engine: Path, take: Path, alignment: Path | None) -> dict[str, Any] | None:
    """Contact figures of a take, where the phones of its line are known."""
    if alignment is None:
        return None
    command = [engine, "-m", "training.evaluate", "--take", take, "--alignment", alignment]
    figures: dict[str, Any] = json.loads(_output(command))
    return figures


def _closure_frames(figures: dict[str, Any] | None, fps: float) -> list[int]:
    """Scene frames at which the lips are nearest to each other on a p, b or m."""
    if not figures:
        return []
    seconds = [event["frame"] / 50 for event in figures["bilabials"] if "frame" in event]
    chosen = seconds[:: -(-len(seconds) // CLOSURES_SHOWN)] if seconds else []
    return sorted({FIRST_FRAME + round(second * fps) for second in chosen})


def _scene(
    blender: Path,
    options: argparse.Namespace,
    work: Path,
    archive: Path,
    takes: Sequence[Path],
    frames: Sequence[int],
) -> list[dict[str, Any]]:
    """Run tools/demo_scene.py, tell its timings as they come, give them all."""
    command: list[Any] = [blender, "tools/demo_scene.py", "--zip", archive, "--fps", options.fps]
    for take in takes:
        command += ["--take", take]
    command += ["--audio", options.audio, "--out", work]
    if frames:
        command += ["--sheet-frames", ",".join(map(str, frames))]
    entries = []
    with _process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        chatter = Chatter(process.stderr)
        for line in process.stdout or ():
            entries.append(json.loads(line))
            if entries[-1]["stage"] == "take":
                chatter.frames = entries[-1]["frames"]
            say("  " + ", ".join(f"{name} {value}" for name, value in entries[-1].items()))
    chatter.join()
    if process.returncode:
        print(chatter.reason(), file=sys.stderr)
        raise StoppedError(process.returncode)
    return entries


def _provenance(engine: Path, take: Path) -> dict[str, Any]:
    code = "import numpy, sys; print(numpy.load(sys.argv[1])['provenance'])"
    made: dict[str, Any] = json.loads(_output([engine, "-c", code, take]))
    return {**made, "sha256": _sha256(take)}


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "audio": options.audio.name,
        "seeds": [int(options.seed) + step for step in range(TAKES)],
        "intensity": options.intensity,
        "emotion": options.emotion,
        "fps": options.fps,
        "blender": options.blender,
    }


def _hashes(audio: Path, archive: Path, work: Path) -> dict[str, str]:
    files = [audio, archive, *(work / name for name in RESULTS[:3])]
    return {path.name: _sha256(path) for path in files}


def _speed(engine_report: dict[str, Any]) -> float:
    generated = [
        seconds for stage, seconds in engine_report["stages"].items() if "generate" in stage
    ]
    return round(sum(generated) / len(generated) / engine_report["audio_seconds"], 4)


def _keys_ms(scene_report: Sequence[dict[str, Any]]) -> float:
    """Milliseconds of writing the keys: the bench of 52 curves x 1500 keys where it was run."""
    timed = {
        entry["stage"]: float(entry["keys_ms"]) for entry in scene_report if "keys_ms" in entry
    }
    return timed.get("keys", max(timed.values(), default=float("nan")))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _process(command: Sequence[Any], **streams: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=child_environment(),
        text=True,
        encoding="utf-8",
        **streams,
    )


def _stream(command: Sequence[Any], **streams: Any) -> None:
    """Run a command whose words are for the user. Raises StoppedError when it fails."""
    with _process(command, **streams) as process:
        process.wait()
    if process.returncode:
        raise StoppedError(process.returncode)


def _output(command: Sequence[Any]) -> str:
    """What a command prints. Raises StoppedError when it fails, having said why."""
    with _process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        printed, said = process.communicate()
    if process.returncode:
        print(said, end="", file=sys.stderr)
        raise StoppedError(process.returncode)
    return printed


def _move_results(work: Path, out: Path) -> None:
    for name in RESULTS:
        target = out / name
        if target.is_dir():
            shutil.rmtree(target)
        (work / name).replace(target)


def _tell_results(out: Path) -> None:
    document = json.loads((out / "demo.json").read_text(encoding="utf-8"))
    say("")
    for stage, seconds in document["stages_seconds"].items():
        say(f"{stage:32} {seconds:8.1f} s")
    say(f"{'generation':32} {document['seconds_per_audio_second']:8.3f} s a second of sound")
    say(f"{'52 curves x 1500 keys':32} {document['keys_ms']:8.1f} ms")
    for name, figures in document["contacts"].items():
        if figures:
            say(f"{name}: " + ", ".join(_figures(figures)))
    say("")
    for name in RESULTS[:3]:
        say(str(out / name))


def _figures(figures: dict[str, Any]) -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, (int, float)):
            yield f"{name} {value:.2f}"
