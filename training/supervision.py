# SPDX-License-Identifier: GPL-3.0-or-later
"""Supervision by mesh-to-speech: does the estimated face say what is really said?

After THUNDER (arXiv 2504.13386): the one-step clean estimate goes through a frozen mesh-to-speech
model whose speech units and log-mel are compared with those of the real sound.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model_runtime.contract import CHANNELS, UNITS
from model_runtime.denoiser import DenoiserConfig, from_network
from model_runtime.mesh_to_speech import MeshToSpeech, Said
from training.denoiser_batches import Batch
from training.denoiser_config import MOUTH, TrainConfig
from training.m2s_loss import m2s_loss

PREFIX = "m2s_"


class Supervisor:
    """The mesh-to-speech loss of clean estimates, averaged over the rows that are judged.

    Judged are rows with speech at diffusion times up to `TrainConfig.noisiest`: estimates from
    purer noise are means over all that could be said so, and a mean says nothing well.
    """

    def __init__(
        self,
        m2s: MeshToSpeech,
        config: TrainConfig,
        network: DenoiserConfig,
        device: torch.device,
    ) -> None:
        self.m2s = m2s.to(device).eval().requires_grad_(False)
        self.config, self.network, self.device = config, network, device
        reached = [config.supervise == "all" or name in MOUTH for name in CHANNELS]
        self.reached = torch.tensor(reached, device=device)

    def __call__(self, clean: Tensor, batch: Batch) -> dict[str, Tensor]:
        """clean (batch, frames, channels) in network units -> named losses, not weighted.

        The mel is compared in recorded sound only: an altered copy's noise is nothing that a face
        could say. Its speech units are.
        """
        sound = batch.sound
        if sound is None or not len(batch.judged):
            return {name: clean.new_zeros(()) for name in self.names}
        rows = batch.judged
        keep = batch.condition.keep[rows]
        said = self.say(self.motion(clean, batch)[rows], keep, sound.voice[rows])
        units = sound.units[rows]
        losses = torch.vmap(_of_a_row)(said, units, sound.mel[rows], keep)
        labelled = (units < self.m2s.config.units).any(1)
        count = {
            "units": labelled,
            "mel_l1": sound.clean[rows],
            "mel_convergence": sound.clean[rows],
        }
        return {
            PREFIX + name: (value * count[name]).sum() / len(clean) / self._share(name, batch)
            for name, value in losses.items()
        }

    names = tuple(PREFIX + name for name in ("units", "mel_l1", "mel_convergence"))

    @staticmethod
    def _share(name: str, batch: Batch) -> float:
        masses = batch.masses
        return max(masses.labelled if name == "units" else masses.clean, 1e-9)

    def motion(self, clean: Tensor, batch: Batch) -> Tensor:
        """Natural unit weights (batch, frames, 52) of an estimate, as the sampler would leave it.

        Known motion is put back, weights are within 0 and 1. The gradient reaches the estimate in
        the channels that `supervise` names.
        """
        estimate = torch.where(self.reached, clean, clean.detach())
        natural = from_network(estimate, self.network)
        whole = torch.where(batch.condition.mask > 0, batch.motion, natural)
        return whole[..., : len(UNITS)].clamp(0.0, 1.0)

    def say(self, motion: Tensor, keep: Tensor, voice: Tensor) -> Said:
        enabled = self.config.bf16
        with torch.autocast(self.device.type, torch.bfloat16, enabled=enabled):
            said = self.m2s(motion, keep, voice)
        return Said(*(part.float() for part in said))


def _of_a_row(said: Said, units: Tensor, mel: Tensor, keep: Tensor) -> dict[str, Tensor]:
    one = Said(*(part[None] for part in said))
    return m2s_loss(one, units[None], mel[None], keep[None])
