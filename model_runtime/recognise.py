# SPDX-License-Identifier: GPL-3.0-or-later
"""Which English words a sound may hold: the likeliest texts of each piece of it.

`recognise(model, samples)` -> pieces with their texts; `recognise_choice.choose` decides between
them by the phones that the speech encoder hears. When words are said is not told here:
`align.align` lays them over the sound. `LazyRecogniser` is the model as the engine holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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
from .recogniser import Recogniser, RecogniserConfig
from .recogniser_ready import made_ready
from .recogniser_search import search
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
    texts: int = 5  # of a piece, from which one is chosen; more than 5 gain nothing


class RecognisedWord(NamedTuple):
    """A word as it is written, with the marks around it, and 0..1 how sure it is."""

    text: str
    probability: float


class RecognisedText(NamedTuple):
    """What a piece may say, and the log of its probability."""

    words: tuple[RecognisedWord, ...]
    score: float


class HeardPiece(NamedTuple):
    """A stretch of a sound, and its texts, the likeliest first; none where it holds no English."""

    samples: int
    texts: tuple[RecognisedText, ...]


class LazyRecogniser:
    """The recogniser of a checked file, which is read when the first words are asked for.

    It remembers the texts of the last KEPT sounds: a take, its meter and a transcription hear the
    same one.
    """

    def __init__(
        self, path: Path, config: RecogniserConfig, device: torch.device | None = None
    ) -> None:
        self._path, self._config, self._device = path, config, device
        self._known: dict[bytes, tuple[HeardPiece, ...]] = {}

    @cached_property
    def model(self) -> Recogniser:
        """The network. Raises WeightsError when the file does not fit it."""
        with torch.device("meta"):  # else numbers are drawn for weights that are read anyway
            empty = Recogniser(self._config)
        return made_ready(load_packed(empty, self._path).to(self._device))

    def texts(self, samples: FloatArray, tell: Tell | None = None) -> tuple[HeardPiece, ...]:
        """`recognise` with this model. Raises WeightsError."""
        sound = _hash(samples)
        if sound not in self._known:
            found = recognise(self.model, samples, tell=tell)
            while len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[sound] = found
        return self._known[sound]

    def knows(self, samples: FloatArray) -> bool:
        """Whether the texts of this sound are remembered."""
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
) -> tuple[HeardPiece, ...]:
    """The likeliest texts of 16 kHz sound (n,) of any length, piece by piece.

    Time grows with the length; memory with that of a piece.
    """
    config, found, done = config or RecogniseConfig(), list[HeardPiece](), 0
    tell = tell or (lambda share: None)
    for piece in pieces(samples, config):
        tell(done / len(samples))
        told = _part(tell, done / len(samples), len(piece) / len(samples))
        texts = _piece_texts(model, piece, config, told) if np.any(piece) else ()
        found.append(HeardPiece(len(piece), texts))
        done += len(piece)
    return tuple(found)


def _part(tell: Tell, first: float, share: float) -> Tell:
    """For a share of the work that begins after `first`."""
    return lambda done: tell(first + share * done)


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


def _piece_texts(
    model: Recogniser, sound: FloatArray, config: RecogniseConfig, tell: Tell
) -> tuple[RecognisedText, ...]:
    device = model.places.device
    seconds = len(sound) / SAMPLE_RATE
    length = max(seconds + config.silence, config.shortest)
    frames = int(np.ceil(length * SAMPLE_RATE / FRAME))
    mel = torch.from_numpy(recogniser_mel(sound, frames))[None].to(device)
    heard = model.remember(model.listen(mel))
    scores, begun = model.write(torch.tensor([[model.start[0]]], device=device), heard, None)
    if scores.softmax(-1)[0, model.silent] > config.unheard:
        return ()
    most = int(config.tokens_a_second * seconds) + 4
    found = search(model, heard, begun, config.texts, most, tell)
    return tuple(
        RecognisedText(tuple(_words(model, text.tokens, text.chances)), text.score)
        for text in found
    )


def _words(model: Recogniser, tokens: Sequence[int], sure: Sequence[float]) -> list[RecognisedWord]:
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
