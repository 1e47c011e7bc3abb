# SPDX-License-Identifier: GPL-3.0-or-later
"""How a denoiser is trained; travels in its file."""

from __future__ import annotations

from dataclasses import dataclass

from model_runtime.contract import CHANNELS, UNITS, RequestError
from model_runtime.motion_space import MOUTH as MOUTH_STARTS

MOUTH = frozenset(name for name in UNITS if name.startswith(MOUTH_STARTS))
MOUTH_COLUMNS = tuple(CHANNELS.index(name) for name in CHANNELS if name in MOUTH)
SUPERVISED = ("mouth", "all")


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 4000
    batch: int = 32  # rows a step, over all processes and parts
    parts: int = 1  # a step's rows in as many passes (gradient accumulation)
    peak_rate: float = 1e-3
    seed: int = 0
    velocity_weight: float = 1.0
    lip_weight: float = 0.1  # per mm^2 of the lips' vertices
    gap_weight: float = 0.05  # per mm^2 of lip gap, CONTACT_GAIN times that in contacts
    contact_gain: float = 8.0
    m2s_weight: float = 1.0  # the paper's w; counts only where a mesh-to-speech model is given
    m2s_scale: float = 0.006  # of its losses at w = 1: training.balance gives 1 over its ratio
    supervise: str = "mouth"  # which channels its gradient reaches: mouth, or all
    noisiest: float = 0.8  # diffusion time above which estimates are not given to it
    lip_gates: bool = True  # whether the denoiser is told when the lips meet
    drop_speech: float = 0.1
    drop_emotion: float = 0.2
    drop_transcript: float = 0.5
    encoder_rate: float = 1e-4  # peak rate of a speech encoder that is trained along
    encoder_weight: float = 0.3  # of its own loss, which keeps its contacts calibrated
    save_every: int = 250  # steps
    log_every: int = 20  # steps
    threads: int = 1
    loaders: int = 1  # threads that make batches; more where a GPU waits for them
    bf16: bool = True

    def check(self, world: int) -> None:
        """Raises RequestError where the values do not fit together."""
        if self.supervise not in SUPERVISED:
            raise RequestError(f"supervise is one of {', '.join(SUPERVISED)}.")
        if self.batch % (world * self.parts):
            raise RequestError(
                f"A batch of {self.batch} cannot be shared by {world} processes in {self.parts} "
                "parts each. Choose a multiple."
            )
