# SPDX-License-Identifier: GPL-3.0-or-later
"""Alembic, USD and glTF of a performance show what Blender shows, and leave the scene as it was.

Tolerance: 1e-5 m between a vertex on the open head and the imported mesh's nearest one.
"""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

from mathutils.kdtree import KDTree  # noqa: E402

from model_runtime.contract import CHANNELS  # noqa: E402
from tools import make_test_flame  # noqa: E402

FPS, FRAMES, SHOWN = 25, 12, (1, 5, 9, 12)
EVERY = 23  # of the vertices are compared
ENDINGS = {"ALEMBIC": "abc", "USD": "usdc", "GLTF": "glb"}


@pytest.fixture
def performed(room, bundled, empty_scene):
    """The open head with a take that plays, and another Action of the artist's beside it."""
    empty_scene.render.fps, empty_scene.render.fps_base = FPS, 1.0
    head, takes = room("thunder_blender.head"), room("thunder_blender.takes")
    rig = head.create_head(empty_scene.collection, head.HeadParams(), bundled)
    weights = np.zeros((FRAMES, len(CHANNELS)), np.float32)
    weights[:, CHANNELS.index("jawOpen")] = np.linspace(0, 0.8, FRAMES)
    weights[:, CHANNELS.index("neckYaw")] = np.linspace(0, 0.5, FRAMES)
    weights[6:, CHANNELS.index("eyeBlinkLeft")] = 1.0
    take = room("model_runtime.contract").Take(weights, CHANNELS, float(FPS))
    action = takes.create_take(rig, "Line", take, FPS, 1)
    rig.mesh.thunder.take = action
    return rig, action


def evaluated(item) -> np.ndarray:
    """Vertices in the world (V, 3) as the mesh shows now."""
    shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = shown.to_mesh()
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    shown.to_mesh_clear()
    turn = np.array(shown.matrix_world)
    return points.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3]


def shown_on(scene, item) -> list[np.ndarray]:
    found = []
    for frame in SHOWN:
        scene.frame_set(frame)
        found.append(evaluated(item))
    return found


def load(kind: str, path) -> bpy.types.Object:
    """The largest mesh of the file, in a file of its own."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    if kind == "ALEMBIC":
        bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)
    elif kind == "USD":
        bpy.ops.wm.usd_import(filepath=str(path))
    else:
        bpy.ops.import_scene.gltf(filepath=str(path))
    meshes = [item for item in bpy.context.scene.objects if item.type == "MESH"]
    return max(meshes, key=lambda item: len(item.data.vertices))


def farthest(wanted: np.ndarray, given: np.ndarray) -> float:
    tree = KDTree(len(given))
    for index, point in enumerate(given.tolist()):
        tree.insert(point, index)
    tree.balance()
    return max(tree.find(point)[2] for point in wanted[::EVERY].tolist())


@pytest.mark.parametrize("kind", ENDINGS)
def test_the_file_shows_what_blender_shows(kind, performed, room, tmp_path) -> None:
    rig, action = performed
    room("thunder_blender.takes").choose_take(rig, action)
    wanted = shown_on(bpy.context.scene, rig.mesh)
    assert np.abs(wanted[0] - wanted[-1]).max() > 0.01
    path = tmp_path / f"line.{ENDINGS[kind]}"
    assert bpy.ops.thunder.export_mesh(filepath=str(path), format=kind) == {"FINISHED"}
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    back = load(kind, path)
    for points, frame in zip(wanted, shown_on(bpy.context.scene, back), strict=True):
        assert farthest(points, frame) < 1e-5
        if kind != "GLTF":  # which splits vertices at seams
            assert np.abs(points - frame).max() < 1e-5
    if kind == "GLTF":
        assert "jawOpen" in back.data.shape_keys.key_blocks


def test_a_flames_gltf_holds_what_goes_beyond_0_to_1_and_says_so(
    room, empty_scene, tmp_path
) -> None:
    """Blender's import clamps weights to the range of the keys, which has to be widened first."""
    parts = {**make_test_flame.tiny(), "posedirs": np.zeros((120, 3, 36))}
    make_test_flame.write_npz(tmp_path / "flame.npz", parts)
    flame = room("model_runtime.flame").load_flame(tmp_path / "flame.npz")
    builder, exporter = room("thunder_blender.flame_rig"), room("thunder_blender.export_mesh")
    rig = builder.create_flame(empty_scene.collection, flame, builder.FlameParams(shape_keys=3))
    for index, value in ((1, 3.0), (2, -2.5)):
        key = rig.keys.key_blocks[f"Exp{index}"]
        for frame in (1, 12):
            key.value = value * (frame - 1) / 11
            key.keyframe_insert("value", frame=frame)
    empty_scene.render.fps, empty_scene.frame_start, empty_scene.frame_end = FPS, 1, 12
    wanted = shown_on(empty_scene, rig.mesh)
    path = tmp_path / "flame.glb"
    said = exporter.export_rig(bpy.context, rig, exporter.MeshExport(path, "GLTF"))
    assert "widen their range" in said
    assert "widen" not in exporter.beyond(rig, exporter.MeshExport(path, "USD"))
    back = load("GLTF", path)
    for key in back.data.shape_keys.key_blocks[1:]:
        key.slider_min, key.slider_max = -10.0, 10.0
    for points, frame in zip(wanted, shown_on(bpy.context.scene, back), strict=True):
        assert farthest(points, frame) < 1e-5


def test_every_mesh_of_the_character_goes_out(performed, tmp_path) -> None:
    rig, _ = performed
    mesh = bpy.data.meshes.new("Hat")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    hat, chair = (bpy.data.objects.new(name, mesh) for name in ("Hat", "Chair"))
    for item in (hat, chair):
        bpy.context.scene.collection.objects.link(item)
    hat.parent = rig.armature
    path = tmp_path / "line.usdc"
    bpy.ops.thunder.export_mesh(filepath=str(path), format="USD")
    load("USD", path)
    names = {item.name for item in bpy.context.scene.objects if item.type == "MESH"}
    assert "Hat" in names and "Chair" not in names


def test_a_take_that_does_not_play_goes_out_alone_and_all_stays_as_it_was(
    performed, tmp_path
) -> None:
    rig, action = performed
    block = rig.keys.key_blocks["jawOpen"]
    block.value = 0.25
    block.keyframe_insert("value", frame=3)
    own = rig.keys.animation_data.action
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 5, 99
    scene.frame_set(4)
    rig.armature.hide_set(True)
    path = tmp_path / "line.abc"
    assert bpy.ops.thunder.export_mesh(filepath=str(path), format="ALEMBIC") == {"FINISHED"}
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (5, 99, 4)
    assert rig.keys.animation_data.action == own and rig.keys.animation_data.use_nla
    assert block.value == pytest.approx(0.25) and rig.armature.hide_get()
    assert action != own
    back = load("ALEMBIC", path)
    first, *_, last = shown_on(bpy.context.scene, back)
    assert np.abs(first - last).max() > 0.01


def test_what_is_in_the_way_is_said_before_anything_is_touched(performed, tmp_path) -> None:
    rig, _ = performed
    there = tmp_path / "there.abc"
    there.write_text("mine")

    def said(**arguments) -> str:
        with pytest.raises(RuntimeError) as told:
            bpy.ops.thunder.export_mesh(**arguments)
        return str(told.value)

    assert "is there already" in said(filepath=str(there), format="ALEMBIC")
    assert "Let it end in .glb" in said(filepath=str(there), format="GLTF")
    missing = tmp_path / "none" / "x.usdc"
    assert "does not exist" in said(filepath=str(missing), format="USD")
    rig.mesh.hide_set(True)
    assert "is hidden" in said(filepath=str(tmp_path / "x.usdc"), format="USD")
    assert there.read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
