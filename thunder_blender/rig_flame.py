# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME and SMPL-X rigs that other add-ons made: their keys, bones and Pose keys.

The model is read off the rig (template, expressions, weights, joints) and the units are found in it
as for a FLAME file (`flame_mapping`). The jaw and the eyes are turned by their bones in whatever
rotation mode those have, and the jaw's Pose keys follow it, since nothing else moves them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from ..model_runtime.contract import UNITS
from ..model_runtime.face import FaceModel, rotation_matrices
from ..model_runtime.flame_calibration import calibrate
from . import flame_mapping, flame_motion, head, rig_flame_lips, rig_neck
from .flame_axes import to_flame
from .head_correctives import ENTRIES
from .head_mesh import key_points
from .keys import Curve
from .rig import Rig, RigError
from .rig_mapping import key_target
from .rig_names import EXPRESSION, NUMBERED

Floats = npt.NDArray[np.floating]

MADE = ("flame", "smplx")  # kinds of a mapping that are solved here
BONES = {  # ours: how the bone is called by those who made the rig
    "root": ("root",),
    "neck": ("neck",),
    "jaw": ("jaw",),
    "left_eye": ("left_eye", "left_eye_smplhf", "leye"),
    "right_eye": ("right_eye", "right_eye_smplhf", "reye"),
}
HEAD = ("head", "jaw", "left_eye", "right_eye", "left_eye_smplhf", "right_eye_smplhf", "neck")
POSE = re.compile(r"Pose_?(\d+)")
NEAREST = 60  # vertices from which a joint is regressed
BODY_JOINTS = 21  # of SMPL-X that have pose correctives before the jaw
RANGE = 10.0  # expression coefficients go to 3 and beyond


@dataclass(frozen=True)
class ForeignFlame:
    """What turns units into the rig's coefficients; no bpy."""

    solver: flame_motion.Solver
    turns: tuple[tuple[str, rig_neck.NeckTurn], ...]  # joint and its bone
    correctives: tuple[tuple[int, str], ...]  # entry of the jaw's rotation, name of its key

    def sources(self, units: npt.NDArray[np.float32]) -> tuple[dict[str, Any], list[Curve], Any]:
        """Unit weights (T,52) -> coefficients by source, curves of the bones, jaw (T,3)."""
        found = self.solver.solve(units, UNITS)
        values = {f"{EXPRESSION}{n}": row for n, row in enumerate(found.expression.T)}
        joints = {"jaw": found.jaw, **found.eyes}
        curves = [curve for name, turn in self.turns for curve in turn.curves(joints[name])]
        return values, curves, found.jaw

    def pose_curves(self, jaw: Floats) -> list[Curve]:
        """Curves of the Pose keys: the entries of the jaw's rotation less the identity."""
        entries = (rotation_matrices(jaw) - np.eye(3)).reshape(-1, ENTRIES)
        return [
            Curve(key_target(name).path, 0, "Pose", entries[:, entry].astype(np.float32))
            for entry, name in self.correctives
        ]


def solve(rig: Rig) -> None:
    """Find the units in the rig's expressions and keep that on it. Takes up to a minute.

    Raises RigError where the rig lacks a bone or weights that a FLAME has.
    """
    manager = bpy.context.window_manager
    manager.progress_begin(0, 100)
    try:
        face = face_of(rig)
        found, _left = calibrate(
            face, head.bundled_face(), lambda done: manager.progress_update(int(100 * done))
        )
    finally:
        manager.progress_end()
    vertices = head_vertices(rig)
    lips = np.column_stack([vertices[found.lips[:, 0]], found.lips[:, 1:]])
    flame_mapping.store(rig.mesh, replace(found, lips=lips.astype(np.int32)))


def widen(rig: Rig) -> None:
    """Let the sliders of expression and Pose keys reach what coefficients reach.

    Their add-ons leave them at 0 to 1, and Blender clamps what is keyed beyond.
    """
    corrected = [rig.keys.key_blocks[name] for _, name in _pose_keys(rig)]
    for key in (*_expressions(rig), *corrected):
        key.slider_min, key.slider_max = min(key.slider_min, -RANGE), max(key.slider_max, RANGE)


def is_solved(rig: Rig) -> bool:
    """Whether `solve` has found the units of this rig."""
    return f"{flame_mapping.PREFIX}expression" in rig.mesh


def read(rig: Rig, contacts: bool = True) -> ForeignFlame:
    """What moves the rig; `contacts`: with lips that meet when they should.

    Raises RigError where `solve` was not run or something is lost.
    """
    found = flame_mapping.stored(rig.mesh)
    expressions, corrected = _expressions(rig), _pose_keys(rig)
    if len(expressions) != found.expression.shape[1] or _bone(rig, "jaw") is None:
        raise RigError(
            f"'{rig.mesh.name}' has lost expression keys or its jaw bone. Use This Character again."
        )
    jaw = _weights(rig)[:, list(BONES).index("jaw")], _joint(rig, "jaw")
    lips = rig_flame_lips.lips_of(rig, found, expressions, corrected, jaw) if contacts else None
    turns = []
    for joint in ("jaw", "left_eye", "right_eye"):
        bone = _bone(rig, joint)
        if bone is not None:
            turns.append((joint, rig_neck.turn_of(rig, bone)))
    sealed = lips.sealing(found.seal, rig_flame_lips.resting(found)) if lips else 0.0
    solver = flame_motion.Solver(found, lips, sealed=sealed)
    return ForeignFlame(solver, tuple(turns), tuple(corrected))


def face_of(rig: Rig) -> FaceModel:
    """The head of a rig as a FLAME in metres: all of it, or what its head's bones move."""
    if rig.armature is None or _bone(rig, "jaw") is None:
        raise RigError(f"'{rig.mesh.name}' has no jaw bone. Bind it to its armature again.")
    weights = _weights(rig)
    chosen = head_vertices(rig, weights)
    mesh, keys = rig.mesh.data, rig.keys.key_blocks
    matrix = np.array(rig.mesh.matrix_world)
    rest = key_points(keys[0])
    shown = rest + rig_flame_lips.own_shape(rig)
    places = to_flame(shown @ matrix[:3, :3].T + matrix[:3, 3])[chosen]
    moves = np.stack([(key_points(key) - rest)[chosen] for key in _expressions(rig)])
    moves = to_flame(moves @ matrix[:3, :3].T)
    index = np.full(len(rest), -1)
    index[chosen] = np.arange(len(chosen))
    mesh.calc_loop_triangles()
    triangles = np.array([list(t.vertices) for t in mesh.loop_triangles])
    triangles = index[triangles]
    triangles = triangles[(triangles >= 0).all(1)].astype(np.int32)
    joints = np.array([_joint(rig, name) for name in BONES])
    return FaceModel(
        template=places.astype(np.float32),
        identity_basis=np.zeros((0, *places.shape), np.float32),
        expression_basis=moves.astype(np.float32),
        unit_names=tuple(f"Exp{n + 1}" for n in range(len(moves))),
        identity_names=(),
        joint_names=tuple(BONES),
        joint_parents=(-1, 0, 1, 1, 1),
        joint_regressor=np.stack([_regressor(places, joint) for joint in joints]),
        skin_weights=weights[chosen].astype(np.float32),
        pose_basis=np.zeros((ENTRIES * (len(BONES) - 1), *places.shape), np.float32),
        quads=np.zeros((0, 4), np.int32),
        triangles=triangles,
        uv=np.zeros((0, 2), np.float32),
        quad_uv=np.zeros((0, 4), np.int32),
        quad_material=np.zeros(0, np.uint8),
        material_names=("skin",),
        vertex_sets={},
        unit_max={},
        jaw_open_angle=0.4,
        gaze_degrees={},
    )


def _expressions(rig: Rig) -> list[bpy.types.ShapeKey]:
    found = [
        (int(hit[1]), key) for key in rig.keys.key_blocks if (hit := NUMBERED.fullmatch(key.name))
    ]
    return [key for _, key in sorted(found, key=lambda item: item[0])]


def _bone(rig: Rig, joint: str) -> bpy.types.PoseBone | None:
    bones = rig.armature.pose.bones if rig.armature else {}
    return next((bones[name] for name in BONES[joint] if name in bones), None)


def _joint(rig: Rig, name: str) -> npt.NDArray[np.float64]:
    bone = _bone(rig, name)
    if bone is None or rig.armature is None:
        return np.zeros(3)
    return to_flame(np.array(rig.armature.matrix_world @ bone.bone.head_local))


def _weights(rig: Rig) -> npt.NDArray[np.float64]:
    """(V,5) of the joints; what other bones move counts as the root's."""
    groups = {group.index: group.name for group in rig.mesh.vertex_groups}
    columns = {name: n for n, names in enumerate(BONES.values()) for name in names}
    weights = np.zeros((len(rig.mesh.data.vertices), len(BONES)))
    for vertex in rig.mesh.data.vertices:
        for each in vertex.groups:
            name = groups.get(each.group, "")
            weights[vertex.index, 1 if name == "head" else columns.get(name, 0)] += each.weight
    total = weights.sum(1, keepdims=True)
    if not total.any():
        raise RigError(f"'{rig.mesh.name}' has no weights. Bind it to its armature again.")
    return weights / np.maximum(total, 1e-9)


def head_vertices(rig: Rig, weights: npt.NDArray[np.float64] | None = None) -> npt.NDArray[Any]:
    """Vertices of the head, in the order of `face_of`'s; all of a FLAME, which is nothing else."""
    weights = _weights(rig) if weights is None else weights
    if "head" not in {group.name for group in rig.mesh.vertex_groups}:
        return np.arange(len(weights))
    return np.flatnonzero(weights[:, 1:].sum(1) > 0.5)


def _regressor(places: Floats, joint: Floats) -> npt.NDArray[np.float32]:
    """A row (V,) that gives `joint` from the vertices near it; its entries sum to 1."""
    near = np.argsort(((places - joint) ** 2).sum(1))[:NEAREST]
    system = np.concatenate((places[near].T, np.ones((1, len(near)))))
    row = np.zeros(len(places), np.float32)
    row[near] = np.linalg.lstsq(system, np.append(joint, 1.0), rcond=None)[0]
    return row


def _pose_keys(rig: Rig) -> list[tuple[int, str]]:
    """Entry of the jaw's rotation and the key that corrects for it, where the rig has such keys.

    FLAME's Pose keys count from 1, the neck's nine first; SMPL-X's from 0, the 21 joints of the
    body first, nine each.
    """
    found = {
        int(hit[1]): key.name for key in rig.keys.key_blocks if (hit := POSE.fullmatch(key.name))
    }
    if not found:
        return []
    first = 1 + ENTRIES if min(found) == 1 else ENTRIES * BODY_JOINTS
    return [(entry, found[first + entry]) for entry in range(ENTRIES) if first + entry in found]
