# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators through bpy.ops: they do the work, can be undone, and say why they cannot."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from model_runtime.contract import CHANNELS

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")


def write(path, **changes) -> str:
    arrays = {
        "weights": np.zeros((50, len(CHANNELS)), np.float32),
        "channels": np.array(CHANNELS),
        "fps": np.float64(50),
        "seed": np.int64(7),
        "provenance": np.array(json.dumps({"settings": {"seed": 7}})),
    } | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return str(path)


def test_load_take_makes_a_playing_take(rig, room, tmp_path) -> None:
    bpy.context.scene.render.fps = 25
    assert bpy.ops.thunder.load_take(filepath=write(tmp_path / "hello.npz"), frame=10)
    active = room("thunder_blender.takes").active_take(rig)
    assert active.name == "hello"
    assert active["thunder_seed"] == 7
    assert tuple(active.frame_range) == (10, 35)


def test_switch_and_restore(rig, room, tmp_path) -> None:
    takes = room("thunder_blender.takes")
    for name in ("a", "b"):
        bpy.ops.thunder.load_take(filepath=write(tmp_path / f"{name}.npz"))
    bpy.ops.thunder.switch_take(take="a")
    assert rig.mesh.thunder.take.name == "a"
    assert takes.active_take(rig).name == "a"
    bpy.ops.thunder.restore_mine()
    assert takes.active_take(rig) is None
    with pytest.raises(RuntimeError, match="no take 'c'"):
        bpy.ops.thunder.switch_take(take="c")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weights": None}, "is not a take"),
        ({"weights": np.zeros((50, 3), np.float32)}, "is not a take"),
        ({"weights": np.zeros((0, len(CHANNELS)), np.float32)}, "is not a take"),
        ({"weights": np.full((5, len(CHANNELS)), np.nan, np.float32)}, "not numbers"),
        ({"fps": np.float64(0)}, "is not a take"),
        ({"fps": np.array("fast")}, "is not a take"),
        ({"fps": np.array([25.0, 50.0])}, "is not a take"),
        ({"seed": np.array("seven")}, "is not a take"),
        ({"channels": None}, "is not a take"),
        ({"provenance": np.array("[1, 2]")}, "is not a take"),
        ({"provenance": np.array("{")}, "is not a take"),
        ({"provenance": np.array({"a": 1}, dtype=object)}, "is not a take"),
        ({"channels": np.array([f"x{i}" for i in range(len(CHANNELS))])}, "none of the channels"),
    ],
)
def test_a_bad_take_is_refused_in_one_sentence(rig, tmp_path, changes, sentence) -> None:
    with pytest.raises(RuntimeError, match=sentence) as caught:
        bpy.ops.thunder.load_take(filepath=write(tmp_path / "bad.npz", **changes))
    assert "Traceback" not in str(caught.value)
    assert not bpy.data.actions


def test_an_array_that_claims_more_than_it_holds_is_refused(rig, tmp_path) -> None:
    """numpy would take the memory first."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 55), }"
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.npy", member)
    with pytest.raises(RuntimeError, match="is not a take"):
        bpy.ops.thunder.load_take(filepath=str(path))


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04broken", b"\x93NUMPY", b"hello"])
def test_a_file_that_is_no_archive_is_refused(rig, tmp_path, content) -> None:
    path = tmp_path / "bad.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RuntimeError, match=r"no take at|is not a take"):
        bpy.ops.thunder.load_take(filepath=str(path))


def test_buttons_are_greyed_out_with_a_reason(room, tmp_path) -> None:
    for name in ("load_take", "switch_take", "restore_mine"):
        with pytest.raises(RuntimeError, match="Select a head"):
            getattr(bpy.ops.thunder, name)()


def test_create_head_from_the_bundled_face(room, empty_scene, bundled) -> None:
    identity = room("thunder_blender.head").identity_names()[-1]
    empty_scene.cursor.location = (1, 2, 3)
    assert bpy.ops.thunder.create_head(identity=identity) == {"FINISHED"}
    found = room("thunder_blender.rig").find_rig(bpy.context.object)
    assert tuple(found.armature.location) == (1, 2, 3)
    assert len(found.mesh.data.shape_keys.key_blocks) >= 53


def test_create_head_can_be_undone(room, empty_scene, bundled) -> None:
    bpy.ops.ed.undo_push(message="Start")
    bpy.ops.thunder.create_head("EXEC_DEFAULT", True)
    assert len(bpy.data.objects) == 2
    bpy.ops.ed.undo()
    assert not bpy.data.objects


def test_load_take_can_be_undone(rig, room, tmp_path) -> None:
    bpy.ops.ed.undo_push(message="Start")
    bpy.ops.thunder.load_take("EXEC_DEFAULT", True, filepath=write(tmp_path / "a.npz"))
    assert bpy.data.actions
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    found = room("thunder_blender.rig").find_scene_rig(bpy.context.scene, None)
    assert room("thunder_blender.takes").active_take(found) is None
