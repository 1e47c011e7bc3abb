# SPDX-License-Identifier: GPL-3.0-or-later
"""When each word of a transcript is said: Viterbi over the encoder's own phone posteriors.

Between words there may be silence, or sound that the transcript does not have (a filler that costs
more than words that fit); a word that is not said may be skipped. So a wrong word spoils itself
and not its line. Viterbi 1967; the filler is that of keyword spotting (Wilpon et al. 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .contract import MOTION_FPS, FloatArray
from .lexicon import Pronunciation, pronunciations
from .phones import PHONE_INDEX, PHONES, SILENCE, UNKNOWN_PHONE, VISEME_CLASSES
from .spoken import Spoken

MOST_VARIANTS = 3  # pronunciations of a written word that compete
NOTHING = -1  # word of a silence or a filler
IMPOSSIBLE = np.float32(-1e9)
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class AlignConfig:
    """Costs in nats, chosen on development speakers with `training.evaluate_transcript`."""

    mix: float = 0.3  # share of a phone's likelihood that its whole viseme class lends it
    floor: float = -7.0  # log likelihood of a phone that is not heard at all
    filler: float = 1.8  # a frame, under the likeliest phone
    filler_entry: float = 6.0
    skip: float = 3.0  # a word that is not said
    band: int = 2048  # states that are followed at once, about 90 s of speech
    buffer: int = 6000  # frames kept for the way back: two minutes


@dataclass(frozen=True)
class Graph:
    """States of a line in the order of time; each column of `before` is a way into them."""

    phone: IntArray  # (states,) index into PHONES; UNKNOWN_PHONE for the filler
    word: IntArray  # (states,) number of the word, or NOTHING
    before: IntArray  # (ways, states) state before, or the number of states where there is no way
    cost: FloatArray  # (ways, states)
    first: IntArray  # states a line may begin in
    last: IntArray  # and end in


class AlignedWord(NamedTuple):
    """Seconds from the line's start; `score` 0..1, 0 where the word is not heard at all."""

    text: str
    start: float
    end: float
    score: float


class AlignedPhone(NamedTuple):
    phone: str
    start: float
    end: float


@dataclass(frozen=True)
class Alignment:
    """A transcript laid over its sound."""

    phones: IntArray  # (frames,) index into PHONES, or UNKNOWN_PHONE
    words: tuple[AlignedWord, ...]
    segments: tuple[AlignedPhone, ...]  # silences included, stretches without transcript left out
    score: float  # 0..1: how well the whole transcript fits the whole sound
    likelihood: float = (
        0.0  # log likelihood of the sound under the words, over the likeliest phones'
    )


NO_WORDS = Alignment(np.zeros(0, np.int64), (), (), 0.0)


def align(
    posteriors: FloatArray, words: Sequence[Spoken], config: AlignConfig | None = None
) -> Alignment:
    """Lay words over phone posteriors (frames, len(PHONES)) at MOTION_FPS.

    Every word must be `sayable` and there must be one. Time and memory grow with the number of
    frames; 60 s take a fraction of a second.
    """
    config = config or AlignConfig()
    graph = build_graph([variants(word) for word in words], config)
    likelihood = smoothed(posteriors, config.mix)
    log = _log_likelihood(likelihood, config)
    path = best_path(graph, log, config)
    found = _alignment(graph, path, likelihood, words)
    return replace(found, likelihood=_over_best(log, graph.phone[path]))


def sayable(words: Sequence[Spoken]) -> list[Spoken]:
    """The words of which some reading can be pronounced."""
    return [word for word in words if variants(word)]


def variants(word: Spoken) -> list[Pronunciation]:
    """The phones of every reading, at most MOST_VARIANTS: each reading's usual one comes first."""
    ranked: list[tuple[int, Pronunciation]] = []
    for reading in word.readings:
        choices = [pronunciations(part)[:MOST_VARIANTS] for part in reading]
        if all(choices) and choices:
            for ranks in _ranks([len(choice) for choice in choices]):
                said = [choice[rank] for choice, rank in zip(choices, ranks, strict=True)]
                ranked.append((sum(ranks), tuple(phone for part in said for phone in part)))
    ordered = [said for _, said in sorted(ranked, key=lambda pair: pair[0])]
    return list(dict.fromkeys(ordered))[:MOST_VARIANTS]


def _ranks(counts: list[int]) -> list[tuple[int, ...]]:
    """Which pronunciation of each word of a reading; of long readings only the usual ones."""
    if len(counts) > 3:
        return [(0,) * len(counts)]
    return list(product(*(range(count) for count in counts)))


@dataclass
class _Builder:
    phone: list[int] = field(default_factory=list)
    word: list[int] = field(default_factory=list)
    before: list[list[tuple[int, float]]] = field(default_factory=list)

    def add(self, phone: int, word: int, before: list[tuple[int, float]]) -> int:
        state = len(self.phone)
        self.phone.append(phone)
        self.word.append(word)
        self.before.append([(state, 0.0), *before])
        return state


def build_graph(words: Sequence[Sequence[Pronunciation]], config: AlignConfig) -> Graph:
    """States of words with their pronunciations, silences and fillers around them."""
    builder = _Builder()
    ends: list[int] = []
    quiet = filler = -1
    begins: list[int] = []
    for number in range(len(words) + 1):
        arriving = [(end, 0.0) for end in ends]
        quiet, filler = _between(builder, arriving, quiet, filler, config)
        if number == len(words):
            break
        arriving += [(quiet, 0.0), (filler, 0.0)]
        ends = [_chain(builder, said, number, arriving) for said in words[number]]
        if not number:
            begins = [end - len(said) + 1 for end, said in zip(ends, words[0], strict=True)]
    return _graph(builder, [0, 1, *begins], [quiet, filler, *ends])


def _between(
    builder: _Builder,
    arriving: list[tuple[int, float]],
    quiet: int,
    filler: int,
    config: AlignConfig,
) -> tuple[int, int]:
    """The silence and the filler behind a word; from those before it, if the word is skipped."""
    skipped = [] if quiet < 0 else [(quiet, config.skip)]
    new_quiet = builder.add(PHONE_INDEX[SILENCE], NOTHING, arriving + skipped)
    builder.before[new_quiet].append((new_quiet + 1, 0.0))
    entering = [(state, config.filler_entry) for state, _ in [*arriving, (new_quiet, 0.0)]]
    skipped = [] if filler < 0 else [(filler, config.skip)]
    return new_quiet, builder.add(UNKNOWN_PHONE, NOTHING, entering + skipped)


def _chain(
    builder: _Builder, said: Pronunciation, word: int, arriving: list[tuple[int, float]]
) -> int:
    state = -1
    for phone in said:
        state = builder.add(PHONE_INDEX[phone], word, arriving)
        arriving = [(state, 0.0)]
    return state


def _graph(builder: _Builder, first: list[int], last: list[int]) -> Graph:
    states = len(builder.phone)
    ways = max(len(before) for before in builder.before)
    before = np.full((ways, states), states, np.int64)
    cost = np.zeros((ways, states), np.float32)
    for state, arriving in enumerate(builder.before):
        for way, (origin, price) in enumerate(arriving):
            before[way, state], cost[way, state] = origin, price
    return Graph(
        np.array(builder.phone),
        np.array(builder.word),
        before,
        cost,
        np.array(first),
        np.array(last),
    )


def smoothed(posteriors: FloatArray, mix: float) -> FloatArray:
    """Posteriors to which the whole viseme class lends a share: what looks alike may be swapped."""
    lent = np.zeros((len(PHONES), len(PHONES)), np.float32)
    for group in VISEME_CLASSES:
        members = [PHONE_INDEX[phone] for phone in group]
        lent[np.ix_(members, members)] = 1.0
    return (1.0 - mix) * posteriors + mix * (posteriors @ lent)


def _log_likelihood(likelihood: FloatArray, config: AlignConfig) -> FloatArray:
    """(frames, len(PHONES) + 1), the filler's column last."""
    log = np.maximum(np.log(np.maximum(likelihood, 1e-12)), config.floor).astype(np.float32)
    sounding = np.delete(log, PHONE_INDEX[SILENCE], axis=1).max(1)
    return np.concatenate((log, (sounding - config.filler)[:, None]), axis=1)


def best_path(graph: Graph, log: FloatArray, config: AlignConfig) -> IntArray:
    """The likeliest state of every frame: (frames,).

    Only a band of states around the likeliest one is followed, and of the way back only the last
    `buffer` frames are kept: when they are full the older half is settled, and what does not
    descend from it is dropped. A line under two minutes with under `band` states is solved exactly.
    """
    search = _Search(graph, min(config.band, len(graph.phone)), min(config.buffer, len(log)))
    settled: list[IntArray] = []
    for row in log:
        if search.full:
            settled.append(search.settle())
        search.step(row)
    return np.concatenate([*settled, search.finish()])


class _Search:
    """A banded Viterbi search and its way back."""

    def __init__(self, graph: Graph, band: int, buffer: int) -> None:
        self.graph, self.band = graph, band
        self.states = len(graph.phone)
        self.score = np.full(self.states + 1, IMPOSSIBLE, np.float32)  # the last: no way
        self.low = 0
        self.back = np.zeros((buffer, band), np.uint8)
        self.lows = np.zeros(buffer, np.int64)
        self.count = 0
        self.began = False

    @property
    def full(self) -> bool:
        return self.count == len(self.back)

    def step(self, log: FloatArray) -> None:
        """Go on by a frame whose log likelihoods (len(PHONES) + 1,) these are."""
        graph, window = self.graph, slice(self.low, self.low + self.band)
        heard = log[graph.phone[window]]
        if self.began:
            options = self.score[graph.before[:, window]] - graph.cost[:, window]
            way = options.argmax(0)
            self.score[window] = np.take_along_axis(options, way[None], 0)[0] + heard
        else:
            way = np.zeros(self.band, np.int64)
            self.score[graph.first] = log[graph.phone[graph.first]]
            self.began = True
        self.back[self.count], self.lows[self.count] = way, self.low
        self.count += 1
        self._move()

    def settle(self) -> IntArray:
        """States of the older half of the buffer, which is given free."""
        half = self.count // 2
        path = self._trace(self._best(np.arange(self.low, self.low + self.band)))
        alive = np.flatnonzero(self.score[:-1] > IMPOSSIBLE / 2)
        ancestors = self._ancestors(alive, half - 1)
        self.score[alive] -= self.score[alive].max()  # small numbers stay exact
        self.score[alive[ancestors != path[half - 1]]] = IMPOSSIBLE
        kept = self.count - half
        self.back[:kept], self.lows[:kept] = self.back[half:].copy(), self.lows[half:].copy()
        self.count = kept
        return path[:half]

    def finish(self) -> IntArray:
        """States of the frames that are not settled yet; the line ends where it may."""
        ends = self.graph.last[self.score[self.graph.last] > IMPOSSIBLE / 2]
        alive = ends if len(ends) else np.arange(self.states)
        return self._trace(self._best(alive))

    def _move(self) -> None:
        """Keep the likeliest state at two fifths of the band."""
        if self.band == self.states:
            return
        best = self._best(np.arange(self.low, self.low + self.band))
        low = min(best - 2 * self.band // 5, self.states - self.band)
        if low > self.low + self.band // 16:  # in leaps
            self.score[self.low : low] = IMPOSSIBLE
            self.low = low

    def _best(self, states: IntArray) -> int:
        return int(states[self.score[states].argmax()])

    def _trace(self, state: int) -> IntArray:
        path = np.zeros(self.count, np.int64)
        for frame in range(self.count - 1, -1, -1):
            path[frame] = state
            way = self.back[frame, state - self.lows[frame]]
            state = int(self.graph.before[way, state])
        return path

    def _ancestors(self, states: IntArray, frame: int) -> IntArray:
        """The states at `frame` that `states` of the last frame come from."""
        for later in range(self.count - 1, frame, -1):
            ways = self.back[later, states - self.lows[later]]
            states = self.graph.before[ways, states]
        return states


def _over_best(log: FloatArray, phones: IntArray) -> float:
    """Log likelihood of a path of phones (frames,), over that of the likeliest ones: 0 or less."""
    return float((log[np.arange(len(log)), phones] - log.max(1)).sum())


def _alignment(
    graph: Graph, path: IntArray, likelihood: FloatArray, words: Sequence[Spoken]
) -> Alignment:
    phones, said = graph.phone[path], graph.word[path]
    told = phones != UNKNOWN_PHONE
    frames = np.arange(len(path))
    fit = np.zeros(len(path), np.float32)
    fit[told] = likelihood[frames[told], phones[told]]
    found = _word_times(said, fit, words)
    score = _line_score(graph, said, fit, phones)
    return Alignment(phones, found, _segments(path, phones), score)


def _word_times(
    said: IntArray, fit: FloatArray, words: Sequence[Spoken]
) -> tuple[AlignedWord, ...]:
    """Each word's seconds; a word that is skipped lies where the one before it ends."""
    spoken = np.flatnonzero(said != NOTHING)
    numbers = np.arange(len(words))
    firsts = np.searchsorted(said[spoken], numbers, side="left")
    lasts = np.searchsorted(said[spoken], numbers, side="right")
    found: list[AlignedWord] = []
    for word, first, last in zip(words, firsts, lasts, strict=True):
        if first == last:
            at = found[-1].end if found else 0.0
            found.append(AlignedWord(word.written, at, at, 0.0))
            continue
        frames = spoken[first:last]
        start, end = float(frames[0] / MOTION_FPS), float((frames[-1] + 1) / MOTION_FPS)
        found.append(AlignedWord(word.written, start, end, float(fit[frames].mean())))
    return tuple(found)


def _line_score(graph: Graph, said: IntArray, fit: FloatArray, phones: IntArray) -> float:
    """Share of the sounding frames that fit their word, times share of the words that are said."""
    inside = said != NOTHING
    sounding = int(np.count_nonzero(inside | (phones == UNKNOWN_PHONE)))
    words = int(graph.word.max(initial=NOTHING)) + 1
    if not sounding or not words:
        return 0.0
    return float(fit[inside].sum() / sounding * len(np.unique(said[inside])) / words)


def _segments(path: IntArray, phones: IntArray) -> tuple[AlignedPhone, ...]:
    """One segment for each run of a state; twice the same phone in a row stays two."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], len(path))
    return tuple(
        AlignedPhone(PHONES[phones[a]], float(a / MOTION_FPS), float(b / MOTION_FPS))
        for a, b in zip(starts, ends, strict=True)
        if phones[a] != UNKNOWN_PHONE
    )
