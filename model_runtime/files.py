# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .contract import OutputError

HASH_BLOCK = 1 << 20  # bytes

_REASONS = {
    errno.EACCES: "no permission to write there",
    errno.EPERM: "no permission to write there",
    errno.EROFS: "that disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOTDIR: "a part of that path is a file, not a folder",
    errno.ENOENT: "that folder does not exist",
}


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's bytes, read block by block. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all. Raises OutputError."""
    with atomic_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path` that takes its place, flushed to disk, when the block succeeds.

    When the block fails, what stood at `path` stays as it was. A link is followed.
    Raises OutputError when the file cannot be written.
    """
    _check_target(path)
    target = path.resolve()
    part = target.with_name(f".{target.name[:64]}.{secrets.token_hex(4)}.part")
    try:
        with _exclusive(part) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Try, before long work starts, whether `path` can be written. Raises OutputError."""
    _check_target(path)
    target = path.resolve()
    trial = target.with_name(f".{target.name[:64]}.{secrets.token_hex(4)}.part")
    try:
        _exclusive(trial).close()
        trial.unlink()
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def _exclusive(path: Path) -> BinaryIO:
    return path.open("xb")


def _check_target(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder. Name the file to write inside it.")
    if not path.resolve().parent.is_dir():
        raise OutputError(
            f"'{path}' cannot be written: the folder '{path.parent}' does not exist. "
            "Make the folder or choose another place."
        )


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can (Windows cannot open a folder)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sentence(path: Path, error: OSError) -> str:
    reason = _REASONS.get(error.errno or 0, error.strerror or "the system refused it")
    return f"'{path}' cannot be written: {reason}. Choose another place or make room there."
