# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs programs inside another Debian's folder, in namespaces of their own (Linux, root).

Every mount lives in the mount namespace of the one command and every process in its process
namespace: when the command ends, or is killed, none of either is left, whatever went wrong. The
network is off unless asked for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# $1 is the folder of the other system, $2 the number of folders to show in it, read-only where
# their name starts with "ro:"; then come the folders, then the command.
ENTER = """
root=$1; count=$2; shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /sys "$root/sys"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$count" -gt 0 ]; do
    place=${1#r?:}; mode=${1%%:*}; shift; count=$((count - 1))
    if [ -d "$place" ]; then mkdir -p "$root$place"; else
        mkdir -p "$(dirname "$root$place")"; [ -e "$root$place" ] || : > "$root$place"; fi
    mount --bind "$place" "$root$place"
    if [ "$mode" = ro ]; then mount -o remount,bind,ro "$root$place"; fi
done
exec chroot "$root" "$@"
"""
OWN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/tmp"}
HOST_NAMES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code (None when it ran out of time) and all that it said."""

    code: int | None
    said: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Sandbox:
    """Another system's folder. `shown` and `writable` appear in it at the same absolute paths."""

    root: Path
    shown: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    network: bool = False

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The whole command line that enters the sandbox and runs `arguments` there."""
        places = [f"ro:{path}" for path in self.shown] + [f"rw:{path}" for path in self.writable]
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"]
        enter += ["--propagation", "private", *([] if self.network else ["--net"]), "--"]
        inside = [str(self.root), str(len(places)), *places, "env", "-i", *self._variables()]
        return [*enter, "sh", "-ec", ENTER, "sh", *inside, *arguments]

    def run(self, arguments: Sequence[str], timeout: float) -> Ran:
        """Run to the end or for `timeout` seconds, then everything in the sandbox is killed."""
        import time

        start = time.monotonic()
        with subprocess.Popen(
            self.command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                said, _ = process.communicate(timeout=timeout)
                code: int | None = process.returncode
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
                code = None
        return Ran(code, said, time.monotonic() - start)

    def _variables(self) -> list[str]:
        passed = {name: os.environ[name] for name in HOST_NAMES if name in os.environ}
        return [f"{name}={value}" for name, value in {**OWN, **passed, **self.environment}.items()]


def why_impossible() -> str:
    """Why this machine cannot run sandboxes; empty when it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "only root can enter another system's folder"
    missing = [name for name in ("unshare", "chroot", "mount") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} is not installed"
    trial = ["unshare", "--mount", "--pid", "--fork", "--net", "--propagation", "private", "true"]
    done = subprocess.run(trial, capture_output=True, text=True)
    return f"this machine allows no namespaces ({done.stderr.strip()})" if done.returncode else ""


def interpreter_folders(python: Path) -> tuple[Path, ...]:
    """What must be shown in a sandbox so that the venv interpreter `python` runs there.

    A base interpreter that belongs to the system itself is shown file by file: its folders are
    the other system's own.
    """
    code = "import sys, os; print(sys.prefix); print(sys.base_prefix); print('%d.%d' % sys.version_info[:2]); print(os.path.realpath(sys.executable))"  # noqa: E501
    told = subprocess.run(
        [str(python), "-I", "-c", code], capture_output=True, text=True, check=True
    )
    prefix, base, version, executable = told.stdout.splitlines()
    if Path(base) in (Path("/usr"), Path("/")):
        return (Path(prefix), Path(executable), Path(f"/usr/lib/python{version}"))
    return (Path(prefix), Path(base))
