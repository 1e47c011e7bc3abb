# SPDX-License-Identifier: GPL-3.0-or-later
"""A take is brought to the scene's frame rate in a thread, so that the UI does not wait for it.

The thread sees numbers only, never bpy: `start_fitting` reads what it needs of the rig first.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass

from ..model_runtime.contract import Take
from . import keys
from .resample import Opening, resample
from .rig import Rig


@dataclass(frozen=True)
class FittedTake(Take):
    """A take at the scene's rate, which ends between two of its frames as its sound does."""

    covers: float = 0.0  # seconds of the sound

    @property
    def seconds(self) -> float:
        return self.covers


class Fitting:
    """One take on its way; `result` is there once `ready` is true."""

    def __init__(self, take: Take, rate: float, opening: Opening) -> None:
        self._take, self._rate, self._opening = take, rate, opening
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
            self._outcome = fitted(self._take, self._rate, self._opening)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._outcome = error


def start_fitting(rig: Rig, take: Take, rate: float) -> Fitting:
    """Begin to bring `take` to `rate` frames a second for this rig."""
    return Fitting(take, rate, keys.lip_opening(rig, take.channels))


def fitted(take: Take, rate: float, opening: Opening) -> FittedTake:
    """`take` at `rate` frames a second: the numbers that `keys.scene_motion` gives."""
    motion = resample(take.weights, take.fps, rate, opening)
    fields = {field.name: getattr(take, field.name) for field in dataclasses.fields(Take)}
    fields |= {"weights": keys.in_range(motion, take.channels), "fps": rate}
    return FittedTake(**fields, covers=take.seconds)
