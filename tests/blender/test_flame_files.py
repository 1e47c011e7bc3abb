# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME parameters of a rig go out and come back; units and parameters become each other.

Tolerances: parameters 1e-5 at the rig's own rate. Units by the way back from expressions and jaw
are a least squares fit: mean error under 0.01 of a weight on the stand-in, jawOpen within 0.12.
"""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS, UNITS  # noqa: E402
from model_runtime.motion_files import FlameCurves, read_motion  # noqa: E402

FPS, FRAMES = 25, 50


@pytest.fixture
def flame(room, empty_scene, flame_file):
    """A FLAME rig through the importer; its calibration is found once and kept beside the file."""
    empty_scene.render.fps, empty_scene.render.fps_base = FPS, 1.0
    importer = room("thunder_blender.flame_import")
    wanted = importer.FlameImport(flame_file)
    return importer.import_flame(empty_scene.collection, wanted, flame_file.parent).rig


def talk() -> np.ndarray:
    """Speech-like units and neck (T, 55), with closures, a blink and a gaze."""
    time = np.arange(FRAMES) / FPS
    motion = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    motion[:, CHANNELS.index("jawOpen")] = 0.3 * np.clip(np.sin(2 * np.pi * 2 * time), 0, 1)
    motion[:, CHANNELS.index("mouthSmileLeft")] = 0.4
    motion[:, CHANNELS.index("mouthSmileRight")] = 0.4
    motion[20:25, CHANNELS.index("eyeBlinkLeft")] = 1.0
    motion[:, CHANNELS.index("eyeLookOutLeft")] = 0.5
    motion[:, CHANNELS.index("neckYaw")] = 0.1
    return motion


def add(room, rig, motion, name="Line"):
    takes = room("thunder_blender.takes")
    take = room("model_runtime.contract").Take(motion, CHANNELS, float(FPS))
    action = takes.create_take(rig, name, take, FPS, 1)
    takes.choose_take(rig, action)
    rig.mesh.thunder.take = action
    return action


def shown(rig, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Exp1..Exp100 and the jaw's axis-angle, as the rig has them on a frame."""
    bpy.context.scene.frame_set(frame)
    blocks = rig.keys.key_blocks
    turn = rig.armature.pose.bones["jaw"].rotation_euler.to_quaternion().to_exponential_map()
    return np.array([blocks[f"Exp{i + 1}"].value for i in range(100)]), np.array(turn)


def test_a_flame_take_goes_out_and_comes_back(room, flame, tmp_path) -> None:
    add(room, flame, talk())
    before = [shown(flame, frame) for frame in (3, 22, 50)]
    for source in ("TAKE", "RIG"):
        bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, FRAMES
        path = tmp_path / f"{source}.npz"
        bpy.ops.thunder.export_motion(filepath=str(path), format="FLAME_NPZ", source=source)
        with np.load(path) as arrays:
            assert arrays["exp"].shape == (FRAMES, 100) and arrays["pose"].shape == (FRAMES, 6)
            assert arrays["shape"].shape == (FRAMES, 100) and float(arrays["fps"]) == FPS
            assert np.allclose(arrays["pose"][:, :3], [0, 0.1, 0], atol=1e-5)
        bpy.ops.thunder.import_motion(filepath=str(path), frame=1)
        for (exp, jaw), frame in zip(before, (3, 22, 50), strict=True):
            now = shown(flame, frame)
            assert np.abs(now[0] - exp).max() < 1e-5 and np.abs(now[1] - jaw).max() < 1e-5


def test_a_flame_rigs_motion_becomes_units(room, flame, tmp_path) -> None:
    motion = talk()
    add(room, flame, motion)
    path = tmp_path / "units.csv"
    bpy.ops.thunder.export_motion(filepath=str(path), format="ARKIT_CSV")
    back = read_motion(path).motion
    units = back.weights[:, [back.names.index(unit) for unit in UNITS]]
    error = np.abs(units - motion[:, : len(UNITS)])
    worst = {UNITS[i]: round(float(error[:, i].max()), 3) for i in error.max(0).argsort()[-5:]}
    assert error.mean() < 0.01, worst
    assert error[:, UNITS.index("jawOpen")].max() < 0.12, worst
    assert error[:, UNITS.index("eyeLookOutLeft")].max() < 1e-4
    assert np.abs(back.head - motion[:, -3:]).max() < 1e-5


def test_parameters_reach_a_head_by_way_of_the_flame_in_the_file(
    room, flame, bundled, tmp_path
) -> None:
    motion = talk()
    add(room, flame, motion)
    path = tmp_path / "coef.npz"
    bpy.ops.thunder.export_motion(filepath=str(path), format="FLAME_NPZ")
    head = room("thunder_blender.head")
    other = head.create_head(bpy.context.collection, head.HeadParams(), bundled)
    bpy.context.scene.thunder.rig = other.mesh
    bpy.ops.thunder.import_motion(filepath=str(path), frame=1)
    jaw = []
    for frame in range(1, FRAMES + 1):
        bpy.context.scene.frame_set(frame)
        jaw.append(other.keys.key_blocks["jawOpen"].value)
    wanted = motion[:, CHANNELS.index("jawOpen")]
    assert np.abs(np.array(jaw) - wanted).max() < 0.1
    back = tmp_path / "head.npz"
    bpy.ops.thunder.export_motion(filepath=str(back), format="FLAME_NPZ")
    found = read_motion(back).motion
    assert isinstance(found, FlameCurves)
    first = read_motion(path).motion.jaw[:, 0]
    assert np.corrcoef(found.jaw[:, 0], first)[0, 1] > 0.95
