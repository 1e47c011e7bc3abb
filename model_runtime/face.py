# SPDX-License-Identifier: GPL-3.0-or-later
"""A face in FLAME's layout (Li et al. 2017), loaded and evaluated with numpy alone.

Metres, Y up, +Z out of the face, +X to the character's left.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .contract import UNITS, RequestError, WeightsError

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

OPEN_HEAD = Path(__file__).parent / "data" / "open_head.npz"


@dataclass(frozen=True)
class FaceModel:
    """Shapes, joints and surface of one face; V vertices, F quads, J joints, P pose features.

    Pose features are FLAME's: the entries of (rotation - identity), row by row, of every joint
    but the root, so P = 9 (J - 1).
    """

    template: FloatArray  # (V,3) metres, lips sealed
    identity_basis: FloatArray  # (I,V,3) one shape a person, each with its own lip seal
    expression_basis: FloatArray  # (E,V,3) displacement of each unit at weight 1
    unit_names: tuple[str, ...]
    identity_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    joint_parents: tuple[int, ...]
    joint_regressor: FloatArray  # (J,V), rows sum to 1
    skin_weights: FloatArray  # (V,J), rows sum to 1
    pose_basis: FloatArray  # (P,V,3)
    quads: IntArray  # (F,4), counter-clockwise from outside
    triangles: IntArray  # (2F,3)
    uv: FloatArray  # (U,2), 0..1, origin bottom left
    quad_uv: IntArray  # (F,4) into uv
    quad_material: npt.NDArray[np.uint8]  # (F,) into material_names
    material_names: tuple[str, ...]
    vertex_sets: Mapping[str, npt.NDArray[np.int32]]
    unit_max: Mapping[str, float]  # documented maximum of a unit where it is below 1
    jaw_open_angle: float  # radians about +X at which the jaw joint equals the unit jawOpen
    gaze_degrees: Mapping[str, float]  # rotation of the eyeball at weight 1 of each eyeLook unit
    identity_textures: Mapping[str, str] = field(default_factory=dict)  # open_head_<value>.jpg

    def joint(self, name: str) -> int:
        """Index of a joint."""
        return self.joint_names.index(name)


def load_face(path: Path | None = None) -> FaceModel:
    """The face stored at `path`, or the bundled open head. Raises WeightsError."""
    return _load(Path(path) if path is not None else OPEN_HEAD)


def identity_vertices(face: FaceModel, identity: str | npt.ArrayLike | None) -> FloatArray:
    """Rest vertices (V,3) of a person by name, by weights (I,), or of the template for None.

    Raises RequestError for an unknown name or a wrong number of weights.
    """
    if identity is None:
        return face.template
    if isinstance(identity, str):
        if identity not in face.identity_names:
            known = ", ".join(face.identity_names)
            raise RequestError(f"This face has no identity '{identity}'. Choose one of: {known}.")
        return face.template + face.identity_basis[face.identity_names.index(identity)]
    weights = np.asarray(identity, np.float32)
    if weights.shape != (len(face.identity_names),):
        raise RequestError(f"An identity needs {len(face.identity_names)} weights.")
    rest: FloatArray = face.template + np.tensordot(weights, face.identity_basis, 1)
    return rest


def joint_positions(face: FaceModel, rest: FloatArray) -> FloatArray:
    """Joints (J,3) of rest vertices (V,3)."""
    return face.joint_regressor @ rest


def evaluate(
    face: FaceModel,
    weights: npt.ArrayLike,
    neck: npt.ArrayLike | None = None,
    identity: str | npt.ArrayLike | None = None,
) -> FloatArray:
    """Vertices (T,V,3) for unit weights (T,E) and neck axis-angle (T,3) in radians."""
    shapes = np.asarray(weights, np.float32)
    if shapes.ndim != 2 or shapes.shape[1] != len(face.unit_names):
        raise RequestError(f"Motion needs {len(face.unit_names)} unit weights a frame.")
    rest = identity_vertices(face, identity)
    basis = face.expression_basis.reshape(len(face.unit_names), -1)
    points = rest + (shapes @ basis).reshape(len(shapes), -1, 3)
    if neck is None:
        return points
    pose = np.zeros((len(shapes), len(face.joint_names), 3), np.float32)
    pose[:, face.joint("neck")] = neck
    return apply_pose(face, points, joint_positions(face, rest), pose)


def apply_pose(
    face: FaceModel, points: FloatArray, joints: FloatArray, pose: npt.ArrayLike
) -> FloatArray:
    """Linear blend skinning with pose correctives of points (T,V,3) by axis-angles (T,J,3)."""
    rotations = rotation_matrices(np.asarray(pose, np.float32))
    features = (rotations[:, 1:] - np.eye(3, dtype=np.float32)).reshape(len(points), -1)
    posed = points + np.tensordot(features, face.pose_basis, 1)
    linear, shift = _chain(face, rotations, joints)
    turn = np.einsum("vj,tjab->tvab", face.skin_weights, linear)
    move = np.einsum("vj,tja->tva", face.skin_weights, shift)
    moved: FloatArray = np.einsum("tvab,tvb->tva", turn, posed) + move
    return moved


def rotation_matrices(axis_angle: FloatArray) -> FloatArray:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3) (Rodrigues' formula)."""
    angle = np.sqrt((axis_angle**2).sum(-1) + 1e-16)[..., None, None]
    x, y, z = np.moveaxis(axis_angle, -1, 0)
    zero = np.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    skew = np.stack(rows, -1).reshape(*axis_angle.shape, 3)
    first = np.sin(angle) / angle
    second = (1 - np.cos(angle)) / angle**2
    matrix: FloatArray = np.eye(3, dtype=np.float32) + first * skew + second * (skew @ skew)
    return matrix.astype(np.float32)


def _chain(
    face: FaceModel, rotations: FloatArray, joints: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Linear part (T,J,3,3) and shift (T,J,3) of every joint's world transform from rest."""
    linear = np.empty_like(rotations)
    shift = np.empty((*rotations.shape[:2], 3), np.float32)
    for index, parent in enumerate(face.joint_parents):
        own = rotations[:, index]
        local = joints[index] - own @ joints[index]
        if parent < 0:
            linear[:, index], shift[:, index] = own, local
            continue
        up = linear[:, parent]
        linear[:, index] = up @ own
        shift[:, index] = np.einsum("tab,tb->ta", up, local) + shift[:, parent]
    return linear, shift


@lru_cache(maxsize=4)
def _load(path: Path) -> FaceModel:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _assemble(dict(archive))
    except FileNotFoundError as error:
        raise WeightsError(f"The face {path} is missing. Install the add-on again.") from error
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, EOFError) as error:
        raise WeightsError(f"The face {path} is damaged. Install the add-on again.") from error


def _assemble(data: dict[str, npt.NDArray[Any]]) -> FaceModel:
    quads = data["quads"].astype(np.int32)
    prefix = "set_"
    names = _names(data["unit_names"])
    if names != UNITS:
        raise ValueError("The units of the face are not the channels of the contract.")
    face = FaceModel(
        template=data["template"].astype(np.float32),
        identity_basis=_unpack(data, "identity"),
        expression_basis=_unpack(data, "expression"),
        unit_names=names,
        identity_names=_names(data["identity_names"]),
        joint_names=_names(data["joint_names"]),
        joint_parents=tuple(int(parent) for parent in data["joint_parents"]),
        joint_regressor=data["joint_regressor"].astype(np.float32),
        skin_weights=data["skin_weights"].astype(np.float32),
        pose_basis=_unpack(data, "pose"),
        quads=quads,
        triangles=np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]),
        uv=data["uv"].astype(np.float32),
        quad_uv=data["quad_uv"].astype(np.int32),
        quad_material=data["quad_material"].astype(np.uint8),
        material_names=_names(data["material_names"]),
        vertex_sets={
            name.removeprefix(prefix): array.astype(np.int32)
            for name, array in data.items()
            if name.startswith(prefix)
        },
        identity_textures=dict(
            zip(_names(data["identity_names"]), _names(data["identity_textures"]), strict=True)
        ),
        unit_max=_pairs(data["unit_max_names"], data["unit_max"]),
        jaw_open_angle=float(data["jaw_open_angle"]),
        gaze_degrees=_pairs(data["gaze_names"], data["gaze_degrees"]),
    )
    _freeze(face)
    return face


def _freeze(face: FaceModel) -> None:
    """One loaded face is shared by all callers, so none may write into it."""
    for value in (*vars(face).values(), *face.vertex_sets.values()):
        if isinstance(value, np.ndarray):
            value.setflags(write=False)


def _unpack(data: dict[str, npt.NDArray[Any]], prefix: str) -> FloatArray:
    basis = np.zeros(tuple(data[f"{prefix}_size"]), np.float32)
    counts = data[f"{prefix}_counts"].astype(np.float32)
    basis[data[f"{prefix}_shape"], data[f"{prefix}_vertex"]] = counts * data[f"{prefix}_step"]
    return basis


def _names(array: npt.NDArray[Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in array)


def _pairs(names: npt.NDArray[Any], values: npt.NDArray[Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in zip(names, values, strict=True)}
