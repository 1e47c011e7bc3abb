# SPDX-License-Identifier: GPL-3.0-or-later
"""The neck's turn on a rig of any bones, in the bone's own axes and rotation mode.

The motion turns the head about the face's axes: x to the character's left, y up, z out of the
face. A Blender character looks along -y with z up.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from . import rig_turns
from .keys import Curve
from .rig import Rig
from .rig_mapping import escaped
from .rig_names import words

Floats = npt.NDArray[np.float32]

NAMES = (  # in the order in which they are taken
    "neck", "ccbasenecktwist01", "jbipcneck", "mixamorigneck", "neck01", "bip001neck", "defneck",
    "necklower", "ccbasehead", "jbipchead", "mixamorighead", "head", "neck1",
)  # fmt: skip
TO_BLENDER = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))


@dataclass(frozen=True)
class NeckTurn:
    """A bone that turns the head; no bpy."""

    bone: str
    mode: str  # its rotation mode
    axes: npt.NDArray[np.float64]  # (3,3) from the face's axes into the bone's own

    def curves(self, turn: Floats) -> list[Curve]:
        """Axis-angles (T,3) about the face's axes -> the bone's rotation curves."""
        own = (turn @ self.axes.T).astype(np.float32)
        start = f'pose.bones["{escaped(self.bone)}"].'
        values, name = rig_turns.channels(own, self.mode), rig_turns.path_of(self.mode)
        return [
            Curve(start + name, index, self.bone, values[:, index])
            for index in range(values.shape[1])
        ]


def find(rig: Rig) -> NeckTurn | None:
    """The neck of a rig, by the names that rigs give it; None where it has none."""
    bone = neck_bone(rig)
    return None if bone is None else turn_of(rig, bone)


def turn_of(rig: Rig, bone: bpy.types.PoseBone) -> NeckTurn:
    """How a bone of the rig's armature turns about the face's axes."""
    assert rig.armature is not None
    rest = np.array(rig.armature.matrix_world @ bone.bone.matrix_local)[:3, :3]
    rest /= np.linalg.norm(rest, axis=0)
    return NeckTurn(bone.name, bone.rotation_mode, rest.T @ TO_BLENDER)


def neck_bone(rig: Rig) -> bpy.types.PoseBone | None:
    """The pose bone that turns the head; None where none has a known name."""
    if rig.armature is None:
        return None
    found = {"".join(words(bone.name)): bone for bone in reversed(rig.armature.pose.bones)}
    return next((found[name] for name in NAMES if name in found), None)
