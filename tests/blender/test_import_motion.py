# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion files of other tools become takes, and what is wrong with one leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from model_runtime.contract import CHANNELS, Take  # noqa: E402
from model_runtime.motion_files import arkit_csv, audio2face, live_link  # noqa: E402
from model_runtime.motion_files.flame_npz import flame_bytes  # noqa: E402
from model_runtime.motion_files.motion import FlameCurves  # noqa: E402
from tests.blender.fake_layout import FakeLayout  # noqa: E402
from tests.blender.take_helpers import jaw_at  # noqa: E402
from tools import make_test_flame  # noqa: E402

FPS = 25


@pytest.fixture
def scene(empty_scene):
    empty_scene.render.fps, empty_scene.render.fps_base = FPS, 1.0
    return empty_scene


def talk(fps: float = 50.0, seconds: float = 2.0, neck: float = 0.2) -> Take:
    """A jaw that opens by half a unit each second, and a turned neck."""
    weights = np.zeros((round(seconds * fps), len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = np.arange(len(weights)) / fps / 2
    weights[:, CHANNELS.index("neckYaw")] = neck
    return Take(weights, CHANNELS, fps, {"audio": {"name": "line.wav"}})


WRITERS = {
    "live_link.csv": live_link.csv_text,
    "arkit.csv": arkit_csv.csv_text,
    "audio2face.json": audio2face.json_text,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_becomes_a_take_that_plays(name, rig, scene, tmp_path) -> None:
    path = tmp_path / name
    path.write_text(WRITERS[name](talk()))
    assert bpy.ops.thunder.import_motion(filepath=str(path), frame=11) == {"FINISHED"}
    for second in (0.2, 1.0, 1.8):
        assert jaw_at(rig, 11 + second * FPS) == pytest.approx(second / 2, abs=0.01)
    assert rig.armature.pose.bones["neck"].rotation_euler[1] == pytest.approx(0.2, abs=1e-3)
    take = rig.mesh.thunder.take
    source = json.loads(take["thunder_provenance"])["imported"]
    assert source["file"] == name and source["fps"] == 50.0
    assert source["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_rate_head_and_choice_are_the_artists(rig, scene, tmp_path) -> None:
    path = tmp_path / "take.csv"
    path.write_text(arkit_csv.csv_text(talk()))
    bpy.ops.thunder.import_motion(filepath=str(path), fps=100.0, head="NONE", play=False)
    take = rig.mesh.thunder.take
    assert take.frame_range[1] == pytest.approx(1 + 0.99 * FPS, abs=1)
    assert jaw_at(rig, 20) == 0.0
    paths = {curve.data_path for curve in _curves(take)}
    assert not any("neck" in path for path in paths)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("other.csv", b"a,b\n1,2\n", "only 0 of its columns"),
        ("cut.json", b'{"facsNames": ["jawOpen"], "weightM', "no json"),
        ("odd.npz", b"PK\x03\x04 broken", "damaged"),
        ("evil.pkl", b"cos\nsystem\n(S'true'\ntR.", "os.system"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_leaves_nothing(
    name, content, said, rig, scene, tmp_path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    before = set(bpy.data.actions)
    with pytest.raises(RuntimeError, match=said):
        bpy.ops.thunder.import_motion(filepath=str(path))
    assert set(bpy.data.actions) == before and not rig.mesh.thunder.take


def test_flame_parameters_need_a_flame(rig, scene, tmp_path) -> None:
    path = tmp_path / "coef.npz"
    path.write_bytes(flame_bytes(FlameCurves(np.zeros((5, 50)), np.zeros((5, 3))), 25))
    with pytest.raises(RuntimeError, match="Import FLAME"):
        bpy.ops.thunder.import_motion(filepath=str(path))


def test_flame_parameters_go_onto_a_flame_as_they_are(room, scene, tmp_path) -> None:
    make_test_flame.write_npz(tmp_path / "flame.npz", make_test_flame.tiny())
    flame = room("model_runtime.flame").load_flame(tmp_path / "flame.npz")
    builder = room("thunder_blender.flame_rig")
    made = builder.create_flame(scene.collection, flame, builder.FlameParams())
    rng = np.random.default_rng(5)
    exp, jaw = rng.normal(0, 1, (50, 50)), rng.normal(0, 0.05, (50, 3))
    head = np.tile([[0.0, 0.3, 0.0]], (50, 1))
    path = tmp_path / "coef.npz"
    np.savez(path, exp=exp, pose=np.concatenate([head, jaw], 1), shape=np.zeros((50, 100)))
    assert bpy.ops.thunder.import_motion(filepath=str(path)) == {"FINISHED"}
    for frame in (1, 20, 50):
        scene.frame_set(frame)
        blocks = made.keys.key_blocks
        now = [blocks[f"Exp{index + 1}"].value for index in range(50)]
        assert np.allclose(now, exp[frame - 1], atol=1e-5)
        turn = made.armature.pose.bones["jaw"].rotation_euler.to_quaternion().to_axis_angle()
        assert np.allclose(np.array(turn[0]) * turn[1], jaw[frame - 1], atol=1e-5)
    assert made.armature.pose.bones["neck"].rotation_euler[1] == pytest.approx(0.3, abs=1e-5)


def _curves(action):
    if hasattr(action, "fcurves"):
        return list(action.fcurves)
    return [curve for bag in action.layers[0].strips[0].channelbags for curve in bag.fcurves]


class Window:
    """What the modal door needs of a window, which there is none of in the background."""

    def __init__(self, operator_class: type, path) -> None:
        self.kind, self.told = operator_class, []
        self.window = SimpleNamespace(
            screen=SimpleNamespace(is_animation_playing=False), modal_operators=[]
        )
        self.window_manager = SimpleNamespace(
            windows=[self.window], event_timer_add=lambda *_, **__: None
        )
        self.operator = SimpleNamespace(
            filepath=str(path), frame=1, fps=0.0, head="NONE", play=True, report=self._hear
        )
        for name in ("_wanted", "failed"):
            function = getattr(operator_class, name)
            setattr(self.operator, name, function.__get__(self.operator))

    def __getattr__(self, name: str):
        return getattr(bpy.context, name)

    def event(self, kind: str) -> set[str]:
        return self.kind.modal(self.operator, self, SimpleNamespace(type=kind, value="PRESS"))

    def until_done(self) -> set[str]:
        end = time.monotonic() + 60
        while (result := self.event("TIMER")) == {"PASS_THROUGH"}:
            assert time.monotonic() < end, "the import does not end"
            time.sleep(0.02)
        return result

    def _hear(self, level: set[str], text: str) -> None:
        self.told.append((*level, text))


@pytest.fixture
def door(room, rig, scene, tmp_path):
    """The import at a window, of a file that is there."""
    path = tmp_path / "take.csv"
    path.write_text(arkit_csv.csv_text(talk()))
    task = room("thunder_blender.import_task")
    window = Window(room("operators.import_motion").THUNDER_OT_import_motion, path)
    yield window, task, rig
    task.end()


def test_at_the_window_the_take_comes_in_one_step_when_it_is_ready(door) -> None:
    window, task, rig = door
    task.begin(window, window.operator._wanted(), rig)
    assert "being imported" in task.running_reason() and not rig.mesh.thunder.take
    assert window.until_done() == {"FINISHED", "PASS_THROUGH"}
    assert window.told[0][0] == "INFO" and "2.0 s of ARKit csv" in window.told[0][1]
    assert rig.mesh.thunder.take and not task.running_reason()


def test_esc_and_errors_leave_nothing(door) -> None:
    window, task, rig = door
    before = set(bpy.data.actions)
    task.begin(window, window.operator._wanted(), rig)
    assert window.event("ESC") == {"CANCELLED", "PASS_THROUGH"}
    Path(window.operator.filepath).write_text("a,b\n1,2\n")
    task.begin(window, window.operator._wanted(), rig)
    assert window.until_done() == {"CANCELLED", "PASS_THROUGH"}
    assert window.told[-1][0] == "ERROR" and "is not imported" in window.told[-1][1]
    assert set(bpy.data.actions) == before and not task.running_reason()


def test_a_rig_that_is_deleted_meanwhile_is_named(door) -> None:
    window, task, rig = door
    task.begin(window, window.operator._wanted(), rig)
    name = rig.mesh.name
    bpy.data.objects.remove(rig.mesh)
    assert window.until_done() == {"CANCELLED", "PASS_THROUGH"}
    assert name in window.told[-1][1] and "deleted" in window.told[-1][1]


def test_files_can_be_dropped_and_the_menus_lead_here(room, rig, scene) -> None:
    handler = bpy.types.THUNDER_FH_import_motion
    assert handler.bl_import_operator == "thunder.import_motion"
    assert {".csv", ".json", ".npz", ".pkl", ".txt"} == set(handler.bl_file_extensions.split(";"))
    for menu, operators in (
        ("draw_import", ["thunder.import_motion"]),
        ("draw_export", ["thunder.export_motion", "thunder.export_mesh"]),
    ):
        layout = FakeLayout()
        getattr(room("panels.menus"), menu)(SimpleNamespace(layout=layout), bpy.context)
        assert layout.names("operator") == operators
