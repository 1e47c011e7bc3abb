#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything one does with this repository, each as one command.

    python3 dev.py demo      a face says a line: .blend, video and contact sheet in demo/
    python3 dev.py test      every test, on this machine, in environments it makes itself;
                             --campaign: a batch is killed in every way and must lose nothing
    python3 dev.py check     lint, format and types
    python3 dev.py build     the extension's zip in dist/; --runtime linux-cpu: the engine's Python
    python3 dev.py head | corpus | train | evaluate   the workshop; arguments are passed on

Needs Python 3.9 or newer to start; it finds Python 3.11 for the work or says how to get it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if sys.version_info < (3, 9):  # noqa: UP036 - this file tells people what their machine lacks
    sys.exit("error: dev.py needs Python 3.9 or newer. Run it with a newer python3.")

from tools import environments
from tools.environments import BLENDERS, ENGINE, ROOT, WORKSHOP, SetupError, child_environment, say

LINE = ROOT / "examples" / "line.flac"
PASSED_ON = {  # command -> what it runs in the workshop's environment
    "head": ("tools/build_open_head.py",),
    "corpus": ("-m", "training.corpus"),
    "evaluate": ("-m", "training.evaluate"),
}
TRAINING = {  # in the order of the work; docs/training.md
    "pack": "training.pack",
    "encoder": "training.train_encoder",
    "calibrate": "training.calibrate",
    "lessons": "training.targets",
    "units": "training.units",
    "m2s": "training.train_m2s",
    "denoiser": "training.train_denoiser",
    "balance": "training.balance",
    "ablation": "training.ablation",
}
SPEECH_PACKAGES = ("flite", "espeak-ng", "festival", "festvox-kallpc16k", "festvox-kdlpc16k")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command in ("demo", "build", "check"):
        _parser().error(f"unknown arguments for {options.command}: {' '.join(rest)}")
    if options.install_system:
        os.environ[environments.ASKED] = "1"
    try:
        return int(options.run(options, rest))
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: Stopped.", file=sys.stderr)
        return 128 + signal.SIGINT


def demo(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """Sound to .blend and video."""
    from tools import demo as demonstration

    return demonstration.run(options)


def build(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """The extension's zip, or the archive of a runtime."""
    if options.runtime:
        return _build_runtime(options)
    python = environments.ensure(ENGINE)
    command = ["tools/build_extension.py", "--out", str(ROOT / "dist")]
    tools = sorted(environments.ENVS.glob("blender-*/lib/*/site-packages/bpy/**/blender_ext.py"))
    if not tools:
        say("Not validated: Blender's own packing tool is not here before 'dev.py test' has run")
    return run(python, *command, *(["--blender-ext", str(tools[-1])] if tools else []))


def _build_runtime(options: argparse.Namespace) -> int:
    python = environments.ensure(environments.Environment("lock", ("lock.txt",), 0.2))
    chosen = [word for version in options.python for word in ("--python", version)]
    return run(python, "tools/build_runtime.py", options.runtime, *chosen)


def check(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """Lint, format and types; every one runs, whatever the others say."""
    python = environments.ensure(WORKSHOP)
    failed = [name for name, command in CHECKS.items() if run(python, "-m", *command)]
    if failed:
        print(f"error: {', '.join(failed)} found something; see above.", file=sys.stderr)
    return 1 if failed else 0


CHECKS = {
    "ruff check": ("ruff", "check", "--quiet"),
    "ruff format": ("ruff", "format", "--check", "--quiet"),
    "mypy": ("mypy", "--no-error-summary"),
    "mypy on the Blender side": ("tools.check_blender_types",),
}


def test(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """Checks first, then all tests; pytest's closing line is the last one."""
    start = time.perf_counter()
    python = environments.ensure(WORKSHOP)
    if options.campaign:
        return run(python, "tools/campaign.py", *rest, OMP_NUM_THREADS="1")
    extra = {"OMP_NUM_THREADS": "1"}
    if not options.quick:
        _speech_programs()
        environments.ensure_libraries()
        blenders = environments.ensure_blenders()
        extra["THUNDER_BLENDERS"] = os.pathsep.join(
            f"{version}={path}" for version, path in blenders.items()
        )
        _real_blenders(python)
    say(f"Environments ready after {time.perf_counter() - start:.0f} s")
    unchecked = 0 if options.quick or rest else check(options, ())
    tested = run(python, "-m", "pytest", *(rest or ["tests"]), **extra)
    return tested or unchecked


def pass_on(options: argparse.Namespace, rest: Sequence[str]) -> int:
    """A command of the workshop, with its own arguments."""
    python = environments.ensure(WORKSHOP)
    if options.command != "train":
        return run(python, *PASSED_ON[options.command], *rest)
    if not rest or rest[0] not in TRAINING:
        raise SetupError(f"Say which step to run: dev.py train {' | '.join(TRAINING)}.")
    return run(python, "-m", TRAINING[rest[0]], *rest[1:])


def run(python: Path, *arguments: str, **extra: str) -> int:
    """Run one of the environments' interpreters in the repository; gives the exit code."""
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=ROOT, env=child_environment(**extra)).returncode


def _speech_programs() -> None:
    """The corpus tests need speech synthesisers and skip without; a fresh CI machine gets them."""
    if environments.may_install() and not shutil.which("festival"):
        environments.install_packages(SPEECH_PACKAGES)


def _real_blenders(python: Path) -> None:
    """Blender with a window, from Debian's archive, where this machine is to be set up for it."""
    if environments.may_install():
        run(python, "-m", "tools.real_blender", "ensure")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _demo_arguments(_command(commands, "demo", demo))
    tests = _command(commands, "test", test)
    tests.add_argument("--quick", action="store_true", help="only the tests without Blender")
    tests.add_argument("--campaign", action="store_true", help="kill a batch in every way instead")
    _command(commands, "check", check)
    builds = _command(commands, "build", build)
    builds.add_argument("--runtime", metavar="PLATFORM-DEVICE", help="such as linux-cpu")
    builds.add_argument("--python", action="append", default=[], help="wheels for this one only")
    for name in (*PASSED_ON, "train"):
        _command(commands, name, pass_on, add_help=False)
    return parser


def _command(
    commands: Any, name: str, function: Callable[..., int], add_help: bool = True
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=function.__doc__, add_help=add_help
    )
    command.set_defaults(run=function)
    command.add_argument(
        "--install-system",
        action="store_true",
        help="as root on Debian, install missing system libraries (always when CI=true)",
    )
    return command


def _demo_arguments(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--audio", type=Path, default=LINE, help="your line (default: the bundled one)")
    add("--alignment", type=Path, help="its phones as JSON, for the contact figures")
    add("--seed", default="0", help="the takes have this seed and the next two")
    add("--intensity", default="1", help="0 to 1.5")
    add("--emotion", default="auto", help="auto, neutral, happy, sad, angry, ...")
    add("--fps", type=float, default=25.0, help="frames a second of the scene")
    with_sound = [version for version in BLENDERS if version != "4.2"]
    add("--blender", choices=with_sound, default="4.5", help="which Blender makes it")
    add("--out", type=Path, default=ROOT / "demo", help="folder of the results")


if __name__ == "__main__":
    sys.exit(main())
