# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes and removes the engine's environment. A script: Blender runs it as a child process.

It runs with the Python that the environment is made of, so it imports nothing but the standard
library. On stdout it tells, a JSON object a line: {"stage", "fraction"}, {"error"}, {"done"}.
When its stdin ends (Blender was closed, or the user cancelled), it stops and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CURRENT = "current.json"
MANIFEST = "runtime.json"  # in an archive
LOCK = "lock.txt"  # in an archive, and in a folder of wheels that brings its own
LOG = "install.log"
CLEANING = "Cleaning up"
WANTED = ("torch", "numpy", "scipy", "soundfile", "safetensors", "av")
CHECK = (
    "import json, platform, torch, numpy, scipy, soundfile, safetensors, av; "
    "print(json.dumps({'torch': torch.__version__, 'python': platform.python_version()}))"
)
LISTED = (
    "import json, importlib.metadata as m; "
    "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
)
SHARES = {"unpack": (0.0, 0.1), "make": (0.1, 0.15), "fetch": (0.15, 0.65), "install": (0.65, 0.95)}
HEAVY = {"torch": 8.0, "triton": 3.0}
UNPACKED_SECONDS = 0.3  # between two looks at how far pip is


class SetupFailedError(Exception):
    """The user's sentence."""


class StoppedError(Exception):
    """The user cancelled, or Blender has gone."""


class Steps:
    """Tells how far the work is and runs programs, until it is told to stop."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.stop = threading.Event()

    def tell(self, stage: str, step: str, part: float) -> None:
        if self.stop.is_set():
            raise StoppedError
        low, high = SHARES[step]
        say(stage=stage, fraction=round(low + (high - low) * min(1.0, part), 4))

    def watch_stdin(self) -> None:
        """Stop when whoever started this has gone or has closed the pipe."""

        def watch() -> None:
            while os.read(0, 1):  # a read through sys.stdin would abort the exit
                pass
            self.stop.set()

        threading.Thread(target=watch, daemon=True).start()

    def run(
        self,
        command: Sequence[str],
        heard: Callable[[str], None] | None = None,
        looked: Callable[[], None] | None = None,
    ) -> tuple[int, list[str]]:
        """Exit code and output of a program; `heard` gets each line, `looked` is called often."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
        process = start(command)
        lines: list[str] = []
        reader = threading.Thread(target=self._read, args=(process, lines), daemon=True)
        reader.start()
        seen = 0
        try:
            while reader.is_alive() or seen < len(lines):
                reader.join(UNPACKED_SECONDS)
                fresh = lines[seen:]
                seen += len(fresh)
                for line in fresh if heard else ():
                    heard(line)  # type: ignore[misc]
                if looked:
                    looked()
                if self.stop.is_set():
                    raise StoppedError
            return process.wait(), lines
        finally:
            end(process)

    def _read(self, process: subprocess.Popen[str], lines: list[str]) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            for line in process.stdout or ():
                log.write(line)
                lines.append(line.rstrip())


class Pip:
    """How far pip is, from what it says and from what grows in its folders."""

    def __init__(
        self, steps: Steps, names: Sequence[str], site: Path, temporary: Path, size: float
    ) -> None:
        """`size`: bytes that all packages take when installed, roughly; 0 when not known."""
        self.steps, self.names, self.site, self.temporary = steps, names, site, temporary
        self.size = size
        self.total = sum(weight(name) for name in names) or 1.0
        self.fetched = 0.0
        self.current, self.bytes = "", 0.0
        self.installing = self.used = 0
        self.part = 0.0

    def heard(self, line: str) -> None:
        if found := re.match(r"Collecting ([A-Za-z0-9._-]+?)(?:==|[ \[<>;]|$)", line):
            self.fetched += weight(self.current) if self.current else 0.0
            self.current, self.bytes = found.group(1), 0.0
        elif found := re.match(r"Processing \S*?([A-Za-z0-9_.]+)-\d[^/\\]*\.whl", line):
            self.heard(f"Collecting {found.group(1).replace('_', '-')}")
        elif found := re.search(r"Downloading \S+ \(([\d.]+) ([kMG])B\)", line):
            self.bytes = float(found.group(1)) * {"k": 1e3, "M": 1e6, "G": 1e9}[found.group(2)]
        elif line.startswith("Installing collected packages:"):
            self.installing = line.count(",") + 1
            self.used = shutil.disk_usage(self.site).used

    def looked(self) -> None:
        if self.installing:
            self.steps.tell(f"Installing {self.installing} packages", "install", self._unpacked())
            return
        part = self.fetched
        if self.bytes:
            part += weight(self.current) * min(1.0, self._downloaded() / self.bytes)
        stage = f"Fetching {self.current}" if self.current else "Asking for packages"
        self.steps.tell(stage, "fetch", part / self.total)

    def _unpacked(self) -> float:
        """Share of the packages that lie in place; torch alone is most of it, so the disk tells."""
        done = sum(1 for _ in self.site.glob("*.dist-info")) / self.installing
        filled = (shutil.disk_usage(self.site).used - self.used) / self.size if self.size else 0.0
        self.part = max(self.part, done, min(0.95, filled))
        return self.part

    def _downloaded(self) -> int:
        """Bytes of the wheel that pip is writing at the moment."""
        sizes = [0]
        with contextlib.suppress(OSError):  # files come and go
            sizes += [path.stat().st_size for path in self.temporary.glob("*/*.whl")]
        return max(sizes)


def weight(name: str) -> float:
    """How long a package takes beside the small ones."""
    return 4.0 if name.startswith("nvidia-") else HEAVY.get(name, 1.0)


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    """A program in a process group of its own, so that all it starts can be ended with it."""
    group = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        **group,  # type: ignore[arg-type]
    )


def end(process: subprocess.Popen[str]) -> None:
    """End a program and all that it started; harmless when it has ended."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def make_environment(steps: Steps, folder: Path) -> Path:
    """A new environment in `folder`; gives its interpreter. Raises SetupFailedError."""
    steps.tell("Making the environment", "make", 0.0)
    code, lines = steps.run([sys.executable, "-I", "-m", "venv", str(folder)])
    if code:
        raise SetupFailedError(
            f"{sys.executable} could not make an environment: {last(lines)} On Debian or Ubuntu "
            "install the package python3-venv; elsewhere name another interpreter."
        )
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(
    steps: Steps, python: Path, options: Sequence[str], names: Sequence[str], size: float
) -> None:
    """Run pip in the new environment. Raises SetupFailedError with pip's own reason."""
    temporary = python.parents[1] / "tmp"
    temporary.mkdir()
    os.environ.update(TMPDIR=str(temporary), TEMP=str(temporary), TMP=str(temporary))
    site = next(python.parents[1].glob("[Ll]ib/**/site-packages"))
    pip = Pip(steps, names, site, temporary, size)
    command = [str(python), "-I", "-u", "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--only-binary", ":all:"]
    code, lines = steps.run([*command, *options], pip.heard, pip.looked)
    shutil.rmtree(temporary, ignore_errors=True)
    if code:
        errors = [line for line in lines if line.startswith("ERROR:")]
        raise SetupFailedError(f"The packages could not be installed. {reason(errors or lines)}")


def reason(lines: Sequence[str]) -> str:
    """pip's words turned into a next step where the cause is a usual one."""
    text = "\n".join(lines)
    if "HASHES" in text or "hashes" in text:
        return "A package does not match its checksum and was refused. Check where it came from."
    if "No space left" in text:
        return "The disk is full. Make room and try again."
    if "No matching distribution" in text or "Could not find a version" in text:
        return f"{last(lines)} Check the index address, or use a runtime archive."
    return f"{last(lines)} The whole log lies beside the runtime: {LOG}."


def last(lines: Sequence[str]) -> str:
    told = [line.removeprefix("ERROR:").strip() for line in lines if line.strip()]
    return (told[-1] if told else "no reason was given").rstrip(".") + "."


def check(steps: Steps, python: Path) -> dict[str, str]:
    """Import everything once. Gives versions of the packages. Raises SetupFailedError."""
    say(stage="Checking", fraction=SHARES["install"][1])
    code, lines = steps.run([str(python), "-I", "-c", CHECK])
    if code:
        raise SetupFailedError(f"The packages are installed but do not load: {last(lines)}")
    _, lines = steps.run([str(python), "-I", "-c", LISTED])
    return {str(name): str(version) for name, version in json.loads(lines[-1]).items()}


def unpack(steps: Steps, archive: Path, folder: Path, system: str) -> dict[str, str]:
    """Unpack an archive, checking each sha256; gives its manifest. Raises SetupFailedError."""
    try:
        with zipfile.ZipFile(archive) as packed:
            manifest = json.loads(packed.read(MANIFEST))
            check_manifest(manifest, archive, system)
            files = manifest["files"]
            for number, (name, expected) in enumerate(files.items()):
                steps.tell(
                    f"Unpacking {Path(name).name.split('-')[0]}", "unpack", number / len(files)
                )
                unpack_file(packed, name, expected, folder)
            return manifest
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise SetupFailedError(
            f"'{archive.name}' is no runtime archive, or it is damaged ({error})."
        ) from error


def check_manifest(manifest: dict[str, Any], archive: Path, system: str) -> None:
    """Raises SetupFailedError when the archive is for another system or Python."""
    own = "{}.{}".format(*sys.version_info)
    if not manifest["target"].startswith(f"{system}-"):
        raise SetupFailedError(
            f"'{archive.name}' is for {manifest['target']}, and this machine is {system}."
        )
    if own not in manifest["pythons"]:
        raise SetupFailedError(
            f"'{archive.name}' has packages for Python {', '.join(manifest['pythons'])}, and "
            f"{sys.executable} is {own}. Name another interpreter or use another archive."
        )


def unpack_file(packed: zipfile.ZipFile, name: str, expected: str, folder: Path) -> None:
    """Write one file of the archive, by its plain name. Raises SetupFailedError if damaged."""
    digest = hashlib.sha256()
    with packed.open(name) as source, (folder / Path(name).name).open("wb") as target:
        while block := source.read(1 << 20):
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != expected:
        raise SetupFailedError(
            f"{name} in the archive is damaged: its checksum differs. Copy it again."
        )


def packages(arguments: argparse.Namespace, steps: Steps, wheels: Path) -> tuple[list[str], str]:
    """pip's options for what is asked, and the runtime's target."""
    if arguments.archive:
        wheels.mkdir()
        manifest = unpack(steps, arguments.archive, wheels, arguments.target.partition("-")[0])
        return offline(wheels, wheels / LOCK), manifest["target"]
    if arguments.wheels:
        own = arguments.wheels / LOCK
        return offline(arguments.wheels, own if own.is_file() else None), arguments.target
    options = locked(arguments.lock)
    if arguments.index:
        options += ["--index-url", arguments.index]
    if arguments.torch_index:
        options += ["--extra-index-url", arguments.torch_index]
    return options, arguments.target


def offline(wheels: Path, lock: Path | None) -> list[str]:
    """Nothing but the folder is asked; without a lock file there are no checksums to compare."""
    options = ["--isolated", "--no-index", "--find-links", str(wheels)]
    return [*options, *locked(lock)] if lock else [*options, *WANTED]


def locked(lock: Path) -> list[str]:
    """A lock file names everything, and only what the engine uses: nothing is added to it."""
    return ["--no-deps", "--require-hashes", "-r", str(lock)]


def names_of(options: Sequence[str]) -> list[str]:
    """Names of the packages that pip will fetch, as far as they are known."""
    if "-r" not in options:
        return list(WANTED)
    text = Path(options[options.index("-r") + 1]).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def set_up(arguments: argparse.Namespace, steps: Steps) -> dict[str, str]:
    """The whole installation; the runtime of before stays in use until the new one is checked."""
    folder: Path = arguments.folder
    sweep(folder, keep=current_name(folder))
    place = folder / f"env-{time.time_ns():x}"
    wheels = folder / "wheels"
    try:
        options, target = packages(arguments, steps, wheels)
        python = make_environment(steps, place)
        install(steps, python, options, names_of(options), 1e9 * arguments.gigabytes)
        versions = check(steps, python)
        told = {"folder": place.name, "target": target, "packages": versions}
        partial = folder / f"{CURRENT}.part"
        partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        partial.replace(folder / CURRENT)
    except StoppedError:
        say(stage=CLEANING, fraction=1.0)  # and whoever waits gives it the time it needs
        raise
    finally:
        sweep(folder, keep=current_name(folder))
    return versions


def current_name(folder: Path) -> str:
    try:
        return str(json.loads((folder / CURRENT).read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError):
        return ""


def sweep(folder: Path, keep: str = "") -> None:
    """Remove what earlier or broken installations left; never anything but our own names."""
    for path in [*folder.glob("env-*"), folder / "wheels"]:
        if path.name != keep and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def remove(folder: Path) -> None:
    """Remove the runtime: first from use, then from the disk. Raises SetupFailedError."""
    (folder / CURRENT).unlink(missing_ok=True)
    sweep(folder)
    left = [path.name for path in folder.glob("env-*")]
    if left:
        raise SetupFailedError(
            f"Some files in {folder} are in use and stay. Restart Blender and try again."
        )


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("install", "remove"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", default="")
    parser.add_argument("--lock", type=Path)
    parser.add_argument("--archive", type=Path)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--gigabytes", type=float, default=0.0)
    parser.add_argument("--index", default="")
    parser.add_argument("--torch-index", default="")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parsed(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    log = options.folder / LOG
    log.write_text("", encoding="utf-8")
    steps = Steps(log)
    steps.watch_stdin()
    try:
        if options.action == "remove":
            say(stage="Removing", fraction=0.5)
            remove(options.folder)
            say(done={})
        else:
            say(done=set_up(options, steps))
    except StoppedError:
        return 3
    except SetupFailedError as error:
        say(error=str(error))
        return 1
    except OSError as error:
        say(error=f"The runtime could not be written: {error}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
