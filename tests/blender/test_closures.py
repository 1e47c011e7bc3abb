# SPDX-License-Identifier: GPL-3.0-or-later
"""Lips that close in a take close on the bundled head at every scene rate."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS
from model_runtime.lips import lip_probe

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

CENTRES = (20, 37, 55, 71, 90)


@pytest.fixture
def head_rig(room, empty_scene, bundled):
    head = room("thunder_blender.head")
    return head.create_head(empty_scene.collection, head.HeadParams(), bundled)


@pytest.fixture
def short_closures(room):
    """Open, smiling lips that close for three frames (60 ms) at CENTRES."""
    weights = np.zeros((110, len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = 0.2
    weights[:, CHANNELS.index("mouthSmileLeft")] = 0.4
    for centre in CENTRES:
        span = slice(centre - 1, centre + 2)
        weights[span, CHANNELS.index("mouthClose")] = 0.2
        weights[span, CHANNELS.index("mouthPressLeft")] = 0.3
    return room("model_runtime.contract").Take(weights, CHANNELS, 50.0, {})


@pytest.mark.parametrize("rate", [23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 59.94, 60.0, 120.0])
def test_closures_survive_the_scene_rate(head_rig, short_closures, room, bundled, rate) -> None:
    keys, probe = room("thunder_blender.keys"), lip_probe(bundled)
    source = probe.aperture(short_closures.weights)
    result = probe.aperture(keys.scene_motion(head_rig, short_closures, rate))
    assert source[list(CENTRES)].max() < 0.3 < np.median(source)
    for centre in CENTRES:
        frame = round(centre / 50 * rate)
        assert result[frame - 1 : frame + 2].min() < 0.3
    closed_seconds = (result < 0.3).sum() / rate
    assert closed_seconds < 2 * len(CENTRES) * 0.06
