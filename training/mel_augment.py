# SPDX-License-Identifier: GPL-3.0-or-later
"""Augmentation of log-mel batches (batch, mel frames, bands): cheap, on the device, timing kept."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from model_runtime.features import POWER_FLOOR


def augment_mel(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Vocal tract, microphone, room, noise, band limit and masks, each drawn per clip."""
    mel = warp_bands(mel, generator)
    mel = mel + equaliser(mel, generator)
    mel = reverberate(mel, generator)
    mel = add_noise(mel, generator)
    return limit_band(mel, generator)


def warp_bands(mel: Tensor, generator: torch.Generator, spread: float = 0.08) -> Tensor:
    """Vocal tract length perturbation (Jaitly & Hinton 2013): the mel axis scaled by up to 8 %."""
    batch, _, bands = mel.shape
    scale = 1 + spread * (2 * _uniform(batch, generator) - 1)
    position = (torch.arange(bands)[None] * scale[:, None]).clamp(0, bands - 1.001)
    low = position.floor().long()
    part = (position - low)[:, None]
    low = low[:, None].expand(-1, mel.shape[1], -1)
    return mel.gather(2, low) * (1 - part) + mel.gather(2, low + 1) * part


def equaliser(mel: Tensor, generator: torch.Generator, spread: float = 1.2) -> Tensor:
    """A smooth random response of the microphone: (batch, 1, bands) in natural log power."""
    batch, _, bands = mel.shape
    knots = spread * torch.randn(batch, 1, 7, generator=generator)
    return functional.interpolate(knots, size=bands, mode="linear", align_corners=True)


def reverberate(mel: Tensor, generator: torch.Generator, share: float = 0.5) -> Tensor:
    """Late reverberation as an exponential tail of power, 0.15 to 0.7 s to -60 dB."""
    batch = mel.shape[0]
    decay_s = 0.15 + 0.55 * _uniform(batch, generator)
    level = 10 ** (-(8 + 17 * _uniform(batch, generator)) / 10)
    level = level * (_uniform(batch, generator) < share)
    steps = torch.arange(0, 40)
    tail = 10 ** (-6 * steps[None] * 0.01 / decay_s[:, None])
    tail[:, 0] = 0
    tail = tail / tail.sum(1, keepdim=True) * level[:, None]
    tail[:, 0] = 1
    power = mel.exp().transpose(1, 2).reshape(1, -1, mel.shape[1])
    bands = mel.shape[2]
    kernel = tail.flip(1).repeat_interleave(bands, 0)[:, None]
    smeared = functional.conv1d(functional.pad(power, (39, 0)), kernel, groups=batch * bands)
    return (smeared.view(batch, bands, -1).transpose(1, 2) + POWER_FLOOR).log()


def add_noise(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of random colour, 3 to 45 dB below speech; in a third of the clips another clip."""
    batch, frames, bands = mel.shape
    colour = torch.randn(batch, 1, 5, generator=generator) * 1.5
    noise = functional.interpolate(colour, size=bands, mode="linear", align_corners=True)
    flutter = torch.rand(batch, frames, bands, generator=generator).clamp_min(1e-3)
    noise = noise + (-flutter.log()).log()
    babble = mel.roll(1, 0)
    chosen = (_uniform(batch, generator) < 0.3)[:, None, None]
    noise = torch.where(chosen, babble, noise)
    ratio_db = 3 + 42 * _uniform(batch, generator) + 6 * chosen[:, 0, 0]
    wanted = _power(mel) - ratio_db * (torch.log(torch.tensor(10.0)) / 10)
    return torch.logaddexp(mel, noise + (wanted - _power(noise))[:, None, None])


def limit_band(mel: Tensor, generator: torch.Generator, share: float = 0.25) -> Tensor:
    """Telephone and codec band limits: the highest bands at the floor."""
    batch, _, bands = mel.shape
    cut = bands * (0.62 + 0.35 * _uniform(batch, generator))
    cut = torch.where(_uniform(batch, generator) < share, cut, torch.full((batch,), bands + 1.0))
    over = (torch.arange(bands)[None] - cut[:, None]).clamp_min(0)[:, None]
    return (mel - 2.0 * over).clamp_min(float(torch.tensor(POWER_FLOOR).log()))


def mask_mel(mel: Tensor, generator: torch.Generator) -> Tensor:
    """SpecAugment (Park et al. 2019) on normalised features: one band mask, two short gaps."""
    batch, frames, bands = mel.shape
    keep = _gap(batch, bands, 12, generator)[:, None, :]
    for _ in range(2):
        keep = keep & _gap(batch, frames, 10, generator)[:, :, None]
    return mel * keep


def _gap(batch: int, length: int, widest: int, generator: torch.Generator) -> Tensor:
    width = widest * _uniform(batch, generator)
    start = (length - width) * _uniform(batch, generator)
    place = torch.arange(length)[None]
    return (place < start[:, None]) | (place >= (start + width)[:, None])


def _power(mel: Tensor) -> Tensor:
    """Log of the mean power of the louder half of the frames: (batch,)."""
    energy = mel.logsumexp(2)
    return energy.topk(mel.shape[1] // 2, dim=1).values.logsumexp(1)


def _uniform(count: int, generator: torch.Generator) -> Tensor:
    return torch.rand(count, generator=generator)
