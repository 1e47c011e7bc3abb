# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of ours keeps Blender's window waiting: all that an artist does, in real Blenders.

Each call of our operators, panels, timers and handlers is timed. What counts is what it computes;
on a busy machine it also waits for its turn, and that is told beside it. The table is kept in
build/screenshots, `stalls-<suite>.md`. It takes many minutes and wants a quiet machine: set
THUNDER_STALLS=1 for it.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.test_real_blender import BLOCKING_MS, LINE, MINUTES, blender, extension_zip
from tools import make_test_flame, real_blender

__all__ = ["blender", "extension_zip"]  # fixtures
SECONDS = 10
SLACK = 1.5  # of a machine whose processor is shared and slower than it says


@pytest.fixture
def line(blender):
    """A line of ten seconds."""
    soundfile = pytest.importorskip("soundfile")
    sound, rate = soundfile.read(LINE, dtype="float32")
    path = blender.work / "ten.wav"
    soundfile.write(path, np.tile(sound, SECONDS * rate // len(sound) + 1)[: SECONDS * rate], rate)
    return path


@pytest.mark.skipif(not os.environ.get("THUNDER_STALLS"), reason="set THUNDER_STALLS=1 to measure")
@pytest.mark.timeout(32 * MINUTES)
def test_nothing_that_an_artist_does_keeps_the_window_waiting(blender, line):
    file = blender.work / "flame.npz"  # packed: the form that takes longest to read
    make_test_flame.write_npz(file, make_test_flame.stand_in())
    told = blender.gui(
        "stalls.py", timeout=30 * MINUTES, limit=28 * MINUTES, line=str(line), flame=str(file)
    )
    blender.keep_pictures("stalls")
    assert not told.failure(), told.failure()
    assert told.results["warnings"] == []
    longest = keep_table(blender, told.results["phases"])
    too_long = {what: ms for what, ms in longest.items() if ms > BLOCKING_MS * SLACK}
    assert not too_long, too_long
    assert len(longest) > 30


def keep_table(blender, phases) -> dict[str, float]:
    """Write the table; the longest that each thing computed in one go, in ms."""
    rows, longest = [], {}
    for what, told in phases.items():
        worst = max(told["own"].items(), key=lambda item: item[1][1], default=("none", (0, 0)))
        longest[what] = worst[1][1]
        rows.append((what, worst[0], worst[1][1], worst[1][0], told["loop"]["longest_ms"]))
    rows.sort(key=lambda row: -row[2])
    head = "| what | our longest call | computed ms | by the clock ms | loop's longest gap ms |\n"
    lines = (f"| {a} | {b} | {c:.1f} | {d:.1f} | {e:.1f} |\n" for a, b, c, d, e in rows)
    path = real_blender.PICTURES / f"stalls-{blender.suite}.md"
    path.write_text(f"{head}|---|---|---|---|---|\n{''.join(lines)}", "utf-8")
    return longest
