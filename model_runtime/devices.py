# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processor does the work, what it is called and how much memory the work took."""

from __future__ import annotations

import gc
import os
import platform
import sys
from pathlib import Path

import torch

from .contract import EngineError

DEVICES = ("auto", "cuda", "rocm", "mps", "cpu")
_NAMES = {"cuda": "NVIDIA GPU", "rocm": "AMD GPU", "mps": "Apple GPU", "cpu": "processor"}


def available() -> tuple[str, ...]:
    """The devices that this torch can use here, the fastest first; the last is always cpu."""
    found = []
    if torch.cuda.is_available():
        found.append("rocm" if torch.version.hip else "cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose(name: str = "auto") -> str:
    """One of `available()`: the first for auto, else the named one. Raises EngineError."""
    found = available()
    if name == "auto":
        return found[0]
    if name not in DEVICES:
        raise EngineError(f"Device '{name}' is not known. Choose one of: {', '.join(DEVICES)}.")
    if name not in found:
        raise EngineError(
            f"The engine's Python finds no {_NAMES[name]}. Choose Auto or CPU as the device in the "
            f"extension's preferences, or install the runtime for {name} there."
        )
    return name


def torch_device(name: str) -> torch.device:
    """What torch calls a device of `available()`; ROCm answers to CUDA's name."""
    return torch.device("cuda" if name == "rocm" else name)


def device_name(name: str) -> str:
    """The product's name of a device of `available()`, as far as the system tells it."""
    if name in ("cuda", "rocm"):
        return str(torch.cuda.get_device_name(0))
    return (_processor_on_linux() or platform.processor() or platform.machine()).strip()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a GPU's or the computer's memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        words in said for words in ("out of memory", "can't allocate memory", "alloc_failed")
    )


def is_broken_gpu(error: BaseException) -> bool:
    """Whether a GPU's context is lost, so that only a fresh process can use it again."""
    said = str(error)
    words = ("CUDA error", "HIP error", "CUDNN_STATUS", "CUBLAS_STATUS")
    return isinstance(error, RuntimeError) and any(word in said for word in words)


def free_memory() -> None:
    """Give back what torch keeps on a GPU for later."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def peak_memory(name: str) -> float:
    """The most memory, in MB, that torch held on a GPU, or this process on the CPU; 0 unknown."""
    if name in ("cuda", "rocm"):
        return torch.cuda.max_memory_reserved() / 2**20
    if name == "mps":
        return torch.mps.driver_allocated_memory() / 2**20
    if sys.platform == "win32":
        return _peak_on_windows()
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def _processor_on_linux() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    cores = f" ({os.cpu_count()} cores)"
    return f"{names[0].strip()}{cores}" if names else ""


def _peak_on_windows() -> float:
    import ctypes

    class Counters(ctypes.Structure):  # PROCESS_MEMORY_COUNTERS
        _fields_ = [
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            *((f"field{place}", ctypes.c_size_t) for place in range(8)),
        ]

    counters = Counters(size=ctypes.sizeof(Counters))
    windll = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
    windll.kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    get = windll.kernel32.K32GetProcessMemoryInfo
    get.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)
    handle = windll.kernel32.GetCurrentProcess()
    if not get(handle, ctypes.byref(counters), counters.size):
        return 0.0
    return float(counters.field0) / 2**20  # PeakWorkingSetSize
