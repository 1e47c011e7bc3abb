# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker as a process: its pipes kept clean, its log bounded, its end when Blender ends."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO, NoReturn

BEAT = 0.5  # seconds between two looks at the parent
MAX_LOG = 4 << 20  # bytes of the log, after which it begins anew
PR_SET_PDEATHSIG = 1  # of Linux's prctl
SYNCHRONIZE, INFINITE = 0x00100000, 0xFFFFFFFF  # of Windows

log = logging.getLogger(__name__)


def claim_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output as the frames' own streams.

    What anyone prints from now on, in Python or C, goes to standard error; nobody reads what
    comes in but the frames' reader.
    """
    source, sink = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for handle in (source, sink):
            msvcrt.setmode(handle, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb", buffering=0)


def watch_parent(parent: int, die_with_thread: bool, beat: Callable[[], None]) -> None:
    """End this process at once when the process `parent` ends; call `beat` now and then.

    die_with_thread: the thread that started us lives as long as we may, so that Linux itself kills
    us with it, whatever we are in (PR_SET_PDEATHSIG looks at the thread, not the process).
    """
    if sys.platform == "win32":
        threading.Thread(target=_wait_on_windows, args=(parent,), daemon=True).start()
    elif die_with_thread:
        _die_with_parent()
    threading.Thread(target=_watch, args=(parent, beat), daemon=True, name="watch").start()


def leave(code: int = 0) -> NoReturn:
    """End the process at once, whatever its other threads are in."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def _watch(parent: int, beat: Callable[[], None]) -> None:
    pause = threading.Event()
    starter = os.getppid()  # another than `parent` when the interpreter is a script
    while not pause.wait(BEAT):
        if sys.platform != "win32" and (os.getppid() != starter or not _exists(parent)):
            leave()
        beat()
        _bound_log()


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _die_with_parent() -> None:
    import ctypes

    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):  # a C library without it; the watch remains
        log.info("prctl is missing; the parent is watched instead.")


def _wait_on_windows(parent: int) -> None:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_ulong)
    handle = kernel.OpenProcess(SYNCHRONIZE, False, parent)
    if handle:  # else it may not be watched; the end of standard input remains
        kernel.WaitForSingleObject(handle, INFINITE)
        leave()


def _bound_log() -> None:
    """Begin the log anew when it has grown too long; a pipe or terminal has no length."""
    with contextlib.suppress(OSError):
        if os.fstat(2).st_size > MAX_LOG:
            os.ftruncate(2, 0)
            os.lseek(2, 0, os.SEEK_SET)
