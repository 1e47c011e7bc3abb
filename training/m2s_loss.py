# SPDX-License-Identifier: GPL-3.0-or-later
"""The mesh-to-speech loss of Choi, Kim & Ro 2023: speech units and log-mel, masked."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from model_runtime.features import MELS_PER_MOTION_FRAME
from model_runtime.mesh_to_speech import Said

SMOOTHING = 0.1
MEL_WEIGHT = 10.0


def m2s_loss(
    said: Said, units: Tensor, mel: Tensor, keep: Tensor, mel_weight: float = MEL_WEIGHT
) -> dict[str, Tensor]:
    """Weighted scalars `units`, `mel_l1`, `mel_convergence` of what a motion says.

    units (batch, frames) long, those past the last unit unknown and left out; mel (batch,
    2 * frames, bands) normalised; keep (batch, frames) bool. Spectral convergence is the Frobenius
    norm of the error over that of the target (Arik et al. 2019).
    """
    heard = keep.repeat_interleave(MELS_PER_MOTION_FRAME, 1)[..., None].to(mel.dtype)
    error = (said.mel.float() - mel) * heard
    size = (mel * heard).square().sum().clamp_min(1e-6).sqrt()
    norm = (error.square().sum() + 1e-12).sqrt()
    cells = (heard.sum() * mel.shape[-1]).clamp_min(1.0)
    return {
        "units": unit_cross_entropy(said.unit_logits, units, keep),
        "mel_l1": mel_weight * error.abs().sum() / cells,
        "mel_convergence": mel_weight * norm / size,
    }


def unit_cross_entropy(logits: Tensor, units: Tensor, keep: Tensor) -> Tensor:
    """Label-smoothed cross-entropy over the kept frames whose unit is known; 0 without any."""
    count = logits.shape[-1]
    known = (keep & (units < count)).flatten()
    losses = functional.cross_entropy(
        logits.flatten(0, 1).float(),
        units.flatten().clamp(max=count - 1),
        label_smoothing=SMOOTHING,
        reduction="none",
    )
    return (losses * known).sum() / known.sum().clamp_min(1)
