# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Blender, with a window, from Debian's archive: set up, and run with scripts.

    python -m tools.real_blender ensure sid trixie
    python -m tools.real_blender run sid -- -b --version

`ensure` makes what is missing and prints what it got; it exits with 0 also where a Blender cannot
be made, after saying why, since the tests then skip with that reason.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tools import real_debian, real_sandbox
from tools.environments import ROOT, SetupError, say
from tools.real_debian import SUITES
from tools.real_sandbox import Ran, Sandbox

GUI = ROOT / "tools" / "gui"
PICTURES = ROOT / "build" / "screenshots"  # for people to look at
GL = {"LIBGL_ALWAYS_SOFTWARE": "1", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
WINDOWED = """
xvfb=$1; shift
exec 3> /tmp/display
Xvfb -displayfd 3 -screen 0 "$xvfb" -nolisten tcp -noreset > /tmp/xvfb.log 2>&1 &
server=$!
for _ in $(seq 200); do [ -s /tmp/display ] && break; sleep 0.1; done
[ -s /tmp/display ] || { echo "Xvfb did not start:"; cat /tmp/xvfb.log; exit 97; }
export DISPLAY=":$(cat /tmp/display)"
code=0; "$@" || code=$?
kill $server
exit $code
"""


@dataclass(frozen=True)
class Told:
    """What a script in a window did: how Blender ended and what the script wrote down."""

    ran: Ran
    results: dict[str, Any]

    def failure(self) -> str:
        """Why it does not count as done; empty when the script ran to its end."""
        if self.ran.code is None:
            return f"Blender was stopped after {self.ran.seconds:.0f} s\n{self.ran.said[-6000:]}"
        if self.results.get("error") or "finished" not in self.results:
            why = self.results.get("error", "the script wrote nothing down")
            return f"{why}\nexit code {self.ran.code}\n{self.ran.said[-6000:]}"
        if "Traceback (most recent call last)" in self.ran.said:
            return f"Python errors were printed\n{self.ran.said[-6000:]}"
        return ""


@dataclass(frozen=True)
class RealBlender:
    """One Blender with a user folder of its own under `work`, on the host at the same path."""

    suite: str
    work: Path
    engine_python: Path | None = None  # the interpreter that the worker gets
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.versions["blender"].split()[0].split("."))

    def sandbox(self) -> Sandbox:
        shown = [ROOT]
        environment = {
            **GL,
            "BLENDER_USER_RESOURCES": str(self._made("user")),
            "XDG_RUNTIME_DIR": "/tmp",
            "MESA_SHADER_CACHE_DIR": "/var/cache/shaders",  # kept between runs
            "PYTHONDONTWRITEBYTECODE": "1",
            "THUNDER_GUI": str(self._made("told")),
        }
        if self.engine_python:
            shown += real_sandbox.interpreter_folders(self.engine_python)
            environment["THUNDER_PYTHON"] = str(self.engine_python)
        return Sandbox(real_debian.folder_of(self.suite), tuple(shown), (self.work,), environment)

    def run(self, arguments: Sequence[str], timeout: float = 300, **extra: str) -> Ran:
        """Blender without a window."""
        box = self.sandbox()
        box = replace(box, environment={**box.environment, **extra})
        return box.run(["blender", *arguments], timeout)

    def gui(
        self,
        script: str,
        *,
        size: tuple[int, int] = (1600, 1000),
        scale: float = 1.0,
        timeout: float = 300,
        arguments: Sequence[str] = (),
        **options: Any,
    ) -> Told:
        """Blender in a window of `size` pixels on a screen of its own, under a script of tools/gui.

        `scale` is the preferences' resolution scale; `options` reach the script as they are.
        Raises OSError when the work folder cannot be written.
        """
        told = self._made("told")
        (told / "options.json").write_text(
            json.dumps({"scale": scale, "size": size, **options}, indent=1), "utf-8"
        )
        results = told / "results.json"
        results.unlink(missing_ok=True)
        blender = ["blender", *arguments, "--gpu-backend", "opengl", "--enable-event-simulate"]
        blender += ["-p", "0", "0", str(size[0]), str(size[1])]
        blender += ["--python-exit-code", "3", "--python", str(GUI / script)]
        screen = f"{size[0]}x{size[1]}x24"
        ran = self.sandbox().run(["sh", "-c", WINDOWED, "sh", screen, *blender], timeout)
        try:
            return Told(ran, json.loads(results.read_text("utf-8")))
        except (OSError, ValueError):
            return Told(ran, {})

    def keep_pictures(self, name: str) -> list[Path]:
        """Copy the screenshots so far to where people look; gives the copies."""
        folder = PICTURES / f"{self.suite}-{'.'.join(map(str, self.version))}" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        pictures = sorted(self._made("told").glob("*.png"))
        return [Path(shutil.copy(picture, folder)) for picture in pictures]

    def _made(self, name: str) -> Path:
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def ready(suite: str, work: Path, engine_python: Path | None = None) -> RealBlender:
    """The Blender of a suite that has been set up before. Raises SetupError with the reason."""
    reason = real_sandbox.why_impossible()
    if not reason and not real_debian.stamp(suite):
        reason = _remembered(suite) or "it is not set up (python -m tools.real_blender ensure)"
    if reason:
        raise SetupError(f"Blender of Debian {suite} cannot be used: {reason}")
    return RealBlender(suite, work.resolve(), engine_python, real_debian.stamp(suite))


def ensure(suite: str) -> bool:
    """Set it up if need be, print what there is; False, after the reason, where it can't be."""
    note = real_debian.cache_folder() / f"{suite}.why"
    note.unlink(missing_ok=True)
    try:
        real_debian.ensure(suite)
    except SetupError as error:
        say(f"Skipping real Blender of Debian {suite}. {error}")
        if os.access(note.parent, os.W_OK):
            note.write_text(str(error), "utf-8")
        return False
    told = real_debian.stamp(suite)
    say(
        f"Real Blender of Debian {suite}: {told['blender']}, Python {told['python']}, "
        f"numpy {told['numpy']}, set up {told['made']} in {real_debian.folder_of(suite)}"
    )
    return True


def _remembered(suite: str) -> str:
    try:
        return (real_debian.cache_folder() / f"{suite}.why").read_text("utf-8")
    except OSError:
        return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Real Blender from Debian's archive.")
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("ensure", help="set up")
    making.add_argument("suites", nargs="*", default=SUITES)
    running = commands.add_parser("run", help="run without a window")
    running.add_argument("suite", choices=SUITES)
    running.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.command == "ensure":
        for suite in options.suites:
            ensure(suite)
        return 0
    blender = ready(options.suite, ROOT / "build" / "real")
    passed = [item for item in options.arguments if item != "--"]
    ran = blender.run(passed)
    print(ran.said)
    return 1 if ran.code is None else ran.code


if __name__ == "__main__":
    sys.exit(main())
