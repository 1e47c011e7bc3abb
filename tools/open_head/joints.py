# SPDX-License-Identifier: GPL-3.0-or-later
"""Joints, skinning weights and the joint regressor in FLAME's layout."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .source import Array, Ints, MakeHumanData

NAMES = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
NEAREST = 400  # vertices that the regressor of a joint may use
RIDGE = 1e-6  # square metres; keeps the rows small


def bone_weights(data: MakeHumanData) -> Array:
    """Weights (N,5) of MakeHuman's bones gathered under the five joints."""
    weights = np.zeros((len(data.mesh.vertices), len(NAMES)))
    for bone, entries in data.bone_weights.items():
        joint = _joint_of(data, bone)
        for vertex, weight in entries:
            weights[vertex, joint] += weight
    return weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)


def regressor(samples: Array, targets: Array) -> Array:
    """Row (V,) with samples (S,V,3) @ row = targets (S,3): ridge regression, rows sum to 1."""
    near = cKDTree(samples[0]).query(targets[0], NEAREST)[1]
    near = np.sort(np.unique(near))
    count = len(near)
    start = np.full(count, 1 / count)
    system = [samples[:, near, axis] for axis in range(3)]
    wanted = [targets[:, axis] - samples[:, near, axis] @ start for axis in range(3)]
    stacked = np.concatenate([*system, np.full((1, count), 10.0)])
    normal = stacked.T @ stacked + RIDGE * np.eye(count)
    change = np.linalg.solve(normal, stacked.T @ np.concatenate([*wanted, [0.0]]))
    row = np.zeros(samples.shape[1])
    row[near] = start + change
    return row


def rigid_motion(rest: Array, moved: Array) -> tuple[Array, Array, float]:
    """Axis-angle vector, fixed point nearest the rest centre's plane and the rms residual."""
    a, b = rest - rest.mean(0), moved - moved.mean(0)
    u, _, vt = np.linalg.svd(a.T @ b)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    rotation = vt.T @ flip @ u.T
    shift = moved.mean(0) - rotation @ rest.mean(0)
    angle = np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))
    skew = rotation - rotation.T
    axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]]) / (2 * np.sin(angle))
    centre = np.linalg.pinv(np.eye(3) - rotation, rcond=1e-3) @ shift
    residual = rest @ rotation.T + shift - moved
    return axis * angle, centre, float(np.sqrt((residual**2).sum(1).mean()))


def affine(rest: Array, moved: Array, points: Array) -> Array:
    """Where the affine map that takes `rest` to `moved` (least squares) takes `points`."""
    system = np.column_stack([rest, np.ones(len(rest))])
    solution = np.linalg.lstsq(system, moved, rcond=None)[0]
    return np.column_stack([points, np.ones(len(points))]) @ solution


def _joint_of(data: MakeHumanData, bone: str) -> int:
    line = []
    while bone:
        line.append(bone)
        bone = data.rig[bone]["parent"] if bone in data.rig else ""
    if "jaw" in line:
        return 2
    if line[0] in ("eye.L", "eye.R"):
        return 3 if line[0] == "eye.L" else 4
    return 1 if {"head", "neck02", "neck03"} & set(line) else 0


def joint_cubes(data: MakeHumanData) -> dict[str, Ints]:
    """Helper vertices whose mean is the neck joint."""
    return {name: data.vertex_groups[f"joint-{name}"] for name in ("neck", "head", "mouth")}
