# SPDX-License-Identifier: GPL-3.0-or-later
"""What made a take: enough to make it again; nothing of the machine's folders or the time."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import GenerateRequest, Take

if TYPE_CHECKING:
    from .audio import Audio


def provenance(take: Take, request: GenerateRequest, audio: Audio) -> dict[str, Any]:
    """Provenance of a take of `audio`; keeps what the engine said in the take already."""
    settings = request.settings
    return {
        **take.provenance,
        "seed": settings.seed,
        "intensity": settings.intensity,
        "emotion": settings.emotion,
        "articulation": settings.articulation,
        "smoothing": settings.smoothing,
        "start": request.start,
        "duration": request.duration,
        "audio": _sound(request.audio, audio),
        "versions": {**take.provenance.get("versions", {}), **versions()},
    }


def versions() -> dict[str, str]:
    """Versions of what computes, as far as it is loaded."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = str(torch.__version__)
    return found


def _sound(path: Path, audio: Audio) -> dict[str, Any]:
    return {
        "name": path.name,
        "sha256": audio.sha256,
        "seconds": round(audio.seconds, 6),
        "sample_rate": audio.source_rate,
        "channels": audio.channels,
        "silent": audio.silent,
    }
