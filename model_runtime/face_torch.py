# SPDX-License-Identifier: GPL-3.0-or-later
"""The face of model_runtime.face on tensors: batched, differentiable, on any device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from .face import FaceModel, identity_vertices

Vertices = npt.NDArray[np.integer] | Sequence[int] | None


class TorchFace(nn.Module):
    """A FaceModel as buffers. With `vertices` only those are evaluated (a lip or mouth loss).

    Joints come from the whole head, so a posed part equals the same part of a posed whole.
    """

    template: Tensor
    identity_basis: Tensor
    expression_basis: Tensor
    pose_basis: Tensor
    skin_weights: Tensor
    joint_template: Tensor
    joint_basis: Tensor

    def __init__(
        self, face: FaceModel, identity: str | None = None, vertices: Vertices = None
    ) -> None:
        super().__init__()
        self.face = face
        self.parents = face.joint_parents
        chosen = slice(None) if vertices is None else np.asarray(vertices)
        rest = identity_vertices(face, identity)
        buffers = {
            "template": rest[chosen],
            "identity_basis": face.identity_basis[:, chosen],
            "expression_basis": face.expression_basis[:, chosen],
            "pose_basis": face.pose_basis[:, chosen],
            "skin_weights": face.skin_weights[chosen],
            "joint_template": face.joint_regressor @ rest,
            "joint_basis": np.einsum("jv,ivc->ijc", face.joint_regressor, face.identity_basis),
        }
        for name, array in buffers.items():
            values = torch.from_numpy(np.array(array, np.float32))
            self.register_buffer(name, values, persistent=False)

    def forward(
        self, weights: Tensor, neck: Tensor | None = None, identity: Tensor | None = None
    ) -> Tensor:
        """Vertices (..., V, 3) for unit weights (..., E), neck (..., 3) and identity (..., I).

        Leading dimensions broadcast; neck is axis-angle in radians.
        """
        points = self.template + _combine(weights, self.expression_basis)
        joints = self.joint_template
        if identity is not None:
            points = points + _combine(identity, self.identity_basis)
            joints = joints + _combine(identity, self.joint_basis)
        if neck is None:
            return points
        pose = neck.new_zeros(*neck.shape[:-1], len(self.parents), 3)
        pose[..., self.face.joint("neck"), :] = neck
        return self.posed(points, joints, pose)

    def posed(self, points: Tensor, joints: Tensor, pose: Tensor) -> Tensor:
        """Skinned points (..., V, 3) for axis-angles (..., J, 3) about joints (..., J, 3)."""
        rotations = rotation_matrices(pose)
        eye = torch.eye(3, dtype=pose.dtype, device=pose.device)
        features = (rotations[..., 1:, :, :] - eye).flatten(-3)
        corrected = points + _combine(features, self.pose_basis)
        linear, shift = self._chain(rotations, joints)
        turn = torch.einsum("vj,...jab->...vab", self.skin_weights, linear)
        move = torch.einsum("vj,...ja->...va", self.skin_weights, shift)
        return torch.einsum("...vab,...vb->...va", turn, corrected) + move

    def _chain(self, rotations: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Linear part (..., J, 3, 3) and shift (..., J, 3) of every joint from rest."""
        linear: list[Tensor] = []
        shift: list[Tensor] = []
        for index, parent in enumerate(self.parents):
            own = rotations[..., index, :, :]
            joint = joints[..., index, :]
            local = joint - _apply(own, joint)
            if parent < 0:
                linear.append(own)
                shift.append(local)
                continue
            linear.append(linear[parent] @ own)
            shift.append(_apply(linear[parent], local) + shift[parent])
        return torch.stack(linear, -3), torch.stack(shift, -2)


def rotation_matrices(axis_angle: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of axis-angle vectors (..., 3), smooth at zero."""
    squared = (axis_angle**2).sum(-1)[..., None, None]
    angle = torch.sqrt(squared + 1e-16)
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    rows = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1)
    skew = rows.reshape(*axis_angle.shape, 3)
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    small = squared < 1e-6
    first = torch.where(small, 1 - squared / 6, torch.sin(angle) / angle)
    second = torch.where(small, 0.5 - squared / 24, (1 - torch.cos(angle)) / angle**2)
    return eye + first * skew + second * (skew @ skew)


def _combine(weights: Tensor, basis: Tensor) -> Tensor:
    """(..., K) weights of a (K, V, 3) basis -> (..., V, 3)."""
    flat: Tensor = weights @ basis.flatten(1)
    return flat.reshape(*flat.shape[:-1], *basis.shape[1:])


def _apply(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector[..., None])[..., 0]
