# SPDX-License-Identifier: GPL-3.0-or-later
"""What was probably said, where nobody wrote it down: phones weighed by the words they can form.

The encoder's phone posteriors are followed through a tree of pronunciations with a bigram language
model (beam search, all paths summed: forward-backward over the lattice of what the beam kept; after
Ney & Ortmanns 1999). Beside the words runs a loop of phones without any, so that other languages
and unknown names are not bent into English words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .contract import FloatArray, WeightsError
from .phones import BILABIAL, LABIODENTAL, PHONE_INDEX, PHONES

WORDS_FILE = Path(__file__).with_name("data") / "words.npz"
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
STEP = 1 / 16  # of the stored log probabilities


@dataclass(frozen=True)
class WordConfig:
    """Costs are natural logarithms; they travel in the model's file."""

    scale: float = 0.5  # of the sound's log likelihoods: neighbouring frames say the same
    prior_power: float = 0.5
    floor: float = 1e-3
    beam: float = 9.0
    pause: float = -1.0  # to be silent between words
    unknown: float = -6.0  # to begin a stretch without words
    sound: float = -1.0  # each further phone of it
    unfinished: float = -6.0  # to end within a word
    share: float = 0.5  # of the words' opinion in the contacts
    window: int = 201  # frames over which words and ear are compared
    foreign: float = 0.93  # their agreement at which the words have no say
    english: float = 1.0  # and at which they have all of their share
    piece: int = 3000  # frames that are settled at a time
    ahead: int = 100  # frames heard beyond them first


class Tokens(NamedTuple):
    """Places in the search at one frame, a row each."""

    node: Ints
    history: Ints  # the last word
    score: Floats  # sum over all ways there, logarithm


class Step(NamedTuple):
    """How one set of tokens came from the one before: shares of each target's sum."""

    source: Ints
    target: Ints
    share: Floats


class Frame(NamedTuple):
    phone: Ints  # of the sounding tokens
    into: Step  # from the places of the frame before
    out: Step  # from the sounding tokens to all places: themselves and words that ended


class WordModel:
    """Pronunciation tree and bigrams. Node 0 is the root; behind the tree silence, then phones."""

    def __init__(self, arrays: dict[str, npt.NDArray[np.generic]], config: WordConfig) -> None:
        self.config = config
        tree = np.asarray(arrays["phone"], np.int64)
        self.silence, self.loose = len(tree), len(tree) + 1
        self.phone = np.concatenate((tree, np.arange(len(PHONES))))
        parent = np.asarray(arrays["parent"], np.int64)
        self.children = np.argsort(parent[1:], kind="stable") + 1
        self.first_child = _starts(parent[1:], len(tree))
        self.word = np.asarray(arrays["word"], np.int64)
        self.variant = np.asarray(arrays["variant"], np.float64)
        self.first_word = _starts(np.asarray(arrays["node"], np.int64), len(tree))
        self.unigram = np.asarray(arrays["unigram"], np.float64)
        self.backoff = np.append(np.asarray(arrays["backoff"], np.float64), 0.0)
        self.begin, self.nothing = len(self.unigram), len(self.unigram) + 1
        self.base = self.nothing + 1
        counts = np.asarray(arrays["followers"], np.int64)
        last = np.repeat(np.arange(len(counts)), counts) * self.base
        self.pair = last + np.asarray(arrays["follower"], np.int64)
        self.bigram = -STEP * np.asarray(arrays["cost"], np.float64)
        self.backoff = np.append(self.backoff, 0.0)[: self.base]
        stay = np.asarray(arrays["stay"], np.float64)
        self.stay, self.leave = np.log(stay), np.log(1 - stay)
        self.prior = np.asarray(arrays["prior"], np.float64)
        self.usual = np.asarray(arrays["usual"], np.float64)  # log share of each phone but silence
        self.look = self._outlook(parent)

    def _outlook(self, parent: Ints) -> Floats:
        """Log probability of the likeliest word below each node; children have greater numbers."""
        look = np.full(len(parent), -np.inf)
        nodes = np.repeat(np.arange(len(parent)), np.diff(self.first_word))
        np.maximum.at(look, nodes, self.unigram[self.word] + self.variant)
        for node in range(len(parent) - 1, 0, -1):
            if look[node] > look[parent[node]]:
                look[parent[node]] = look[node]
        return look

    def follows(self, history: Ints, word: Ints) -> Floats:
        """Log probability of words after words (n,)."""
        key = history * self.base + word
        place = np.minimum(np.searchsorted(self.pair, key), len(self.pair) - 1)
        backed = self.backoff[history] + self.unigram[word]
        return np.where(self.pair[place] == key, self.bigram[place], backed)


def load_words(path: Path = WORDS_FILE) -> WordModel:
    """The word model of a file. Raises WeightsError when it is missing or damaged."""
    return _load(path)


@cache
def _load(path: Path) -> WordModel:
    try:
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        config = WordConfig(**json.loads(str(arrays.pop("config"))))
        return WordModel(arrays, config)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(
            f"The word model '{path.name}' is missing or damaged. Install the extension again."
        ) from error


def weigh_phones(model: WordModel, posteriors: FloatArray) -> FloatArray:
    """Phone posteriors given the sound and the words: (frames, len(PHONES)) -> the same shape."""
    if not len(posteriors):
        return posteriors.copy()
    sound = _likelihoods(model, posteriors)
    places = Tokens(np.zeros(1, np.int64), np.array([model.begin]), np.zeros(1))
    kept: list[Frame] = []
    done: list[FloatArray] = []
    for row in sound:
        frame, places = _advance(model, places, row)
        kept.append(frame)
        if len(kept) == model.config.piece + model.config.ahead:
            done.append(_settle(kept, _ending(model, places))[: model.config.piece])
            kept = kept[model.config.piece :]
    done.append(_settle(kept, _ending(model, places)))
    return np.concatenate(done)


def weigh_contacts(
    model: WordModel, contacts: FloatArray, heard: FloatArray, said: FloatArray
) -> FloatArray:
    """Uncalibrated contacts (frames, 4) with the words' share of p b m and f v mixed in.

    `heard` are the encoder's phone posteriors and `said` what weigh_phones made of them, both
    (frames, len(PHONES)). Calibrate the result on its own: it is surer than the contacts given.
    """
    mixed = contacts.copy()
    share = model.config.share * trust(model, heard, said)
    for column, group in ((0, BILABIAL), (1, LABIODENTAL)):
        words = said[:, [PHONE_INDEX[phone] for phone in sorted(group)]].sum(1)
        mixed[:, column] = (1 - share) * contacts[:, column] + share * words
    return mixed


def trust(model: WordModel, heard: FloatArray, said: FloatArray) -> FloatArray:
    """How far English words account for the sound around each frame, 0 to 1: (frames,).

    What words and ear agree on, over what the ear alone is sure of, in a window of some seconds:
    in other languages the ear is sure of phones that no English word has there.
    """
    if not len(heard):
        return np.zeros(0, np.float32)
    config = model.config
    sounding = said[:, 0] < 0.5
    agreed = _around(np.minimum(heard, said).sum(1) * sounding, config.window)
    sure = _around(heard.max(1) * sounding, config.window)
    ratio = np.where(sure > 1e-6, agreed / np.maximum(sure, 1e-6), 1.0)
    share = (ratio - config.foreign) / (config.english - config.foreign)
    return np.clip(share, 0.0, 1.0).astype(np.float32)


def _around(curve: FloatArray, window: int) -> Floats:
    """Sum over an odd window of frames around each frame."""
    half = window // 2
    total = np.cumsum(np.pad(curve.astype(np.float64), (half + 1, half)))
    return np.asarray(total[window:] - total[:-window])


def _likelihoods(model: WordModel, posteriors: FloatArray) -> Floats:
    config = model.config
    soft = (1 - config.floor) * posteriors.astype(np.float64) + config.floor * model.prior
    return config.scale * (np.log(soft) - config.prior_power * np.log(model.prior))


def _advance(model: WordModel, places: Tokens, sound: Floats) -> tuple[Frame, Tokens]:
    """One frame on: into sounds, then to the ends of words."""
    source, node, history, score = _into_sounds(model, places, sound)
    heard, into = _merge(model, source, node, history, score)
    source, node, history, score = _out_of_words(model, heard)
    after, out = _merge(model, source, node, history, score)
    after = after._replace(score=after.score - after.score.max())
    return Frame(model.phone[heard.node], into, out), after


def _into_sounds(
    model: WordModel, places: Tokens, sound: Floats
) -> tuple[Ints, Ints, Ints, Floats]:
    """Every way on: to stay, further into a word, and from the root into words, pause or phones."""
    config = model.config
    node, history, score = places
    at_root = node == 0
    inner = np.flatnonzero(~at_root)
    phone = model.phone[node]
    tree = np.flatnonzero(node < model.silence)
    where, child = _spread(model.first_child, node[tree])
    origin = tree[where]
    leaving = np.where(at_root, 0.0, model.leave[phone])
    seen = np.where(at_root, 0.0, model.look[np.where(node < model.silence, node, 0)])
    root = np.flatnonzero(at_root)
    loops = np.flatnonzero(node >= model.loose)
    count = len(PHONES) - 1
    free = np.arange(model.loose, model.loose + count)
    usual = model.usual[1:]
    start = (score[root] + config.unknown)[:, None] + usual
    further = (score[loops] + leaving[loops] + config.sound)[:, None] + usual
    down = model.children[child]
    sources = (inner, origin, root, np.repeat(root, count), np.repeat(loops, count))
    targets = (
        node[inner],
        down,
        np.full(len(root), model.silence),
        np.tile(free, len(root)),
        np.tile(free, len(loops)),
    )
    scores = (
        score[inner] + model.stay[phone[inner]],
        score[origin] + leaving[origin] + model.look[down] - seen[origin],
        score[root] + config.pause,
        start.ravel(),
        further.ravel(),
    )
    source, target = np.concatenate(sources), np.concatenate(targets)
    return source, target, history[source], np.concatenate(scores) + sound[model.phone[target]]


def _out_of_words(model: WordModel, heard: Tokens) -> tuple[Ints, Ints, Ints, Floats]:
    """Every token as it is, and again at the root where its word, pause or phone may end."""
    node, history, score = heard
    leaving = score + model.leave[model.phone[node]]
    tree = np.flatnonzero(node < model.silence)
    where, entry = _spread(model.first_word, node[tree])
    ending, word = tree[where], model.word[entry]
    gain = model.follows(history[ending], word) + model.variant[entry] - model.look[node[ending]]
    other = np.flatnonzero(node >= model.silence)
    kept = np.where(node[other] == model.silence, history[other], model.nothing)
    everyone = np.arange(len(node))
    at_root = np.zeros(len(ending) + len(other), np.int64)
    return (
        np.concatenate((everyone, ending, other)),
        np.concatenate((node, at_root)),
        np.concatenate((history, word, kept)),
        np.concatenate((score, leaving[ending] + gain, leaving[other])),
    )


def _merge(
    model: WordModel, source: Ints, node: Ints, history: Ints, score: Floats
) -> tuple[Tokens, Step]:
    """Drop what falls behind the best by the beam; sum what stands at the same place."""
    best = score.max()
    near = np.flatnonzero(score > best - model.config.beam)
    places, target = np.unique(node[near] * model.base + history[near], return_inverse=True)
    weight = np.exp(score[near] - best)
    total = np.bincount(target, weight)
    tokens = Tokens(places // model.base, places % model.base, best + np.log(total))
    return tokens, Step(source[near], target, weight / total[target])


def _settle(frames: list[Frame], ending: Floats) -> FloatArray:
    """Walk back: how much of all paths passes through each phone (frames, len(PHONES))."""
    said = np.zeros((len(frames), len(PHONES)), np.float32)
    amount = ending
    for index in range(len(frames) - 1, -1, -1):
        phone, into, out = frames[index]
        back = np.bincount(out.source, out.share * amount[out.target], len(phone))
        said[index] = np.bincount(phone, back, len(PHONES))
        places = int(frames[index - 1].out.target.max()) + 1 if index else 1
        before = np.bincount(into.source, into.share * back[into.target], places)
        amount = np.asarray(before, np.float64)
    return said


def _ending(model: WordModel, places: Tokens) -> Floats:
    """Share of each place at the end of what was heard: a word should be over."""
    over = (places.node == 0) | (places.node == model.silence)
    weight = np.exp(places.score + np.where(over, 0.0, model.config.unfinished))
    return weight / weight.sum()


def _spread(first: Ints, nodes: Ints) -> tuple[Ints, Ints]:
    """Index into `nodes`, and into the list behind `first`, of every entry of these nodes."""
    start, count = first[nodes], first[nodes + 1] - first[nodes]
    where = np.repeat(np.arange(len(nodes)), count)
    offset = np.arange(len(where)) - np.repeat(np.cumsum(count) - count, count)
    return where, start[where] + offset


def _starts(owners: Ints, count: int) -> Ints:
    """Where each owner's entries start in a list sorted by owner: (count + 1,)."""
    return np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=count))))
