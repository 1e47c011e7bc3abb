# SPDX-License-Identifier: GPL-3.0-or-later
"""Of several texts of a sound the one that the encoder hears too, and how sure its words are.

The recogniser knows how words follow each other and the encoder how phones sound; they err in
different places. Each text is laid over the encoder's phones, and both likelihoods are weighed
together (rescoring of N-best lists: Ostendorf et al. 1991). A word is as sure as the share of the
texts, by their likelihood, that hold it in the same place (Wessel et al. 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .align import AlignedWord, align, sayable
from .contract import MOTION_FPS, FloatArray
from .features import SAMPLE_RATE
from .recognise import HeardPiece, RecognisedText, RecognisedWord
from .spoken import spoken_words


@dataclass(frozen=True)
class ChoiceConfig:
    sound: float = 0.1  # weight of the phones' log likelihood beside the text's
    overlap: float = 0.5  # share of the shorter of two words that stand in the same place


class _Laid(NamedTuple):
    text: RecognisedText
    words: tuple[AlignedWord, ...]
    owners: tuple[int, ...]  # which word of the text each of them is
    score: float


def choose(
    heard: Sequence[HeardPiece], phones: FloatArray, config: ChoiceConfig | None = None
) -> tuple[RecognisedWord, ...]:
    """The words of a sound with phone posteriors (frames, len(PHONES)), piece by piece."""
    config, found, begin = config or ChoiceConfig(), list[RecognisedWord](), 0
    for piece in heard:
        end = begin + piece.samples
        rows = slice(*(round(place / SAMPLE_RATE * MOTION_FPS) for place in (begin, end)))
        found += _chosen(piece.texts, phones[rows], config)
        begin = end
    return tuple(found)


def _chosen(
    texts: Sequence[RecognisedText], phones: FloatArray, config: ChoiceConfig
) -> tuple[RecognisedWord, ...]:
    laid = [one for text in texts if (one := _lay(text, phones, config)) is not None]
    if not laid:
        return texts[0].words if texts else ()
    scores = np.array([one.score for one in laid])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    best = laid[int(scores.argmax())]
    sure = [1.0] * len(best.text.words)
    for word, owner in zip(best.words, best.owners, strict=True):
        sure[owner] = min(sure[owner], _share(word, laid, weights, config.overlap))
    return tuple(
        word._replace(probability=share) for word, share in zip(best.text.words, sure, strict=True)
    )


def _lay(text: RecognisedText, phones: FloatArray, config: ChoiceConfig) -> _Laid | None:
    said = [
        (one, number)
        for number, word in enumerate(text.words)
        for one in sayable(spoken_words(word.text))
    ]
    if not said or not len(phones):
        return None
    found = align(phones, [one for one, _ in said])
    score = text.score + config.sound * found.likelihood
    return _Laid(text, found.words, tuple(number for _, number in said), score)


def _share(word: AlignedWord, laid: Sequence[_Laid], weights: FloatArray, overlap: float) -> float:
    """Of the texts, those that hold the word where it is."""
    return float(
        sum(
            weight
            for one, weight in zip(laid, weights, strict=True)
            if any(_same(word, other, overlap) for other in one.words)
        )
    )


def _same(one: AlignedWord, other: AlignedWord, overlap: float) -> bool:
    if one.text != other.text:
        return False
    common = min(one.end, other.end) - max(one.start, other.start)
    return common > overlap * min(one.end - one.start, other.end - other.start)
