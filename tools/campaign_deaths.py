# SPDX-License-Identifier: GPL-3.0-or-later
"""Deaths of a process inside the calls that reach the disk, for `tools/campaign.py`."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any


class Death:
    """Counts calls of one kind and kills the process at the n-th."""

    def __init__(self, text: str) -> None:
        self.place, _, count = text.partition(":")
        self.left = int(count or 0)

    def comes(self, place: str) -> bool:
        if place != self.place:
            return False
        self.left -= 1
        return self.left == 0

    def at(self, place: str) -> None:
        if self.comes(place):
            now()


def now() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_calls(death: Death) -> None:
    """Put the death into writing, flushing and renaming."""
    write, sync, replace = os.write, os.fsync, Path.replace

    def dying_write(file: int, data: bytes) -> int:
        if file > 2 and death.comes("write"):
            write(file, data[: len(data) // 2])
            now()
        return write(file, data)

    def dying_sync(file: int) -> None:
        death.at("fsync")
        sync(file)

    def dying_replace(self: Path, target: Any) -> Path:
        death.at("rename")
        moved = replace(self, target)
        death.at("renamed")
        return moved

    os.write, os.fsync = dying_write, dying_sync
    Path.replace = dying_replace  # type: ignore[method-assign, assignment]
