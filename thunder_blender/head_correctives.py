# SPDX-License-Identifier: GPL-3.0-or-later
"""Pose correctives: shape keys that follow the bones, as FLAME's do (Li et al. 2017).

A pose feature is an entry of a joint's (rotation - identity). A bone's own axes are FLAME's, so
the entry is written out in the bone's XYZ Euler angles and drives its shape key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from .head_mesh import to_blender
from .steps import GO_ON, Steps

ENTRIES = 9  # of a rotation matrix
LEAST_MOVE = 1e-5  # metres; a smaller corrective gets no key
RANGE = 2.0  # entries of (rotation - identity) lie within
ANGLES = ("x", "y", "z")
ROTATION = (  # Rz Ry Rx, row by row, less the identity
    "cos(y)*cos(z)-1",
    "sin(x)*sin(y)*cos(z)-cos(x)*sin(z)",
    "cos(x)*sin(y)*cos(z)+sin(x)*sin(z)",
    "cos(y)*sin(z)",
    "sin(x)*sin(y)*sin(z)+cos(x)*cos(z)-1",
    "cos(x)*sin(y)*sin(z)-sin(x)*cos(z)",
    "-sin(y)",
    "sin(x)*cos(y)",
    "cos(x)*cos(y)-1",
)


@dataclass(frozen=True)
class Corrective:
    """One pose feature that moves vertices: (V, 3) metres at feature 1, in FLAME's axes."""

    bone: str
    entry: int
    shape: npt.NDArray[np.floating]


def add_correctives(
    body: bpy.types.Object, armature: bpy.types.Object, face: FaceModel
) -> Steps[None]:
    """A driven shape key for every pose feature that does something."""
    for corrective in correctives(face):
        key = body.shape_key_add(name=f"pose {corrective.bone} {corrective.entry}", from_mix=False)
        basis = body.data.shape_keys.key_blocks[0]
        points = np.empty(3 * len(corrective.shape), np.float32)
        basis.points.foreach_get("co", points)
        key.points.foreach_set("co", points + to_blender(corrective.shape).ravel())
        key.slider_min, key.slider_max, key.value = -RANGE, RANGE, 0.0
        _drive(key, armature, corrective)
        yield GO_ON


def correctives(face: FaceModel) -> Iterator[Corrective]:
    """The pose features of `face` that move a vertex by more than LEAST_MOVE."""
    for index, shape in enumerate(face.pose_basis):
        if np.abs(shape).max() > LEAST_MOVE:
            joint, entry = divmod(index, ENTRIES)
            yield Corrective(str(face.joint_names[joint + 1]), entry, shape)


def _drive(key: bpy.types.ShapeKey, armature: bpy.types.Object, corrective: Corrective) -> None:
    driver = key.driver_add("value").driver
    for angle in (name for name in ANGLES if f"({name})" in ROTATION[corrective.entry]):
        variable = driver.variables.new()
        variable.name, variable.type = angle, "TRANSFORMS"
        target = variable.targets[0]
        target.id, target.bone_target = armature, corrective.bone
        target.transform_type, target.transform_space = f"ROT_{angle.upper()}", "LOCAL_SPACE"
    driver.expression = ROTATION[corrective.entry]
