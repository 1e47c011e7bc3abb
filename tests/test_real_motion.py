# SPDX-License-Identifier: GPL-3.0-or-later
"""Facial motion in and out in real Blenders with windows: file browser, Esc, undo."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, Take
from model_runtime.motion_files.live_link import csv_text
from tests.test_real_blender import MINUTES, blender, extension_zip, shows_something

__all__ = ["blender", "extension_zip"]  # fixtures
FRAMES = 18_000  # five minutes at 60 a second: long enough for Esc to come in time


@pytest.mark.timeout(15 * MINUTES)
def test_motion_is_picked_escaped_undone_and_exported(blender):
    weights = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = 0.5 - 0.5 * np.cos(np.arange(FRAMES) / 12)
    file = blender.work / "long.csv"
    file.write_text(csv_text(Take(weights, CHANNELS, 60.0)))
    told = blender.gui("motion.py", timeout=14 * MINUTES, limit=12 * MINUTES, motion=str(file))
    pictures = blender.keep_pictures("motion")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    assert told.results["lines"] > 7000, "five minutes at the scene's rate"
    assert all(shows_something(picture) for picture in pictures)
