# SPDX-License-Identifier: GPL-3.0-or-later
"""The likeliest texts of a sound: beam search with the recogniser (Lowerre 1976; Graves 2012).

A single greedy text is often wrong where the second or third is right. All texts under way go
through the network as one batch, which costs little more than one: reading its weights is what
takes the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .recogniser import Cache, Recogniser


class Written(NamedTuple):
    """One text of a sound."""

    tokens: tuple[int, ...]
    chances: tuple[float, ...]  # log of each token's probability
    score: float  # log of the text's probability, its end included


START = Written((), (), 0.0)


def search(
    model: Recogniser,
    heard: Cache,
    begun: Cache,
    width: int,
    most: int,
    tell: Callable[[float], None],
) -> tuple[Written, ...]:
    """The `width` likeliest texts, at most `most` tokens each, the likeliest first.

    `heard` is the model's memory of one sound, `Recogniser.remember`, and `begun` that of its first
    start token. None where no text ends in time. `tell` is told which share is done.
    """
    device = model.places.device
    live, done = [START], list[Written]()
    opening = torch.tensor([model.start[1:]], device=device)
    scores, memory = model.write(opening, heard, begun)
    for step in range(most):
        tell(min(1.0, 2 * step / most))  # most people say half of it
        live, parents, ended = _grown(live, _chances(model, scores), model.end, width)
        done += ended
        if _settled(done, live, width):
            break
        order = torch.tensor(parents, device=device)
        memory = [(keys[order], values[order]) for keys, values in memory]
        last = torch.tensor([[text.tokens[-1]] for text in live], device=device)
        scores, memory = model.write(last, heard, memory)
    return tuple(sorted(done, key=lambda text: -text.score)[:width])


def _chances(model: Recogniser, scores: Tensor) -> Tensor:
    """Log probabilities (texts, vocabulary) of what may follow: no marks but the end."""
    scores[:, [*model.start, model.silent]] = -torch.inf
    return scores.log_softmax(-1)


def _grown(
    live: list[Written], chances: Tensor, end: int, width: int
) -> tuple[list[Written], list[int], list[Written]]:
    """The likeliest texts one token longer, which text each grew from, and those that end."""
    best, tokens = chances.topk(min(width + 1, chances.shape[-1]), -1)
    ways = sorted(
        (
            (text.score + chance, parent, token, chance)
            for parent, text in enumerate(live)
            for token, chance in zip(tokens[parent].tolist(), best[parent].tolist(), strict=True)
            if chance > -math.inf
        ),
        reverse=True,
    )
    grown, parents, ended = list[Written](), list[int](), list[Written]()
    for score, parent, token, chance in ways:
        text = live[parent]
        if token == end:
            ended.append(text._replace(score=score))
        else:
            grown.append(Written((*text.tokens, token), (*text.chances, chance), score))
            parents.append(parent)
        if len(grown) == width:
            break
    return grown, parents, ended


def _settled(done: list[Written], live: list[Written], width: int) -> bool:
    """Whether no text under way can become one of the `width` likeliest."""
    if len(done) < width:
        return False
    return live[0].score < sorted((text.score for text in done), reverse=True)[width - 1]
