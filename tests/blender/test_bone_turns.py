# SPDX-License-Identifier: GPL-3.0-or-later
"""Jaw and neck bones of other rigs: rolled, under turned parents, in every rotation mode."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's bpy module")

MODES = ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX", "QUATERNION", "AXIS_ANGLE"]
ANGLE = 0.35


@pytest.fixture
def boned(empty_scene):
    """An armature whose jaw and neck are rolled and hang on a parent that points elsewhere."""
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    empty_scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    root = data.edit_bones.new("root")
    root.head, root.tail, root.roll = (0, 0, 0), (0.03, 0.05, 0.02), 0.7
    for name, tail, roll in (("jaw", (0.01, -0.06, -0.03), 1.1), ("neck", (0.02, 0.03, 0.1), -0.8)):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = (0, 0.01, 0.02), tail, roll
        bone.parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.rotation_euler = (0.4, 0.0, 0.0)  # the bones are turned against the world
    bpy.context.view_layer.update()
    return SimpleNamespace(armature=rig, mesh=rig)


def show(rig, curves) -> None:
    for path, index, value in curves:
        holder, _, prop = path.rpartition(".")
        getattr(rig.armature.path_resolve(holder), prop)[index] = value
    bpy.context.view_layer.update()


def turned(rig, name) -> np.ndarray:
    """How far the bone is turned from its rest, about the world's axes: (3,3)."""
    bone = rig.armature.pose.bones[name]
    world = np.array(rig.armature.matrix_world)[:3, :3]
    shown, rest = (np.array(m)[:3, :3] for m in (bone.matrix, bone.bone.matrix_local))
    return world @ shown @ rest.T @ world.T


@pytest.mark.parametrize("mode", MODES)
def test_a_neck_of_any_kind_turns_about_the_faces_axes(room, boned, mode):
    neck, rotations = room("thunder_blender.rig_neck"), room("model_runtime.face").rotation_matrices
    boned.armature.pose.bones["neck"].rotation_mode = mode
    turn = np.random.default_rng(2).normal(0, 0.4, (6, 3)).astype(np.float32)
    curves = neck.find(boned).curves(turn)
    for frame, wanted in enumerate(rotations(turn)):
        show(boned, [(c.data_path, c.index, float(c.values[frame])) for c in curves])
        to = neck.TO_BLENDER
        assert np.allclose(turned(boned, "neck"), to @ wanted @ to.T, atol=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_a_jaw_of_any_kind_opens_about_the_ears(room, boned, mode):
    controls = room("thunder_blender.rig_controls")
    bone = boned.armature.pose.bones["jaw"]
    bone.rotation_mode = mode
    assert controls.jaw_bone(boned) == bone
    links = list(controls._jaw_links(boned, bone, ANGLE))
    show(boned, [(li.target.path, li.target.index, li.target.rest + li.gain) for li in links])
    cos, sin = np.cos(ANGLE), np.sin(ANGLE)
    assert np.allclose(turned(boned, "jaw"), [[1, 0, 0], [0, cos, -sin], [0, sin, cos]], atol=1e-4)
    show(boned, [(li.target.path, li.target.index, li.target.rest) for li in links])
    assert np.allclose(turned(boned, "jaw"), np.eye(3), atol=1e-4)
