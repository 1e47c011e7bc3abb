# SPDX-License-Identifier: GPL-3.0-or-later
"""Best of N: several seeds of a line compete, and the meter says which take plays.

Where only the best is wanted the engine ranks sketches of all seeds in one go. Where all are kept
they are performed one by one, and each is measured as soon as it is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
import numpy as np

from ..model_runtime.contract import (
    UNITS,
    BestRequest,
    FaceMotion,
    GenerateRequest,
    MeasureRequest,
    Meter,
    Ranked,
    Sound,
    Take,
)
from . import fit_take, layers, locked_curves, meter_store, takes
from .apply_take import current_line, ordered_rig, roll_seed, used_seeds
from .request import Order

BEST, ALL = "BEST", "ALL"


@dataclass
class Contest:
    """Seeds of an order that compete. `question` is what to ask the engine next, None at the end;
    `land` takes each answer."""

    order: Order
    seeds: tuple[int, ...]
    keep: str = BEST
    found: list[tuple[Take, Meter]] = field(default_factory=list)
    _asked: int = 0
    _take: Take | None = None

    @property
    def question(self) -> GenerateRequest | BestRequest | MeasureRequest | None:
        if self.keep == BEST:
            return None if self.found else BestRequest(self.order.request, self.seeds)
        if self._take is not None:
            return _measure(self.order, self._take)
        if self._asked == len(self.seeds):
            return None
        settings = replace(self.order.settings, seed=self.seeds[self._asked])
        return replace(self.order.request, settings=settings)

    @property
    def done(self) -> float:
        """Share of the seeds that are through."""
        return self._asked / len(self.seeds) if self.keep == ALL else 0.0

    def land(self, answer: Any) -> None:
        """Take the answer to `question`."""
        if isinstance(answer, Ranked):
            self.found = list(zip(answer.takes, answer.meters, strict=True))[:1]
        elif isinstance(answer, Take):
            self._take, self._asked = answer, self._asked + 1
        elif self._take is not None:
            self.found.append((self._take, answer))
            self._take = None

    def finish(self) -> str:
        """Add the takes to the rig, the best one playing, and tell. Raises ThunderError."""
        line, _ = current_line(self.order)
        ranked = sorted(self.found, key=lambda one: -_known(one[1].score))
        actions = []
        for take, meter in ranked:
            rig = ordered_rig(self.order)
            cut = layers.of_layer(take, self.order.layer)
            fitted = locked_curves.kept(self.order, fit_take.fit_now(rig, cut, line.rate))
            action = takes.add_take(rig, line, fitted)
            meter_store.keep_for_take(action, line, meter)
            actions.append(action)
        rig, best = ordered_rig(self.order), actions[0]
        takes.choose_take(rig, best)
        rig.mesh.thunder.take = best
        return self._sentence(best, ranked)

    def _sentence(self, best: bpy.types.Action, ranked: list[tuple[Take, Meter]]) -> str:
        take, meter = ranked[0]
        if math.isnan(meter.score):
            return f"{best.name} is kept; nothing is said in this line, so no take is better"
        scores = [one.score for _, one in ranked]
        tried = [score for _, score in take.provenance.get("tried", ())] or scores
        return (
            f"{best.name} says the line best of {len(tried)} (meter {meter.score:.3f}; "
            f"they lie between {min(tried):.3f} and {max(tried):.3f})"
        )


def contest(order: Order, count: int, keep: str, first: int | None = None) -> Contest:
    """`count` seeds of an order, the first one that of the order or `first` and up."""
    if first is not None:
        return Contest(order, tuple(range(first, first + count)), keep)
    rig = ordered_rig(order)
    used, seeds = used_seeds(rig, order.line.line_id), []
    for _ in range(count):
        seeds.append(roll_seed(used))
        used.add(seeds[-1])
    return Contest(order, tuple(seeds), keep)


def _measure(order: Order, take: Take) -> MeasureRequest:
    line = order.line
    units = np.stack([take.channel(name) for name in UNITS], axis=1)
    sound = Sound(line.path, line.start, line.duration, line.transcript)
    return MeasureRequest(sound, FaceMotion(take.fps, units))


def _known(score: float) -> float:
    return -1.0 if math.isnan(score) else score
