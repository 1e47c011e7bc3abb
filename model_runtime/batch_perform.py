# SPDX-License-Identifier: GPL-3.0-or-later
"""Items in, takes with their scores out: the one place where a batch meets the engine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from .audio import Audio
from .batch_contacts import Score
from .batch_work import Item, with_seed
from .contract import EngineError, GenerateRequest, Settings, Take, ThunderError
from .provenance import provenance

if TYPE_CHECKING:
    from .engine import Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Performed:
    """A take that was kept, its score, and the (seed, score) of all that were tried."""

    take: Take
    score: Score
    tried: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Wanted:
    """One take to draw: an item's sound with one seed."""

    item: Item
    audio: Audio
    settings: Settings


Outcome = Performed | ThunderError
Ask = Sequence[tuple[Item, Audio]]


class Scores(Protocol):
    """`batch_score.Scorer`, or what stands in for it."""

    def score(self, take: Take, audio: Audio, item: Item) -> Score: ...


class Performer:
    """Performs items together on one loaded engine; where that fails, each by itself."""

    def __init__(self, engine: Engine, scorer: Scores) -> None:
        self._engine, self._scorer = engine, scorer

    def perform(self, items: Ask) -> list[Outcome]:
        """An outcome an item, in their order; never raises what one line is to blame for."""
        try:
            return [*self._together(items)]
        except ThunderError as error:
            if len(items) == 1:
                return [error]
        except (RuntimeError, MemoryError, ValueError, ArithmeticError) as error:
            log.warning("%d lines together failed: %s", len(items), error)
            if len(items) == 1:
                return [_unexpected(error)]
        return [outcome for item in items for outcome in self.perform([item])]

    def measure(self, item: Item, audio: Audio, take: Take) -> Score:
        """The score of a take that was performed before. Raises ThunderError."""
        try:
            return self._scorer.score(take, audio, item)
        except (RuntimeError, MemoryError, ValueError, ArithmeticError) as error:
            raise _unexpected(error) from error

    def _together(self, items: Ask) -> list[Performed]:
        first = [self._trials(pair, 0, pair[0].choosing.best_of) for pair in items]
        drawn = iter(self._draw([one for trials in first for one in trials]))
        found = []
        for (item, audio), trials in zip(items, first, strict=True):
            scored = [self._scored(next(drawn), one) for one in trials]
            found.append(self._chosen(item, audio, scored))
        return found

    def _chosen(self, item: Item, audio: Audio, scored: list[tuple[Take, Score, int]]) -> Performed:
        """The best of what was tried; more is tried while that is too bad."""
        choosing = item.choosing
        while len(scored) < choosing.most:
            if max(score.rank for _, score, _ in scored) >= choosing.min_score:
                break
            trials = self._trials((item, audio), len(scored), len(scored) + 1)
            scored.append(self._scored(self._draw(trials)[0], trials[0]))
        take, score, _ = max(scored, key=lambda one: one[1].rank)  # the first of equal ones
        tried = tuple((seed, one.rank) for _, one, seed in scored)
        if not choosing.plain:
            made = {**take.provenance, "tried": [list(pair) for pair in tried]}
            take = replace(take, provenance=made)
        return Performed(take, score, tried)

    def _trials(self, pair: tuple[Item, Audio], first: int, last: int) -> list[Wanted]:
        item, audio = pair
        return [
            Wanted(item, audio, with_seed(item.settings, seed)) for seed in item.seeds()[first:last]
        ]

    def _draw(self, wanted: Sequence[Wanted]) -> list[Take]:
        return [
            replace(take, provenance=provenance(take, _request(one), one.audio))
            for take, one in zip(generate_many(self._engine, wanted), wanted, strict=True)
        ]

    def _scored(self, take: Take, one: Wanted) -> tuple[Take, Score, int]:
        return take, self._scorer.score(take, one.audio, one.item), one.settings.seed


def generate_many(engine: Engine, wanted: Sequence[Wanted]) -> list[Take]:
    """A take of each, drawn together, which changes no byte of them."""
    from .engine import EngineLine

    lines = [
        EngineLine(one.audio.samples, one.settings, one.item.line.transcript) for one in wanted
    ]
    return engine.generate_many(lines)


def _request(one: Wanted) -> GenerateRequest:
    line = one.item.line
    return GenerateRequest(line.audio, one.settings, transcript=line.transcript)


def _unexpected(error: BaseException) -> EngineError:
    short = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {short[0][:200]}" if short else type(error).__name__
    return EngineError(f"The engine failed on this line ({reason}). Try it by itself.")
