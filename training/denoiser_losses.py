# SPDX-License-Identifier: GPL-3.0-or-later
"""What a clean estimate is compared with: the motion itself, its velocity, lips and lip gaps."""

from __future__ import annotations

import torch
from torch import Tensor

from model_runtime.contract import UNITS
from model_runtime.denoiser import DenoiserConfig, from_network, to_network
from model_runtime.face import load_face
from model_runtime.motion_space import MotionSpace, unit_space
from training.denoiser_batches import Batch
from training.denoiser_config import MOUTH, TrainConfig
from training.lip_loss import GapRows, VertexForm, gap_rows, vertex_form


class Losses:
    """Reconstruction + velocity + lip vertices + lip gaps of the one-step clean estimate."""

    def __init__(
        self,
        config: TrainConfig,
        network: DenoiserConfig,
        device: torch.device,
        space: MotionSpace | None = None,
    ) -> None:
        face, space = load_face(), space or unit_space()
        self.config, self.network = config, network
        self.lips = VertexForm(vertex_form(face, "lips").root.to(device))
        self.gaps = GapRows(gap_rows(face).rows.to(device))
        mouth = torch.tensor([1.5 if name in MOUTH else 1.0 for name in space.channels])
        places = torch.zeros(len(space.channels), len(UNITS))  # a FLAME's channels are no units
        for column, name in enumerate(space.channels):
            if name in UNITS:
                places[column, UNITS.index(name)] = 1.0
        self.places = places.to(device)
        self.channel_weight = (mouth / mouth.mean()).to(device)

    def __call__(self, clean: Tensor, batch: Batch) -> dict[str, Tensor]:
        """clean (batch, frames, channels) in network units -> named losses, each a scalar.

        Divided by the global batch's share of frames: the mean over processes of equally many rows
        is the loss of all rows at once.
        """
        condition, count = batch.condition, batch.masses.frames
        target = to_network(batch.motion, self.network)
        error = (clean - target) * (1 - condition.mask)
        weight = condition.keep[..., None] * self.channel_weight
        change = error.diff(dim=1) * weight[:, 1:]
        natural = from_network(clean, self.network) - batch.motion
        units = (natural * (1 - condition.mask) * condition.keep[..., None]) @ self.places
        contact = condition.contacts[..., :2].amax(-1, keepdim=True)
        gap = self.gaps.change(units).square() * (1 + self.config.contact_gain * contact)
        return {
            "motion": (error.square() * weight).mean() / count,
            "velocity": change.square().mean() / count * self.config.velocity_weight,
            "lips": self.lips.distance(units).mean() / count * self.config.lip_weight,
            "gap": gap.mean() / count * self.config.gap_weight,
        }
