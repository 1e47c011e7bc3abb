# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices this machine seems to have, found without torch and without starting anything."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

AUTO, CUDA, ROCM, METAL, CPU = "AUTO", "CUDA", "ROCM", "METAL", "CPU"
ENGINE_NAMES = {AUTO: "auto", CUDA: "cuda", ROCM: "rocm", METAL: "mps", CPU: "cpu"}
LABELS = {AUTO: "Automatic", CUDA: "CUDA", ROCM: "ROCm", METAL: "Metal", CPU: "CPU"}


@dataclass(frozen=True)
class Detected:
    """A device that the machine seems to have, and what tells so."""

    device: str
    name: str
    evidence: str


def system() -> str:
    """linux, windows or macos: the first half of a runtime's name."""
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


@cache
def detect() -> tuple[Detected, ...]:
    """What was found, best first; the processor is always the last. Looked at once a session."""
    found = [_nvidia(), _amd(), _apple()]
    name = platform.processor() or platform.machine()
    cpu = Detected(CPU, f"{os.cpu_count() or 1} cores, {name}", "always there")
    return (*(item for item in found if item), cpu)


def detected(device: str) -> Detected | None:
    return next((item for item in detect() if item.device == device), None)


def best() -> str:
    return detect()[0].device


def _nvidia() -> Detected | None:
    cards = _nvidia_cards()
    if cards:
        return Detected(CUDA, ", ".join(cards), "the NVIDIA driver")
    if shutil.which("nvidia-smi"):
        return Detected(CUDA, "NVIDIA GPU", "nvidia-smi")
    library = next((path for path in _driver_libraries() if path.exists()), None)
    return Detected(CUDA, "NVIDIA GPU", f"the driver's {library.name}") if library else None


def _driver_libraries() -> list[Path]:
    """Where NVIDIA's driver puts its CUDA library; asking the linker would start programs."""
    if sys.platform == "win32":
        return [Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll"]
    folders = ("lib/x86_64-linux-gnu", "lib64", "lib", "lib/wsl/lib")
    return [Path("/usr") / folder / "libcuda.so.1" for folder in folders]


def _nvidia_cards() -> list[str]:
    """Names of the cards as the Linux driver lists them."""
    cards = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        cards += [line.partition(":")[2].strip() for line in lines if line.startswith("Model")]
    return cards


def _amd() -> Detected | None:
    if sys.platform.startswith("linux") and Path("/dev/kfd").exists():
        return Detected(ROCM, "AMD GPU", "/dev/kfd")
    return None


def _apple() -> Detected | None:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Detected(METAL, "Apple GPU", "Apple silicon")
    return None
