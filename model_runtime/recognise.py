# SPDX-License-Identifier: GPL-3.0-or-later
"""Which English words a sound holds, and how sure that is: greedy search with the recogniser.

`recognise(model, samples)` -> words in their order. When they are said is not told here:
`align.align` lays them over the sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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


def load_recogniser(folder: Path | None = None) -> tuple[Recogniser, str]:
    """The model from a folder of weights, or the bundled one, and its sha256.

    Raises WeightsError when the file is missing, damaged or of another version.
    """
    path = weights_path(MODEL, folder)
    digest = check_file(path)
    config, _ = read_metadata(path)
    model = Recogniser(RecogniserConfig(**{**config, "tokens": tuple(config["tokens"])}))
    return load_packed(model, path), digest


@torch.inference_mode()
def recognise(
    model: Recogniser, samples: FloatArray, config: RecogniseConfig | None = None
) -> tuple[RecognisedWord, ...]:
    """The words of 16 kHz sound (n,) of any length; none where it holds no English.

    Time grows with the length; memory with that of a piece. The last KEPT sounds are remembered: a
    take and its meter hear the same one.
    """
    config = config or RecogniseConfig()
    sound = sha256(samples.tobytes() + repr(config).encode()).digest()
    if sound not in model.known:
        while len(model.known) >= KEPT:
            model.known.pop(next(iter(model.known)))
        model.known[sound] = _recognised(model, samples, config)
    words: tuple[RecognisedWord, ...] = model.known[sound]
    return words


def _recognised(
    model: Recogniser, samples: FloatArray, config: RecogniseConfig
) -> tuple[RecognisedWord, ...]:
    found: list[RecognisedWord] = []
    for piece in pieces(samples, config):
        if np.any(piece):
            found += _words(model, *_tokens(model, piece, config))
    return tuple(found)


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
    model: Recogniser, sound: FloatArray, config: RecogniseConfig
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
    for _ in range(int(config.tokens_a_second * seconds) + 4):
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
