# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes, and what a rig really shows, go out as files and come back as they were.

Tolerances: csv and json keep seven decimals, so 2e-6 of a weight and 5e-6 radians at the take's
own rate; at another rate a slow curve comes back within 0.01.
"""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS, UNITS  # noqa: E402
from model_runtime.motion_files import Curves, read_motion  # noqa: E402
from model_runtime.motion_files.live_link import COLUMNS  # noqa: E402
from tests.blender.take_helpers import line_without_strip, ramp  # noqa: E402

FPS, FIRST = 25, 11
UNIT_FORMATS = {
    "LIVE_LINK": "out.csv",
    "ARKIT_CSV": "out.csv",
    "AUDIO2FACE": "out.json",
    "TAKE_NPZ": "out.npz",
}


@pytest.fixture
def scene(empty_scene):
    empty_scene.render.fps, empty_scene.render.fps_base = FPS, 1.0
    return empty_scene


@pytest.fixture
def take(room, rig, scene):
    """A take at the scene's rate on the small head, that plays from frame 11 on."""
    seconds = np.arange(100) / FPS
    weights = np.zeros((100, len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = 0.4 - 0.3 * np.cos(2 * np.pi * 0.7 * seconds)
    weights[:, CHANNELS.index("neckPitch")] = 0.1 * np.sin(seconds)
    weights[:, CHANNELS.index("neckYaw")] = 0.3
    takes = room("thunder_blender.takes")
    given = room("model_runtime.contract").Take(weights, CHANNELS, float(FPS), {"seed": 7})
    action = takes.create_take(rig, "Line s7", given, FPS, FIRST)
    takes.choose_take(rig, action)
    rig.mesh.thunder.take = action
    return action, weights


@pytest.mark.parametrize(("kind", "name"), UNIT_FORMATS.items())
def test_a_take_comes_back_as_it_was(kind, name, take, scene, rig, tmp_path) -> None:
    path = tmp_path / name
    assert bpy.ops.thunder.export_motion(filepath=str(path), format=kind) == {"FINISHED"}
    back = read_motion(path)
    assert isinstance(back.motion, Curves) and back.fps == FPS and back.frames == 100
    jaw = back.motion.weights[:, back.motion.names.index("jawOpen")]
    present = [unit for unit in UNITS if unit in rig.keys.key_blocks]
    assert np.abs(jaw - take[1][:, CHANNELS.index("jawOpen")]).max() < 2e-6
    assert np.abs(back.motion.head - take[1][:, -3:]).max() < 5e-6
    assert bpy.ops.thunder.import_motion(filepath=str(path), frame=FIRST) == {"FINISHED"}
    for frame in (FIRST, FIRST + 40, FIRST + 99):
        scene.frame_set(frame)
        for unit in present:
            wanted = take[1][frame - FIRST, CHANNELS.index(unit)]
            assert rig.keys.key_blocks[unit].value == pytest.approx(wanted, abs=2e-6)


def test_live_link_has_the_apps_columns_and_timecode(take, tmp_path) -> None:
    path = tmp_path / "out.csv"
    bpy.ops.thunder.export_motion(filepath=str(path), format="LIVE_LINK", rate="60")
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["Timecode", "BlendshapeCount", *COLUMNS]
    assert header[16:19] == ["JawForward", "JawRight", "JawLeft"]
    assert rows[61][0] == "00:00:01:01.000" and len(rows) == pytest.approx(99 / 25 * 60, abs=1.5)
    jaw = np.array([float(row[header.index("JawOpen")]) for row in rows])
    seconds = np.arange(len(rows)) / 60
    assert np.abs(jaw - (0.4 - 0.3 * np.cos(2 * np.pi * 0.7 * seconds)))[:-3].max() < 0.01


def test_the_rig_is_exported_as_it_shows_with_hand_edits(take, scene, rig, tmp_path) -> None:
    weights = take[1]
    scene.frame_start, scene.frame_end = FIRST, FIRST + 99
    smile = rig.keys.key_blocks[next(u for u in UNITS if u.startswith("mouthSmile"))]
    data = rig.keys
    track = data.animation_data.nla_tracks.new()
    hand = bpy.data.actions.new("by hand")
    _hold(hand, data, f'key_blocks["{smile.name}"].value', 0.75)
    strip = track.strips.new("by hand", FIRST, hand)
    strip.blend_type, strip.extrapolation = "ADD", "HOLD"
    if hasattr(strip, "action_slot"):
        strip.action_slot = hand.slots[0]
    path = tmp_path / "rig.json"
    kept = scene.frame_current
    bpy.ops.thunder.export_motion(filepath=str(path), format="AUDIO2FACE", source="RIG")
    assert scene.frame_current == kept
    back = read_motion(path).motion
    assert np.allclose(back.weights[:, back.names.index(smile.name)], 0.75, atol=1e-6)
    jaw = back.weights[:, back.names.index("jawOpen")]
    assert np.abs(jaw - weights[:, CHANNELS.index("jawOpen")]).max() < 2e-6
    bpy.ops.thunder.export_motion(filepath=str(tmp_path / "take.json"), format="AUDIO2FACE")
    plain = read_motion(tmp_path / "take.json").motion
    assert plain.weights[:, plain.names.index(smile.name)].max() == 0.0
    assert json.loads(path.read_text())["provenance"]["sampled"]["frames"] == [FIRST, FIRST + 99]


def test_nothing_is_overwritten_unasked_and_a_failure_leaves_the_old_file(
    take, room, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "out.json"
    path.write_text("mine")
    with pytest.raises(RuntimeError, match="is there already"):
        bpy.ops.thunder.export_motion(filepath=str(path), format="AUDIO2FACE")
    assert path.read_text() == "mine"
    with pytest.raises(RuntimeError, match="FLAME"):
        bpy.ops.thunder.export_motion(filepath=str(path), format="FLAME_NPZ", overwrite=True)
    assert path.read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
    bpy.ops.thunder.export_motion(filepath=str(path), format="AUDIO2FACE", overwrite=True)
    assert read_motion(path).frames == 100


def test_all_chosen_takes_go_into_a_folder(take, room, rig, scene, tmp_path) -> None:
    takes = room("thunder_blender.takes")
    line = line_without_strip(room, frame=200.0)
    other = takes.add_take(rig, line, ramp(room), "Other: line")
    takes.choose_take(rig, other)
    said = bpy.ops.thunder.export_motion(
        filepath=str(tmp_path) + "/", format="ARKIT_CSV", source="CHOSEN"
    )
    assert said == {"FINISHED"}
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"Other_ line.csv", "Line s7.csv"}
    assert read_motion(tmp_path / "Line s7.csv").frames == 100


def _hold(action, datablock, path: str, value: float) -> None:
    """A curve that holds one value."""
    if hasattr(action, "slots"):
        slot = action.slots.new(id_type=datablock.id_type, name=datablock.name)
        strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
        curves = strip.channelbag(slot, ensure=True).fcurves
    else:
        action.id_root = datablock.id_type
        curves = action.fcurves
    curve = curves.new(path)
    curve.keyframe_points.insert(1, value)
    curve.keyframe_points.insert(300, value)
