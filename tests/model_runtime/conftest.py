# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundled meter and the bundled line, for the tests that measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LINE = Path(__file__).parents[2] / "examples" / "line.flac"


@pytest.fixture(scope="module")
def meters() -> Any:
    """Loaded on one thread, for the same figures everywhere."""
    import torch

    from model_runtime.meter import Meters

    torch.set_num_threads(1)
    return Meters.load()


@pytest.fixture(scope="session")
def samples() -> np.ndarray:
    """The bundled line's sound at 16 kHz."""
    from model_runtime.audio import read_audio

    return read_audio(LINE).samples


@pytest.fixture(scope="session")
def told() -> dict[str, Any]:
    """What is said in it, and its phones."""
    known: dict[str, Any] = json.loads(LINE.with_name("line.phones.json").read_text())
    return known
