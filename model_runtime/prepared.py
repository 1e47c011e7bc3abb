# SPDX-License-Identifier: GPL-3.0-or-later
"""A denoiser made ready for one batch of windows and one schedule of times.

The same network as `Denoiser.forward`, which training uses, to a rounding error. What the noise
does not change is computed once: the conditions' share of the tokens, the rotations of the
positions and the modulation of every step, into which the layer norms' own gains are folded. On a
CPU each row of a batch is a sum by itself, as long as its own sound and no longer.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .cpu_layers import ReadyBlock, linear, linear_by, places
from .denoiser import AUTO_EMOTION, FRAMES_PER_TOKEN, Condition, Denoiser, time_embedding
from .diffusion import Estimator
from .layers import ConformerBlock

PARTS = 3  # of a block: attention, convolution, feed-forward


def estimator(
    denoiser: nn.Module, condition: Condition, scale: float, schedule: Tensor
) -> Estimator:
    """The clean estimate of a batch at the times of `schedule`, for a sampler.

    `scale`: classifier-free guidance (Ho & Salimans 2022) over speech and emotion together; 1 is
    none. Known motion is put back exactly, so that it stays what it was.
    """
    told = condition if scale == 1.0 else _with_free(condition)
    steps = {float(time): step for step, time in enumerate(schedule)}
    ready = _ready(denoiser, told, len(condition.keep), schedule)

    def estimate(noisy: Tensor, time: Tensor) -> Tensor:
        twice = noisy if told is condition else noisy.repeat(2, 1, 1)
        if ready is not None:
            clean = ready(twice, steps[float(time[0])])
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


def _ready(
    denoiser: nn.Module, told: Condition, rows: int, schedule: Tensor
) -> Prepared | Rows | None:
    """What is faster than the network itself, if anything is."""
    if not isinstance(denoiser, Denoiser):
        return None
    if told.keep.device.type != "cpu":
        return Prepared(denoiser, told, schedule)
    return Rows(denoiser, told, rows, schedule)


class Rows:
    """`Prepared` row by row: a CPU gains nothing from a batch and loses by its padding.

    So no row's bytes depend on its neighbours, and rows that are all the same are done once.
    """

    def __init__(self, denoiser: Denoiser, told: Condition, rows: int, schedule: Tensor) -> None:
        """told: `rows` rows, or twice as many for guidance, which belong together in pairs."""
        self._mine = [list(range(row, len(told.keep), rows)) for row in range(rows)]
        alone = [Condition(*(part[mine] for part in told)) for mine in self._mine]
        self._again = [
            row > 0 and all(map(torch.equal, alone[row], alone[row - 1])) for row in range(rows)
        ]
        self._ready: list[Prepared] = []
        for one, again in zip(alone, self._again, strict=True):
            self._ready.append(self._ready[-1] if again else Prepared(denoiser, one, schedule))

    def __call__(self, noisy: Tensor, step: int) -> Tensor:
        clean = torch.empty_like(noisy)
        before: Tensor | None = None
        for mine, again, ready in zip(self._mine, self._again, self._ready, strict=True):
            now = noisy[mine]
            if before is None or not (again and torch.equal(now, before)):
                done = ready(now, step)
            clean[mine], before = done, now
        return clean


class Prepared:
    """Call it with noisy motion (batch, frames, channels) and the number of the step.

    What comes behind the last frame that any row keeps is zero.
    """

    def __init__(self, denoiser: Denoiser, condition: Condition, schedule: Tensor) -> None:
        """schedule: (steps,) times in [0, 1]. The batch is the condition's."""
        keep = condition.keep[:, ::FRAMES_PER_TOKEN]
        length = _length(keep)
        self._frames = FRAMES_PER_TOKEN * length
        noisy, fixed = _inputs(denoiser, condition)
        self._noisy, self._fixed = linear_by(noisy), fixed[:, :length]
        felt = condition.emotion[:, : self._frames : FRAMES_PER_TOKEN]
        self._felt = felt[:, :1] if bool((felt == felt[:, :1]).all()) else felt
        self._gain, self._offset = _modulations(denoiser, schedule)
        blocks = [cast(ConformerBlock, block) for block in denoiser.blocks]
        where = places(blocks[0].attention, length, denoiser.config.width, keep[:, :length])
        self._blocks = [ReadyBlock(block, where) for block in blocks]
        self._norm, self._out = denoiser.norm, linear(denoiser.out)

    def __call__(self, noisy: Tensor, step: int) -> Tensor:
        """The clean estimate at step `step` of the schedule, of the shape of `noisy`."""
        batch, frames, channels = noisy.shape
        cut = noisy[:, : self._frames].reshape(batch, -1, FRAMES_PER_TOKEN * channels)
        x = self._fixed + self._noisy(cut)
        gains, offsets = self._gain[step][self._felt], self._offset[step][self._felt]
        for index, block in enumerate(self._blocks):
            for part, work in enumerate(block.parts):
                x.add_(work(_modulated(x, gains[:, :, index, part], offsets[:, :, index, part])))
        clean = self._out(self._norm(x)).reshape(batch, self._frames, channels)
        return functional.pad(clean, (0, 0, 0, frames - self._frames))


def _length(keep: Tensor) -> int:
    """Tokens that a CPU has to do: up to the last that is kept in any row of (batch, tokens)."""
    if keep.device.type != "cpu":
        return keep.shape[1]
    kept = keep.any(0).nonzero()
    return int(kept[-1]) + 1 if len(kept) else 1


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
    if gain.shape[:2] == (1, 1):
        return functional.layer_norm(x, x.shape[-1:], gain[0, 0], offset[0, 0])
    return torch.addcmul(offset, functional.layer_norm(x, x.shape[-1:]), gain)
