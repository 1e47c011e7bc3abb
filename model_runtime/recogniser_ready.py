# SPDX-License-Identifier: GPL-3.0-or-later
"""The recogniser as inference runs it on a processor.

What writes goes token by token, and reading its weights takes nearly all of the time: they are kept
in half precision, which is finer than the few bits that they come in, and computed with in full.
What listens has many rows at once, and its weights are laid out as `cpu_layers` does.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from .cpu_layers import linear
from .recogniser import Recogniser

LOOKED_UP = ("look.key", "look.value")  # of all that was heard: many rows, too


class HalfLinear(nn.Module):
    """A linear layer (..., features) of weights in half precision."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self._packed: Any = torch.ops.quantized.linear_prepack_fp16(weight, bias)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, torch.ops.quantized.linear_dynamic_fp16(x, self._packed))


class LaidOutLinear(nn.Module):
    """A linear layer as `cpu_layers.linear` makes it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self._map = linear(layer)

    def forward(self, x: Tensor) -> Tensor:
        return self._map(x)


def made_ready(model: Recogniser) -> Recogniser:
    """The same model, changed in place: it can be run on the processor, not saved or trained."""
    if model.places.device.type != "cpu":
        return model
    half = _half_is_there()
    layers = [(name, one) for name, one in model.named_modules() if isinstance(one, nn.Linear)]
    for name, layer in layers:
        place, _, own = name.rpartition(".")
        if not name.startswith("writing.") or name.endswith(LOOKED_UP):
            setattr(model.get_submodule(place), own, LaidOutLinear(layer))
        elif half:
            setattr(model.get_submodule(place), own, HalfLinear(layer.weight, layer.bias))
    if half:
        model.spelling = HalfLinear(model.tokens.weight, None)
    return model


def _half_is_there() -> bool:
    """Whether this torch has the kernels: those for x86 processors do."""
    return "fbgemm" in torch.backends.quantized.supported_engines
