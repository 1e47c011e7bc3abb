# SPDX-License-Identifier: GPL-3.0-or-later
"""Network parts shared by the speech encoder and the denoiser."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def rotary_angles(length: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary position embedding: two (length, width // 2)."""
    frequency = 10_000.0 ** (-torch.arange(0, width, 2, device=device) / width)
    angle = torch.arange(length, device=device)[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply rotary position embedding (Su et al. 2021) to (batch, heads, length, width)."""
    even, odd = x.chunk(2, dim=-1)
    return torch.cat((even * cos - odd * sin, odd * cos + even * sin), dim=-1)


class Attention(nn.Module):
    """Self-attention with rotary positions; `keep` (batch, length) marks real frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        batch, length, width = x.shape
        shape = (batch, length, 3, self.heads, width // self.heads)
        q, k, v = self.qkv(x).view(shape).permute(2, 0, 3, 1, 4)
        cos, sin = rotary_angles(length, width // self.heads, x.device)
        q, k = rotate(q, cos, sin).to(v.dtype), rotate(k, cos, sin).to(v.dtype)
        mask = None if keep is None else keep[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Sequential):
    def __init__(self, width: int, factor: int) -> None:
        super().__init__(
            nn.Linear(width, factor * width), nn.SiLU(), nn.Linear(factor * width, width)
        )


class ConvModule(nn.Module):
    """The conformer's gated depthwise convolution (Gulati et al. 2020), with layer norm."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        gated = functional.glu(self.gate(x), dim=-1)
        if keep is not None:
            gated = gated * keep[..., None]
        mixed = self.depthwise(gated.transpose(1, 2)).transpose(1, 2)
        return self.out(functional.silu(self.norm(mixed)))


class ConformerBlock(nn.Module):
    """Attention, convolution and feed-forward with residuals (after Gulati et al. 2020).

    `shift_scale` (batch or batch x length, 6 * width) modulates the three parts (adaptive layer
    norm, Peebles & Xie 2023); None leaves them plain.
    """

    def __init__(self, width: int, heads: int, kernel: int, factor: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.attention = Attention(width, heads)
        self.conv = ConvModule(width, kernel)
        self.feed = FeedForward(width, factor)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, keep: Tensor | None = None, shift_scale: Tensor | None = None
    ) -> Tensor:
        parts = [None] * 6 if shift_scale is None else list(shift_scale.chunk(6, dim=-1))
        x = x + self.dropout(self.attention(_modulate(self.norms[0](x), *parts[:2]), keep))
        x = x + self.dropout(self.conv(_modulate(self.norms[1](x), *parts[2:4]), keep))
        return x + self.dropout(self.feed(_modulate(self.norms[2](x), *parts[4:])))


def _modulate(x: Tensor, shift: Tensor | None, scale: Tensor | None) -> Tensor:
    if shift is None or scale is None:
        return x
    return x * (1 + scale) + shift
