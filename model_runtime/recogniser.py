# SPDX-License-Identifier: GPL-3.0-or-later
"""A small recogniser of English words: the network of Whisper (Radford et al. 2022), tiny.en.

It hears what is said where nobody wrote it down (`recognise.py`). The weights are OpenAI's (MIT,
see NOTICE), reduced to the tokens that English needs by `tools/build_recogniser.py` and trained on
by `training.train_recogniser`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

Memory = tuple[Tensor, Tensor]  # keys and values of a layer, (batch, heads, length, width)
Cache = list[Memory]


@dataclass(frozen=True)
class RecogniserConfig:
    bands: int = 80
    width: int = 384
    heads: int = 6
    layers: int = 4
    longest_sound: int = 1500  # encoder frames, 20 ms each
    longest_text: int = 448
    tokens: tuple[
        str, ...
    ] = ()  # what each token writes; the last four are specials and write nothing


class Recogniser(nn.Module):
    """Log-mel of up to 30 s -> the scores of the next token, given those before it.

    The last tokens of the vocabulary are the end of the text, the two that every text starts with
    (`start`) and the one that stands for a sound without speech.
    """

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.config = config
        width, tokens = config.width, len(config.tokens)
        self.conv1 = nn.Conv1d(config.bands, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.listening = nn.ModuleList(_Listening(config) for _ in range(config.layers))
        self.heard = nn.LayerNorm(width)
        self.tokens = nn.Embedding(tokens, width)
        self.places = nn.Parameter(torch.zeros(config.longest_text, width))
        self.writing = nn.ModuleList(_Writing(config) for _ in range(config.layers))
        self.written = nn.LayerNorm(width)
        self.spelling: nn.Module | None = None  # in place of `tokens`, see recogniser_ready.py

    @property
    def end(self) -> int:
        return len(self.config.tokens) - 4

    @property
    def start(self) -> tuple[int, int]:
        """Start of a transcript without time marks."""
        return self.end + 1, self.end + 2

    @property
    def silent(self) -> int:
        return self.end + 3

    def listen(self, mel: Tensor) -> Tensor:
        """mel (batch, bands, 2 * frames), 100 a second -> (batch, frames, width)."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + sinusoids(x.shape[1], x.shape[2]).to(x)
        for block in self.listening:
            x = block(x)
        return self.heard(x)

    def remember(self, heard: Tensor) -> Cache:
        """What the writing layers look up in (batch, frames, width): keys and values."""
        blocks = cast(Sequence[_Writing], self.writing)
        return [block.look.remember(heard) for block in blocks]

    def write(self, tokens: Tensor, heard: Cache, before: Cache | None) -> tuple[Tensor, Cache]:
        """Scores (batch, vocabulary) of what follows tokens (batch, length), and the new memory.

        `heard` holds a sound for each text, or one for all of them. `before` is the memory of the
        call that held the tokens before these; its rows may be chosen and repeated in between.
        """
        x, memory = self._follow(tokens, heard, before)
        return self._scored(x[:, -1]), memory

    def score(self, tokens: Tensor, heard: Cache) -> Tensor:
        """Scores (batch, length, vocabulary) of what follows each of tokens (batch, length)."""
        return self._scored(self._follow(tokens, heard, None)[0])

    def _scored(self, x: Tensor) -> Tensor:
        x = self.written(x)
        if self.spelling is not None:
            return cast(Tensor, self.spelling(x))
        return x @ self.tokens.weight.T

    def _follow(self, tokens: Tensor, heard: Cache, before: Cache | None) -> tuple[Tensor, Cache]:
        begun = 0 if before is None else before[0][0].shape[2]
        x = self.tokens(tokens) + self.places[begun : begun + tokens.shape[1]]
        memory: Cache = []
        for index, block in enumerate(self.writing):
            x, kept = block(x, heard[index], None if before is None else before[index])
            memory.append(kept)
        return x, memory


class _Listening(nn.Module):
    """A transformer block with its norms in front."""

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.attend = _Attention(config.width, config.heads)
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed = _feed(config.width)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        x = x + self.attend(normed, *self.attend.remember(normed))
        return x + cast(Tensor, self.feed(self.feed_norm(x)))


class _Writing(nn.Module):
    """One that sees the tokens before its own and looks at what was heard."""

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.attend = _Attention(config.width, config.heads)
        self.look_norm = nn.LayerNorm(config.width)
        self.look = _Attention(config.width, config.heads)
        self.feed_norm = nn.LayerNorm(config.width)
        self.feed = _feed(config.width)

    def forward(self, x: Tensor, heard: Memory, before: Memory | None) -> tuple[Tensor, Memory]:
        normed = self.norm(x)
        keys, values = self.attend.remember(normed)
        if before is not None:
            keys, values = torch.cat((before[0], keys), 2), torch.cat((before[1], values), 2)
        x = x + self.attend(normed, keys, values, causal=before is None)
        x = x + self._looked(self.look_norm(x), heard)
        return x + self.feed(self.feed_norm(x)), (keys, values)

    def _looked(self, x: Tensor, heard: Memory) -> Tensor:
        """Several texts look into one sound as if they were one text, which reads it once."""
        if len(heard[0]) == len(x):
            return self.look(x, *heard)
        return self.look(x.reshape(1, -1, x.shape[2]), *heard).view(x.shape)


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def remember(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self._split(self.key(x)), self._split(self.value(x))

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, causal: bool = False) -> Tensor:
        found = functional.scaled_dot_product_attention(
            self._split(self.query(x)), keys, values, is_causal=causal
        )
        return cast(Tensor, self.out(found.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)


def _feed(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


def spell(text: str, tokens: Sequence[str]) -> list[int]:
    """The tokens that write `text`, the longest that fits at each place.

    Raises ValueError at a letter that no token writes.
    """
    numbers = {token: index for index, token in enumerate(tokens) if token}
    longest = max(map(len, numbers))
    said: list[int] = []
    place = 0
    while place < len(text):
        sizes = range(min(longest, len(text) - place), 0, -1)
        size = next((size for size in sizes if text[place : place + size] in numbers), 0)
        if not size:
            raise ValueError(f"no token writes {text[place]!r}")
        said.append(numbers[text[place : place + size]])
        place += size
    return said


def sinusoids(length: int, width: int) -> Tensor:
    """Places in the sound (length, width): sines, then cosines, of periods up to 10,000."""
    rates = torch.exp(torch.arange(width // 2) * (-math.log(10_000) / (width // 2 - 1)))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), 1)
