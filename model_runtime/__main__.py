# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m model_runtime generate LINE.wav --seed 7 --out take.npz`: a take without Blender.

`batch` and `report` are in `batch_cli`.

Exit code 0 when every take is written, 1 with one sentence on stderr when not, 2 for a command
line that cannot be understood, 130 when stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import batch_cli
from .contract import (
    ARTICULATION_RANGE,
    AUTO,
    EMOTIONS,
    SMOOTHING_RANGE,
    GenerateRequest,
    Progress,
    RequestError,
    Settings,
    Take,
    ThunderError,
    WeightsError,
)
from .files import check_writable, write_atomic
from .provenance import provenance
from .settings_text import emotion_of, intensity_of, number_of, seed_of

if TYPE_CHECKING:
    from .engine import Engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code."""
    options = _parser().parse_args(arguments)
    # Waiting threads that spin make generation five times slower on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    quiet = getattr(options, "quiet", False)
    level = logging.ERROR if quiet else logging.WARNING
    logging.basicConfig(level=level, format="warning: %(message)s", stream=sys.stderr, force=True)
    if options.command in batch_cli.COMMANDS:
        return batch_cli.COMMANDS[options.command](options)
    try:
        _generate(options)
    except ThunderError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print("error: Memory ran out. Close other programs or use a shorter file.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: Stopped; no file was left half-written.", file=sys.stderr)
        return 130
    return 0


def _generate(options: argparse.Namespace) -> None:
    """Check everything that can be checked first, then read, load, generate and write."""
    jobs = [(_settings(options, seed), _out_path(options.out, seed)) for seed in _seeds(options)]
    watch = Stopwatch(quiet=options.quiet)
    transcript = _transcript(options.transcript)
    with watch.stage("start"):
        from .audio import read_audio
        from .takefile import check_output, write_take

        for _, path in jobs:
            check_output(path, options.fps)
        if options.timings:
            check_writable(options.timings)
    with watch.stage("read the sound"):
        audio = read_audio(options.audio)
    with watch.stage("load the model"):
        engine = _engine_class().load(options.weights, recognises=not options.no_recognise)
    for settings, path in jobs:
        with watch.stage(f"generate seed {settings.seed}", audio.seconds):
            take = engine.generate(audio.samples, settings, watch.progress, transcript)
        request = GenerateRequest(options.audio, settings, transcript=transcript)
        made = provenance(take, request, audio)
        take = replace(take, provenance=made)
        with watch.stage(f"write {path.name}"):
            write_take(take, path, options.fps)
        print(_result(take, path, settings))
    if options.timings:
        report = {"stages": watch.stages, "audio_seconds": audio.seconds}
        write_atomic(options.timings, (json.dumps(report, indent=2) + "\n").encode())


class Stopwatch:
    """Times named stages and tells them, and the progress inside them, on stderr."""

    def __init__(self, quiet: bool) -> None:
        self.stages: dict[str, float] = {}
        self._quiet = quiet
        self._live = sys.stderr.isatty()

    @contextmanager
    def stage(self, name: str, audio_seconds: float | None = None) -> Iterator[None]:
        start = time.perf_counter()
        yield
        taken = time.perf_counter() - start
        self.stages[name] = round(taken, 4)
        ratio = f" ({taken / audio_seconds:.3f} s a second of sound)" if audio_seconds else ""
        if not self._quiet:
            clear = "\r\033[K" if self._live else ""
            print(f"{clear}{name}: {taken:.2f} s{ratio}", file=sys.stderr)

    def progress(self, progress: Progress) -> bool:
        if self._live and not self._quiet:
            percent = f"{progress.fraction:4.0%}"
            print(f"\r\033[K{percent} {progress.stage}", end="", file=sys.stderr, flush=True)
        return True


def _engine_class() -> type[Engine]:
    try:
        from .engine import Engine
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"The engine cannot start: the Python package '{error.name}' is missing from "
            f"{sys.executable}. Install tools/requirements/engine.txt into it."
        ) from error
    return Engine


def _seeds(options: argparse.Namespace) -> list[int]:
    if options.seeds is None:
        return [seed_of(options.seed)]
    seeds = [seed_of(part) for part in options.seeds.split(",")]
    if len(seeds) > 1 and "{seed}" not in str(options.out):
        raise RequestError(
            f"Several seeds need several files: write {{seed}} into --out, "
            f"as in 'take_{{seed}}{options.out.suffix}'."
        )
    return seeds


def _out_path(template: Path, seed: int) -> Path:
    return Path(str(template).replace("{seed}", str(seed)))


def _settings(options: argparse.Namespace, seed: int) -> Settings:
    return Settings(
        seed,
        intensity_of(options.intensity),
        emotion_of(options.emotion),
        number_of("Articulation", options.articulation, ARTICULATION_RANGE),
        number_of("Smoothing", options.smoothing, SMOOTHING_RANGE),
    )


def _transcript(given: str) -> str:
    """The text itself, or that of the file behind an '@'."""
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(f"The transcript '{path}' is no UTF-8 text. Save it as such.") from error
    except OSError as error:
        reason = (error.strerror or "the system refused it").lower()
        raise RequestError(f"The transcript '{path}' cannot be read: {reason}.") from error


def _result(take: Take, path: Path, settings: Settings) -> str:
    frames, channels = take.weights.shape
    return (
        f"{path}: {frames} frames of {channels} channels at {take.fps:g} fps, "
        f"{take.seconds:.2f} s, seed {settings.seed}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_runtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="make a take of one line")
    add = generate.add_argument
    add("audio", type=Path, help="the line's sound: wav, flac, ogg, mp3, m4a, aac, mp4, mov")
    seeds = generate.add_mutually_exclusive_group()
    seeds.add_argument("--seed", default="0", help="whole number; the same seed, the same take")
    seeds.add_argument("--seeds", metavar="N,N,...", help="one take each, with {seed} in --out")
    add("--intensity", default="1", help="0 to 1.5, or keys such as '0:0.5,2:1.2' (second:value)")
    add("--emotion", default=AUTO, help=f"{', '.join((AUTO, *EMOTIONS))}; or '0:sad,2:happy'")
    add("--articulation", default="1", help="0.5 to 1.5: how far the mouth goes between closures")
    add("--smoothing", default="0", help="0 to 1: how much small movements are calmed")
    add("--transcript", default="", metavar="TEXT|@FILE", help="what is said, in English")
    add("--no-recognise", action="store_true", help=batch_cli.NO_RECOGNISE)
    add("--out", type=Path, required=True, help="take.npz, take.csv (Live Link Face) or take.json")
    add("--fps", type=float, help="frames a second in the file (csv: 60, others: 50)")
    add("--weights", type=Path, help="folder of other model weights")
    add("--timings", type=Path, help="write the seconds of each stage to this json file")
    add("--quiet", action="store_true", help="tell nothing but the result and errors")
    batch_cli.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
