# SPDX-License-Identifier: GPL-3.0-or-later
"""Which English words a sound holds, and how sure that is: greedy search with the recogniser.

`recognise(model, samples)` -> words in their order. When they are said is not told here:
`align.align` lays them over the sound. `LazyRecogniser` is the model as the engine holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from .contract import FloatArray
from .features import SAMPLE_RATE
from .packed import load_packed
from .recogniser import Cache, Recogniser, RecogniserConfig
from .recogniser_sound import FRAME, recogniser_mel
from .weights import check_file, read_metadata, weights_path

MODEL = "recogniser"
KEPT = 32  # sounds whose words are remembered
Tell = Callable[[float], None]  # is told which share is done, and raises to stop


@dataclass(frozen=True)
class RecogniseConfig:
    shortest_piece: float = 8.0  # s; a long sound is cut between this and the longest,
    longest_piece: float = 15.0  # where it is quietest over
    quiet: float = 0.2  # s
    silence: float = 0.6  # s of silence after a piece, as in training, or more, so that both last
    shortest: float = 10.0  # s: the network was made for 30 s and loses its way in much less
    tokens_a_second: float = 8.0  # nobody says more
    unheard: float = 0.5  # probability of a sound without English that ends the search


class RecognisedWord(NamedTuple):
    """A word as it is written, with the marks around it, and 0..1 how sure it is."""

    text: str
    probability: float


class LazyRecogniser:
    """The recogniser of a checked file, which is read when the first words are asked for.

    It remembers the words of the last KEPT sounds: a take, its meter and a transcription hear the
    same one.
    """

    def __init__(
        self, path: Path, config: RecogniserConfig, device: torch.device | None = None
    ) -> None:
        self._path, self._config, self._device = path, config, device
        self._known: dict[bytes, tuple[RecognisedWord, ...]] = {}

    @cached_property
    def model(self) -> Recogniser:
        """The network. Raises WeightsError when the file does not fit it."""
        return load_packed(Recogniser(self._config), self._path).to(self._device)

    def words(self, samples: FloatArray, tell: Tell | None = None) -> tuple[RecognisedWord, ...]:
        """`recognise` with this model. Raises WeightsError."""
        sound = _hash(samples)
        if sound not in self._known:
            found = recognise(self.model, samples, tell=tell)
            while len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[sound] = found
        return self._known[sound]

    def knows(self, samples: FloatArray) -> bool:
        """Whether the words of this sound are remembered."""
        return _hash(samples) in self._known

    def forget(self) -> None:
        self._known.clear()


def load_recogniser(
    folder: Path | None = None, device: torch.device | None = None
) -> tuple[LazyRecogniser, str]:
    """The model from a folder of weights, or the bundled one, and its file's sha256.

    Raises WeightsError when the file is missing, damaged or no model's.
    """
    path = weights_path(MODEL, folder)
    digest = check_file(path)
    return LazyRecogniser(path, recogniser_config(path), device), digest


def recogniser_config(path: Path) -> RecogniserConfig:
    """Of a model file. Raises WeightsError when it is unreadable, TypeError on other fields."""
    config, _ = read_metadata(path)
    return RecogniserConfig(**{**config, "tokens": tuple(config["tokens"])})


@torch.inference_mode()
def recognise(
    model: Recogniser,
    samples: FloatArray,
    config: RecogniseConfig | None = None,
    tell: Tell | None = None,
) -> tuple[RecognisedWord, ...]:
    """The words of 16 kHz sound (n,) of any length; none where it holds no English.

    Time grows with the length; memory with that of a piece.
    """
    config, found, done = config or RecogniseConfig(), list[RecognisedWord](), 0
    tell = tell or (lambda share: None)
    for piece in pieces(samples, config):
        tell(done / len(samples))
        if np.any(piece):
            told = _part(tell, done / len(samples), len(piece) / len(samples))
            found += _piece_words(model, piece, config, told)
        done += len(piece)
    return tuple(found)


def _part(tell: Tell, first: float, share: float) -> Tell:
    """For a share of the work that begins after `first`."""
    return lambda done: tell(first + share * done)


def _piece_words(
    model: Recogniser, sound: FloatArray, config: RecogniseConfig, tell: Tell
) -> list[RecognisedWord]:
    return _words(model, *_tokens(model, sound, config, tell))


def _hash(samples: FloatArray) -> bytes:
    return sha256(samples.tobytes()).digest()


def pieces(samples: FloatArray, config: RecogniseConfig) -> Iterator[FloatArray]:
    """Cut a sound where it is quietest, no piece longer than `longest_piece`."""
    shortest, longest = (
        int(seconds * SAMPLE_RATE) for seconds in (config.shortest_piece, config.longest_piece)
    )
    while len(samples) > longest:
        window = int(config.quiet * SAMPLE_RATE)
        power = np.cumsum(np.square(samples[shortest:longest], dtype=np.float64))
        cut = shortest + window // 2 + int(np.argmin(power[window:] - power[:-window]))
        yield samples[:cut]
        samples = samples[cut:]
    if len(samples):
        yield samples


def _tokens(
    model: Recogniser, sound: FloatArray, config: RecogniseConfig, tell: Tell
) -> tuple[list[int], list[float]]:
    """The likeliest token after each, and the log of its probability."""
    device = model.places.device
    seconds = len(sound) / SAMPLE_RATE
    length = max(seconds + config.silence, config.shortest)
    frames = int(np.ceil(length * SAMPLE_RATE / FRAME))
    mel = torch.from_numpy(recogniser_mel(sound, frames))[None].to(device)
    heard = model.remember(model.listen(mel))
    memory: Cache | None = None
    token = torch.tensor([[model.start[0]]], device=device)
    scores, memory = model.write(token, heard, memory)
    if scores.softmax(-1)[0, model.silent] > config.unheard:
        return [], []
    token, found, sure = token.fill_(model.start[1]), list[int](), list[float]()
    most = int(config.tokens_a_second * seconds) + 4
    for step in range(most):
        tell(min(1.0, 2 * step / most))  # most people say half of it
        scores, memory = model.write(token, heard, memory)
        scores[:, [*model.start, model.silent]] = -torch.inf
        chances = scores.log_softmax(-1)[0]
        best = int(chances.argmax())
        if best == model.end:
            break
        found.append(best)
        sure.append(float(chances[best]))
        token.fill_(best)
    return found, sure


def _words(model: Recogniser, tokens: list[int], sure: list[float]) -> list[RecognisedWord]:
    """Tokens joined into words, each as sure as the least sure token that writes its letters."""
    texts = [model.config.tokens[token] for token in tokens]
    found: list[tuple[str, float]] = []
    for text, chance in zip(texts, sure, strict=True):
        spoken = chance if re.search(r"\w", text) else 0.0
        if text.startswith(" ") or not found:
            found.append((text, spoken))
        else:
            found[-1] = (found[-1][0] + text, min(found[-1][1], spoken))
    return [
        RecognisedWord(text.strip(), float(np.exp(chance)))
        for text, chance in found
        if re.search(r"\w", text)
    ]
