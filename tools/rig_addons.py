# SPDX-License-Identifier: GPL-3.0-or-later
"""FLAME and SMPL-X as their makers' add-ons for Blender put them into a scene: for measurements.

Nothing of either is in them: mesh, person and expressions are those of `surrogate_flame`, which do
not contain the units. Only names and rigging are the add-ons': numbered keys with sliders from 0
to 1, bones along +Z, nothing that follows anything. The SMPL-X stand-in has a body under its head,
stands up, is a little larger, has ten expressions as the published add-on has (or 100), and Pose
keys for body and jaw, all of them three digits from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import foreign_rigs
from .foreign_rigs import Built
from .surrogate_flame import LIP_RINGS, SCALE, Surrogate, surrogate

Floats = npt.NDArray[np.floating]

CONTACT = range(2, LIP_RINGS - 1)  # rings, each with the next, that can meet the other lip
WET = range(3, LIP_RINGS - 1)
ROOT, NECK, JAW = 0, 1, 2  # joints of a FLAME
ENTRIES = 9  # of a rotation matrix
BODY_JOINTS = 21  # of SMPL-X before its jaw
STANDING = (0.0, 0.0, 1.55)  # metres from the ground to the SMPL-X's head
LARGER = 1.04
THROAT = -0.1  # metres: what of the neck lies lower is the neck's, the rest the head's
FEW, MANY = 10, 100  # expressions
BONE = 0.1  # metres, along +Z
MIDDLE = 0.006  # metres to each side in which the incisors are measured


def flame_add_on(face: Any) -> Built:
    """MPI's FLAME add-on: keys from 1, bones in axis-angle mode, Pose keys of neck and jaw."""
    made = surrogate(5, "Bruno", identities=3)
    moved = made.parts["shapedirs"][..., -MANY:]
    poses = made.parts["posedirs"][..., : 2 * ENTRIES]
    keys = {
        **{f"Shape{n + 1}": made.parts["shapedirs"][..., n] for n in range(3)},
        **{f"Exp{n + 1}": moved[..., n] for n in range(MANY)},
        **{f"Pose{n + 1}": poses[..., n] for n in range(2 * ENTRIES)},
    }
    names = ("root", "neck", "jaw", "left_eye", "right_eye")
    weights = dict(zip(names, made.parts["weights"].T, strict=True))
    built = _build("FLAME-generic", made, face, keys, weights, dict(enumerate(names)), 1.0)
    for bone in built.mesh.parent.pose.bones:
        bone.rotation_mode = "AXIS_ANGLE"
    return built


def smplx(face: Any, expressions: int = FEW) -> Built:
    """The SMPL-X add-on: keys from 000, a body, the head's own bone between neck and jaw."""
    made = surrogate(6, "Mila", identities=3)
    first = made.parts["shapedirs"].shape[2] - MANY
    moved = made.parts["shapedirs"][..., first : first + expressions]
    jaw = made.parts["posedirs"][..., ENTRIES : 2 * ENTRIES]
    keys = {
        **{f"Shape{n:03d}": made.parts["shapedirs"][..., n] for n in range(3)},
        **{f"Exp{n:03d}": moved[..., n] for n in range(expressions)},
        **{f"Pose{n:03d}": 0.0 * jaw[..., 0] for n in (0, 1, 2)},
        **{f"Pose{ENTRIES * BODY_JOINTS + n:03d}": jaw[..., n] for n in range(ENTRIES)},
    }
    root, neck, chin, left, right = made.parts["weights"].T
    low = made.parts["v_template"][:, 1] < THROAT
    weights = {
        "spine3": root, "neck": neck * low, "head": neck * ~low, "jaw": chin,
        "left_eye_smplhf": left, "right_eye_smplhf": right,
    }  # fmt: skip
    bones = {0: "spine3", 1: "neck", 2: "jaw", 3: "left_eye_smplhf", 4: "right_eye_smplhf"}
    built = _build("SMPLX-mesh-female", made, face, keys, weights, bones, LARGER, STANDING)
    for bone in built.mesh.parent.pose.bones:
        bone.rotation_mode = "QUATERNION"
    return built


def smplx_100(face: Any) -> Built:
    return smplx(face, MANY)


def _build(
    name: str,
    made: Surrogate,
    face: Any,
    keys: Mapping[str, Floats],
    weights: Mapping[str, Floats],
    bones: Mapping[int, str],
    size: float,
    place: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Built:
    rest = made.parts["v_template"]
    body = foreign_rigs.add_mesh(
        name, foreign_rigs.to_blender(rest, size), made.parts["f"].astype(int).tolist()
    )
    moved = {key: foreign_rigs.to_blender(way, size) for key, way in keys.items()}
    foreign_rigs.add_keys(body, moved)
    joints = foreign_rigs.to_blender(made.parts["J"], size)
    up = np.array((0.0, 0.0, BONE))
    placed = {bones[joint]: (at, at + up) for joint, at in enumerate(joints) if joint in bones}
    if "head" in weights:
        middle = (joints[NECK] + joints[JAW]) / 2
        placed |= {"head": (middle, middle + up), "pelvis": (0 * up, up)}
    rig = foreign_rigs.add_armature(f"{name}-armature", placed)
    foreign_rigs.bind(body, rig, weights)
    rig.location = place
    edges = foreign_rigs.to_blender(made.incisors, size) + np.array(place)
    ruler = foreign_rigs.add_mesh(f"{name} Ruler", edges, [])
    return Built(name, body, (ruler,), size * SCALE / 1000, *mouth(made, face, edges))


def mouth(made: Surrogate, face: Any, edges: Floats) -> tuple[npt.NDArray[np.integer], ...]:
    """Upper, lower, wet, edges and chin of a probe, by the open head's rings, of which the
    surrogate's vertices are the middles. `edges` (K,3) of the incisors."""
    rings = face.vertex_sets["lip_rings"].reshape(2, 12, 20)
    place = {tuple(sorted(cell)): index for index, cell in enumerate(made.cells.tolist())}

    def vertex(side: int, ring: int, column: int) -> int:
        corners = rings[side, ring : ring + 2, column : column + 2].ravel().tolist()
        return place[tuple(sorted(corners))]

    sides = (0, 1)
    drop = -made.units[list(face.unit_names).index("jawOpen")][:, 1]
    columns = ((1, 1), (1, 0), (0, 0), (0, 1))
    return (
        np.array([vertex(side, ring, 18) for side in sides for ring in CONTACT]),
        np.array([vertex(side, ring, 0) for side in sides for ring in CONTACT]),
        np.array([[vertex(side, ring, column) for ring in WET] for side, column in columns]),
        np.flatnonzero(np.abs(edges[:, 0] - edges[:, 0].mean()) < MIDDLE),
        np.flatnonzero(drop > 0.9 * drop.max()),
    )
