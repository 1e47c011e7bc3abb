# SPDX-License-Identifier: GPL-3.0-or-later
"""A line on its way through the denoiser: its windows one after another, and what each is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .contract import FloatArray
from .denoiser import Condition, DenoiserConfig, to_network
from .holding import Held, starts

# A row a motion frame: speech, contacts, intensity, emotion, phones of the transcript.
Inputs = tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Line:
    """The motion of one line, of which each window continues what the window before has made.

    `motion` (frames or more, channels) is in natural units and whole once `rest` is empty.
    """

    def __init__(
        self, inputs: Inputs, seed: int, config: DenoiserConfig, held: Held | None = None
    ) -> None:
        self.inputs, self.seed, self.config = inputs, seed, config
        self.frames, channels = len(inputs[0]), len(config.mean)
        self.starts = starts(self.frames, config, held)
        self.rest = list(range(len(self.starts)))
        room = max([self.frames, *(first + config.window for first, _ in self.starts)])
        self.motion = np.zeros((room, channels), np.float32)
        self.known = np.zeros((room, channels), np.float32)
        if held is not None:
            self.motion[: self.frames] = held.motion
            self.known[: self.frames] = held.kept

    @property
    def done(self) -> float:
        """Share of the windows that are drawn."""
        return 1.0 - len(self.rest) / max(1, len(self.starts))

    @property
    def window(self) -> int:
        """Number of the window that comes next."""
        return self.rest[0]

    def condition(self) -> Condition:
        """What the next window is told, as a batch of one on the CPU."""
        config = self.config
        start, _ = self.starts[self.window]
        speech, contacts, intensity, emotion, phones = (
            _cut(part, start, config.window) for part in self.inputs
        )
        mask = self._mask()
        known = np.where(mask > 0, self.motion[start : start + config.window], 0.0)
        one = {
            "speech": torch.from_numpy(speech),
            "contacts": torch.from_numpy(contacts),
            "emotion": torch.from_numpy(emotion),
            "intensity": torch.from_numpy(intensity),
            "known": to_network(torch.from_numpy(known.astype(np.float32)), config),
            "mask": torch.from_numpy(mask),
            "keep": torch.arange(config.window) < self.frames - start,
            "heard": torch.tensor(1.0),
            "phones": torch.from_numpy(phones),
        }
        return Condition(**{name: value[None] for name, value in one.items()})

    def put(self, drawn: FloatArray) -> None:
        """The next window is drawn: (window, channels) in natural units. What is known stays."""
        start, _ = self.starts[self.window]
        there = self.motion[start : start + self.config.window]
        np.copyto(there, drawn, where=self._mask() == 0)
        self.rest.pop(0)

    def _mask(self) -> FloatArray:
        start, follows = self.starts[self.window]
        mask = self.known[start : start + self.config.window].copy()
        if follows:
            mask[: self.config.overlap] = 1.0
        return mask


def _cut(values: npt.NDArray[Any], start: int, frames: int) -> npt.NDArray[Any]:
    """Rows start..start + frames, the last row repeated past the end."""
    rows = np.minimum(np.arange(start, start + frames), len(values) - 1)
    return values[rows]
