# SPDX-License-Identifier: GPL-3.0-or-later
"""Joints that belong to the person: where the bones stand when the identity keys have changed.

The mesh follows the identity by drivers (`flame_drivers`); bones at rest cannot be moved by
drivers, so they are put to their joints on request, after the identity has been chosen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..model_runtime.face import FaceModel
from . import flame_drivers, head_bones
from .flame_axes import to_flame
from .head_mesh import to_blender
from .rig import Rig, RigError

Floats = npt.NDArray[np.floating]

JOINTS = "thunder_flame_joints"  # (J,3) with all identity keys at 0, Blender's axes
SHIFTS = "thunder_flame_joint_shifts"  # (N,J,3) of each identity key at 1


def moves(face: FaceModel, basis: Floats, keys: int) -> dict[str, list[float]]:
    """How the first `keys` identity keys move the joints of `basis` (V,3): the custom properties
    of the mesh object that remember it."""
    shapes = face.identity_basis[:keys]
    found = {JOINTS: to_blender(face.joint_regressor @ basis).ravel().tolist()}
    if keys:
        shifts = np.tensordot(shapes, face.joint_regressor, axes=(1, 1)).swapaxes(1, 2)
        found[SHIFTS] = to_blender(shifts).ravel().tolist()
    return found


def update(rig: Rig, names: tuple[str, ...]) -> float:
    """Put the bones `names` where the identity keys now have their joints.

    Returns the farthest way in metres. Raises RigError when the rig does not know its joints.
    """
    joints, identity = _joints(rig, len(names))
    if rig.armature is None:
        raise RigError(f"'{rig.mesh.name}' has lost its armature. Import the FLAME again.")
    bones = rig.armature.data.bones
    ways = [joints[index] - np.array(bones[name].head_local) for index, name in enumerate(names)]
    with head_bones.editing(rig.armature) as edit:
        for name, way in zip(names, ways, strict=True):
            for each in filter(edit.get, flame_drivers.with_parents(name)):
                head, tail = np.array(edit[each].head), np.array(edit[each].tail)
                edit[each].head, edit[each].tail = head + way, tail + way
    for name, shift in zip(names, identity, strict=True):
        flame_drivers.stand_for(rig.keys, name, to_flame(shift))
    return float(np.linalg.norm(ways, axis=1).max())


def _joints(rig: Rig, count: int) -> tuple[Floats, Floats]:
    """Where the joints are (J,3), and how far the identity keys have shifted them (J,3)."""
    try:
        rest = np.array(rig.mesh[JOINTS]).reshape(count, 3)
        shifts = np.array(rig.mesh.get(SHIFTS, ())).reshape(-1, count, 3)
        blocks = rig.keys.key_blocks
        values = [blocks[f"Shape{index + 1}"].value for index in range(len(shifts))]
    except (KeyError, ValueError) as error:
        raise RigError(
            f"'{rig.mesh.name}' does not know its joints any more. Import the FLAME again."
        ) from error
    shifted = np.tensordot(np.array(values), shifts, 1)
    return rest + shifted, shifted
