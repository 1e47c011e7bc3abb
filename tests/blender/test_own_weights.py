# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that a lab has trained: made by the commands of docs/training.md, chosen in the
preferences, performed by the real worker onto a head and onto the FLAME they speak for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from tests.blender.lines_fixture import add_strip  # noqa: E402
from tools import environments  # noqa: E402

PACKAGE = "bl_ext.user_default.thunder_blender"
MAKER = Path(__file__).with_name("own_models.py")

pytestmark = [
    pytest.mark.timeout(840),
    pytest.mark.skipif(
        bpy.app.version[:2] != (4, 5),
        reason="models are trained, for a minute: once, in Blender 4.5",
    ),
]


def engine_python() -> Path:
    """A Python with torch, soundfile and safetensors; skips where there is none."""
    named = os.environ.get("THUNDER_PYTHON", "")
    ours = environments.ENVS / environments.ENGINE.name / "bin" / "python"
    found = Path(named) if named else ours
    if not found.is_file():
        pytest.skip("needs a Python with torch: run 'python3 dev.py test', or name THUNDER_PYTHON")
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with u/my_weights, f/flame_weights and f/generic_model.pkl."""
    home = tmp_path_factory.mktemp("own")
    environment = environments.child_environment(OMP_NUM_THREADS="1")
    done = subprocess.run(
        [str(engine_python()), str(MAKER), str(home)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return home


@pytest.fixture
def own(room, monkeypatch):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.python = str(engine_python())
    monkeypatch.delenv("THUNDER_PYTHON", raising=False)
    room("thunder_blender.readiness").forget()
    yield preferences
    room("thunder_blender.engine").set_engine(None)
    for name in ("python", "weights"):
        preferences.property_unset(name)
    room("thunder_blender.readiness").forget()


@pytest.fixture
def hello(room, empty_scene, tmp_path):
    empty_scene.render.fps = 25
    return add_strip(room, tmp_path / "hello.wav", 10)


def models_of(folder: Path) -> dict[str, str]:
    return json.loads((folder / "sha256.json").read_text())


def lone_take(room, rig):
    (action,) = room("thunder_blender.takes").list_takes(rig)
    return action, json.loads(action["thunder_provenance"])


def test_units_of_ones_own(room, made, own, rig, hello):
    folder = made / "u" / "my_weights"
    own.weights = str(folder)
    assert bpy.ops.thunder.generate(rig=rig.mesh.name, seed=7) == {"FINISHED"}
    _, provenance = lone_take(room, rig)
    sums = models_of(folder)
    assert provenance["models"]["denoiser"] == sums["denoiser.safetensors"]
    bundled = models_of(room("thunder_blender.runtime_weights").BUNDLED)
    assert provenance["models"]["denoiser"] != bundled["denoiser.safetensors"]
    engine = room("thunder_blender.engine").current_engine()
    assert engine.running, "stays warm"
    own.weights = ""
    assert not engine.running, "other models want a fresh process"
    bpy.ops.thunder.generate(rig=rig.mesh.name, seed=7, name="Bundled")
    told = json.loads(bpy.data.actions["Bundled"]["thunder_provenance"])["models"]
    assert told["denoiser"] == bundled["denoiser.safetensors"]


def test_what_ones_own_folder_lacks_is_the_bundled(room, made, own, rig, hello):
    """Meter, Best of N, Hear and Test Runtime work with a folder of two models."""
    own.weights = str(made / "u" / "my_weights")
    assert bpy.ops.thunder.best_of(rig=rig.mesh.name, count=2, keep="BEST") == {"FINISHED"}
    action, provenance = lone_take(room, rig)
    assert len(provenance["tried"]) == 2
    sums = models_of(Path(own.weights))
    assert provenance["models"]["denoiser"] == sums["denoiser.safetensors"]
    assert bpy.ops.thunder.measure(rig=rig.mesh.name) == {"FINISHED"}
    assert bpy.ops.thunder.hear_mesh(take=action.name) == {"FINISHED"}
    assert bpy.ops.thunder.test_runtime() == {"FINISHED"}


def test_closures_survive_a_lower_rate(room):
    tightest = room("thunder_blender.fit_flame").tightest
    gap = np.full(100, 5.0, np.float32)
    gap[[0, 33, 34, 71, 99]] = 0.0
    for rate in (24.0, 25.0, 30.0, 23.976):
        found = tightest(gap, 50.0, rate, int(np.ceil(99 * rate / 50)) + 1)
        shut = np.flatnonzero(found == 0.0) / rate
        for second in np.array([0, 33, 34, 71, 99]) / 50.0:
            assert np.abs(shut - second).min() <= 0.5 / rate + 1e-6, (rate, second)
        assert len(shut) <= 5


def test_parameters_of_a_flame(room, made, own, rig, hello):
    file = made / "f" / "generic_model.pkl"
    own.weights = str(made / "f" / "flame_weights")
    with pytest.raises(RuntimeError, match=r"speak the parameters of .*'Head' is no FLAME"):
        bpy.ops.thunder.generate(rig=rig.mesh.name, seed=7)
    assert bpy.ops.thunder.import_flame(filepath=str(file), shape_keys=2) == {"FINISHED"}
    flame = room("thunder_blender.rig").find_rig(bpy.context.object)
    assert bpy.ops.thunder.generate(rig=flame.mesh.name, seed=7) == {"FINISHED"}
    action, provenance = lone_take(room, flame)
    assert provenance["face"] == flame.mesh["thunder_flame"]
    assert provenance["models"]["denoiser"] == models_of(Path(own.weights))["denoiser.safetensors"]
    curves = {
        (curve.data_path, curve.array_index): curve
        for curve in room("thunder_blender.take_marks").curves(action)
    }
    keyed = curves['key_blocks["Exp1"].value', 0].keyframe_points
    assert len(keyed) == 51, "two seconds at 25 frames a second"
    lowest = min(point.co.y for n in range(1, 51) for point in curves[_exp(n), 0].keyframe_points)
    assert lowest < -0.05, "a FLAME's expressions go both ways"
    jaw = [point.co.y for point in curves['pose.bones["jaw"].rotation_euler', 0].keyframe_points]
    assert np.isfinite(jaw).all() and np.ptp(jaw) > 0.001
    with pytest.raises(RuntimeError, match="Best of N compares weights of units"):
        bpy.ops.thunder.best_of(rig=flame.mesh.name, count=2, keep="BEST")


def _exp(number: int) -> str:
    return f'key_blocks["Exp{number}"].value'
