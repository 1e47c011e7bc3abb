# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a meter is made of, where a folder of weights holds some of its own."""

from __future__ import annotations

from pathlib import Path

HEARD = "speech_units"  # without it in a folder the meter is the bundled one, ears and all


def meter_folder(weights: Path | None, bundled: Path) -> Path:
    """Where the meter is loaded from: one folder or the other, for the speech units, the judge and
    the calibrated network belong to their ears."""
    return weights if weights is not None and holds(weights, HEARD) else bundled


def meter_file(name: str, folder: Path, bundled: Path) -> Path:
    """A model file of a folder, or else the bundled one."""
    return (folder if holds(folder, name) else bundled) / f"{name}.safetensors"


def holds(folder: Path, name: str) -> bool:
    """Whether a folder has a model file of its own."""
    return (folder / f"{name}.safetensors").is_file()
