# SPDX-License-Identifier: GPL-3.0-or-later
"""Mapping of a foreign character, and Batch, in real Blenders with windows, at 1x and 2x."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS
from tests.test_real_blender import LINE, MINUTES, blender, extension_zip, shows_something
from tools.real_blender import ROOT

__all__ = ["blender", "extension_zip"]  # fixtures
LINES = {  # id: score, the meter's first word on it
    "ep01_0030_we_move_we_wave": (0.41, "Lips stay open on m at 0.24 s"),
    "ep01_0020_warm_village": (0.72, "Lower lip stays off the teeth on v at 0.62 s"),
    "ep01_0010_maybe_pam": (0.97, ""),
}
BROKEN = "'ep01_0050_broken.wav' is not a sound file that can be read. Use wav, flac, ogg or mp3."


@pytest.fixture
def report(blender):
    """A night's report: a line that failed, and three with takes and sounds, worst first."""
    soundfile = pytest.importorskip("soundfile")
    folder = blender.work / "night"
    (folder / "takes").mkdir(parents=True, exist_ok=True)
    samples, rate = soundfile.read(LINE, dtype="float32")
    rows = [{"item": "ep01_0050_broken.s0", "id": "ep01_0050_broken", "status": "failed",
             "score": None, "error": BROKEN, "outputs": {}}]  # fmt: skip
    weights = np.zeros((100, len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = 0.3 - 0.3 * np.cos(np.arange(100) / 4)
    for place, (name, (score, advice)) in enumerate(LINES.items()):
        sound, take = folder / f"{name}.wav", f"takes/{name}.s0.npz"
        soundfile.write(sound, samples[: 2 * rate], rate)
        arrays = {"weights": weights, "channels": np.array(CHANNELS), "fps": 50.0, "seed": 0}
        np.savez(folder / take, **arrays)
        told = {"item": f"{name}.s0", "id": name, "status": "done", "score": score}
        told |= {"advice": advice, "audio": str(sound), "start_frame": 1 + 60 * place}
        rows.append(told | {"worst_second": 1.0, "outputs": {"npz": take}})
    path = folder / "report.json"
    path.write_text(json.dumps({"format": 1, "lines": rows}))
    return path


@pytest.mark.timeout(15 * MINUTES)
def test_mapping_and_batch_are_clicked_and_drawn_at_both_scales(blender, report):
    told = blender.gui(
        "panels.py",
        size=(1400, 1440),
        timeout=14 * MINUTES,
        limit=12 * MINUTES,
        root=str(ROOT),
        report=str(report),
    )
    pictures = {path.stem: path for path in blender.keep_pictures("panels")}
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert [row[0] for row in told.results["rows"]] == ["ep01_0050_broken", *LINES]
    line, frame, worst = told.results["jumped"]
    assert line == next(iter(LINES)) and frame == worst > 1
    assert told.results["links"] == len(UNITS)
    target, value = told.results["tested"]
    assert "JawOpen" in target and value > 0.2, "the Test slider opens the mouth"
    assert all(shows_something(picture) for picture in pictures.values())
