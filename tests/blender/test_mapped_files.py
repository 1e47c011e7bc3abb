# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion files on rigs that others made: in through the mapping, out by the way back.

Tolerance: 1e-4 of a weight, by least squares through the links.
"""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS, UNITS, Take  # noqa: E402
from model_runtime.motion_files import arkit_csv, read_motion  # noqa: E402
from tests.blender import foreign_rigs  # noqa: E402

FPS, FRAMES = 25, 50
VISEMES = "sil PP FF TH DD kk CH SS nn RR aa E I O U".split()


@pytest.fixture
def scene(room, empty_scene):
    empty_scene.render.fps, empty_scene.render.fps_base = FPS, 1.0
    empty_scene.frame_start, empty_scene.frame_end = 1, FRAMES
    return empty_scene


def file_of(folder) -> tuple:
    """A csv of every unit, each at a level of its own, and the motion in it."""
    rng = np.random.default_rng(4)
    weights = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    weights[:, : len(UNITS)] = rng.random((FRAMES, len(UNITS)))
    close, jaw = UNITS.index("mouthClose"), UNITS.index("jawOpen")
    weights[:, close] = np.minimum(weights[:, close], weights[:, jaw])
    path = folder / "in.csv"
    path.write_text(arkit_csv.csv_text(Take(weights, CHANNELS, float(FPS))))
    return path, weights[:, : len(UNITS)]


def units_in(path) -> np.ndarray:
    back = read_motion(path).motion
    return back.weights[:, [back.names.index(unit) for unit in UNITS]]


def use(*chosen) -> None:
    foreign_rigs.select(*chosen)
    assert bpy.ops.thunder.use_character() == {"FINISHED"}


@pytest.mark.parametrize("spelling", ["live link", "suffix"])
def test_units_come_back_from_keys_of_other_names(spelling, scene, tmp_path) -> None:
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, foreign_rigs.arkit_names(spelling))
    use(body)
    path, units = file_of(tmp_path)
    assert bpy.ops.thunder.import_motion(filepath=str(path), frame=1) == {"FINISHED"}
    for source in ("TAKE", "RIG"):
        out = tmp_path / f"{source}.csv"
        bpy.ops.thunder.export_motion(filepath=str(out), format="ARKIT_CSV", source=source)
        assert np.abs(units_in(out) - units).max() < 1e-4


def test_a_control_that_drives_a_key_tells_its_unit(scene, tmp_path) -> None:
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, foreign_rigs.arkit_names("live link"))
    body["jaw"] = 0.0
    body.id_properties_ui("jaw").update(min=0.0, max=10.0)
    driver = body.data.shape_keys.key_blocks["JawOpen"].driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.targets[0].id = "jaw", body
    variable.targets[0].data_path = '["jaw"]'
    driver.expression = "jaw / 10"
    use(body)
    path, units = file_of(tmp_path)
    bpy.ops.thunder.import_motion(filepath=str(path), frame=1)
    for source in ("TAKE", "RIG"):
        out = tmp_path / f"{source}.csv"
        bpy.ops.thunder.export_motion(filepath=str(out), format="ARKIT_CSV", source=source)
        assert np.abs(units_in(out) - units).max() < 1e-3


def test_a_take_of_visemes_does_not_tell_the_units_but_the_mesh_does(scene, tmp_path) -> None:
    """What is read off the mesh is a mixture of units that gives those visemes again."""
    body = foreign_rigs.quads("Hero")
    foreign_rigs.add_keys(body, [f"viseme_{name}" for name in VISEMES])
    use(body)
    path, seconds = tmp_path / "in.csv", np.arange(FRAMES) / FPS
    weights = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    weights[:, UNITS.index("jawOpen")] = 0.3 - 0.3 * np.cos(2 * np.pi * 2 * seconds)
    weights[:, UNITS.index("mouthPucker")] = 0.4 * (seconds > 1.0)
    path.write_text(arkit_csv.csv_text(Take(weights, CHANNELS, float(FPS))))
    assert bpy.ops.thunder.import_motion(filepath=str(path), frame=1) == {"FINISHED"}
    out = tmp_path / "out.csv"
    with pytest.raises(RuntimeError, match="has visemes"):
        bpy.ops.thunder.export_motion(filepath=str(out), format="ARKIT_CSV")
    assert not out.exists()
    keys = body.data.shape_keys.key_blocks
    shown = [_values(scene, keys, frame) for frame in (5, 25, 45)]
    bpy.ops.thunder.export_motion(filepath=str(out), format="ARKIT_CSV", source="RIG")
    read = units_in(out)
    assert read.min() >= 0.0 and read.max() <= 1.0 and np.ptp(read, axis=0).max() > 0.1
    bpy.ops.thunder.import_motion(filepath=str(out), frame=1)
    again = [_values(scene, keys, frame) for frame in (5, 25, 45)]
    assert np.abs(np.array(shown) - np.array(again)).mean() < 0.05


def _values(scene, keys, frame: int) -> list[float]:
    scene.frame_set(frame)
    return [key.value for key in keys[1:]]
