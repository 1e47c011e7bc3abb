# SPDX-License-Identifier: GPL-3.0-or-later
"""An imported FLAME moves as FLAME's own function says."""

from __future__ import annotations

import numpy as np
import pytest

from model_runtime.contract import CHANNELS, UNITS
from tests.blender.shown import evaluated
from tools import make_test_flame

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

NEAR = 1e-4  # metres
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")


@pytest.fixture
def flame(room, flame_file):
    return room("model_runtime.flame").load_flame(flame_file)


@pytest.fixture
def person() -> np.ndarray:
    return np.random.default_rng(3).normal(size=300).astype(np.float32)


@pytest.fixture
def rig(room, empty_scene, flame, person):
    builder = room("thunder_blender.flame_rig")
    params = builder.FlameParams(tuple(person.tolist()), shape_keys=40)
    return builder.create_flame(empty_scene.collection, flame, params)


def pose(rig, expression: np.ndarray, turns: np.ndarray) -> None:
    from mathutils import Quaternion, Vector

    for index, value in enumerate(expression):
        rig.keys.key_blocks[f"Exp{index + 1}"].value = float(value)
    for name, turn in zip(JOINTS, turns, strict=True):
        axis = Vector(turn.tolist())
        bone = rig.armature.pose.bones[name]
        bone.rotation_euler = Quaternion(axis.normalized(), axis.length).to_euler("XYZ")
    bpy.context.view_layer.update()


def test_blender_shows_what_flame_computes(rig, flame, person, room, capfd) -> None:
    runtime = room("model_runtime.flame")
    rng = np.random.default_rng(8)
    for _ in range(8):
        expression, turns = rng.normal(size=100), rng.normal(0, 0.3, (5, 3))
        pose(rig, expression, turns)
        wanted = runtime.forward(flame, person, expression[None], turns[None])[0]
        assert np.abs(evaluated(rig) - wanted).max() < NEAR
    said = capfd.readouterr()
    assert "ependency cycle" not in said.out + said.err


def test_keys_bones_and_ranges_are_those_that_flames_users_know(rig, flame) -> None:
    blocks = rig.keys.key_blocks
    assert {f"Exp{i}" for i in range(1, 101)} | {f"Shape{i}" for i in range(1, 41)} <= set(
        blocks.keys()
    )
    assert "Shape41" not in blocks
    assert (blocks["Exp100"].slider_min, blocks["Exp100"].slider_max) == (-10, 10)
    blocks["Exp1"].value = 4.5
    assert blocks["Exp1"].value == 4.5
    assert {bone.name for bone in rig.armature.data.bones if bone.use_deform} == set(JOINTS)
    assert len(rig.mesh.data.polygons) == len(flame.face.triangles)


def test_every_driver_works_without_permission_to_run_python(rig) -> None:
    for owner in (rig.keys, rig.armature):
        for curve in owner.animation_data.drivers:
            assert curve.driver.is_valid, curve.data_path
            assert curve.driver.is_simple_expression, curve.driver.expression


def test_the_jaw_can_be_keyed_and_its_correctives_follow_at_playback(rig) -> None:
    jaw = rig.armature.pose.bones["jaw"]
    for frame, angle in ((1, 0.0), (11, 0.4)):
        jaw.rotation_euler[0] = angle
        jaw.keyframe_insert("rotation_euler", frame=frame)
    opened = []
    for frame in (1, 6, 11):
        bpy.context.scene.frame_set(frame)
        shown = rig.keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
        opened.append(shown.key_blocks["pose jaw 7"].value)
    assert opened == pytest.approx([0, np.sin(0.2), np.sin(0.4)], abs=1e-3)


def test_joints_follow_the_identity_keys_before_and_after_the_bones_do(
    rig, flame, person, room
) -> None:
    runtime, rng = room("model_runtime.flame"), np.random.default_rng(2)
    for update in (False, True, False):
        person = person.copy()
        person[:40] = rng.normal(0, 2, 40)
        for index in range(40):
            rig.keys.key_blocks[f"Shape{index + 1}"].value = person[index]
        if update:
            bpy.context.view_layer.objects.active = rig.mesh
            assert bpy.ops.thunder.update_flame_joints() == {"FINISHED"}
        expression, turns = rng.normal(size=100), rng.normal(0, 0.3, (5, 3))
        pose(rig, expression, turns)
        wanted = runtime.forward(flame, person, expression[None], turns[None])[0]
        assert np.abs(evaluated(rig) - wanted).max() < NEAR


def test_uvs_come_along(room, empty_scene, tmp_path) -> None:
    parts = make_test_flame.tiny()
    uv = {"vt": np.random.default_rng(0).random((150, 2)), "ft": parts["f"]}
    make_test_flame.write_npz(tmp_path / "f.npz", {**parts, **uv})
    loaded = room("model_runtime.flame").load_flame(tmp_path / "f.npz")
    builder = room("thunder_blender.flame_rig")
    made = builder.create_flame(empty_scene.collection, loaded, builder.FlameParams())
    assert len(made.mesh.data.uv_layers) == 1


@pytest.fixture(scope="module")
def take():
    """A second of speech-like motion at 50 frames a second: (T, 55), with closures."""
    time = np.arange(100) / 50
    motion = np.zeros((100, len(CHANNELS)), np.float32)
    opening = 0.25 * np.clip(np.sin(2 * np.pi * 2.5 * time), 0, 1)
    motion[:, CHANNELS.index("jawOpen")] = 0.12 + opening
    motion[:, CHANNELS.index("mouthClose")] = 0.12
    motion[:, CHANNELS.index("mouthSmileLeft")] = 0.3 * time
    motion[:, CHANNELS.index("eyeLookOutLeft")] = 0.5
    motion[:, CHANNELS.index("eyeLookDownRight")] = 0.5
    motion[:, CHANNELS.index("neckYaw")] = 0.1
    return motion


@pytest.fixture
def imported(room, empty_scene, flame_file):
    """A rig through the importer; the fit is found once."""
    importer = room("thunder_blender.flame_import")
    return importer.import_flame(
        empty_scene.collection, importer.FlameImport(flame_file), flame_file.parent
    )


def test_the_units_are_found_in_the_expressions(imported) -> None:
    misfits = imported.misfits()
    assert np.mean(list(misfits.values())) < 1.0
    assert max(misfits.values()) < 5.0
    jaw = np.degrees(imported.mapping.jaw[UNITS.index("jawOpen")])
    assert jaw == pytest.approx([22.5, 0, 0], abs=3)
    assert "worst: mouthClose" in imported.sentence()


def test_what_was_found_is_kept_for_the_file_and_on_the_rig(imported, flame_file, room) -> None:
    mapping = room("thunder_blender.flame_mapping")
    assert len(list(flame_file.parent.glob("*.npz"))) == 1
    stored = mapping.stored(imported.rig.mesh)
    assert np.allclose(stored.expression, imported.mapping.expression)
    assert np.array_equal(stored.lips, imported.mapping.lips)


def test_lips_that_meet_on_the_open_head_meet_on_the_flame(imported, room, take) -> None:
    lips, motion = room("thunder_blender.flame_lips"), room("thunder_blender.flame_motion")
    head = room("thunder_blender.head").bundled_face()
    wanted = lips.head_gap(head, take, CHANNELS)
    found = motion.channels_to_flame(imported.rig, take, CHANNELS)
    got = motion.lips_of(imported.rig, imported.mapping).gap(found.expression, found.jaw)
    closed = wanted < 0.3
    assert 20 < closed.sum() < 80
    assert got[closed].max() < 1.0
    assert got[wanted > 3].min() > 1.5


def test_blender_shows_the_gap_that_was_aimed_at(imported, room, take) -> None:
    motion = room("thunder_blender.flame_motion")
    found = motion.channels_to_flame(imported.rig, take, CHANNELS)
    lips = motion.lips_of(imported.rig, imported.mapping)
    frames = (0, 5, 30)
    for frame in frames:
        turns = np.zeros((5, 3))
        turns[2] = found.jaw[frame]
        pose(imported.rig, found.expression[frame], turns)
        height = evaluated(imported.rig)[imported.mapping.lips[:, 0], 1]
        shown = room("thunder_blender.flame_lips").column_gap(height[None], lips.columns)[0]
        aimed = lips.gap(found.expression[[frame]], found.jaw[[frame]])[0]
        assert shown == pytest.approx(aimed, abs=0.1)


def test_units_come_back_from_the_rigs_own_motion(imported, room, take) -> None:
    motion = room("thunder_blender.flame_motion")
    found = motion.channels_to_flame(imported.rig, take, CHANNELS)
    units = motion.flame_to_units(imported.rig, found.expression, found.jaw)
    for name, near in (("jawOpen", 0.1), ("mouthSmileLeft", 0.1)):
        index = UNITS.index(name)
        assert np.abs(units[:, index] - take[:, index]).max() < near


def test_residual_keys_are_made_on_request_and_keyed_by_takes(
    room, empty_scene, flame_file, take
) -> None:
    importer, mapping = room("thunder_blender.flame_import"), room("thunder_blender.mapping")
    wanted = importer.FlameImport(flame_file, shape_keys=0, residual_keys=True)
    made = importer.import_flame(empty_scene.collection, wanted, flame_file.parent).rig
    names = {block.name for block in made.keys.key_blocks}
    assert {"residual eyeBlinkLeft", "residual mouthRollLower"} <= names
    assert not {"residual jawOpen", "residual mouthClose"} & names
    take = take.copy()
    take[:, CHANNELS.index("eyeBlinkLeft")] = 0.5
    keys, _ = mapping.curves_for(made, take, CHANNELS)
    blink = next(curve for curve in keys if "residual eyeBlinkLeft" in curve.data_path)
    assert np.allclose(blink.values, 0.5)


def test_the_tongue_that_a_flame_lacks_lies_in_its_mouth_and_comes_out(
    room, empty_scene, flame_file, take
) -> None:
    importer, mapping = room("thunder_blender.flame_import"), room("thunder_blender.mapping")
    wanted = importer.FlameImport(flame_file, shape_keys=0, residual_keys=True)
    made = importer.import_flame(empty_scene.collection, wanted, flame_file.parent).rig
    tongue = bpy.data.objects[f"{made.mesh.name} Tongue"]
    stored = room("thunder_blender.flame_mapping").stored(made.mesh)
    mouth = room("thunder_blender.flame_tongue").flame_mouth(made, stored)
    take = np.zeros_like(take)
    take[:, CHANNELS.index("tongueOut")] = 1.0
    take[:, CHANNELS.index("jawOpen")] = 0.4
    keys, _ = mapping.curves_for(made, take, CHANNELS)
    carried = next(curve for curve in keys if "residual tongueOut" in curve.data_path)
    assert np.allclose(carried.values, 1.0)

    def tip() -> np.ndarray:
        """The point farthest in front: Blender's axes."""
        shown = tongue.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
        points = np.array([vertex.co for vertex in shown.vertices])
        return points[points[:, 1].argmin()]

    front = -mouth[2]  # where the lips meet; less is farther out
    still = tip()
    assert 0.0 < still[1] - front < 0.03 and abs(still[0]) < 0.005  # behind the lips, just
    key = made.keys.key_blocks["residual tongueOut"]
    basis = made.keys.key_blocks[0]
    pairs = zip(key.points, basis.points, strict=True)
    assert all(moved.co == rest.co for moved, rest in pairs)  # FLAME's own mesh stays as it is
    key.value = 1.0
    bpy.context.view_layer.update()
    out = tip()
    assert out[1] - front < -0.004  # past the lips
    made.armature.pose.bones["jaw"].rotation_euler.x = 0.3
    bpy.context.view_layer.update()
    assert tip()[2] < out[2] - 0.005  # it goes with the jaw


def test_masks_become_vertex_groups_and_landmarks_tell_the_mouth(
    room, empty_scene, flame_file, tmp_path
) -> None:
    importer = room("thunder_blender.flame_import")
    masks = {"lips": np.arange(7), "neck": np.arange(5)}
    (tmp_path / "FLAME_masks.pkl").write_bytes(make_test_flame.Pickler2().dump(masks))
    np.savez(tmp_path / "few.npz", lmk_face_idx=np.arange(9), lmk_b_coords=np.full((9, 3), 1 / 3))
    wanted = importer.FlameImport(
        flame_file, shape_keys=0, masks=tmp_path / "FLAME_masks.pkl", landmarks=tmp_path / "few.npz"
    )
    body = importer.import_flame(empty_scene.collection, wanted, flame_file.parent).rig.mesh
    groups = {group.name for group in body.vertex_groups}
    assert {"mask lips", "mask neck", "neck"} <= groups
    inside = body.vertex_groups["mask lips"].index
    assert sum(any(g.group == inside for g in v.groups) for v in body.data.vertices) == 7


def test_curves_name_keys_and_bones_of_the_rig(imported, room, take) -> None:
    mapping = room("thunder_blender.mapping")
    keys, bones = mapping.curves_for(imported.rig, take, CHANNELS)
    assert all(curve.data_path.startswith('key_blocks["Exp') for curve in keys)
    moved = {curve.data_path: curve for curve in bones if np.abs(curve.values).max() > 1e-6}
    assert {path.split('"')[1] for path in moved} == {"neck", "jaw", "left_eye", "right_eye"}
    assert not any("jawOpen" in curve.data_path for curve in keys)
    left = next(c for c in bones if "left_eye" in c.data_path and c.index == 1)
    right = next(c for c in bones if "right_eye" in c.data_path and c.index == 0)
    assert left.values[0] > 0.05  # towards the character's left
    assert right.values[0] > 0.05  # down


def test_a_take_plays_and_its_jaw_opens_the_mouth(imported, room, empty_scene, take) -> None:
    empty_scene.render.fps = 50
    contract, takes = room("model_runtime.contract"), room("thunder_blender.takes")
    rig, lips = imported.rig, room("thunder_blender.flame_motion")
    action = takes.create_take(rig, "spoken", contract.Take(take), rate=50.0, first_frame=1)
    takes.choose_take(rig, action)
    columns = lips.lips_of(rig, imported.mapping).columns
    shown = []
    for frame in (1, 6):  # closed, and at the height of the first syllable
        empty_scene.frame_set(frame)
        height = evaluated(rig)[imported.mapping.lips[:, 0], 1]
        shown.append(room("thunder_blender.flame_lips").column_gap(height[None], columns)[0])
    assert shown[0] < 1.0
    assert shown[1] > 5.0
    assert room("thunder_blender.diagnose").why_not_moving(rig, bpy.context) == []


def test_a_saved_rig_needs_neither_its_file_nor_the_fit(imported, room, take, tmp_path) -> None:
    mapping, lookup = room("thunder_blender.mapping"), room("thunder_blender.rig")
    before = mapping.curves_for(imported.rig, take, CHANNELS)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "f.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "f.blend"))
    found = lookup.find_rig(bpy.data.objects["FLAME"])
    after = mapping.curves_for(found, take, CHANNELS)
    for old, new in zip(before[0] + before[1], after[0] + after[1], strict=True):
        assert np.allclose(old.values, new.values, atol=1e-5)


def test_a_rig_without_its_mapping_says_so(imported, room, take) -> None:
    del imported.rig.mesh["thunder_flame_jaw"]
    rig = room("thunder_blender.rig")
    with pytest.raises(rig.RigError, match=r"'FLAME' has lost .* Import the FLAME again"):
        room("thunder_blender.mapping").curves_for(imported.rig, take, CHANNELS)


def test_the_open_heads_curves_are_as_before(room, empty_scene, face, take) -> None:
    head, mapping = room("thunder_blender.head"), room("thunder_blender.mapping")
    made = head.create_head(empty_scene.collection, head.HeadParams(), face)
    keys, bones = mapping.curves_for(made, take, CHANNELS)
    assert len(keys) == len(UNITS)
    assert {curve.group for curve in bones} == {"neck"}


def test_import_by_operator_reports_and_selects(room, empty_scene, flame_file) -> None:
    empty_scene.cursor.location = (1, 2, 0)
    assert bpy.ops.thunder.import_flame(filepath=str(flame_file), shape_keys=5) == {"FINISHED"}
    body = bpy.context.object
    assert body["thunder_mapping"] == "flame"
    assert tuple(body.parent.location) == (1, 2, 0)
    assert room("thunder_blender.rig").find_rig(body).neck.name == "neck"


def test_import_fails_in_one_sentence(tmp_path) -> None:
    (tmp_path / "f.pkl").write_bytes(b"not a pickle at all" * 100)
    with pytest.raises(RuntimeError, match=r"f\.pkl is not a FLAME model: .* Download it again"):
        bpy.ops.thunder.import_flame(filepath=str(tmp_path / "f.pkl"))
    assert not bpy.data.objects


def test_import_is_greyed_with_a_reason_outside_object_mode(empty_scene) -> None:
    mesh = bpy.data.objects.new("m", bpy.data.meshes.new("m"))
    empty_scene.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.thunder.import_flame.poll()
