# SPDX-License-Identifier: GPL-3.0-or-later
"""Joints that follow the expression and the identity, as in FLAME's own function.

FLAME finds its joints on the vertices, so an expression shifts them by up to a millimetre, and an
identity by centimetres. A bone that turns by R about a joint shifted by d equals one about the
resting joint, moved by d - R d: that is where a hidden parent, the bone's pivot, goes. The shift is
a sum over two hundred keys, longer than one driver may be, so it is added up in steps, each a
custom property of the shape keys; the first step is what the bones at rest already stand for.
Blender 5 drops driven values between 0 and 0.0001, so the pivot's place is counted from a hidden
base OFFSET away. All expressions are of the plain kind that Blender computes itself, without Python
and without asking for permission.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from .head_bones import Edit
from .head_correctives import ANGLES, ROTATION
from .steps import GO_ON, Steps

Floats = npt.NDArray[np.floating]

HIDDEN = "Pivots"  # bone collection
PIVOT = "{} pivot"
BASE = "{} base"  # the pivot's parent
OFFSET = 0.1  # metres on each axis; far more than a joint ever shifts
TERMS = 30  # of one driver: an expression ends at 255 characters
LETTERS = string.ascii_lowercase + string.ascii_uppercase[: TERMS - 26]
LARGEST = 99999  # whole number that a joint's largest shift is written as
LEAST_SHIFT = 2e-6  # metres at coefficient 1; joints that never move more get no drivers
SUM = "thunder {} {} {}"  # property of the shape keys: bone, axis, step
REST = "rest"  # the first step, which no driver moves: less what the bones at rest stand for
UNIT = "thunder {} unit"  # metres that a sum of 1 means
SHIFTS = ("u", "v", "w")  # the joint's shift along x, y, z in a bone's expression


def joint_shifts(face: FaceModel, identities: int) -> dict[str, dict[str, Floats]]:
    """How far each expression and each of the first `identities` moves each joint that any of them
    moves: {bone: {shape key: (3,) metres in the bone's axes}}."""
    people = face.identity_basis[:identities]
    shapes = np.concatenate([face.expression_basis, people])
    shifts = np.tensordot(face.joint_regressor, shapes, axes=(1, 1)).swapaxes(1, 2)
    names = [f"Exp{index + 1}" for index in range(len(face.expression_basis))]
    names += [f"Shape{index + 1}" for index in range(len(people))]
    return {
        bone: dict(zip(names, shift.T, strict=True))
        for bone, shift in zip(face.joint_names, shifts, strict=True)
        if np.abs(shift).max() > LEAST_SHIFT
    }


def follow_shapes(
    body: bpy.types.Object, armature: bpy.types.Object, shifts: dict[str, dict[str, Floats]]
) -> Steps[None]:
    """Let every bone that has pivots stand where the shape keys put its joint.

    The bones at rest stand for the identity keys as they are now.
    """
    keys: Any = body.data.shape_keys
    for bone, moved in shifts.items():
        yield from _follow(keys, armature, bone, moved)


def stand_for(key: bpy.types.Key, bone: str, shift: Floats) -> None:
    """The bone at rest stands where identity keys shift its joint by (3,) metres, in its axes."""
    unit = key.get(UNIT.format(bone))
    for axis, way in zip(ANGLES, shift, strict=True):
        if unit:
            key[SUM.format(bone, axis, REST)] = -float(way) / float(unit)


def with_parents(bone: str) -> tuple[str, str, str]:
    """The bone and the names of the hidden parents that it has if its joint follows."""
    return bone, PIVOT.format(bone), BASE.format(bone)


def pivots(names: Iterable[str]) -> Edit:
    """Two hidden parents between each bone and the one above it, for an armature in Edit Mode."""

    def add(armature: Any, bones: Any) -> None:
        hidden = armature.data.collections.new(HIDDEN)
        for name in names:
            _put_above(bones, name, PIVOT.format(name), hidden)
            _put_above(bones, PIVOT.format(name), BASE.format(name), hidden)

    return add


def rest_pivots(armature: bpy.types.Object, names: Iterable[str]) -> None:
    """Hide the pivots, and put them where their places are counted from."""
    armature.data.collections[HIDDEN].is_visible = False
    for name in names:
        base = armature.pose.bones[BASE.format(name)]
        base.location, base.lock_location = (-OFFSET,) * 3, (True, True, True)


def _put_above(bones: Any, below: str, name: str, hidden: bpy.types.BoneCollection) -> None:
    """A bone between the bone `below` and its parent, in the same place."""
    child, bone = bones[below], bones.new(name)
    bone.head, bone.tail, bone.roll = child.head, child.tail, child.roll
    bone.use_deform = False
    bone.parent, child.parent = child.parent, bone
    hidden.assign(bone)


def _follow(
    key: bpy.types.Key, armature: bpy.types.Object, bone: str, shifts: dict[str, Floats]
) -> Steps[None]:
    """`shifts` is how far each shape key moves the joint (3,), in the bone's own axes."""
    blocks: Any = key.key_blocks
    unit = float(np.abs(np.array(list(shifts.values()))).max()) / LARGEST
    key[UNIT.format(bone)] = unit
    now = sum(blocks[n].value * way for n, way in shifts.items() if n.startswith("Shape"))
    stand_for(key, bone, np.zeros(3) + now)
    sums = []
    for axis, name in enumerate(ANGLES):
        factors = {n: way[axis] / unit for n, way in shifts.items()}
        sums.append((yield from _sum(key, bone, name, factors)))
    for axis in range(3):
        path = f'pose.bones["{PIVOT.format(bone)}"].location'
        driver: Any = armature.driver_add(path, axis).driver
        for angle, name in enumerate(ANGLES):
            _read(driver, name, armature, f'pose.bones["{bone}"].rotation_euler[{angle}]')
        for name, source in zip(SHIFTS, sums, strict=True):
            _read(driver, name, key, f'["{source}"]')
        driver.expression = f"{OFFSET}{-unit:+.6g}*({_turned(axis)})"
        yield GO_ON


def _turned(axis: int) -> str:
    """One row of (R - identity) times the shift."""
    return "+".join(f"({ROTATION[3 * axis + column]})*{SHIFTS[column]}" for column in range(3))


def _sum(key: bpy.types.Key, bone: str, axis: str, factors: dict[str, float]) -> Steps[str]:
    """A property of `key` that adds up shape keys times whole `factors`; its name."""
    used = [(name, round(float(factor))) for name, factor in factors.items() if round(factor)]
    previous = SUM.format(bone, axis, REST)
    for start in range(0, max(len(used), 1), TERMS):
        current = SUM.format(bone, axis, start // TERMS)
        key[current] = 0.0
        driver: Any = key.driver_add(f'["{current}"]').driver
        terms = [_read(driver, "P", key, f'["{previous}"]')]
        for letter, (name, factor) in zip(LETTERS, used[start : start + TERMS], strict=False):
            _read(driver, letter, key, f'key_blocks["{name}"].value')
            terms.append(f"{factor}*{letter}")
        driver.expression = "+".join(terms).replace("+-", "-")
        previous = current
        yield GO_ON
    return previous


def _read(driver: bpy.types.Driver, name: str, source: bpy.types.ID, path: str) -> str:
    """A variable of the driver that reads `path` of `source`; its name."""
    variable = driver.variables.new()
    variable.name, variable.type = name, "SINGLE_PROP"
    target = variable.targets[0]
    target.id_type, target.id, target.data_path = source.id_type, source, path
    return name
