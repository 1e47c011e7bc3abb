# SPDX-License-Identifier: GPL-3.0-or-later
"""The denoiser: from noisy motion and its conditions to the clean motion, 25 tokens a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .contract import CHANNELS, EMOTIONS
from .layers import ConformerBlock
from .phones import CONTACTS, PHONES, UNKNOWN_PHONE

FRAMES_PER_TOKEN = 2
SPEECH_WIDTH = len(PHONES) + 1  # phone posteriors, loudness
AUTO_EMOTION = len(EMOTIONS)  # index of the unconditioned emotion


@dataclass(frozen=True)
class DenoiserConfig:
    width: int = 256
    layers: int = 5
    heads: int = 4
    kernel: int = 11  # tokens
    feed_factor: int = 2
    dropout: float = 0.05
    window: int = 320  # motion frames the network is trained on
    overlap: int = 40  # frames of the previous window that are held fixed
    transcript: bool = False  # whether the network also reads Condition.phones
    mean: tuple[float, ...] = (0.0,) * len(CHANNELS)
    scale: tuple[float, ...] = (1.0,) * len(CHANNELS)


class _Conditions(NamedTuple):
    speech: Tensor
    contacts: Tensor
    emotion: Tensor
    intensity: Tensor
    known: Tensor
    mask: Tensor
    keep: Tensor
    heard: Tensor
    phones: Tensor


class Condition(_Conditions):
    """What steers the motion. A batch of windows; frames is a multiple of FRAMES_PER_TOKEN.

    - speech (batch, frames, SPEECH_WIDTH)
    - contacts (batch, frames, len(CONTACTS))
    - emotion (batch, frames): index into EMOTIONS, or AUTO_EMOTION
    - intensity (batch, frames)
    - known (batch, frames, channels): motion that is held fixed, in network units
    - mask (batch, frames, channels): 1 where `known` holds
    - keep (batch, frames) bool: False on padding
    - heard (batch,): 1 with speech, 0 for the unconditioned branch of guidance
    - phones (batch, frames): index into PHONES, or UNKNOWN_PHONE (throughout where left out)
    """

    __slots__ = ()

    def __new__(
        cls,
        speech: Tensor,
        contacts: Tensor,
        emotion: Tensor,
        intensity: Tensor,
        known: Tensor,
        mask: Tensor,
        keep: Tensor,
        heard: Tensor,
        phones: Tensor | None = None,
    ) -> Condition:
        if phones is None:
            phones = torch.full_like(emotion, UNKNOWN_PHONE)
        return super().__new__(
            cls, speech, contacts, emotion, intensity, known, mask, keep, heard, phones
        )

    def to(self, device: torch.device) -> Condition:
        return Condition(*(part.to(device, non_blocking=True) for part in self))


class Denoiser(nn.Module):
    """Conformer with adaptive layer norm (Peebles & Xie 2023) predicting x0."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        channels, width = len(config.mean), config.width
        self.motion = nn.Linear(3 * FRAMES_PER_TOKEN * channels, width)
        heard = SPEECH_WIDTH + len(CONTACTS) + 2  # intensity, keep
        self.speech = nn.Conv1d(heard, width, kernel_size=6, stride=FRAMES_PER_TOKEN, padding=2)
        self.emotion = nn.Embedding(len(EMOTIONS) + 1, width)
        self.time = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.modulation = nn.Linear(width, 6 * width)
        self.bias = nn.Parameter(torch.zeros(config.layers, 6 * width))
        self.blocks = nn.ModuleList(
            ConformerBlock(width, config.heads, config.kernel, config.feed_factor, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, FRAMES_PER_TOKEN * channels)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        if config.transcript:
            self.transcript = nn.Embedding(FRAMES_PER_TOKEN * (UNKNOWN_PHONE + 1), width)
            nn.init.zeros_(self.transcript.weight)

    def forward(self, noisy: Tensor, time: Tensor, condition: Condition) -> Tensor:
        """noisy (batch, frames, channels) at time (batch,) in [0, 1] -> clean, same shape."""
        x = self._tokens(noisy, condition) + self._hear(condition)
        if self.config.transcript:
            x = x + self._read(condition)
        felt = self.emotion(condition.emotion[:, ::FRAMES_PER_TOKEN])
        state = self.time(time_embedding(time))[:, None] + felt
        shift_scale = self.modulation(functional.silu(state))  # (batch, tokens, 6 * width)
        keep = condition.keep[:, ::FRAMES_PER_TOKEN]
        for block, bias in zip(self.blocks, self.bias, strict=True):
            x = block(x, keep, shift_scale + bias)
        return self.out(self.norm(x)).reshape(noisy.shape)

    def _tokens(self, noisy: Tensor, condition: Condition) -> Tensor:
        stacked = torch.cat((noisy, condition.known * condition.mask, condition.mask), dim=2)
        batch, frames, width = stacked.shape
        return self.motion(
            stacked.reshape(batch, frames // FRAMES_PER_TOKEN, FRAMES_PER_TOKEN * width)
        )

    def _hear(self, condition: Condition) -> Tensor:
        heard = condition.heard[:, None, None]
        keep = condition.keep[..., None].to(condition.speech.dtype)
        parts = (
            condition.speech * heard * keep,
            condition.contacts * heard * keep,
            condition.intensity[..., None],
            heard * keep,
        )
        return self.speech(torch.cat(parts, dim=2).transpose(1, 2)).transpose(1, 2)

    def _read(self, condition: Condition) -> Tensor:
        """What the transcript adds to each token: one table for each of a token's frames."""
        known = condition.keep & (condition.heard[:, None] > 0)
        phones = torch.where(known, condition.phones, UNKNOWN_PHONE)
        place = torch.arange(phones.shape[1], device=phones.device) % FRAMES_PER_TOKEN
        read = self.transcript(phones + place * (UNKNOWN_PHONE + 1))
        return read.unflatten(1, (-1, FRAMES_PER_TOKEN)).sum(2)


def time_embedding(time: Tensor, width: int = 64) -> Tensor:
    """Sinusoids of diffusion time: (batch,) -> (batch, width)."""
    frequency = torch.exp(torch.linspace(0.0, 6.9, width // 2, device=time.device))
    angle = time[:, None] * frequency
    return torch.cat((angle.cos(), angle.sin()), dim=1)


def to_network(motion: Tensor, config: DenoiserConfig) -> Tensor:
    """Motion (..., channels) -> the network's units: zero mean and unit scale a channel."""
    mean, scale = motion.new_tensor(config.mean), motion.new_tensor(config.scale)
    return (motion - mean) / scale


def from_network(values: Tensor, config: DenoiserConfig) -> Tensor:
    mean, scale = values.new_tensor(config.mean), values.new_tensor(config.scale)
    return values * scale + mean
