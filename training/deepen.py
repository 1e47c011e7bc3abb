# SPDX-License-Identifier: GPL-3.0-or-later
"""A deeper encoder that starts out computing what a trained, shallower one computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from torch import nn

from model_runtime.encoder import EncoderConfig, SpeechEncoder
from model_runtime.layers import ConformerBlock
from model_runtime.weights import load_state, read_metadata


def deepen(shallow: SpeechEncoder, layers: int) -> SpeechEncoder:
    """A deeper encoder that computes what `shallow` does, ready to be trained on.

    The trained blocks are spread evenly; each new one adds nothing until it is trained, because
    its output projections are zero (network morphism, Wei et al. 2016).
    """
    model = SpeechEncoder(replace(shallow.config, layers=layers))
    count = len(shallow.blocks)
    places = [(number + 1) * layers // count - 1 for number in range(count)]
    blocks = cast(Sequence[ConformerBlock], model.blocks)
    for number, block in enumerate(blocks):
        if number not in places:
            _silence(block)
    for place, trained in zip(places, shallow.blocks, strict=True):
        blocks[place].load_state_dict(trained.state_dict())
    for name in ("stem", "norm", "phones", "contacts"):
        getattr(model, name).load_state_dict(getattr(shallow, name).state_dict())
    return model


def new_encoder(config: EncoderConfig, shallow: Path | None) -> SpeechEncoder:
    """An untrained encoder, or one that goes on from a trained, shallower one."""
    if shallow is None:
        return SpeechEncoder(config)
    trained = SpeechEncoder(EncoderConfig(**read_metadata(shallow)[0]))
    return deepen(load_state(trained, shallow), config.layers).requires_grad_(True)


def _silence(block: ConformerBlock) -> None:
    """Make a block add nothing to what passes through it."""
    for last in (block.attention.out, block.conv.out, cast(nn.Linear, block.feed[-1])):
        nn.init.zeros_(last.weight)
        if last.bias is not None:
            nn.init.zeros_(last.bias)
