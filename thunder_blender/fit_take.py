# SPDX-License-Identifier: GPL-3.0-or-later
"""A take becomes the curves of its rig in a thread, so that the UI does not wait for it.

The thread sees numbers only, never bpy: `start_fitting` reads what it needs of the rig first.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from dataclasses import dataclass, field

from ..model_runtime.contract import Take
from . import keys, mapping
from .resample import Opening, resample
from .rig import Rig


@dataclass(frozen=True)
class FittedTake(Take):
    """A take at the scene's rate, which ends between two of its frames as its sound does."""

    covers: float = 0.0  # seconds of the sound
    curves: mapping.Curves = field(default_factory=lambda: ([], []))  # of its rig

    @property
    def seconds(self) -> float:
        return self.covers


class Fitting:
    """One take on its way; `result` is there once `ready` is true."""

    def __init__(self, take: Take, rate: float, opening: Opening, plan: mapping.Plan) -> None:
        self._work = take, rate, opening, plan
        self._outcome: FittedTake | BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="THUNDER fitting", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        return self._outcome is not None

    def result(self) -> FittedTake:
        """The fitted take; waits for it. Raises what went wrong in the thread."""
        self._thread.join()
        if isinstance(self._outcome, FittedTake):
            return self._outcome
        assert self._outcome is not None, "the thread has ended without a word"
        raise self._outcome

    def _run(self) -> None:
        try:
            self._outcome = fitted(*self._work)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._outcome = error


def start_fitting(rig: Rig, take: Take, rate: float) -> Fitting:
    """Begin to bring `take` to `rate` frames a second for this rig."""
    return Fitting(take, rate, keys.lip_opening(rig, take.channels), mapping.plan_for(rig))


def fit_now(rig: Rig, take: Take, rate: float) -> FittedTake:
    """The same at once, unless it is done already."""
    if isinstance(take, FittedTake) and math.isclose(take.fps, rate, rel_tol=1e-6):
        return take
    return fitted(take, rate, keys.lip_opening(rig, take.channels), mapping.plan_for(rig))


def fitted(take: Take, rate: float, opening: Opening, plan: mapping.Plan) -> FittedTake:
    """`take` at `rate` frames a second: the numbers that `keys.scene_motion` gives, as curves."""
    motion = resample(take.weights, take.fps, rate, opening)
    fields = {each.name: getattr(take, each.name) for each in dataclasses.fields(Take)}
    weights = keys.in_range(motion, take.channels)
    fields |= {"weights": weights, "fps": rate, "covers": take.seconds}
    return FittedTake(**fields | {"curves": plan(weights, take.channels)})
