# SPDX-License-Identifier: GPL-3.0-or-later
"""A pack, speech units and lessons in one folder, written straight to their formats."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from model_runtime.contract import CHANNELS, EMOTIONS
from model_runtime.features import MEL_BANDS
from model_runtime.phones import PHONES
from training.pack import Item
from training.targets import Lesson, Lessons
from training.units import UNITS_FILE, UNKNOWN_UNIT


def write_lessons(folder: Path, clips: int, units: int) -> Path:
    """`clips` training clips of 40 to 90 frames and a development clip; every second one a copy.

    The motion, phones and units of a clip follow the same slow random walk.
    """
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    lengths = rng.integers(40, 90, clips + 1)
    items, rows, start = [], [], 0
    for number, frames in enumerate(lengths.tolist()):
        split = "train" if number < clips else "dev"
        items.append(Item(f"clip{number}", number % 2, "tone", split, start, frames, ()))
        rows.append(Lesson("tone", split, start, frames, start))
        start += frames
    for name, listed in (("items", items), ("lessons", rows)):
        lines = [json.dumps(asdict(row)) + "\n" for row in listed]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    _write_arrays(folder, start, units, rng)
    return folder


def _write_arrays(folder: Path, frames: int, units: int, rng: np.random.Generator) -> None:
    walk = np.cumsum(rng.standard_normal((frames, 3)), 0)
    walk = (walk - walk.min(0)) / np.ptp(walk, 0)
    said = (walk[:, 0] * (units - 1)).astype(np.uint8)
    said[: frames // 20] = UNKNOWN_UNIT
    np.save(folder / UNITS_FILE, said)
    np.save(folder / "phones.npy", (walk[:, 0] * (len(PHONES) - 1)).astype(np.uint8))
    mel = np.repeat(walk, 2, 0) @ rng.standard_normal((3, MEL_BANDS)) - 6
    np.save(folder / "mel.npy", mel.astype(np.float16))
    motion = walk @ rng.uniform(0, 0.3, (3, len(CHANNELS)))
    arrays = {"motion": motion, "intensity": walk[:, 1:2], "emotion": walk[:, 2:3] * len(EMOTIONS)}
    arrays["emotion"] = np.minimum(arrays["emotion"], len(EMOTIONS) - 1)
    for name, (width, dtype) in Lessons.ARRAYS.items():
        values = arrays.get(name, rng.random((frames, width)))
        values.astype(dtype).tofile(folder / f"{name}.raw")
