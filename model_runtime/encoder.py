# SPDX-License-Identifier: GPL-3.0-or-later
"""The speech encoder: log-mel at 100 Hz -> features, phones and lip contacts at 50 Hz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from .cpu_layers import ReadyBlock, linear, places
from .features import MEL_BANDS
from .layers import ConformerBlock
from .phones import CONTACTS, PHONES

CHUNK = 600  # motion frames encoded at once (12 s)
CONTEXT = 50  # frames on either side that are encoded again and thrown away (1 s)


@dataclass(frozen=True)
class EncoderConfig:
    width: int = 192
    layers: int = 4
    heads: int = 4
    kernel: int = 15  # frames at 50 Hz
    feed_factor: int = 4
    dropout: float = 0.1


class Speech(NamedTuple):
    """What the encoder hears in each motion frame (leading dimensions as the input's)."""

    features: Tensor  # (..., frames, width)
    phone_logits: Tensor  # (..., frames, len(PHONES))
    contact_logits: Tensor  # (..., frames, len(CONTACTS))


class SpeechEncoder(nn.Module):
    """Conformer (Gulati et al. 2020) with a frame-wise phone head and a lip-contact head."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv1d(MEL_BANDS, config.width, kernel_size=6, stride=2, padding=2)
        self.blocks = nn.ModuleList(
            ConformerBlock(
                config.width, config.heads, config.kernel, config.feed_factor, config.dropout
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.phones = nn.Linear(config.width, len(PHONES))
        self.contacts = nn.Linear(config.width, len(CONTACTS))

    def forward(self, mel: Tensor, keep: Tensor | None = None) -> Speech:
        """mel (batch, 2 * frames, MEL_BANDS), normalised; keep (batch, frames) of real frames."""
        x = self.stem(mel.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x, keep)
        features = self.norm(x)
        return Speech(features, self.phones(features), self.contacts(features))


@torch.inference_mode()
def encode(encoder: SpeechEncoder, mel: Tensor) -> Speech:
    """Encode a clip of any length, (2 * frames, MEL_BANDS), in overlapping chunks.

    Memory is constant in the number of frames but for the result.
    """
    frames = mel.shape[0] // 2
    parts = [_encode_chunk(encoder, mel, start, frames) for start in range(0, frames, CHUNK)]
    if not parts:
        raise ValueError("no frames to encode")
    return Speech(*(torch.cat(piece) for piece in zip(*parts, strict=True)))


def _encode_chunk(encoder: SpeechEncoder, mel: Tensor, start: int, frames: int) -> Speech:
    stop = min(start + CHUNK, frames)
    first, last = max(0, start - CONTEXT), min(frames, stop + CONTEXT)
    chunk = mel[None, 2 * first : 2 * last]
    speech = _on_cpu(encoder, chunk) if _plain(encoder, mel) else encoder(chunk)
    return Speech(*(part[0, start - first : stop - first].float() for part in speech))


def _plain(encoder: SpeechEncoder, mel: Tensor) -> bool:
    """Whether a processor runs the network as it is: no dropout, nothing in half precision."""
    return (
        mel.device.type == "cpu"
        and mel.dtype == torch.float32 == encoder.norm.weight.dtype
        and not encoder.training
        and not torch.is_autocast_enabled("cpu")
    )


def _on_cpu(encoder: SpeechEncoder, mel: Tensor) -> Speech:
    """SpeechEncoder.forward of (1, 2 * frames, MEL_BANDS), to a rounding error."""
    x = encoder.stem(mel.transpose(1, 2)).transpose(1, 2).contiguous()
    blocks = [cast(ConformerBlock, block) for block in encoder.blocks]
    where = places(blocks[0].attention, x.shape[1], encoder.config.width, None)
    for block in blocks:
        for norm, work in zip(block.norms, ReadyBlock(block, where).parts, strict=True):
            x.add_(work(norm(x)))
    features = encoder.norm(x)
    return Speech(features, linear(encoder.phones)(features), linear(encoder.contacts)(features))
