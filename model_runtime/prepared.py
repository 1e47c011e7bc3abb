# SPDX-License-Identifier: GPL-3.0-or-later
"""A denoiser made ready for one batch of windows and one schedule of times.

The same network as `Denoiser.forward`, which training uses, to a rounding error. What the noise
does not change is computed once: the conditions' share of the tokens, the rotations of the
positions and the modulation of every step, into which the layer norms' own gains are folded.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .denoiser import AUTO_EMOTION, FRAMES_PER_TOKEN, Condition, Denoiser, time_embedding
from .diffusion import Estimator
from .layers import Attention, ConformerBlock, ConvModule, rotary_angles

PARTS = 3  # of a block: attention, convolution, feed-forward


def estimator(
    denoiser: nn.Module, condition: Condition, scale: float, schedule: Tensor
) -> Estimator:
    """The clean estimate of a batch at the times of `schedule`, for a sampler.

    `scale`: classifier-free guidance (Ho & Salimans 2022) over speech and emotion together; 1 is
    none. Known motion is put back exactly, so that it stays what it was.
    """
    told = condition if scale == 1.0 else _with_free(condition)
    places = {float(time): step for step, time in enumerate(schedule)}
    ready = Prepared(denoiser, told, schedule) if isinstance(denoiser, Denoiser) else None

    def estimate(noisy: Tensor, time: Tensor) -> Tensor:
        twice = noisy if told is condition else noisy.repeat(2, 1, 1)
        if ready is not None:
            clean = ready(twice, places[float(time[0])])
        else:
            clean = denoiser(twice, time.expand(len(twice)), told)
        if told is not condition:
            with_sound, without = clean.chunk(2)
            clean = without + scale * (with_sound - without)
        return torch.where(condition.mask > 0, condition.known, clean)

    return estimate


def _with_free(condition: Condition) -> Condition:
    """A batch's conditions, and behind them the same without speech and emotion."""
    free = condition._replace(
        heard=torch.zeros_like(condition.heard),
        emotion=torch.full_like(condition.emotion, AUTO_EMOTION),
    )
    return Condition(*(torch.cat(pair) for pair in zip(condition, free, strict=True)))


class Prepared:
    """Call it with noisy motion (batch, frames, channels) and the number of the step."""

    def __init__(self, denoiser: Denoiser, condition: Condition, schedule: Tensor) -> None:
        """schedule: (steps,) times in [0, 1]. The batch is the condition's."""
        self._denoiser, self._condition = denoiser, condition
        self._blocks = [cast(ConformerBlock, block) for block in denoiser.blocks]
        self._noisy, self._fixed = _inputs(denoiser, condition)
        felt = condition.emotion[:, ::FRAMES_PER_TOKEN]
        self._felt = felt[:, :1] if bool((felt == felt[:, :1]).all()) else felt
        self._gain, self._offset = _modulations(denoiser, schedule)
        keep = condition.keep[:, ::FRAMES_PER_TOKEN]
        self._seen = keep[:, None, None, :]
        self._sounding = None if bool(keep.all()) else keep[..., None]
        attention = self._blocks[0].attention
        width = denoiser.config.width // attention.heads
        cos, sin = rotary_angles(keep.shape[1], width, condition.known.device)
        self._cos, self._sin = cos[:, None], sin[:, None]

    def __call__(self, noisy: Tensor, step: int) -> Tensor:
        """The clean estimate at step `step` of the schedule, of the shape of `noisy`."""
        denoiser, batch = self._denoiser, len(noisy)
        x = self._fixed + functional.linear(
            noisy.reshape(batch, -1, self._noisy.shape[1]), self._noisy
        )
        gains, offsets = self._gain[step][self._felt], self._offset[step][self._felt]
        for index, block in enumerate(self._blocks):
            for part, work in enumerate((self._attend, self._convolve, self._feed)):
                x.add_(
                    work(block, _modulated(x, gains[:, :, index, part], offsets[:, :, index, part]))
                )
        return denoiser.out(denoiser.norm(x)).reshape(noisy.shape)

    def _attend(self, block: ConformerBlock, x: Tensor) -> Tensor:
        return _attention(block.attention, x, self._cos, self._sin, self._seen)

    def _convolve(self, block: ConformerBlock, x: Tensor) -> Tensor:
        return _convolution(block.conv, x, self._sounding)

    def _feed(self, block: ConformerBlock, x: Tensor) -> Tensor:
        return block.feed(x)


def _inputs(denoiser: Denoiser, condition: Condition) -> tuple[Tensor, Tensor]:
    """Weights that the noisy motion meets, and the tokens' part that is the same at each step."""
    channels, width = len(denoiser.config.mean), denoiser.config.width
    weight = denoiser.motion.weight.view(width, FRAMES_PER_TOKEN, 3, channels)
    noisy = weight[:, :, 0].reshape(width, -1)
    fixed = denoiser._tokens(torch.zeros_like(condition.known), condition)
    fixed = fixed + denoiser._hear(condition)
    if denoiser.config.transcript:
        fixed = fixed + denoiser._read(condition)
    return noisy, fixed


def _modulations(denoiser: Denoiser, schedule: Tensor) -> tuple[Tensor, Tensor]:
    """Gain and offset of each normalised part: two (steps, emotions, blocks, PARTS, width).

    Of all emotions always, so that a take does not depend on its neighbours' in the batch.
    """
    width = denoiser.config.width
    state = denoiser.time(time_embedding(schedule))[:, None] + denoiser.emotion.weight
    modulation = denoiser.modulation(functional.silu(state))[:, :, None] + denoiser.bias
    modulation = modulation.unflatten(-1, (PARTS, 2, width))
    shift, scale = modulation[..., 0, :], 1 + modulation[..., 1, :]
    blocks = [cast(ConformerBlock, block) for block in denoiser.blocks]
    norms = [cast(nn.LayerNorm, norm) for block in blocks for norm in block.norms]
    places = (len(blocks), PARTS, width)
    gain = torch.stack([norm.weight for norm in norms]).view(places)
    offset = torch.stack([norm.bias for norm in norms]).view(places)
    return gain * scale, offset * scale + shift


def _modulated(x: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    return torch.addcmul(offset, functional.layer_norm(x, x.shape[-1:]), gain)


def _attention(layer: Attention, x: Tensor, cos: Tensor, sin: Tensor, seen: Tensor) -> Tensor:
    batch, length, width = x.shape
    q, k, v = layer.qkv(x).view(batch, length, 3, layer.heads, width // layer.heads).unbind(2)
    q, k = (_rotated(part, cos, sin).transpose(1, 2) for part in (q, k))
    mixed = functional.scaled_dot_product_attention(q, k, v.transpose(1, 2), attn_mask=seen)
    return layer.out(mixed.transpose(1, 2).reshape(batch, length, width))


def _rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """layers.rotate on (batch, length, heads, width), where the network leaves them."""
    even, odd = x.chunk(2, dim=-1)
    turned = torch.empty_like(x)
    half = even.shape[-1]
    torch.mul(even, cos, out=turned[..., :half]).addcmul_(odd, sin, value=-1)
    torch.mul(odd, cos, out=turned[..., half:]).addcmul_(even, sin)
    return turned


def _convolution(layer: ConvModule, x: Tensor, sounding: Tensor | None) -> Tensor:
    gated = functional.glu(layer.gate(x), dim=-1)
    if sounding is not None:
        gated = gated * sounding
    return layer.out(functional.silu(layer.norm(_depthwise(layer, gated))))


def _depthwise(layer: ConvModule, x: Tensor) -> Tensor:
    """The depthwise convolution on (batch, length, width), tap by tap, which suits CPUs."""
    if x.device.type != "cpu":
        return layer.depthwise(x.transpose(1, 2)).transpose(1, 2)
    taps = layer.depthwise.weight[:, 0].t()  # (kernel, width)
    length, side = x.shape[1], len(taps) // 2
    padded = functional.pad(x, (0, 0, side, side))
    bias = cast(Tensor, layer.depthwise.bias)
    mixed = torch.addcmul(bias, padded[:, :length], taps[0])
    for place in range(1, len(taps)):
        mixed.addcmul_(padded[:, place : place + length], taps[place])
    return mixed
