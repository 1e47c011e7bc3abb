# SPDX-License-Identifier: GPL-3.0-or-later
"""Best of N: several seeds of a line compete, and the meter says which take plays.

Where only the best is wanted the engine ranks sketches of all seeds in one go. Where all are kept
it performs and measures BATCH of them at a time, so that Esc keeps those that are through.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import bpy

from ..model_runtime.contract import BestRequest, Meter, Ranked, Take
from . import (
    fit_take,
    layers,
    locked_curves,
    meter_store,
    readiness,
    runtime_weights,
    steps,
    takes,
)
from .apply_take import current_line, ordered_rig, roll_seed, used_seeds
from .request import Order

BEST, ALL = "BEST", "ALL"
BATCH = 8  # seeds that are performed in one go where all are kept
NO_UNITS = (
    "Best of N compares weights of units, and the models in the Weights Folder (preferences) speak "
    "the parameters of a FLAME. Use Generate Variants, then Measure each take"
)


@dataclass
class Contest:
    """Seeds of an order that compete. `question` is what to ask the engine next, None at the end;
    `land` takes each answer."""

    order: Order
    seeds: tuple[int, ...]
    keep: str = BEST
    found: list[tuple[Take, Meter]] = field(default_factory=list)

    @property
    def question(self) -> BestRequest | None:
        request = self.order.request
        if self.keep == BEST:
            return None if self.found else BestRequest(request, self.seeds)
        batch = self.seeds[len(self.found) : len(self.found) + BATCH]
        return BestRequest(request, batch, len(batch)) if batch else None

    def share(self, fraction: float) -> float:
        """Share of the work that is done where `fraction` of the present question is."""
        if self.keep == BEST:
            return fraction
        now = min(BATCH, len(self.seeds) - len(self.found))
        return (len(self.found) + fraction * now) / len(self.seeds)

    def land(self, answer: Any) -> None:
        """Take the answer to `question`."""
        assert isinstance(answer, Ranked), "a BestRequest is answered with Ranked"
        self.found += list(zip(answer.takes, answer.meters, strict=True))

    def finish(self) -> str:
        """Add the takes to the rig, the best one playing, and tell. Raises ThunderError."""
        return steps.finish(self.finish_steps())

    def finish_steps(self) -> steps.Steps[str]:
        """The same in short steps; rig and takes are found anew at each take, by name."""
        line, _ = current_line(self.order)
        ranked = sorted(self.found, key=lambda one: -_known(one[1].score))
        actions = []
        for take, meter in ranked:
            rig = ordered_rig(self.order)
            cut = layers.of_layer(take, self.order.layer)
            fitting = fit_take.start_fitting(rig, cut, line.rate)
            while not fitting.ready:
                yield steps.PAUSE
            fitted = locked_curves.kept(self.order, fitting.result())
            action = yield from takes.add_take_steps(ordered_rig(self.order), line, fitted)
            meter_store.keep_for_take(action, line, meter)
            actions.append(action.name)
            yield steps.PAUSE
        rig, best = ordered_rig(self.order), bpy.data.actions[actions[0]]
        takes.choose_take(rig, best)
        rig.mesh.thunder.take = best
        return self._sentence(best, ranked)

    def _sentence(self, best: bpy.types.Action, ranked: list[tuple[Take, Meter]]) -> str:
        take, meter = ranked[0]
        if math.isnan(meter.score):
            return f"{best.name} is kept; nothing is said in this line, so no take is better"
        tried = [one.score for _, one in ranked]
        if self.keep == BEST:
            tried = [score for _, score in take.provenance.get("tried", ())] or tried
        return (
            f"{best.name} says the line best of {len(tried)} (meter {meter.score:.3f}; "
            f"they lie between {min(tried):.3f} and {max(tried):.3f})"
        )


def no_choice() -> str:
    """Why no take could be found best, whatever is kept; empty where one can."""
    return NO_UNITS if readiness.chosen_speech().kind == runtime_weights.FLAME else ""


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


def _known(score: float) -> float:
    return -1.0 if math.isnan(score) else score
