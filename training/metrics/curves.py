# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mouth of a motion does, in millimetres on the head's own lip rings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model_runtime.contract import FloatArray


class Probe(Protocol):
    """What the measures need of model_runtime.lips.LipProbe: motion (T, 52 or 55) to (T,) mm."""

    def aperture(self, weights: FloatArray) -> FloatArray: ...
    def penetration(self, weights: FloatArray) -> FloatArray: ...
    def labiodental_gap(self, weights: FloatArray) -> FloatArray: ...
    def jaw_opening(self, weights: FloatArray) -> FloatArray: ...


@dataclass(frozen=True)
class MouthCurves:
    """Curves of one motion, (T,) millimetres each, at the motion's frame rate."""

    aperture: FloatArray  # mid lip aperture, negative = pressed
    labiodental_gap: FloatArray  # lower lip to upper incisors, 0 = touching
    jaw: FloatArray  # drop of the lower teeth
    penetration: FloatArray  # deepest lip in lip, >= 0

    def __len__(self) -> int:
        return len(self.aperture)

    def cut(self, frames: slice | npt.NDArray[np.int_]) -> MouthCurves:
        """The same curves at other frames."""
        parts = (self.aperture, self.labiodental_gap, self.jaw, self.penetration)
        return MouthCurves(*(part[frames] for part in parts))


def mouth_curves(probe: Probe, motion: FloatArray) -> MouthCurves:
    """Curves of `motion` (T, 52 or 55 columns of contract.CHANNELS)."""
    return MouthCurves(
        aperture=np.asarray(probe.aperture(motion)),
        labiodental_gap=np.asarray(probe.labiodental_gap(motion)),
        jaw=np.asarray(probe.jaw_opening(motion)),
        penetration=np.asarray(probe.penetration(motion)),
    )


@dataclass(frozen=True)
class RestPose:
    """The mouth of an emotion when nobody speaks: (aperture, jaw) in mm; closed unless it parts."""

    aperture: float = 0.0
    jaw: float = 0.0


def rest_pose(probe: Probe, weights: FloatArray) -> RestPose:
    """Rest of one pose `weights` (52 or 55,): pressed lips count as an aperture of 0."""
    curves = mouth_curves(probe, np.atleast_2d(weights))
    return RestPose(max(float(curves.aperture[0]), 0.0), max(float(curves.jaw[0]), 0.0))
