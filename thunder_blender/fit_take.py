# SPDX-License-Identifier: GPL-3.0-or-later
"""A take becomes the curves of its rig in a thread, so that the UI does not wait for it.

The thread sees numbers only, never bpy: `start_fitting` reads what it needs of the rig first.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ..model_runtime.contract import Take
from . import keys, mapping
from .in_thread import InThread
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


Fitting = InThread[FittedTake]


def start_fitting(rig: Rig, take: Take, rate: float) -> Fitting:
    """Begin to bring `take` to `rate` frames a second for this rig."""
    return Fitting(_fitting(rig, take, rate), "THUNDER fitting")


def fit_now(rig: Rig, take: Take, rate: float) -> FittedTake:
    """The same at once, unless it is done already."""
    if isinstance(take, FittedTake) and math.isclose(take.fps, rate, rel_tol=1e-6):
        return take
    return _fitting(rig, take, rate)()


def _fitting(rig: Rig, take: Take, rate: float) -> Callable[[], FittedTake]:
    """Read the rig; what comes back knows nothing of Blender. Raises RigError."""
    from . import fit_flame  # which gives takes of this module

    if fit_flame.is_parameters(take):
        return fit_flame.fitting(rig, take, rate)
    opening, plan = keys.lip_opening(rig, take.channels), mapping.plan_for(rig)
    return lambda: fitted(take, rate, opening, plan)


def fitted(take: Take, rate: float, opening: Opening, plan: mapping.Plan) -> FittedTake:
    """`take` at `rate` frames a second: the numbers that `keys.scene_motion` gives, as curves."""
    motion = resample(take.weights, take.fps, rate, opening)
    fields = {each.name: getattr(take, each.name) for each in dataclasses.fields(Take)}
    weights = keys.in_range(motion, take.channels)
    fields |= {"weights": weights, "fps": rate, "covers": take.seconds}
    return FittedTake(**fields | {"curves": plan(weights, take.channels)})
