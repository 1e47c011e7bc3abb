# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's eye on rigs that are not the open head: the mouth is read off the evaluated mesh."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import UNITS

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.spoken_rigs import (  # noqa: E402
    CLOSED,
    SHAPES,
    STEP,
    Played,
)

pytest_plugins = ["tests.blender.spoken_rigs"]

JAW = UNITS.index("jawOpen")


def read(room, played: Played) -> np.ndarray:
    """Unit weights (frames, 52) at the scene's 25 frames a second."""
    meter, finish = room("thunder_blender.meter_mesh"), room("thunder_blender.steps").finish
    assert meter.unmapped_reason(played.rig) == ""
    return finish(meter.gather_steps(played.rig, played.line)).weights


def gap(room, weights: np.ndarray) -> np.ndarray:
    return room("thunder_blender.rig_contacts").head_contacts(weights[:, : len(UNITS)]).gap


@pytest.mark.parametrize("name", ["arkit", "visemes", "bones", "flame"])
def test_the_mouth_that_is_read_is_the_one_that_was_performed(room, played, name) -> None:
    found = played(name)
    weights = read(room, found)
    said = found.motion[::2][: len(weights)]
    rows = np.arange(len(SHAPES) - 1) * STEP // 2
    seen, wanted = gap(room, weights[rows]), gap(room, said[rows])
    assert np.corrcoef(weights[:, JAW], said[:, JAW])[0, 1] > 0.9
    closures = [n for n, shape in enumerate(SHAPES[:-1]) if shape in ("PP", "sil")]
    assert seen[closures].max() < (1.2 if name == "bones" else 0.3), "as shut as they are shown"
    assert np.abs(seen - wanted)[wanted > 3].max() < 4.0
    assert seen[wanted > 3].min() > 3.0, "and vowels are not shut for it"


@pytest.mark.parametrize("name", ["arkit", "flame"])
def test_a_turned_head_is_no_motion_and_a_sculpted_key_is(room, played, name) -> None:
    found = played(name)
    before = read(room, found)
    if found.rig.neck is not None:
        found.rig.neck.rotation_euler = (0.2, 0.3, 0.1)
        assert np.abs(read(room, found) - before).max() < 0.05
    key = found.rig.mesh.shape_key_add(name="Sculpted", from_mix=False)
    lips = room("thunder_blender.meter_mesh")._sampler(found.rig).lips
    for upper, _ in lips.columns:
        for vertex in upper.tolist():
            key.data[vertex].co.z += 4.0 * np.linalg.norm(lips.up) ** -1
    key.value = 1.0
    after = read(room, found)
    closed = CLOSED * STEP // 2
    assert gap(room, before[[closed]])[0] < 0.3
    assert gap(room, after[[closed]])[0] > 2.0, "lips that a key of nobody's mapping holds apart"
