# SPDX-License-Identifier: GPL-3.0-or-later
"""The network parts of `layers` as inference runs them on a processor, to a rounding error.

Weights are laid out once for oneDNN, whose kernels use all of a processor's vector width where
torch's usual library halves it on processors of another maker: twice as fast there. Rotations are
worked out once for all layers, and the depthwise convolution reads what it is given where it lies.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import Attention, ConformerBlock, ConvModule, rotary_angles

Map = Callable[[Tensor], Tensor]
_X86 = platform.machine().lower() in ("x86_64", "amd64")
_ROWS = 160  # for which the weights are laid out; other numbers of rows read them as well
_kept: WeakKeyDictionary[nn.Linear, tuple[tuple[int, int], Tensor]] = WeakKeyDictionary()


class Places(NamedTuple):
    """What the positions of a batch of sequences say to each layer."""

    cos: Tensor  # (length, 1, 1, half of a head's width)
    sin: Tensor
    seen: Tensor | None  # (batch, 1, 1, length) bool; None where no place is padding
    sounding: Tensor | None  # (batch, length, 1) bool


def places(layer: Attention, length: int, width: int, keep: Tensor | None) -> Places:
    """For sequences of `length` places, of which `keep` (batch, length) bool are real."""
    device = layer.qkv.weight.device
    cos, sin = (part[:, None, None] for part in rotary_angles(length, width // layer.heads, device))
    if keep is None or bool(keep.all()):
        return Places(cos, sin, None, None)
    return Places(cos, sin, keep[:, None, None, :], keep[..., None])


def linear(layer: nn.Linear, then: str = "none") -> Map:
    """The layer as a function of (..., features); `then` is none or swish (SiLU)."""
    return _map(layer.weight, layer.bias, then, _laid_out(layer))


def linear_by(weight: Tensor) -> Map:
    """The map of a weight (out, in) that no layer holds."""
    return _map(weight, None, "none", _lay_out(weight) if _can(weight) else None)


def _map(weight: Tensor, bias: Tensor | None, then: str, laid_out: Tensor | None) -> Map:
    if laid_out is not None:
        work = torch.ops.mkldnn._linear_pointwise
        return lambda x: cast(Tensor, work(x, laid_out, bias, then, [], ""))
    if then == "swish":
        return lambda x: functional.silu(functional.linear(x, weight, bias))
    return lambda x: functional.linear(x, weight, bias)


def _laid_out(layer: nn.Linear) -> Tensor | None:
    """The weight for oneDNN, kept while it cannot have changed; None where that does not help."""
    weight = layer.weight
    if not _can(weight):
        return None
    if weight.requires_grad or weight.is_inference():
        return _lay_out(weight)
    stamp = (weight.data_ptr(), weight._version)
    found = _kept.get(layer)
    if found is None or found[0] != stamp:
        _kept[layer] = found = (stamp, _lay_out(weight))
    return found[1]


def _lay_out(weight: Tensor) -> Tensor:
    prepared = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _ROWS)
    return cast(Tensor, prepared)


def _can(weight: Tensor) -> bool:
    """Whether oneDNN's own call is there, switched on, and for this weight."""
    return (
        _X86
        and weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and torch._C._has_mkldnn
        and torch._C._get_mkldnn_enabled()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


class ReadyBlock:
    """A ConformerBlock's three parts without their norms: (batch, length, width) -> the same."""

    def __init__(self, block: ConformerBlock, where: Places) -> None:
        self._attention, self._conv, self._where = block.attention, block.conv, where
        self._qkv, self._mixed = linear(block.attention.qkv), linear(block.attention.out)
        self._gate, self._gated = linear(block.conv.gate), linear(block.conv.out)
        feed = block.feed
        self._wide = linear(cast(nn.Linear, feed[0]), "swish")
        self._narrow = linear(cast(nn.Linear, feed[2]))
        self._taps = block.conv.depthwise.weight.unsqueeze(2)  # (width, 1, 1, kernel)
        self.parts: tuple[Map, Map, Map] = (self.attend, self.convolve, self.feed)

    def attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads, where = self._attention.heads, self._where
        qkv = self._qkv(x).view(batch, length, 3, heads, width // heads)
        q, k = (part.transpose(1, 2) for part in _rotated(qkv[:, :, :2], where).unbind(2))
        v = qkv[:, :, 2].transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=where.seen)
        return self._mixed(mixed.transpose(1, 2).reshape(batch, length, width))

    def convolve(self, x: Tensor) -> Tensor:
        gated = functional.glu(self._gate(x), dim=-1)
        if self._where.sounding is not None:
            gated = gated * self._where.sounding
        mixed = functional.silu(self._conv.norm(self._depthwise(self._conv, gated)), inplace=True)
        return self._gated(mixed)

    def feed(self, x: Tensor) -> Tensor:
        return self._narrow(self._wide(x))

    def _depthwise(self, layer: ConvModule, x: Tensor) -> Tensor:
        """The depthwise convolution of (batch, length, width) as a picture of one row.

        Its channels lie last in memory, which oneDNN reads as they are.
        """
        side = self._taps.shape[-1] // 2
        picture = x.transpose(1, 2).unsqueeze(2)
        mixed = functional.conv2d(
            picture, self._taps, layer.depthwise.bias, padding=(0, side), groups=x.shape[2]
        )
        return mixed.squeeze(2).transpose(1, 2)


def _rotated(x: Tensor, where: Places) -> Tensor:
    """layers.rotate on (batch, length, 2, heads, width), where the network leaves them."""
    even, odd = x.chunk(2, dim=-1)
    turned = torch.empty_like(x)
    half = even.shape[-1]
    torch.mul(even, where.cos, out=turned[..., :half]).addcmul_(odd, where.sin, value=-1)
    torch.mul(odd, where.cos, out=turned[..., half:]).addcmul_(even, where.sin)
    return turned
