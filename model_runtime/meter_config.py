# SPDX-License-Identifier: GPL-3.0-or-later
"""Shape and constants of the meter, and the small network that weighs its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from .hearing import Calibration
from .meter_lips import LipMatch

NAME = "meter"  # of the model file
STREAMS = ("units", "mel", "lips")
CONTACT_FEATURES = ("open", "no_teeth", "shut", "silent")
PER_STREAM = 9  # frame features of a stream: three windows' evidence, two windows' three contrasts
FRAME_FEATURES = PER_STREAM * (len(STREAMS) + 1)  # and those of all streams together
LINE_FEATURES = 1 + 3 * (len(STREAMS) + 1)
LAG_FEATURES = 3  # the peak over the median, over the best shift elsewhere, and by itself


@dataclass(frozen=True)
class MeterConfig:
    """What the meter compares and how far it looks; frames are motion frames (50 a second)."""

    windows: tuple[int, int, int] = (13, 41, 121)  # frames that the evidence is smoothed over
    shifts: int = 20  # the motion is also compared this many frames early and late
    apart: int = 5  # frames of shift from which the words count as others
    near: int = 8  # frames of shift up to which motion that is off is looked for by itself
    words: bool = True  # contacts are weighed by the words that the sound can form
    floor: float = 0.1  # share of the background in the judge's opinion
    hidden: int = 12
    closed_mm: float = 0.3  # lips nearer than this look shut
    opened_mm: float = 1.2  # and from here on surely are not
    teeth_mm: float = 1.0  # lower lip to upper incisors, at most, on f v
    toothless_mm: float = 2.0
    sure: float = 0.2  # contacts heard with less are left out
    told: float = 0.95  # how sure a transcript's contacts are
    recognised: float = 0.95  # and those of words that are recognised for sure
    mix: tuple[float, ...] = (1.0,) * len(STREAMS)  # of the streams, taken together
    lag_weights: tuple[float, ...] = (1.0,) * LAG_FEATURES
    lag_least: float = 0.0  # weighed features of a lag, from which it is told
    background: tuple[float, ...] = ()  # probability of each speech unit in any motion
    mean: tuple[float, ...] = (0.0,) * FRAME_FEATURES
    scale: tuple[float, ...] = (1.0,) * FRAME_FEATURES
    line_mean: tuple[float, ...] = (0.0,) * LINE_FEATURES
    line_scale: tuple[float, ...] = (1.0,) * LINE_FEATURES
    contacts: Calibration = field(default_factory=Calibration)  # of the encoder's contacts
    judge: str = ""  # sha256 of the judge that this was fitted for


class MeterNet(nn.Module):
    """Evidence to logits. What contacts cost has its own weights, which can only lower."""

    def __init__(self, config: MeterConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Linear(FRAME_FEATURES, config.hidden)
        self.out = nn.Linear(config.hidden, 1)
        self.cost = nn.Parameter(torch.zeros(len(CONTACT_FEATURES)))
        self.line = nn.Linear(LINE_FEATURES, 1)
        self.lips = LipMatch()

    def frames(self, evidence: Tensor, contacts: Tensor) -> Tensor:
        """evidence (n, FRAME_FEATURES), contacts (n, len(CONTACT_FEATURES)) -> logits (n,).

        A frame is right when the motion belongs to the sound and no contact is missed: the
        probabilities of both are multiplied, a contact's with a weight.
        """
        mean, scale = evidence.new_tensor(self.config.mean), evidence.new_tensor(self.config.scale)
        hidden = torch.tanh(self.enter((evidence - mean) / scale))
        belongs = functional.logsigmoid(self.out(hidden)[..., 0])
        right = (belongs - contacts @ functional.softplus(self.cost)).clamp(max=-1e-5)
        return right - torch.log1p(-right.exp())

    def lines(self, features: Tensor) -> Tensor:
        """features (n, LINE_FEATURES) -> logits (n,)."""
        mean = features.new_tensor(self.config.line_mean)
        scale = features.new_tensor(self.config.line_scale)
        return self.line((features - mean) / scale)[..., 0]
